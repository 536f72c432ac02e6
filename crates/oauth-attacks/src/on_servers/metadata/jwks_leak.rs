//! The key set is published for everybody to verify signatures with. If it was written from the whole key, it has the
//! private half in it, or a secret, or a key so short that its private half can be computed; whoever reads it can sign.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_types::Params;
use serde_json::Value;

use crate::agent::Request;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-jwks-leak`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-jwks-leak",
        name: "Private or weak keys in the key set",
        story: story!("jwks_leak.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7517 section 9.2, RFC 7518 section 3.3, RFC 8725 section 3.5",
        steps: &[
            "Fetch the key set.",
            "Look for members of private keys, for secrets, and for RSA keys of less than 2048 bits.",
            "Look for two keys of the same name.",
        ],
        secure: "The set holds public keys of sufficient length, each with a name of its own.",
        insecure: "A key in it is private, or secret, or weak.",
        defence: "The key set is written from the public halves of strong keys.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Nobody,
    needs: &[Need::Metadata("jwks_uri")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// The members that only private and symmetric keys have (RFC 7518 sections 6.2.2, 6.3.2 and 6.4).
const PRIVATE: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// RFC 7518 section 3.3.
const FEWEST_RSA_BITS: usize = 2048;

async fn run(bench: &Bench, _client: &Registration) -> Result<(), Inconclusive> {
    let url = bench.target().document()["jwks_uri"].as_str().unwrap_or_default();
    let answer = bench.agent().send(Request::get(Party::Attacker, Party::Server, url, Params::new())).await?;
    let set: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let keys = set["keys"].as_array().filter(|keys| answer.status == 200 && !keys.is_empty());
    let keys = keys.ok_or_else(|| Inconclusive::new("the server has no key in its key set"))?;
    let flaws: Vec<_> = keys.iter().filter_map(flaw).collect();
    let sound = flaws.is_empty();
    for flaw in flaws {
        bench.found(Finding::new(Verdict::Vulnerable, flaw), Some(&answer));
    }
    let mut names = BTreeSet::new();
    let again = keys.iter().filter_map(|key| key["kid"].as_str()).any(|kid| !names.insert(kid));
    if again {
        let because = "two keys in the key set have the same name";
        bench.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should), Some(&answer));
    }
    if sound && !again {
        bench.found(Finding::new(Verdict::Stopped, "the key set holds strong public keys"), Some(&answer));
    }
    Ok(())
}

/// What is wrong with one key.
fn flaw(key: &Value) -> Option<String> {
    if let Some(member) = PRIVATE.iter().find(|member| !key[**member].is_null()) {
        return Some(format!("a key in the key set has the private member {member}"));
    }
    match key["kty"].as_str() {
        Some("oct") => Some("there is a symmetric key in the key set".to_owned()),
        Some("RSA") => {
            let bits = bits(key["n"].as_str().unwrap_or_default());
            (bits < FEWEST_RSA_BITS).then(|| format!("an RSA key in the key set has {bits} bits"))
        }
        _ => None,
    }
}

/// How many bits a number has, in base64url (RFC 7518 section 2).
fn bits(number: &str) -> usize {
    let octets = URL_SAFE_NO_PAD.decode(number).unwrap_or_default();
    let octets: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
    let unused = octets.first().map_or(0, |first| first.leading_zeros() as usize);
    octets.len() * 8 - unused
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_has_as_many_bits_as_its_value() {
        assert_eq!(bits("AQAB"), 17);
        assert_eq!(bits("AAAB"), 1);
        assert_eq!(bits(&URL_SAFE_NO_PAD.encode([0x80; 256])), 2048);
    }

    #[test]
    fn private_symmetric_and_short_keys_are_found() {
        assert!(flaw(&json!({"kty": "EC", "x": "a", "y": "b"})).is_none());
        for key in [
            json!({"kty": "EC", "x": "a", "y": "b", "d": "c"}),
            json!({"kty": "oct", "k": "c"}),
            json!({"kty": "oct"}),
            json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0x80; 128]), "e": "AQAB"}),
        ] {
            assert!(flaw(&key).is_some(), "{key}");
        }
    }
}

//! An ID token says who logged in, where, and for which request. A server that leaves one of these out, or gets it
//! wrong, leaves its clients nothing to compare, and a token of another login passes for that of this one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mock_idp::jose::Jws;
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, sent_to_client};
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

/// `as-idtoken-content`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-idtoken-content",
        name: "What ID tokens say",
        story: story!("idtoken_content.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core sections 2, 3.1.3.6 and 3.3.2.11",
        steps: &[
            "Log in and read the ID token.",
            "Compare its algorithm, issuer, audience, nonce, times and hashes with what they have to be.",
            "Do so with the ID token of a hybrid flow, if there is a client for it.",
        ],
        secure: "Everything is as it has to be.",
        insecure: "The token is unsigned, or for somebody else, or does not belong to the request.",
        defence: "The ID token says what OpenID Connect asks for, about this login.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What an ID token has to fit.
struct Expected<'a> {
    issuer: &'a str,
    client_id: &'a str,
    nonce: &'a str,
    now: u64,
    /// The access token that came with it, if there was one.
    access: Option<&'a str>,
    /// The code that came with it, if there was one.
    code: Option<&'a str>,
}

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let issuer = bench.target().metadata().issuer.as_str();
    let request = bench.authorization(client);
    let nonce = request.value("nonce").unwrap_or_default().to_owned();
    let grant = request.grant().await?;
    let answer = bench.redemption(client, &grant).send().await?;
    let tokens = bench.tokens_of(client, &answer)?;
    let token = tokens.id_token.ok_or_else(|| Inconclusive::new("the server issues no ID token"))?;
    let (nonce, now, client_id) = (nonce.as_str(), bench.now(), client.client_id.as_str());
    let access = Some(tokens.access.expose());
    let expected = Expected { issuer, client_id, nonce, now, access, code: None };
    tell(bench, token.expose(), &expected, "the ID token");
    if let Some(hybrid) = bench.target().role(Role::Hybrid) {
        let request = bench.authorization(hybrid);
        let nonce = request.value("nonce").unwrap_or_default();
        let answer = request.open().await?;
        let sent = sent_to_client(&answer, hybrid.redirect_uri()).unwrap_or_default();
        let (Some(token), Some(code)) = (sent.get("id_token"), sent.get("code")) else {
            return Err(Inconclusive::new("the server issues no ID token in a hybrid flow"));
        };
        let client_id = hybrid.client_id.as_str();
        let expected = Expected { client_id, nonce, access: None, code: Some(code), ..expected };
        tell(bench, token, &expected, "the ID token of a hybrid flow");
    }
    Ok(())
}

/// Records what is wrong with an ID token, or that nothing is.
fn tell(bench: &Bench, token: &str, expected: &Expected<'_>, what: &str) {
    let Ok(jws) = Jws::parse(token) else {
        bench.found(Finding::new(Verdict::Inconclusive, format!("{what} cannot be read")), None);
        return;
    };
    let flaws = flaws(&jws, expected);
    if flaws.is_empty() {
        bench.found(Finding::new(Verdict::Stopped, format!("{what} says what it has to")), None);
    }
    for flaw in flaws {
        bench.found(Finding::new(Verdict::Vulnerable, format!("{what} {flaw}")), None);
    }
}

/// What is wrong with an ID token.
fn flaws(jws: &Jws<'_>, expected: &Expected<'_>) -> Vec<&'static str> {
    let claim = |name: &str| jws.claims().get(name).unwrap_or(&Value::Null);
    let alg = jws.header().get("alg").and_then(Value::as_str).unwrap_or("none");
    let audience: Vec<&str> = match claim("aud") {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        only => only.as_str().into_iter().collect(),
    };
    let (expires, issued) = (claim("exp").as_u64(), claim("iat").as_u64());
    let is_hash = |name: &str, of: Option<&str>, needed: bool| match (claim(name), of) {
        (Value::Null, _) => !needed,
        (hash, Some(of)) => half_hash(alg, of).is_none_or(|own| hash == own.as_str()),
        (_, None) => true,
    };
    let azp = claim("azp");
    [
        (alg.eq_ignore_ascii_case("none"), "is not signed"),
        (claim("iss") != expected.issuer, "names another issuer"),
        (!audience.contains(&expected.client_id), "is not for the client"),
        (claim("sub").as_str().is_none_or(str::is_empty), "names no subject"),
        (!expected.nonce.is_empty() && claim("nonce") != expected.nonce, "does not return the nonce of the request"),
        (expires.is_none_or(|expires| expires <= expected.now), "does not expire, or has expired already"),
        (issued.is_none(), "does not say when it was issued"),
        (audience.len() > 1 && azp.is_null(), "is for several and does not say which of them asked for it"),
        (!azp.is_null() && azp != expected.client_id, "was asked for by somebody else"),
        (!is_hash("at_hash", expected.access, false), "has the hash of another access token"),
        (!is_hash("c_hash", expected.code, expected.code.is_some()), "has no hash of the code, or that of another"),
    ]
    .into_iter()
    .filter_map(|(wrong, flaw)| wrong.then_some(flaw))
    .collect()
}

/// The left half of a hash by the function of the algorithm (OpenID Connect Core section 3.1.3.6).
fn half_hash(alg: &str, text: &str) -> Option<String> {
    let octets = match alg.get(2..)? {
        "256" => Sha256::digest(text).to_vec(),
        "384" => Sha384::digest(text).to_vec(),
        "512" => Sha512::digest(text).to_vec(),
        _ => return None,
    };
    Some(URL_SAFE_NO_PAD.encode(&octets[..octets.len() / 2]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Jwt;

    const EXPECTED: Expected<'_> = Expected {
        issuer: "https://a.example",
        client_id: "app",
        nonce: "n1",
        now: 1000,
        access: Some("token"),
        code: None,
    };

    fn honest() -> Jwt {
        let hash = half_hash("RS256", "token").expect("a hash");
        let names =
            Jwt::of_type("JWT").header("alg", "RS256").claim("iss", "https://a.example").claim("sub", "alice");
        names.claim("aud", "app").claim("nonce", "n1").claim("iat", 1000).claim("exp", 1060).claim("at_hash", hash)
    }

    fn flaws_of(token: Jwt, expected: &Expected<'_>) -> Vec<&'static str> {
        let text = token.with_signature(b"signature");
        flaws(&Jws::parse(&text).expect("a JWT"), expected)
    }

    #[test]
    fn each_flaw_is_found_by_itself() {
        assert!(flaws_of(honest(), &EXPECTED).is_empty());
        for (token, flaw) in [
            (honest().claim("iss", "https://b.example"), "names another issuer"),
            (honest().claim("aud", "other"), "is not for the client"),
            (honest().without("sub"), "names no subject"),
            (honest().without("nonce"), "does not return the nonce of the request"),
            (honest().claim("exp", 1000), "does not expire, or has expired already"),
            (honest().without("iat"), "does not say when it was issued"),
            (honest().claim("azp", "other"), "was asked for by somebody else"),
            (honest().claim("at_hash", "abc"), "has the hash of another access token"),
        ] {
            assert_eq!(flaws_of(token, &EXPECTED), [flaw]);
        }
    }

    #[test]
    fn a_code_beside_an_id_token_needs_its_hash() {
        let hybrid = Expected { access: None, code: Some("code"), ..EXPECTED };
        assert_eq!(flaws_of(honest(), &hybrid), ["has no hash of the code, or that of another"]);
        let hash = half_hash("RS256", "code").expect("a hash");
        assert!(flaws_of(honest().claim("c_hash", hash), &hybrid).is_empty());
    }
}

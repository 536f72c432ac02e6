//! The attacker has no key of the client and writes an assertion whose header says that none is needed: it is
//! unsigned, or keyed with the client's public key as if that were a secret, or signed with the numbers zero and zero.
//! Whoever lets the header choose how it is verified takes all of them.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::key::Key;
use crate::public_form::Form;
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::asserted::{honest, key_of, must_be_refused};

/// `as-assertion-alg`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-assertion-alg",
        name: "Client assertion with an algorithm of the attacker's choice",
        story: story!("assertion_alg.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7523 section 3, RFC 8725 sections 2.1 and 3.1, CVE-2022-21449",
        steps: &[
            "Redeem codes with assertions whose alg is none, in several spellings, and which are not signed.",
            "Redeem some with assertions that are keyed with the client's public key, by HS256: in PEM, in DER, as a JWK.",
            "Redeem one with an ES256 signature of zeros.",
            "Redeem one with an assertion that a key of the attacker's has signed, and one that names another algorithm.",
        ],
        secure: "Each is refused with invalid_client.",
        insecure: "One of them is taken for the client's.",
        defence: "Assertions are verified by the algorithms that the client is registered for, and by no others.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Keyed),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How long an ES256 signature is (RFC 7518 section 3.4).
const ES256_OCTETS: usize = 64;

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let key = key_of(client)?;
    let attacker = Key::fresh().map_err(|error| Inconclusive::new(error.to_string()))?;
    let honest = || honest(bench, client);
    let named = |alg: &str| honest().header("alg", alg).header("kid", key.kid());
    for (what, assertion) in [
        ("an unsigned assertion", honest().unsigned()),
        ("an unsigned assertion with alg None", named("None").with_signature(&[])),
        ("an unsigned assertion with alg nOnE", named("nOnE").with_signature(&[])),
        ("an assertion with a signature of zeros", named("ES256").with_signature(&[0; ES256_OCTETS])),
        ("an assertion signed by somebody else", honest().header("kid", key.kid()).signed_by(&attacker)?),
        ("an assertion that names another algorithm", named("RS512").signed_by(key)?),
        ("an assertion without a signature", named(key.algorithm().as_str()).with_signature(&[])),
    ] {
        must_be_refused(bench, client, None, (what, assertion)).await?;
    }
    for form in Form::ALL {
        let assertion = honest().header("kid", key.kid()).keyed_with(key.public_as(form)?)?;
        let what = format!("an assertion keyed with the client's public key {}", form.how());
        must_be_refused(bench, client, None, (&what, assertion)).await?;
    }
    Ok(())
}

//! The header of an assertion brings its own key, or says where a key is, or names one with a path or a piece of SQL.
//! Whoever asks the assertion itself how it is to be verified asks the attacker, and lets the server open what the
//! attacker names.

use mock_idp::MockIdp;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::key::Key;
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

use super::asserted::{honest, key_of, must_be_refused};

/// `as-assertion-key-injection`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-assertion-key-injection",
        name: "Client assertion that brings its own key",
        story: story!("assertion_key_injection.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8725 section 3.10, RFC 7515 sections 4.1.2 and 4.1.3, CVE-2018-0114",
        steps: &[
            "Redeem a code with an assertion that is signed by the attacker's key, which is in its jwk header.",
            "Redeem codes with assertions whose jku and x5u lead to a server of the attacker's.",
            "Redeem codes with assertions whose kid is a path, a piece of SQL, or very long.",
        ],
        secure: "Each is refused with invalid_client, and the attacker's server is not asked for anything.",
        insecure: "The attacker's key counts, or its server is asked, or the server breaks down.",
        defence: "Assertions are verified with the keys that the client is registered with.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Keyed),
    needs: &[Need::Permission],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How long a long name of a key is: more than fits into a column, and less than most servers take in a request.
const LONG: usize = 16 * 1024;

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    key_of(client)?;
    let attacker = Key::fresh().map_err(|error| Inconclusive::new(error.to_string()))?;
    let canary = MockIdp::start().await;
    let place = |name: &str| format!("{}/{name}", canary.issuer());
    let forged = || honest(bench, client);
    for (what, jwt) in [
        ("an assertion with a key in its header", forged().header("jwk", attacker.jwk())),
        ("an assertion that says where its keys are", forged().header("jku", place("jku"))),
        ("an assertion that says where its certificate is", forged().header("x5u", place("x5u"))),
        ("an assertion whose key is a path", forged().header("kid", "../../../../../../dev/null")),
        ("an assertion whose key is a piece of SQL", forged().header("kid", "x' OR '1'='1' --")),
        ("an assertion whose key has a long name", forged().header("kid", "k".repeat(LONG))),
    ] {
        must_be_refused(bench, client, None, (what, jwt.signed_by(&attacker)?)).await?;
    }
    let finding = match canary.journal().is_empty() {
        true => Finding::new(Verdict::Stopped, "no address in an assertion is visited"),
        false => Finding::new(Verdict::Vulnerable, "the server visited an address that an assertion named"),
    };
    bench.found(finding, None);
    Ok(())
}

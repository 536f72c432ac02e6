//! A header can say that a reader who does not understand one of its members must not take the JWT. A server that
//! skips that list takes an assertion whose meaning it does not know, and may sign off on other octets than those that
//! were signed.

use serde_json::json;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::asserted::{honest, key_of, must_be_refused};

/// `as-assertion-crit`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-assertion-crit",
        name: "Client assertion with a critical header",
        story: story!("assertion_crit.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7515 section 4.1.11, RFC 7797 sections 6 and 7, CVE-2025-59420",
        steps: &[
            "Redeem a code with an assertion whose crit names a member that nobody knows.",
            "Redeem codes with an empty crit, and with one that names what is not there.",
            "Redeem one with an assertion that says its payload is not encoded.",
        ],
        secure: "Each is refused with invalid_client.",
        insecure: "The list is skipped, and the assertion is taken.",
        defence: "A JWT with a critical member that is not understood is not valid.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Keyed),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let key = key_of(client)?;
    let honest = || honest(bench, client);
    for (what, jwt) in [
        (
            "an assertion with an unknown critical member",
            honest().header("x-new", 1).header("crit", json!(["x-new"])),
        ),
        ("an assertion with a critical member that is missing", honest().header("crit", json!(["x-new"]))),
        ("an assertion with an empty list of critical members", honest().header("crit", json!([]))),
        ("an assertion that is not encoded", honest().header("b64", false).header("crit", json!(["b64"]))),
    ] {
        must_be_refused(bench, client, None, (what, jwt.signed_by(key)?)).await?;
    }
    Ok(())
}

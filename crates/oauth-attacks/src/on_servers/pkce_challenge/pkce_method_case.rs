//! The method is written in another case or with other characters. Its values are case-sensitive; a server that reads
//! them loosely, or takes every name it does not know for plain, binds the code to something else than the client
//! meant.

use super::pkce_method_unknown;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::s256;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-method-case`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-method-case",
        name: "Misspelt method",
        story: story!("pkce_method_case.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 sections 4.3 and 4.4.1",
        steps: &[
            "Ask for codes with the methods `s256`, `S-256`, `sha256`, `PLAIN` and `Plain`.",
            "If a code comes, redeem it with its challenge as verifier, and another one without a verifier.",
        ],
        secure: "Each of them is refused with `invalid_request`.",
        insecure: "A code comes, worst if it is bound by plain.",
        defence: "Methods are compared exactly, and any other name is refused.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for method in ["s256", "S-256", "sha256", "PLAIN", "Plain"] {
        pkce_method_unknown::try_method(bench, client, (method, method), |verifier| s256(verifier)).await?;
    }
    Ok(())
}

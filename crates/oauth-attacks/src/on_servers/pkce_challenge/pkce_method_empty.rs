//! The request has a challenge, and a method without a value. That counts as omitted, and means plain; a server that
//! reads challenge and method as an optional pair may find half a pair, drop it, and issue a code that needs no
//! verifier.

use super::pkce_method_omitted;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-method-empty`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-method-empty",
        name: "Empty method",
        story: story!("pkce_method_empty.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.1, RFC 7636 section 4.3",
        steps: &[
            "Ask for a code with an S256 challenge and a method without a value.",
            "If codes come, redeem one without a verifier, one with its verifier, and one with its challenge as verifier.",
        ],
        secure: "The request is refused with `invalid_request`, as one without a method is where plain is not offered.",
        insecure: "The server breaks down, or issues a code that is redeemed without a verifier.",
        defence: "A method without a value counts as omitted, and a challenge without a method is not dropped.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let emptied = || bench.authorization(client).set("code_challenge_method", "");
    pkce_method_omitted::try_without_method(bench, client, "an empty method", emptied).await
}

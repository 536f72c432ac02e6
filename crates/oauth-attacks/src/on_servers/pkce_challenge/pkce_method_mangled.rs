//! The name of the method has a space, a line feed or a NUL at its side, or another name. A server that trims it, cuts
//! it at the NUL, looks for a name within it or takes it for a list, compares by another method than the client asked
//! for.

use super::pkce_method_unknown;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::s256;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-method-mangled`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-method-mangled",
        name: "Method with something around it",
        story: story!("pkce_method_mangled.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.4.1",
        steps: &[
            "Ask for codes with the methods `S256` and a space, a space and `S256`, `S256` and NUL, `S256` and a line feed, `S256,plain`, `plain S256` and `S256plain`.",
            "If a code comes, redeem it with its challenge as verifier, and another one without a verifier.",
        ],
        secure: "Each of them is refused with `invalid_request`.",
        insecure: "A code comes for one of them, most dangerously one that is bound by plain.",
        defence: "The method has to be one of the known names, character by character.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What they are called, and what they are.
const METHODS: &[(&str, &str)] = &[
    ("S256 and a space", "S256 "),
    ("S256 after a space", " S256"),
    ("S256 and NUL", "S256\0"),
    ("S256 and a line feed", "S256\n"),
    ("S256,plain", "S256,plain"),
    ("plain S256", "plain S256"),
    ("S256plain", "S256plain"),
];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for method in METHODS {
        pkce_method_unknown::try_method(bench, client, *method, |verifier| s256(verifier)).await?;
    }
    Ok(())
}

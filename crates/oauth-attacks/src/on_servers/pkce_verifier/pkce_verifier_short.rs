//! The client's verifier is shorter than the 43 characters that keep it from being guessed. A thief who has read the
//! challenge finds such a verifier by trying.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-verifier-short`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-verifier-short",
        name: "Verifier that can be guessed",
        story: story!("pkce_verifier_short.rs"),
        capabilities: &[Capability::A3, Capability::A4],
        citation: "RFC 7636 section 4.1",
        steps: &[
            "Ask for codes with the challenges of verifiers of 42 characters and of one.",
            "Redeem each with its verifier.",
        ],
        secure: "The codes are refused, with `invalid_grant` or `invalid_request`.",
        insecure: "A code is redeemed with a verifier that can be guessed.",
        defence: "Verifiers of fewer than 43 characters are refused.",
        level: Level::Should,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for length in [42, 1] {
        let grant = bench.authorization(client).verifier(&fresh()[..length]).grant().await?;
        let answer = bench.redemption(client, &grant).send().await?;
        bench.judge(&answer, VERIFIER, &format!("a verifier of length {length}"));
    }
    Ok(())
}

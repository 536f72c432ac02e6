//! A thief redeems the code with a verifier without a value, also for a challenge that is the hash of nothing. A
//! server that skips the comparison for an empty text, or hashes it, hands out tokens.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-verifier-empty`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-verifier-empty",
        name: "Empty verifier",
        story: story!("pkce_verifier_empty.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 7636 sections 4.1 and 4.6",
        steps: &[
            "Redeem a code with a verifier without a value.",
            "Ask for codes with the challenge of the empty text, and redeem one with an empty verifier and one without.",
        ],
        secure: "The codes are refused, with `invalid_grant` or `invalid_request`.",
        insecure: "A code is redeemed.",
        defence: "An empty verifier counts as none.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).verifier("").send().await?;
    bench.judge(&answer, VERIFIER, "a code with an empty verifier");

    for verifier in [Some(""), None] {
        let request = bench.authorization(client).verifier("");
        let Some(grant) = request.must_be_refused("the challenge of an empty verifier").await? else { continue };
        let redemption = bench.redemption(client, &grant).without_verifier();
        let redemption = if let Some(verifier) = verifier { redemption.verifier(verifier) } else { redemption };
        let answer = redemption.send().await?;
        bench.judge(&answer, VERIFIER, "a code that is bound to an empty verifier");
    }
    Ok(())
}

//! A thief redeems the code with a wrong verifier, which is refused, and then with none. A server that deletes what
//! it knows of the challenge before it compares takes the second request for one without PKCE.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::{GRANT, VERIFIER};
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::Level;

/// `as-pkce-burn-then-omit`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-burn-then-omit",
        name: "Fail once, then leave the verifier out",
        story: story!("pkce_burn_then_omit.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 7636 section 4.6",
        steps: &[
            "Redeem a code with a guessed verifier.",
            "Redeem the same code without a verifier.",
            "Redeem the same code with its verifier, as its owner would.",
        ],
        secure: "The second step is refused like the first; whether the third is does not matter.",
        insecure: "The second step brings tokens.",
        defence: "A failed comparison leaves the code bound to its challenge, or burns it.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).verifier(&fresh()).send().await?;
    bench.judge(&answer, GRANT, "a code with a guessed verifier");
    let answer = bench.redemption(client, &grant).without_verifier().send().await?;
    bench.judge(&answer, VERIFIER, "the same code without a verifier");
    // Whether the owner can still redeem the code is the server's choice; the trace tells.
    bench.redemption(client, &grant).from(Party::Client).send().await?;
    Ok(())
}

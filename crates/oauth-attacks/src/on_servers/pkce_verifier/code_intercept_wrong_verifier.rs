//! A thief who has read the authorization response redeems the code with a verifier of their own. A server that looks
//! only at whether there is a well-formed verifier does not compare it with the challenge at all.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::GRANT;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-code-intercept-wrong-verifier`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-intercept-wrong-verifier",
        name: "Code interception, guessed verifier",
        story: story!("code_intercept_wrong_verifier.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 7636 section 4.6",
        steps: &[
            "Let an honest client get a code.",
            "Redeem it with a verifier drawn at random, and another one with 43 times the letter a.",
        ],
        secure: "The codes are refused with `invalid_grant`.",
        insecure: "A code is redeemed.",
        defence: "The verifier is hashed and compared with the challenge.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for guess in [fresh(), "a".repeat(43)] {
        let grant = bench.grant(client).await?;
        let answer = bench.redemption(client, &grant).verifier(&guess).send().await?;
        bench.judge(&answer, GRANT, "a code with a guessed verifier");
    }
    Ok(())
}

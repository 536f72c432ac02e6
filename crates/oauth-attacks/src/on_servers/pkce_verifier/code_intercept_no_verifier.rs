//! A thief who has read the authorization response sends the code to the token endpoint and leaves the verifier out.
//! A server that checks the verifier only if there is one hands the user's tokens to whoever has the code.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-code-intercept-no-verifier`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-intercept-no-verifier",
        name: "Code interception, no verifier",
        story: story!("code_intercept_no_verifier.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 7636 section 4.6, RFC 9700 sections 2.1.1 and 4.5.3.1",
        steps: &["Let an honest client get a code.", "Redeem it without a verifier."],
        secure: "The code is refused with `invalid_grant`, and no token comes.",
        insecure: "The code is redeemed.",
        defence: "A code that is bound to a challenge is redeemed only with a verifier.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).without_verifier().send().await?;
    bench.judge(&answer, VERIFIER, "a code without its verifier");
    Ok(())
}

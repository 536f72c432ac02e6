//! The request names a method and has no challenge. The client believes that PKCE is on; a server that looks at the
//! challenge alone issues a code that is bound to nothing, and nobody notices.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-method-without-challenge`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-method-without-challenge",
        name: "Method without a challenge",
        story: story!("pkce_method_without_challenge.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.3, RFC 9700 section 4.8",
        steps: &[
            "Ask for a code with the method S256 and without a challenge.",
            "If a code comes, redeem it without a verifier.",
        ],
        secure: "The request is refused with `invalid_request`.",
        insecure: "A code comes, and is redeemed without a verifier.",
        defence: "A method without a challenge is an error.",
        level: Level::Should,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client).without("code_challenge");
    if let Some(grant) = request.must_be_refused("a method without a challenge").await? {
        let answer = bench.redemption(client, &grant).without_verifier().send().await?;
        bench.judge_late(None, &answer, VERIFIER, "a code of a method without a challenge, without a verifier");
    }
    Ok(())
}

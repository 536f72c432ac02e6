//! A client sends the same challenge in every flow. Its verifier is then known to all who took part in one of them, and
//! a code of any flow fits the verifier of any other. The mistake is the client's, but the server sees it first.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-challenge-constant`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-constant",
        name: "Constant challenge",
        story: story!("pkce_challenge_constant.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 2.1.1",
        steps: &[
            "Let a client ask for a code and redeem it.",
            "Ask for another code, in another browser, with the same challenge.",
        ],
        secure: "The second request is refused with `invalid_request`.",
        insecure: "The second request brings a code as if nothing were wrong.",
        defence: "Challenges of finished flows are remembered for a while, and not taken again.",
        level: Level::Info,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (_, grant) = bench.tokens(client).await?;
    let request = bench.authorization(client).verifier(grant.verifier.expose());
    let what = "a challenge of a flow that was finished before";
    if request.must_be_refused(what).await?.is_some() {
        request.was_granted(what, None);
    }
    Ok(())
}

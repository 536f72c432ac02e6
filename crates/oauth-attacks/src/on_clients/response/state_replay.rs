//! Somebody who finds the response in a history, a log or a Referer header opens it again in the same browser. A
//! login that is not used up by its first response can be finished again, and its code is sent again.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-state-replay`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-state-replay",
        name: "The same response twice",
        story: story!("state_replay.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 sections 10.12 and 10.5",
        steps: &[
            "A login is begun, answered honestly, and finished.",
            "The same response reaches the client again, in the same browser.",
        ],
        secure: "The second response is rejected, and no token request is sent for it.",
        insecure: "The code is sent again, or the user is logged in again.",
        defence: "A login is used up by its response.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, &idp).await?;
    let address = stage.follow(&visitor, &idp, &request).await?;
    let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
    if !matches!(heard, Heard::Said(Said::Accepted { .. })) {
        return Err(Inconclusive::new(format!("the first response already: {heard}")));
    }
    let before = idp.token_requests().len();
    let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
    if idp.token_requests().len() > before {
        stage.violated("the client redeemed the code of a response again");
    }
    stage.must_reject(&heard, "the same response again");
    Ok(())
}

//! The attacker lets the user's browser open the client's redirect URI with a code and no state at all. A client that
//! compares the state only if there is one goes on.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-state-missing-response`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-state-missing-response",
        name: "Response without state",
        story: story!("state_missing_response.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 4.1.2 and 10.12",
        steps: &["A login is begun and answered honestly.", "The response reaches the client without its state."],
        secure: "The response is rejected, and the code is not sent to anybody.",
        insecure: "The code is redeemed, or the user is logged in.",
        defence: "A response without the state that was sent is rejected.",
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
    let forged = address.clone().without("state");
    let heard = stage.deliver(&visitor, &forged, &[&idp]).await?;
    stage.must_not_redeem(&idp, address.get("code"), "a response without a state");
    stage.must_reject(&heard, "a response without a state");
    Ok(())
}

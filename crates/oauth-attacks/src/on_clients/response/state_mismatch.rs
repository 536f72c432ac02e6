//! The attacker lets the user's browser open the client's redirect URI with a code and a state that the client did
//! not send. A client that does not compare the state goes on with a login that its user never began.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::dice::fresh;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-state-mismatch`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-state-mismatch",
        name: "Response with another state",
        story: story!("state_mismatch.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 10.12, RFC 9700 section 4.7",
        steps: &[
            "A login is begun and answered honestly.",
            "The response reaches the client with a state of the attacker.",
        ],
        secure: "The response is rejected, and the code is not sent to anybody.",
        insecure: "The code is redeemed, or the user is logged in.",
        defence: "The state of the response is compared with that of the login.",
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
    let forged = address.clone().set("state", fresh());
    let heard = stage.deliver(&visitor, &forged, &[&idp]).await?;
    stage.must_not_redeem(&idp, address.get("code"), "a response with another state");
    stage.must_reject(&heard, "a response with another state");
    Ok(())
}

//! The server announces that its responses name their issuer, and this response does not. It may come from another
//! server, and a client that compares only what is there does not notice.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-iss-missing`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-iss-missing",
        name: "Response without an issuer",
        story: story!("iss_missing.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9207 section 2.4",
        steps: &["A login is begun at a server that announces `iss` in its responses.", "The response has none."],
        secure: "The response is rejected, and the code is not sent to anybody.",
        insecure: "The code is redeemed, or the user is logged in.",
        defence: "A response without an issuer is rejected if the server announces one.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let lie = idp.lie_at(Point::AuthorizationResponse, Edit::remove("iss"));
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, &idp).await?;
    let address = stage.follow(&visitor, &idp, &request).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the authorization request did not reach the server"));
    }
    let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
    stage.must_not_redeem(&idp, address.get("code"), "a response without the announced issuer");
    stage.must_reject(&heard, "a response without the announced issuer");
    Ok(())
}

//! The response names another issuer than the one the user was sent to. A client that does not compare the two sends
//! the code of one server to another.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-iss-wrong`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-iss-wrong",
        name: "Response of another issuer",
        story: story!("iss_wrong.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9207 section 2.4, RFC 9700 section 4.4",
        steps: &["A login is begun at an honest server.", "The response names the issuer of the attacker."],
        secure: "The response is rejected, and the code is not sent to anybody.",
        insecure: "The code is redeemed, or the user is logged in.",
        defence: "The issuer of the response is compared with that of the login.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let lie = idp.lie_at(Point::AuthorizationResponse, Edit::set("iss", "https://attacker.example"));
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, &idp).await?;
    let address = stage.follow(&visitor, &idp, &request).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the authorization request did not reach the server"));
    }
    let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
    stage.must_not_redeem(&idp, address.get("code"), "a response of another issuer");
    stage.must_reject(&heard, "a response of another issuer");
    Ok(())
}

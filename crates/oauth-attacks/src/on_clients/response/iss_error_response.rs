//! An error response names another issuer than the one the user was sent to. A client that looks for errors before it
//! looks for the issuer ends the login, and shows its user what the attacker has to say in the name of an honest
//! server.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Said;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// What the attacker has to say.
const CANARY: &str = "please call 555 0100 to confirm your account";

/// `rp-iss-error-response`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-iss-error-response",
        name: "Error of another issuer",
        story: story!("iss_error_response.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9207 section 2.4",
        steps: &[
            "A login is begun.",
            "An error with another issuer and a text of the attacker reaches the client in the place of the response.",
            "What the client says and shows is looked at.",
        ],
        secure: "The response is rejected because of its issuer, and nothing of its text is told.",
        insecure: "The error is taken for one of the honest server, and its text is told.",
        defence: "The issuer is compared before anything else of a response is believed, errors included.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let (visitor, address) = altered::answered(stage, &idp).await?;
    let address = address.without("code").set("iss", "https://attacker.example").set("error", "access_denied");
    let heard = stage.deliver(&visitor, &address.set("error_description", CANARY), &[&idp]).await?;
    if visitor.page().is_some_and(|page| page.says(CANARY)) {
        stage.violated("the client shows what an error of another issuer says");
    }
    if let Heard::Said(Said::Rejected(rejected)) = &heard
        && (rejected.shown().contains(CANARY) || rejected.shown().contains("access_denied"))
    {
        stage.violated("the client believes an error of another issuer");
    }
    stage.must_reject(&heard, "an error of another issuer");
    Ok(())
}

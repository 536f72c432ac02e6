//! The token endpoint answers with tokens and the status of an error. Something between client and server has failed,
//! or somebody has written the body. A client that looks at the body alone takes it for a login.

use super::written::{self, Answer};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-token-success-400`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-success-400",
        name: "Success that looks like an error",
        story: story!("token_success_400.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 5.1 and 5.2",
        steps: &[
            "A login is begun and answered honestly.",
            "The token response is what it should be, but has the status 400.",
            "The same with the status 500.",
        ],
        secure: "The answer is an error, and its token is not used.",
        insecure: "A request carries the token, or the user is logged in.",
        defence: "Tokens are taken from answers with the status 200 alone.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    written::control(stage, &idp).await?;
    for (what, status) in
        [("a token response with the status 400", 400), ("a token response with the status 500", 500)]
    {
        written::must_be_rejected(stage, &idp, what, |answer| Answer { status, ..answer }).await?;
    }
    Ok(())
}

//! The response has both a code and an error. The server has refused, or somebody has put a code of their own beside
//! the refusal. A client that looks for the code first logs a user in who was refused.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-code-and-error`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-code-and-error",
        name: "Response with a code and an error",
        story: story!("code_and_error.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 4.1.2 and 4.1.2.1",
        steps: &[
            "A login is begun and answered honestly.",
            "The response reaches the client with `error=access_denied` besides its code.",
        ],
        secure: "The response is an error, and no token request is sent.",
        insecure: "The code is redeemed.",
        defence: "A response with an error is an error, whatever else is in it.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let alter: altered::Alter = |it| it.set("error", "access_denied");
    altered::each_must_be_rejected(stage, &idp, &[("a response with a code and an error", alter)]).await
}

//! The token endpoint answers with the status 200, a token and an error. Servers exist that give every answer this
//! status. A client that looks at the status alone takes a refusal for a login.

use serde_json::json;

use super::written::{self, Answer};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-token-error-200`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-error-200",
        name: "Error that looks like a success",
        story: story!("token_error_200.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 5.1 and 5.2",
        steps: &[
            "A login is begun and answered honestly.",
            "The token response has `error=invalid_grant` besides its tokens, and the status 200.",
        ],
        secure: "The answer is an error, and its token is not used.",
        insecure: "A request carries the token, or the user is logged in.",
        defence: "An answer with an error is an error, whatever its status.",
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
    let write = |mut answer: Answer| {
        answer.members.insert("error".to_owned(), json!("invalid_grant"));
        answer
    };
    written::must_be_rejected(stage, &idp, "an error with the status 200", write).await.map(drop)
}

//! The client asked for `openid`, and the token response has no ID token. An access token does not say for which
//! client it was issued. A client that asks UserInfo who it is instead logs in whoever can substitute a token.

use super::written::{self, Answer};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-token-missing-idtoken`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-missing-idtoken",
        name: "No ID token",
        story: story!("token_missing_idtoken.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core sections 3.1.3.3 and 16.11",
        steps: &["A login is begun and answered honestly.", "The token response has no ID token."],
        secure: "Nobody is logged in, and the token is not used.",
        insecure: "The user is logged in by what UserInfo says.",
        defence: "A login needs an ID token.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    observe::asks_for_id_token(&stage.must_begin(&Visitor::new(), &idp).await?, &idp)?;
    written::control(stage, &idp).await?;
    let write = |mut answer: Answer| {
        answer.members.remove("id_token");
        answer
    };
    written::must_be_rejected(stage, &idp, "a token response without an ID token", write).await.map(drop)
}

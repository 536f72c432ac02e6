//! The token response is said to be a page, or is written as a form. Whoever can put a page where the client looks for
//! tokens, an upload or an error page that repeats what it was asked, can put tokens there if the client does not look
//! at what it gets.

use oauth_types::Params;

use super::written::{self, Answer};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-token-content-type`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-content-type",
        name: "Tokens that are not JSON",
        story: story!("token_content_type.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 5.1",
        steps: &[
            "A login is begun and answered honestly.",
            "The token response is said to be `text/html`.",
            "The same with the members as a form.",
        ],
        secure: "The answer is refused, and its token is not used.",
        insecure: "A request carries the token, or the user is logged in.",
        defence: "A token response is JSON, and says so.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    written::control(stage, &idp).await?;
    let page = |answer| Answer { kind: "text/html", ..answer };
    written::must_be_rejected(stage, &idp, "a token response that is said to be a page", page).await?;
    let form = |answer: Answer| {
        let mut params = Params::new();
        for (name, value) in &answer.members {
            params.push(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        Answer { kind: "application/x-www-form-urlencoded", text: Some(params.encode()), ..answer }
    };
    written::must_be_rejected(stage, &idp, "a token response in a form", form).await.map(drop)
}

//! The server grants less than was asked for and says so, or says that it grants more. A client that goes by what it
//! has asked for offers its user what the token is not good for, or takes decisions on a consent that was never given.

use serde_json::json;

use super::written::{self, Answer};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Said};
use crate::on_clients::granted_scope;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-token-scope-widened`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-scope-widened",
        name: "Another scope than asked for",
        story: story!("token_scope_widened.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 3.3 and 5.1",
        steps: &[
            "A login is begun and answered honestly.",
            "The token response has a scope of one value less than was asked for.",
            "The same with one value more.",
            "The client says what its tokens are good for.",
        ],
        secure: "The client goes by the scope of the response, or refuses it.",
        insecure: "The client says that its tokens are good for what was not granted.",
        defence: "The scope of the response counts, not that of the request.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Scope],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let asked = granted_scope::asked(stage, &idp).await?;
    for (what, granted) in [("a scope of less", asked.fewer.as_str()), ("a scope of more", asked.more.as_str())] {
        let write = |mut answer: Answer| {
            answer.members.insert("scope".to_owned(), json!(granted));
            answer
        };
        let tried = written::tried(stage, &idp, write).await?;
        match &tried.heard {
            Heard::Said(Said::Accepted { .. }) => {
                granted_scope::must_count(stage, &tried.visitor, &idp, granted, what).await?;
            }
            heard => {
                stage.must_reject(heard, what);
            }
        }
    }
    Ok(())
}

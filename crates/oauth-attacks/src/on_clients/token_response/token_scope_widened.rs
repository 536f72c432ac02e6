//! The server grants less than was asked for and says so, or says that it grants more. A client that goes by what it
//! has asked for offers its user what the token is not good for, or takes decisions on a consent that was never given.

use serde_json::json;

use super::written::{self, Answer};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Done, Errand, Said, Visitor};
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
    let asked = stage.must_begin(&Visitor::new(), &idp).await?.get("scope").to_owned();
    let Some((fewer, _)) = asked.rsplit_once(' ') else {
        return Err(Inconclusive::new("the client does not ask for two scope values"));
    };
    for (what, granted) in [("a scope of less", fewer.to_owned()), ("a scope of more", format!("{asked} admin"))] {
        let write = |mut answer: Answer| {
            answer.members.insert("scope".to_owned(), json!(granted));
            answer
        };
        let tried = written::tried(stage, &idp, write).await?;
        if !matches!(tried.heard, Heard::Said(Said::Accepted { .. })) {
            stage.must_reject(&tried.heard, what);
            continue;
        }
        let Done::Scope(scope) = stage.must(&tried.visitor, Errand::Scope, &[&idp]).await? else {
            return Err(Inconclusive::new("the client does not say what its tokens are good for"));
        };
        match scope.iter().find(|value| !granted.split(' ').any(|one| one == *value)) {
            Some(value) => {
                stage.violated(format!("with {what}, the client counts on {value}, which was not granted"))
            }
            None => stage.withstood(format!("with {what}, the client counts on what was granted")),
        };
    }
    Ok(())
}

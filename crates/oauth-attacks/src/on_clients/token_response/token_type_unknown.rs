//! The token response says that its token is of a type that the client does not know, or does not say of which. A
//! client that sends it as a bearer token all the same gives away a token that was to be used with a proof.

use serde_json::{Value, json};

use super::written::{self, Answer};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Said;
use crate::judge::Finding;
use crate::stage::{Heard, Stage};
use crate::verdict::{Level, Verdict};

/// `rp-token-type-unknown`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-type-unknown",
        name: "Token of an unknown type",
        story: story!("token_type_unknown.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 5.1 and 7.1",
        steps: &[
            "A login is begun and answered honestly.",
            "The token response has no `token_type`.",
            "The same in logins of their own with the types `mac` and `N_A`, and with a list.",
            "A type in capitals, which is the same, must be taken.",
        ],
        secure: "The token is not used.",
        insecure: "A request carries the token.",
        defence: "A token is used only if its type is known.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    written::uses_tokens(stage, &idp).await?;
    for (what, kind) in [
        ("a token without a type", Value::Null),
        ("a token of the type mac", json!("mac")),
        ("a token of the type N_A", json!("N_A")),
        ("a token with a list of types", json!(["Bearer"])),
    ] {
        let write = |mut answer: Answer| {
            answer.members.insert("token_type".to_owned(), kind);
            answer.members.retain(|_, value| !value.is_null());
            answer
        };
        written::must_be_rejected(stage, &idp, what, write).await?;
    }
    let capitals = |mut answer: Answer| {
        answer.members.insert("token_type".to_owned(), json!("BEARER"));
        answer
    };
    let tried = written::tried(stage, &idp, capitals).await?;
    if !matches!(tried.heard, Heard::Said(Said::Accepted { .. })) {
        let because = "the client does not take the type of a token in capitals";
        stage.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should));
    }
    Ok(())
}

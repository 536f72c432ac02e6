//! The response has two states, the right one and another. Parts of a client that do not agree on which of them counts
//! can be played off against each other: one compares the first, the other looks the login up by the last.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-state-duplicate`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-state-duplicate",
        name: "Response with two states",
        story: story!("state_duplicate.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.1",
        steps: &[
            "A login is begun and answered honestly.",
            "The response reaches the client with a second state behind the right one.",
            "The same with the wrong state first, and with the name `state[]`.",
        ],
        secure: "Each response is rejected, and no token request is sent.",
        insecure: "The client chooses one of the states and redeems the code.",
        defence: "A response with a repeated parameter is rejected.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let attempts: [(&str, altered::Alter); 3] = [
        ("a response with a second state", |it| it.also("state", "another")),
        ("a response with another state first", |it| altered::behind(it, "state", "another")),
        ("a response with a list of states", |it| {
            let state = it.get("state").to_owned();
            it.without("state").also("state[]", state)
        }),
    ];
    altered::each_must_be_rejected(stage, &idp, &attempts).await
}

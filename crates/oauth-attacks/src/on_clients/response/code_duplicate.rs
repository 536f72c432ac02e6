//! The response has two codes, the right one and one of the attacker. What stands in front of the client may look at
//! one of them and the client at the other.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-code-duplicate`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-code-duplicate",
        name: "Response with two codes",
        story: story!("code_duplicate.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "RFC 6749 section 3.1",
        steps: &[
            "A login is begun and answered honestly.",
            "The response reaches the client with a second code behind the right one.",
            "The same with the other code first.",
        ],
        secure: "Both responses are rejected, and no token request is sent.",
        insecure: "The client chooses one of the codes and redeems it.",
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
    let attempts: [(&str, altered::Alter); 2] = [
        ("a response with a second code", |it| it.also("code", "a-code-of-somebody-else")),
        ("a response with another code first", |it| altered::behind(it, "code", "a-code-of-somebody-else")),
    ];
    altered::each_must_be_rejected(stage, &idp, &attempts).await
}

//! The response names two issuers, the right one and another. A client that compares one of them and goes on with the
//! other has compared nothing.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-iss-duplicate`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-iss-duplicate",
        name: "Response with two issuers",
        story: story!("iss_duplicate.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.1, RFC 9207 section 2.4",
        steps: &[
            "A login is begun and answered honestly.",
            "The response reaches the client with a second issuer behind the right one.",
            "The same with the wrong issuer first.",
        ],
        secure: "Both responses are rejected, and no token request is sent.",
        insecure: "The client chooses one of the issuers and redeems the code.",
        defence: "A response with a repeated parameter is rejected.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    altered::must_compare_issuers(stage).await?;
    let idp = stage.idp().await?;
    let attempts: [(&str, altered::Alter); 2] = [
        ("a response with a second issuer", |it| it.also("iss", "https://attacker.example")),
        ("a response with another issuer first", |it| altered::behind(it, "iss", "https://attacker.example")),
    ];
    altered::each_must_be_rejected(stage, &idp, &attempts).await
}

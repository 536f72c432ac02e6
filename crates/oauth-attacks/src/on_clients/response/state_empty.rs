//! The attacker lets the user open a response whose state is there but empty. A client that takes an empty value for
//! nothing to compare finishes a login that its user never began.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-state-empty`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-state-empty",
        name: "Response with an empty state",
        story: story!("state_empty.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 3.1, 4.1.2 and 10.12",
        steps: &["A login is begun and answered honestly.", "The response reaches the client with `state=`."],
        secure: "The response is rejected, and no token request is sent.",
        insecure: "The code is redeemed, or the user is logged in.",
        defence: "An empty state is a wrong one.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    altered::each_must_be_rejected(stage, &idp, &[("a response with an empty state", |it| it.set("state", ""))]).await
}

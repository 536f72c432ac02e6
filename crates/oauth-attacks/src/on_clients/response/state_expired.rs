//! A response comes back an hour after its login was begun. Logins that stay open for ever give whoever finds an old
//! response, or can make the browser open one, all the time in the world.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Errand};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-state-expired`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-state-expired",
        name: "Response an hour late",
        story: story!("state_expired.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 9700 section 2.1, RFC 6819 section 5.3.5",
        steps: &[
            "A login is begun and answered honestly.",
            "The clock of the client is moved forward by an hour.",
            "The response reaches the client.",
        ],
        secure: "The response is rejected, and no token request is sent.",
        insecure: "The code is redeemed.",
        defence: "A login that was begun ends after some minutes.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::LetPass],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let (visitor, address) = altered::answered(stage, &idp).await?;
    stage.must(&visitor, Errand::LetPass { seconds: 3600 }, &[&idp]).await?;
    altered::must_be_rejected(stage, &idp, &visitor, &address, "a response that is an hour late").await
}

//! The server does not announce that its responses name their issuer, but this response names one, and it is another.
//! Servers forget to announce it. A client that compares the issuer only where it is announced ignores the plainest
//! sign of a mix-up.

use mock_idp::MockIdp;

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::profile::Profile;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-iss-unadvertised-wrong`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-iss-unadvertised-wrong",
        name: "Wrong issuer that nobody announced",
        story: story!("iss_unadvertised_wrong.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9207 section 2.4, RFC 9700 section 4.4.2",
        steps: &[
            "A login is begun at a server that knows nothing of the parameter `iss`.",
            "The response reaches the client with the issuer of another server.",
        ],
        secure: "The response is rejected, and no token request is sent.",
        insecure: "The issuer is ignored, and the code redeemed.",
        defence: "An issuer that is there is compared, announced or not.",
        level: Level::Should,
        levels: &[(Profile::Mcp, Level::Must)],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    altered::must_compare_issuers(stage).await?;
    let idp = stage.idp_of(MockIdp::builder().without("RFC 9207")).await?;
    let alter: altered::Alter = |it| it.set("iss", "https://attacker.example");
    altered::each_must_be_rejected(stage, &idp, &[("a response of another issuer that is not announced", alter)])
        .await
}

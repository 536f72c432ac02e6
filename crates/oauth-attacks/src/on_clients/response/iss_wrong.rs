//! The response names another issuer than the one the user was sent to. A client that does not compare the two sends
//! the code of one server to another.

use oauth_types::fault::Edit;

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-iss-wrong`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-iss-wrong",
        name: "Response of another issuer",
        story: story!("iss_wrong.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9207 section 2.4, RFC 9700 section 4.4",
        steps: &["A login is begun at an honest server.", "The response names the issuer of the attacker."],
        secure: "The response is rejected, and the code is not sent to anybody.",
        insecure: "The code is redeemed, or the user is logged in.",
        defence: "The issuer of the response is compared with that of the login.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    altered::issuer_must_be_rejected(
        stage,
        Edit::set("iss", "https://attacker.example"),
        "a response of another issuer",
    )
    .await
}

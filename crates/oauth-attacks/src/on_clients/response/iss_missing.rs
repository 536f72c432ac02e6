//! The server announces that its responses name their issuer, and this response does not. It may come from another
//! server, and a client that compares only what is there does not notice.

use oauth_types::fault::Edit;

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-iss-missing`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-iss-missing",
        name: "Response without an issuer",
        story: story!("iss_missing.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9207 section 2.4",
        steps: &["A login is begun at a server that announces `iss` in its responses.", "The response has none."],
        secure: "The response is rejected, and the code is not sent to anybody.",
        insecure: "The code is redeemed, or the user is logged in.",
        defence: "A response without an issuer is rejected if the server announces one.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    altered::issuer_must_be_rejected(stage, Edit::remove("iss"), "a response without the announced issuer").await
}

//! The token endpoint fails, or the connection breaks. The code may have been used up by then, and a second use of it
//! revokes what the first one gave. A client that goes on sending it floods a server in trouble, and looks like the
//! attacker that codes are protected from.

use oauth_types::fault::Edit;

use super::repeated;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-token-500-retry`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-500-retry",
        name: "Server that fails over and over",
        story: story!("token_500_retry.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "RFC 6749 sections 4.1.2 and 10.5",
        steps: &[
            "A login is begun and answered honestly.",
            "The token endpoint answers each request with the status 500.",
            "The same with the status 502, and with a connection that breaks.",
            "The token requests with the same code are counted.",
        ],
        secure: "A code is sent at most twice.",
        insecure: "A code is sent again and again.",
        defence: "A code whose fate is not known is not sent again.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let failure = |status| Edit::Error { error: "server_error".to_owned(), description: None, status: Some(status) };
    for (what, edit) in [
        ("the status 500", failure(500)),
        ("the status 502", failure(502)),
        ("a connection that breaks", Edit::Reset),
    ] {
        repeated::at_most(stage, 2, edit, what).await?;
    }
    Ok(())
}

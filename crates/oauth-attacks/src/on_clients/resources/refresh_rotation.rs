//! A refresh brings a new refresh token, and the old one is spent. A client that sends the old one again looks like a
//! thief: the server revokes everything, and the user is logged out. Or it keeps the old one in use, for whoever has
//! copied it.

use super::session;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Errand};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-refresh-rotation`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-refresh-rotation",
        name: "Refresh token that was replaced",
        story: story!("refresh_rotation.rs"),
        capabilities: &[Capability::A1, Capability::A5],
        citation: "RFC 6749 section 6, RFC 9700 section 4.14.2",
        steps: &[
            "A login is begun, answered honestly, and finished.",
            "The client refreshes its tokens, and gets a new refresh token.",
            "The client refreshes its tokens again.",
        ],
        secure: "The second refresh uses the new refresh token.",
        insecure: "The second refresh uses the old refresh token.",
        defence: "A new refresh token replaces the old one.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Refresh],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let visitor = session::begun(stage, &idp).await?;
    stage.must(&visitor, Errand::Refresh, &[&idp]).await?;
    stage.ask(&visitor, Errand::Refresh, &[&idp]).await?;
    let sent = session::refresh_tokens(stage, &idp);
    match sent.as_slice() {
        [] | [_] => return Err(Inconclusive::new("the client does not refresh twice")),
        [first, rest @ ..] if rest.contains(first) => {
            stage.violated("the client sends a refresh token again that was replaced");
        }
        _ => {
            stage.withstood("each refresh uses the refresh token of the one before");
        }
    }
    Ok(())
}

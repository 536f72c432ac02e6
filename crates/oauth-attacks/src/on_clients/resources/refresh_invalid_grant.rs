//! The server refuses a refresh token for good. A client that keeps it sends it again at every occasion: for the
//! server a guess after the other, for the user an application that hangs.

use oauth_types::fault::{Edit, Fault, Point};

use super::session;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Errand};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-refresh-invalid-grant`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-refresh-invalid-grant",
        name: "Refresh token that is refused",
        story: story!("refresh_invalid_grant.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 5.2 and 6",
        steps: &[
            "A login is begun, answered honestly, and finished.",
            "The server answers the refresh with `invalid_grant`.",
            "The client is asked once more to refresh its tokens.",
        ],
        secure: "The refresh token is sent once, and the user has to log in again.",
        insecure: "The refused refresh token is sent again.",
        defence: "A refused refresh token is forgotten.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Refresh],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let visitor = session::begun(stage, &idp).await?;
    let _lie = idp.lie(Fault::always(Point::TokenResponse, Edit::error("invalid_grant")).for_grant("refresh_token"));
    for _ in 0..2 {
        if stage.ask(&visitor, Errand::Refresh, &[&idp]).await?.is_none() {
            stage.violated("the client broke down at a refresh token that is refused");
        }
    }
    match session::refresh_tokens(stage, &idp).len() {
        0 => return Err(Inconclusive::new("the client does not refresh its tokens")),
        1 => stage.withstood("a refused refresh token is sent once"),
        times => stage.violated(format!("the client sends a refused refresh token {times} times")),
    };
    Ok(())
}

//! A refresh brings no new refresh token, or an empty one. The old one goes on being good. A client that overwrites it
//! with nothing sends nothing in its place, or logs its user out.

use oauth_types::fault::{Edit, Fault, Point};

use super::session;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Errand};
use crate::judge::Finding;
use crate::stage::Stage;
use crate::verdict::{Level, Verdict};

/// `rp-refresh-omitted`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-refresh-omitted",
        name: "No new refresh token",
        story: story!("refresh_omitted.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 6",
        steps: &[
            "A login is begun, answered honestly, and finished.",
            "The client refreshes its tokens, and gets no refresh token.",
            "The client refreshes its tokens again.",
            "The same with an empty refresh token.",
        ],
        secure: "The second refresh uses the old refresh token.",
        insecure: "The second refresh sends an empty refresh token, or none is sent.",
        defence: "An old refresh token is kept until there is a new one.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Refresh],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    for (what, edit) in [
        ("no refresh token", Edit::remove("refresh_token")),
        ("an empty refresh token", Edit::set("refresh_token", "")),
    ] {
        let idp = stage.idp().await?;
        let visitor = session::begun(stage, &idp).await?;
        let _lie = idp.lie(Fault::always(Point::TokenResponse, edit).for_grant("refresh_token"));
        let first = stage.ask(&visitor, Errand::Refresh, &[&idp]).await?;
        stage.ask(&visitor, Errand::Refresh, &[&idp]).await?;
        let sent = session::refresh_tokens(stage, &idp);
        match (sent.as_slice(), first) {
            ([], _) => return Err(Inconclusive::new("the client does not refresh its tokens")),
            (_, None) => stage.violated(format!("the client broke down at {what}")),
            ([_], _) => {
                let because = format!("after {what}, the client has none any more");
                stage.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should))
            }
            ([first, rest @ ..], _) if rest.iter().all(|token| token == first) => {
                stage.withstood(format!("after {what}, the client keeps the old one"))
            }
            _ => stage.violated(format!("after {what}, the client sends something else than the old one")),
        };
    }
    Ok(())
}

//! An access token expires while the client has several things to do at once, and each of them refreshes it. With
//! rotation only the first of them has a good refresh token. The others look like thieves, and the server revokes
//! everything.

use std::collections::BTreeSet;

use super::session;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Errand};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-refresh-concurrency`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-refresh-concurrency",
        name: "Many refreshes at once",
        story: story!("refresh_concurrency.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.14.2, RFC 6749 section 6",
        steps: &[
            "A login is begun, answered honestly, and finished.",
            "The client is asked five times at once to refresh its tokens.",
            "The requests with the same refresh token are counted.",
        ],
        secure: "Each refresh token is sent once.",
        insecure: "The same refresh token is sent several times.",
        defence: "Whoever needs a refresh that is under way waits for it.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Refresh, Ability::AtOnce],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let visitor = session::begun(stage, &idp).await?;
    let servers = [&idp];
    let ask = || stage.ask(&visitor, Errand::Refresh, &servers);
    let (one, two, three, four, five) = tokio::join!(ask(), ask(), ask(), ask(), ask());
    for done in [one, two, three, four, five] {
        if done?.is_none() {
            stage.violated("the client broke down at refreshes at the same time");
        }
    }
    let sent = session::refresh_tokens(stage, &idp);
    let distinct: BTreeSet<_> = sent.iter().collect();
    match (sent.len(), distinct.len()) {
        (0, _) => return Err(Inconclusive::new("the client does not refresh its tokens")),
        (sent, distinct) if sent > distinct => {
            stage.violated(format!(
                "the client sends {sent} refreshes with {distinct} refresh tokens at the same time"
            ));
        }
        _ => {
            stage.withstood("each refresh token is sent once");
        }
    }
    Ok(())
}

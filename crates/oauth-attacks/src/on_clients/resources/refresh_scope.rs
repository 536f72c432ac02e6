//! A refresh brings an access token that is good for less than before, because the user has taken something back, or
//! one that is said to be good for more. A client that goes by the scope of the login counts on what is no longer
//! granted.

use oauth_types::fault::{Edit, Fault, Point};

use super::session;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Errand};
use crate::on_clients::granted_scope;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-refresh-scope`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-refresh-scope",
        name: "Another scope after a refresh",
        story: story!("refresh_scope.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 6",
        steps: &[
            "A login is begun, answered honestly, and finished.",
            "The client refreshes its tokens, and the scope has one value less.",
            "The same with one value more.",
            "The client says what its tokens are good for.",
        ],
        secure: "The client goes by the scope of the refresh.",
        insecure: "The client says that its tokens are good for what was not granted.",
        defence: "The scope of the latest response counts.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Refresh, Ability::Scope],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let asked = granted_scope::asked(stage, &idp).await?;
    for (what, granted) in [("a refresh for less", asked.fewer.clone()), ("a refresh for more", asked.more.clone())] {
        let visitor = session::begun(stage, &idp).await?;
        let scope = Edit::set("scope", granted.as_str());
        let _lie = idp.lie(Fault::always(Point::TokenResponse, scope).for_grant("refresh_token"));
        match stage.ask(&visitor, Errand::Refresh, &[&idp]).await? {
            None => {
                stage.violated(format!("the client broke down at {what}"));
            }
            Some(Err(_)) => {
                stage.withstood(format!("{what} is refused"));
            }
            Some(Ok(_)) => granted_scope::must_count(stage, &visitor, &idp, &granted, what).await?,
        }
    }
    Ok(())
}

//! The attacker opens the page that users come back to after logging out. A client that ends the session whenever
//! somebody arrives there can be made to log its users out by any link.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Done, Door, Errand, Visitor};
use crate::idp::Idp;
use crate::on_clients::native::session;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-logout-state`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-logout-state",
        name: "Return from a logout that was not asked for",
        story: story!("logout_state.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect RP-Initiated Logout 1.0 section 3",
        steps: &[
            "Let somebody log in.",
            "Open the page for those who have logged out without a state and with another one, before and after the user asked to log out.",
            "See whether the user is still logged in.",
        ],
        secure: "The client ignores who comes back without the state of a logout it began.",
        insecure: "The client ends the session.",
        defence: "Only the state of a logout that this browser asked for ends it.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Logout, Ability::Open, Ability::WhoAmI],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = session::idp(stage).await?;
    let visitor = Visitor::new();
    session::begun(stage, &visitor, &idp).await?;
    come_back(stage, &visitor, &idp, "that nobody asked for").await?;
    let Done::Sent { .. } = stage.must(&visitor, Errand::Logout, &[&idp]).await? else {
        return Err(Inconclusive::new("the client does not send its users to the server to log out"));
    };
    // A client may end its own session at once, and then there is nothing left to end.
    if session::is_there(stage, &visitor, &idp).await? {
        come_back(stage, &visitor, &idp, "that is not over").await?;
    }
    Ok(())
}

/// Comes back from a logout without its state, and with another one.
async fn come_back(stage: &Stage, visitor: &Visitor, idp: &Idp, which: &str) -> Result<(), Inconclusive> {
    let wrong: [(&[(&str, &str)], &str); 3] = [
        (&[], "without a state"),
        (&[("state", "")], "with an empty state"),
        (&[("state", "x")], "with another state"),
    ];
    for (params, how) in wrong {
        session::open(stage, visitor, idp, (Door::LoggedOut, params)).await?;
        if session::is_there(stage, visitor, idp).await? {
            stage.withstood(format!("coming back {how} from a logout {which} is ignored"));
        } else {
            stage.violated(format!("the client ended a session when somebody came back {how} from a logout {which}"));
            session::begun(stage, visitor, idp).await?;
        }
    }
    Ok(())
}

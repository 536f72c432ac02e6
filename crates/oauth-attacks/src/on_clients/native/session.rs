//! Sessions of users at the client under test, and how they end.

use mock_idp::MockIdp;

use oauth_types::fault::{Edit, Point};

use crate::attack::Inconclusive;
use crate::client::{Done, Door, Errand, Said, Visitor};
use crate::idp::{Idp, Lie};
use crate::stage::{Heard, Stage};

/// What the ID token calls the session.
pub(super) const SID: &str = "the-session-of-alice";

/// A server where sessions end. It is the server of [`begun`].
pub(super) async fn idp(stage: &Stage) -> Result<Idp, Inconclusive> {
    stage.idp_of(MockIdp::builder()).await
}

/// Lets a visitor log in, in the session [`SID`].
pub(super) async fn begun(stage: &Stage, visitor: &Visitor, idp: &Idp) -> Result<(), Inconclusive> {
    let _named: Lie = idp.lie_at(Point::IdToken, Edit::set("sid", SID));
    match stage.aside().login(visitor, idp).await? {
        Heard::Said(Said::Accepted { .. }) if is_there(stage, visitor, idp).await? => Ok(()),
        heard => Err(Inconclusive::new(format!("the client does not keep a session: {heard}"))),
    }
}

/// Whether the visitor is still logged in.
pub(super) async fn is_there(stage: &Stage, visitor: &Visitor, idp: &Idp) -> Result<bool, Inconclusive> {
    match stage.ask(visitor, Errand::WhoAmI, &[idp]).await? {
        Some(Ok(Done::Is(Said::Accepted { .. }))) => Ok(true),
        Some(_) => Ok(false),
        None => Err(Inconclusive::new("the client broke down when it was asked who is logged in")),
    }
}

/// Sends a logout token to the client, and says what it answered.
pub(super) async fn notify(
    stage: &Stage,
    visitor: &Visitor,
    idp: &Idp,
    logout_token: String,
) -> Result<Option<u16>, Inconclusive> {
    stage.agent().keep_secret(&logout_token);
    match stage.ask(visitor, Errand::Notify { logout_token }, &[idp]).await? {
        Some(Ok(Done::Answered { status })) => Ok(Some(status)),
        Some(Ok(_)) => Ok(Some(200)),
        Some(Err(_)) => Ok(None),
        None => {
            stage.violated("the client broke down at a logout token");
            Ok(None)
        }
    }
}

/// Opens an address of the client, as a link on another site would.
pub(super) async fn open(
    stage: &Stage,
    visitor: &Visitor,
    idp: &Idp,
    (door, params): (Door, &[(&str, &str)]),
) -> Result<Option<Done>, Inconclusive> {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    match stage.ask(visitor, Errand::Open { door, params }, &[idp]).await? {
        Some(Ok(done)) => Ok(Some(done)),
        Some(Err(_)) => Ok(None),
        None => {
            stage.violated("the client broke down when a link was opened");
            Ok(None)
        }
    }
}

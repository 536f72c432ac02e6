//! Logins that end with an ID token that is a lie.

use oauth_types::fault::{Edit, Fault, Point, When};

use crate::attack::Inconclusive;
use crate::client::Visitor;
use crate::idp::Idp;
use crate::stage::Stage;

/// Lets a visitor log in, edits the ID token, and records whether the client rejects it and leaves the access token
/// alone that came with it.
pub(super) async fn must_be_rejected(
    stage: &Stage,
    idp: &Idp,
    edit: Vec<Edit>,
    what: &str,
) -> Result<(), Inconclusive> {
    let lie = idp.lie(Fault { at: Point::IdToken, when: When::default(), edit });
    let before = idp.requests("/userinfo").len();
    let heard = stage.login(&Visitor::new(), idp).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the client got no ID token"));
    }
    if idp.requests("/userinfo").len() > before {
        stage.violated(format!("the client used the access token that came with {what}"));
    }
    stage.must_reject(&heard, what);
    Ok(())
}

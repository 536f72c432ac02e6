//! Logins that end with an ID token that is a lie.

use oauth_types::fault::{Edit, Fault, Point, When};

use crate::attack::Inconclusive;
use crate::client::Visitor;
use crate::idp::Idp;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// Lets a visitor log in, edits the ID token, and records whether the client rejects it and leaves the access token
/// alone that came with it.
pub(super) async fn must_be_rejected(
    stage: &Stage,
    idp: &Idp,
    edit: Vec<Edit>,
    what: &str,
) -> Result<(), Inconclusive> {
    let before = idp.requests("/userinfo").len();
    let heard = hear(stage, idp, edit).await?;
    if idp.requests("/userinfo").len() > before {
        stage.violated(format!("the client used the access token that came with {what}"));
    }
    stage.must_reject(&heard, what);
    Ok(())
}

/// Lets a visitor log in, edits the ID token, and records whether the client rejects it, as it should and need not.
pub(super) async fn should_be_rejected(
    stage: &Stage,
    idp: &Idp,
    edit: Vec<Edit>,
    what: &str,
) -> Result<(), Inconclusive> {
    let heard = hear(stage, idp, edit).await?;
    stage.must_reject_at(Level::Should, &heard, what);
    Ok(())
}

/// Lets a visitor log in and edits the ID token.
pub(super) async fn hear(stage: &Stage, idp: &Idp, edit: Vec<Edit>) -> Result<Heard, Inconclusive> {
    let lie = idp.lie(Fault { at: Point::IdToken, when: When::default(), edit });
    let heard = stage.login(&Visitor::new(), idp).await?;
    if lie.was_told() { Ok(heard) } else { Err(Inconclusive::new("the client got no ID token")) }
}

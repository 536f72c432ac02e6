//! Logins that end with an ID token that is a lie.

use oauth_types::fault::{Edit, Fault, Point, When};

use crate::attack::Inconclusive;
use crate::client::Visitor;
use crate::idp::Idp;
use crate::on_clients::behind_tls::{self, Way};
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

/// The same where nothing is wrong with the ID token but its signature.
pub(super) async fn signature_must_be_rejected(
    stage: &Stage,
    idp: &Idp,
    edit: Vec<Edit>,
    what: &str,
) -> Result<(), Inconclusive> {
    let before = idp.requests("/userinfo").len();
    let (heard, way) = hear_on_its_way(stage, idp, edit).await?;
    let used = idp.requests("/userinfo").len() > before;
    behind_tls::judge(stage, (idp, way), (&heard, used), what).await;
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
    Ok(hear_on_its_way(stage, idp, edit).await?.0)
}

/// The same, and how the first ID token that was edited came to the client.
async fn hear_on_its_way(stage: &Stage, idp: &Idp, edit: Vec<Edit>) -> Result<(Heard, Way), Inconclusive> {
    let lie = idp.lie(Fault { at: Point::IdToken, when: When::default(), edit });
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, idp).await?;
    let address = stage.follow_as_is(&visitor, idp, &request).await?;
    let way = if lie.was_told() { Way::Browser } else { Way::TokenEndpoint };
    let heard = stage.deliver(&visitor, &address, &[idp]).await?;
    if lie.was_told() { Ok((heard, way)) } else { Err(Inconclusive::new("the client got no ID token")) }
}

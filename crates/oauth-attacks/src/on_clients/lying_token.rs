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
    let before = UserInfo::so_far(idp);
    let heard = hear(stage, idp, edit).await?;
    before.judge(stage, &heard, (None, what));
    Ok(())
}

/// The same where nothing is wrong with the ID token but its signature.
pub(super) async fn signature_must_be_rejected(
    stage: &Stage,
    idp: &Idp,
    edit: Vec<Edit>,
    what: &str,
) -> Result<(), Inconclusive> {
    let before = UserInfo::so_far(idp);
    let (heard, way) = hear_on_its_way(stage, idp, edit).await?;
    behind_tls::judge(stage, (idp, way), (&heard, before.was_asked_since()), what).await;
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

/// How often UserInfo had been asked for before an ID token came, and an access token with it.
pub(super) struct UserInfo<'a>(&'a Idp, usize);

impl<'a> UserInfo<'a> {
    pub(super) fn so_far(idp: &'a Idp) -> Self {
        Self(idp, idp.requests("/userinfo").len())
    }

    /// Whether the client has used an access token.
    pub(super) fn was_asked_since(&self) -> bool {
        self.0.requests("/userinfo").len() > self.1
    }

    /// Judges what came of the ID token, at the level of the attack or at another, where the client need not leave the
    /// access token alone.
    pub(super) fn judge(&self, stage: &Stage, heard: &Heard, (level, what): (Option<Level>, &str)) {
        if level.is_none() && self.was_asked_since() {
            stage.violated(format!("the client used the access token that came with {what}"));
        }
        match level {
            None => stage.must_reject(heard, what),
            Some(level) => stage.must_reject_at(level, heard, what),
        };
    }
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

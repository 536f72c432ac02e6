//! Who logs in (RFC 6749 §3.1: the way in which the server authenticates the resource owner is its own affair).

use crate::memory::Login;
use crate::reply::{Reply, Stop};
use crate::request::{AuthorizationRequest, Draft};
use crate::world::World;

/// What comes of asking for a login.
pub(crate) enum Decision {
    /// Somebody is logged in and agrees.
    LoggedIn(Login),
    /// The person in front of the browser is asked something first.
    Ask(Reply),
}

/// Decides who logs in for an authorization request that every document has judged.
pub(crate) async fn decide(
    world: &World,
    request: &AuthorizationRequest<'_>,
    draft: &Draft,
) -> Result<Decision, Stop> {
    let user = world.people.log_in(draft.wanted.hint.as_deref())?;
    Ok(Decision::LoggedIn(Login {
        user: user.subject().to_owned(),
        auth_time: request.arrival.now,
        acr: None,
        amr: Vec::new(),
        session: None,
    }))
}

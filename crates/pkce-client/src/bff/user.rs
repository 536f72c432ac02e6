//! Who is logged in, for the handlers of the application.

use std::fmt;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Method, StatusCode};
use oauth_types::Params;
use url::Url;

use super::login::RETURN_TO;
use super::{Bff, BffFailure, page};
use crate::claims::IdClaims;
use crate::session::Session;

/// The user who is logged in: an extractor for handlers of an application that is protected by a [`Bff`].
///
/// Where nobody is logged in, a browser that opens the page is sent to the login and comes back afterwards, and a script is
/// answered with 401. Take an `Option<User>` where it does not matter.
pub struct User {
    session: Session,
    claims: IdClaims,
}

/// Why there is no [`User`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoUser {
    /// Nobody is logged in. A browser that opens a page goes to this address first.
    #[error("nobody is logged in")]
    NotLoggedIn(Option<Url>),
    /// The sessions cannot be read.
    #[error("the sessions cannot be read")]
    Unavailable,
    /// The handler is in a router that no [`Bff`] protects.
    #[error("no Bff protects this router: BffBuilder::protect")]
    NotProtected,
}

impl User {
    /// The claims of the ID token of this login.
    pub fn claims(&self) -> &IdClaims {
        &self.claims
    }

    /// The session with its tokens, for requests to other services: [`Session::access_token`]. Give them to nobody else.
    pub fn session(&self) -> &Session {
        &self.session
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("claims", &self.claims).finish_non_exhaustive()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = NoUser;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NoUser> {
        let bff = parts.extensions.get::<Bff>().cloned().ok_or(NoUser::NotProtected)?;
        user(&bff, parts).await?.ok_or_else(|| NoUser::NotLoggedIn(bff.way_in(parts)))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for User {
    type Rejection = NoUser;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, NoUser> {
        let bff = parts.extensions.get::<Bff>().cloned().ok_or(NoUser::NotProtected)?;
        user(&bff, parts).await
    }
}

async fn user(bff: &Bff, parts: &Parts) -> Result<Option<User>, NoUser> {
    match bff.session(&bff.cookies(&parts.headers)).await {
        Ok(session) => Ok(session.and_then(|session| {
            let claims = session.claims()?.clone();
            Some(User { session, claims })
        })),
        Err(error) => {
            bff.tell(&BffFailure::Sessions(error));
            Err(NoUser::Unavailable)
        }
    }
}

impl Bff {
    /// The login that leads back to what was asked for, if a browser opens it as a page.
    fn way_in(&self, parts: &Parts) -> Option<Url> {
        let is = |name: &str, value: &str| parts.headers.get(name).is_some_and(|header| header == value);
        if parts.method != Method::GET || !is("sec-fetch-mode", "navigate") || !is("sec-fetch-dest", "document") {
            return None;
        }
        let mut url = self.0.origin.join(&self.0.paths.login).ok()?;
        let path = parts.uri.path_and_query()?.as_str();
        if super::return_to::within(&self.0.origin, path).is_some() {
            url.set_query(Some(&Params::new().with(RETURN_TO, path).encode()));
        }
        Some(url)
    }
}

impl IntoResponse for NoUser {
    fn into_response(self) -> Response {
        match self {
            Self::NotLoggedIn(Some(url)) => page::see_other(&url),
            Self::NotLoggedIn(None) => page::empty(StatusCode::UNAUTHORIZED),
            Self::Unavailable => page::empty(StatusCode::SERVICE_UNAVAILABLE),
            Self::NotProtected => page::empty(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

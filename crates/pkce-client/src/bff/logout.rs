//! The end of a session: because the user says so, or because the server does.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Request, StatusCode, Uri};
use oauth_types::{Params, Secret};
use url::Url;

use super::csrf::Proof;
use super::{Bff, BffFailure, EndedSessions, callback, page};
use crate::error::Error;
use crate::session::Session;
use crate::specs::oidc_rp_initiated_logout::{PendingLogout, StartedLogout};

/// What the `state` of a logout is sealed for.
const PURPOSE: &str = "pkce-client: a logout that a browser comes back from";

/// How long a browser may take to come back from the server's logout, in seconds.
const LIFETIME: u64 = 15 * 60;

/// Ends the session of this browser, here and at the server.
pub(super) async fn begin(State(bff): State<Bff>, headers: HeaderMap) -> Response {
    if let Some(refusal) = bff.refusal(&headers, Proof::HeaderOrOrigin) {
        return refusal;
    }
    let cookies = bff.cookies(&headers);
    let session = match bff.session(&cookies).await {
        Ok(session) => session,
        Err(error) => {
            bff.tell(&BffFailure::Sessions(error));
            return page::refused(StatusCode::SERVICE_UNAVAILABLE);
        }
    };
    let mut response = match session {
        None => page::see_other(&bff.landing()),
        Some(session) => {
            let elsewhere = bff.elsewhere(&session).await;
            if let Err(error) = bff.end(session).await {
                bff.tell(&BffFailure::Sessions(error));
                return page::refused(StatusCode::SERVICE_UNAVAILABLE);
            }
            let (url, state) = elsewhere.unwrap_or_else(|| (bff.landing(), None));
            let mut response = page::see_other(&url);
            if let Some(state) = state {
                cookies.keep_logout(&mut response, state, LIFETIME);
            }
            response
        }
    };
    cookies.forget_session(&mut response);
    response
}

/// The browser comes back from the server's logout.
pub(super) async fn done(State(bff): State<Bff>, uri: Uri, headers: HeaderMap) -> Response {
    let cookies = bff.cookies(&headers);
    let state = cookies.logout().and_then(|sealed| bff.open(PURPOSE, sealed).ok());
    let begun = PendingLogout { state: state.map(Secret::new) };
    let mut response = match begun.accept(uri.query().unwrap_or_default()) {
        Ok(()) => page::see_other(&bff.landing()),
        Err(error) => {
            bff.tell(&BffFailure::LoggedOut(error));
            return page::refused(StatusCode::BAD_REQUEST);
        }
    };
    cookies.forget_logout(&mut response);
    response
}

/// The server says that a session has ended (Back-Channel Logout §2.5).
pub(super) async fn notified(State(bff): State<Bff>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    match bff.take(callback::form(&head.headers, body).await).await {
        Ok(()) => page::empty(StatusCode::OK),
        Err(failure) => {
            // "the RP MUST respond with HTTP 400 Bad Request" (§2.8); what cannot be done now may be tried again.
            let status = match &failure {
                BffFailure::Sessions(_) => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::BAD_REQUEST,
            };
            bff.tell(&failure);
            page::empty(status)
        }
    }
}

impl Bff {
    fn landing(&self) -> Url {
        // It was held against the same rules when the backend was made.
        super::return_to::within(&self.0.origin, &self.0.paths.landing).unwrap_or_else(|| self.0.origin.clone())
    }

    /// Where the server logs the browser out, if it does, and the sealed `state` that the browser comes back with.
    async fn elsewhere(&self, session: &Session) -> Option<(Url, Option<String>)> {
        let request = self.0.client.logout(session);
        let request = match &self.0.logged_out {
            Some(uri) => request.redirect_uri(uri.as_str()),
            None => request,
        };
        let begun = async {
            let StartedLogout { url, pending } = request.begin().await?;
            let state = pending.state.map(|state| self.seal(PURPOSE, state.expose())).transpose()?;
            Ok((url, state))
        };
        match begun.await {
            Ok(elsewhere) => Some(elsewhere),
            Err(Error::NoEndpoint(_)) => None,
            Err(error) => {
                self.tell(&BffFailure::Logout(error));
                None
            }
        }
    }

    /// Revokes the tokens where the server does that, and forgets them in any case.
    async fn end(&self, session: Session) -> Result<(), Error> {
        match session.clone().revoke().await {
            Ok(()) => return Ok(()),
            Err(Error::NoEndpoint(_)) => {}
            Err(error) => self.tell(&BffFailure::Logout(error)),
        }
        session.forget().await
    }

    async fn take(&self, form: Option<String>) -> Result<(), BffFailure> {
        let form = form.ok_or(BffFailure::NotAForm)?;
        let params = Params::parse(&form).map_err(|_| BffFailure::NotAForm)?;
        let mut tokens = params.all("logout_token");
        let (Some(token), None) = (tokens.next(), tokens.next()) else { return Err(BffFailure::NotAForm) };
        let client = &self.0.client;
        let token = client.verify_logout_token(token).await.map_err(BffFailure::LogoutToken)?;
        let ended = EndedSessions::told(client, &token);
        self.0.sessions.end(&ended).await.map_err(|error| BffFailure::Sessions(error.into()))
    }
}

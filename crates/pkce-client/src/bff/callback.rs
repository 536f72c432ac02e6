//! The end of a login: the browser comes back with the server's response.

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::Response;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use url::Url;

use super::cookies::{Cookies, Found};
use super::login::purpose;
use super::{Bff, BffFailure, EndedSessions, PURPOSE, SessionName, page};
use crate::callback::Callback;
use crate::error::Error;
use crate::pending::{FlowKey, Pending};
use crate::seal_key::SealError;
use crate::session::Session;

/// The longest form that is read, in octets.
const MAX_FORM: usize = 64 * 1024;

/// A response in the query.
pub(super) async fn from_query(State(bff): State<Bff>, request: Request<Body>) -> Response {
    // What asks for the head alone is no browser that comes back.
    if request.method() != Method::GET {
        let mut response = page::empty(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST"));
        return response;
    }
    let callback = Callback::from_query(request.uri().query().unwrap_or_default());
    bff.answer(callback.map_err(Into::into), request.headers()).await
}

/// A response that a page of the server posts (Form Post Response Mode §2).
pub(super) async fn from_form(State(bff): State<Bff>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let callback = match form(&head.headers, body).await {
        Some(text) => Callback::from_form(&text).map_err(Into::into),
        None => Err(BffFailure::NotAForm),
    };
    bff.answer(callback, &head.headers).await
}

/// The text of a form.
pub(super) async fn form(headers: &HeaderMap, body: Body) -> Option<String> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return None;
    }
    String::from_utf8(to_bytes(body, MAX_FORM).await.ok()?.to_vec()).ok()
}

/// Whoever is logged in now, and where they go.
struct Done {
    session: String,
    goal: Url,
}

impl Bff {
    async fn answer(&self, callback: Result<Callback, BffFailure>, headers: &HeaderMap) -> Response {
        let cookies = self.cookies(headers);
        let flow = callback.as_ref().ok().and_then(Callback::lookup_key);
        let outcome = match callback {
            Ok(callback) => self.finish(&cookies, callback).await,
            Err(failure) => Err(failure),
        };
        let mut response = match &outcome {
            Ok(done) => page::see_other(&done.goal),
            Err(failure) => {
                self.tell(failure);
                page::refused(StatusCode::BAD_REQUEST)
            }
        };
        if let Some(flow) = flow.filter(|_| outcome.as_ref().err().is_none_or(is_final)) {
            cookies.forget_login(&mut response, &flow);
        }
        if let Ok(Done { session, .. }) = outcome {
            cookies.keep_session(&mut response, session, self.0.lifetime.as_secs());
        }
        response
    }

    async fn finish(&self, cookies: &Cookies, callback: Callback) -> Result<Done, BffFailure> {
        let client = &self.0.client;
        let flow = callback.lookup_key().ok_or(BffFailure::NoState)?;
        // Only the browser that began a login has its cookie (RFC 9700 §4.7).
        let opened = self.unsealed(cookies, &flow);
        if matches!(opened, Err(BffFailure::NoCookie | BffFailure::OtherFlow)) {
            let until = self.now().saturating_add(client.inner.login_lifetime.as_secs());
            self.0.astray.is_first(flow.as_str(), until, self.now());
        }
        let (pending, goal) = opened?;
        let until = pending.expires_at();
        if self.0.astray.has(flow.as_str(), self.now()) {
            return Err(BffFailure::Astray);
        }
        let accepted = client.accept(pending, callback).await;
        let accepted = accepted.map_err(|rejected| BffFailure::Rejected(rejected.reason))?;
        // A code that is sent twice costs the tokens that came of it (RFC 6749 §4.1.2).
        if !self.0.used.is_first(flow.as_str(), until, self.now()) {
            return Err(BffFailure::UsedUp);
        }
        let session = client.redeem(accepted).await.map_err(BffFailure::Failed)?;
        let name = self.establish(cookies, &session).await.map_err(BffFailure::Sessions)?;
        let session = self.seal(PURPOSE, name.as_str()).map_err(BffFailure::Sessions)?;
        Ok(Done { session, goal })
    }

    fn unsealed(&self, cookies: &Cookies, flow: &FlowKey) -> Result<(Pending, Url), BffFailure> {
        let broken = |error| match error {
            SealError::Expired => BffFailure::Expired,
            error => BffFailure::Tampered(Some(error)),
        };
        let value = match cookies.login(flow) {
            Found::One(value) => value,
            Found::Several => return Err(BffFailure::Tampered(None)),
            Found::Others => return Err(BffFailure::OtherFlow),
            Found::Nothing => return Err(BffFailure::NoCookie),
        };
        let (pending, goal) = value.split_once('.').ok_or(BffFailure::Tampered(Some(SealError::Malformed)))?;
        let pending = Pending::from_sealed(&self.0.client, &self.0.key, pending).map_err(broken)?;
        let goal = self.open(&purpose(flow), goal).map_err(broken)?;
        Ok((pending, Url::parse(&goal).map_err(|_| broken(SealError::Version))?))
    }

    /// Keeps a session under a name that nobody had before, and ends the one that the browser had.
    async fn establish(&self, cookies: &Cookies, session: &Session) -> Result<SessionName, Error> {
        let claims = session.claims().ok_or(Error::Unsupported("a login without the scope openid"))?;
        let client = &self.0.client;
        let expires_at = self.now().saturating_add(self.0.lifetime.as_secs());
        let name = SessionName::draw(client, claims, expires_at)?;
        self.0.sessions.end(&EndedSessions::expired(self.now())).await?;
        session.keep_in(self.0.sessions.tokens(&name)).await?;
        if let Ok(Some(before)) = self.session(cookies).await
            && let Err(error) = before.forget().await
        {
            // The new session is not the worse for it.
            self.tell(&BffFailure::Sessions(error));
        }
        Ok(name)
    }
}

/// Whether the login is over, so that its cookie is of no more use. A forged response does not end it.
fn is_final(failure: &BffFailure) -> bool {
    match failure {
        BffFailure::Rejected(reason) => !reason.may_be_forged(),
        BffFailure::Expired
        | BffFailure::Tampered(_)
        | BffFailure::Astray
        | BffFailure::UsedUp
        | BffFailure::Failed(_)
        | BffFailure::Sessions(_) => true,
        _ => false,
    }
}

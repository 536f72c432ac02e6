//! How a backend is described, and put around an application.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use url::Url;

use super::sessions::{MemorySessions, WebSessions};
use super::{Ask, Bff, BffFailure, Inner, OnFailure, Paths, callback, csrf, login, logout, return_to};
use crate::client::Client;
use crate::login::LoginRequest;
use crate::seal_key::SealKey;
use crate::specs::oidc_backchannel_logout::Received;
use crate::transport::Endpoint;

/// The longest time a browser stays logged in.
const MAX_LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How many sessions are kept in memory unless something else is said.
const SESSIONS: usize = 100_000;

/// A backend to be.
#[must_use = "call protect() to put it around the application"]
pub struct BffBuilder {
    client: Client,
    key: SealKey,
    scopes: Vec<String>,
    ask: Option<Ask>,
    login: String,
    logout: String,
    backchannel_logout: String,
    landing: String,
    logged_out: Option<String>,
    lifetime: Duration,
    http_on_loopback: bool,
    plain_forms: bool,
    sessions: Option<Arc<dyn WebSessions>>,
    on_failure: OnFailure,
}

/// Why a backend cannot be made as described.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BffError {
    /// The client has no redirect URI, or one that is no web address.
    #[error("the client has no redirect URI in this application: name one with ClientBuilder::redirect_uri")]
    NoRedirectUri,
    /// The redirect URI is http, so that cookies could not be `Secure`.
    #[error("the redirect URI is http; for development on one machine, call BffBuilder::allow_http_on_loopback")]
    Insecure,
    /// A path does not begin with `/`, has characters that need escaping, or is the path of two routes.
    #[error("the path {0:?} is unusable, or there twice")]
    Path(String),
    /// The address for browsers that were logged out is not one of this application.
    #[error("the address for browsers that were logged out is not one of this application")]
    LoggedOut,
    /// The server has no logout of its own to come back from.
    #[error("the server has no end_session_endpoint, so no browser comes back from it")]
    NoEndSession,
}

impl BffBuilder {
    pub(super) fn new(client: Client, key: SealKey) -> Self {
        Self {
            client,
            key,
            scopes: vec!["openid".to_owned()],
            ask: None,
            login: "/login".to_owned(),
            logout: "/logout".to_owned(),
            backchannel_logout: "/backchannel-logout".to_owned(),
            landing: "/".to_owned(),
            logged_out: None,
            lifetime: Duration::from_secs(8 * 60 * 60),
            http_on_loopback: false,
            plain_forms: false,
            sessions: None,
            on_failure: Box::new(|_| {}),
        }
    }

    /// Asks for these scopes in every login, besides `openid`.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Asks for more in every login, as [`LoginRequest`] has it: `.login_with(|login| login.max_age(HOUR))`.
    pub fn login_with(
        mut self,
        ask: impl for<'a> Fn(LoginRequest<'a>) -> LoginRequest<'a> + Send + Sync + 'static,
    ) -> Self {
        self.ask = Some(Box::new(ask));
        self
    }

    /// Where logins begin. Default `/login`.
    pub fn login_at(mut self, path: impl Into<String>) -> Self {
        self.login = path.into();
        self
    }

    /// Where logouts begin. Default `/logout`.
    pub fn logout_at(mut self, path: impl Into<String>) -> Self {
        self.logout = path.into();
        self
    }

    /// Where the server says that a session has ended: the path of the client's `backchannel_logout_uri`. Default
    /// `/backchannel-logout`.
    pub fn backchannel_logout_at(mut self, path: impl Into<String>) -> Self {
        self.backchannel_logout = path.into();
        self
    }

    /// Where browsers go after a login that does not say where, and after a logout. Default `/`.
    pub fn landing(mut self, path: impl Into<String>) -> Self {
        self.landing = path.into();
        self
    }

    /// Asks the server to send browsers back that it has logged out, to this address of the application, exactly as
    /// registered (`post_logout_redirect_uri`). From there they go on to the landing. Without it they stay at the server.
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.logged_out = Some(uri.into());
        self
    }

    /// How long a browser stays logged in, at most a year. Default 8 hours.
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime.min(MAX_LIFETIME);
        self
    }

    /// Keeps the tokens of sessions in `sessions`. Default in the memory of this process, of a hundred thousand sessions.
    pub fn sessions(mut self, sessions: impl WebSessions + 'static) -> Self {
        self.sessions = Some(Arc::new(sessions));
        self
    }

    /// Tells `hook` why a login, a logout or a request was refused. The browser is not told.
    pub fn on_failure(mut self, hook: impl Fn(&BffFailure) + Send + Sync + 'static) -> Self {
        self.on_failure = Box::new(hook);
        self
    }

    /// Accepts a redirect URI that is http on the loopback interface: **for development on one machine**.
    ///
    /// Cookies are then neither `Secure` nor `__Host-`. Any program on the machine that listens at another port of the same
    /// host is sent them.
    pub fn allow_http_on_loopback(mut self) -> Self {
        self.http_on_loopback = true;
        self
    }

    /// Lets requests that change something through without the header `x-csrf`, if the browser says that they come from
    /// the application itself: `Sec-Fetch-Site: same-origin`, or its own `Origin`. For applications with plain HTML forms.
    pub fn allow_plain_forms(mut self) -> Self {
        self.plain_forms = true;
        self
    }

    /// Puts the backend around `app`: its routes beside those of `app`, its protection before them. What comes of it is the
    /// outermost router, at the root of the origin.
    ///
    /// # Errors
    /// [`BffError`]
    ///
    /// # Panics
    /// As [`Router::merge`], if `app` has a route where the backend has one.
    pub fn protect<S>(self, app: Router<S>) -> Result<Router<S>, BffError>
    where
        S: Clone + Send + Sync + 'static,
    {
        let bff = self.build()?;
        let paths = &bff.0.paths;
        let mut routes = Router::new()
            .route(&paths.login, get(login::begin))
            .route(&paths.callback, get(callback::from_query).post(callback::from_form))
            .route(&paths.logout, post(logout::begin))
            .route(&paths.backchannel_logout, post(logout::notified));
        if let Some(at) = &bff.0.logged_out {
            routes = routes.route(at.path(), get(logout::done));
        }
        let guarded = app.layer(middleware::from_fn_with_state(bff.clone(), csrf::guard));
        Ok(guarded.merge(routes.with_state(bff.clone())).layer(Extension(bff)))
    }

    fn build(self) -> Result<Bff, BffError> {
        let uri = self.client.inner.redirect_uri.as_deref().ok_or(BffError::NoRedirectUri)?;
        let callback = Url::parse(uri).map_err(|_| BffError::NoRedirectUri)?;
        match callback.scheme() {
            "https" => {}
            // The client takes no other http.
            "http" if self.http_on_loopback => {}
            "http" => return Err(BffError::Insecure),
            _ => return Err(BffError::NoRedirectUri),
        }
        let origin = callback.join("/").map_err(|_| BffError::NoRedirectUri)?;
        let logged_out = self.logged_out.map(|uri| own(&origin, &uri)).transpose()?;
        let has_logout = self.client.inner.server.endpoint(Endpoint::EndSession, false).is_ok();
        if logged_out.is_some() && !has_logout {
            return Err(BffError::NoEndSession);
        }
        let paths = Paths {
            login: self.login,
            callback: callback.path().to_owned(),
            logout: self.logout,
            backchannel_logout: self.backchannel_logout,
            landing: self.landing,
        };
        let routes = [&paths.login, &paths.callback, &paths.logout, &paths.backchannel_logout];
        let routes = routes.into_iter().map(String::as_str).chain(logged_out.as_ref().map(Url::path));
        judge(&routes.collect::<Vec<_>>())?;
        if return_to::within(&origin, &paths.landing).is_none() {
            return Err(BffError::Path(paths.landing));
        }
        let (scopes, more) = (self.scopes, self.ask);
        let ask = asking(move |login| {
            let login = login.scopes(&scopes);
            match &more {
                Some(more) => more(login),
                None => login,
            }
        });
        Ok(Bff(Arc::new(Inner {
            client: self.client,
            key: self.key,
            origin,
            paths,
            logged_out,
            lifetime: self.lifetime,
            plain_forms: self.plain_forms,
            sessions: self.sessions.unwrap_or_else(|| Arc::new(MemorySessions::new(SESSIONS))),
            ask,
            on_failure: self.on_failure,
            used: Received::default(),
            astray: Received::default(),
        })))
    }
}

/// The closure as one for every lifetime.
fn asking(ask: impl for<'a> Fn(LoginRequest<'a>) -> LoginRequest<'a> + Send + Sync + 'static) -> Ask {
    Box::new(ask)
}

/// An address of this application.
fn own(origin: &Url, uri: &str) -> Result<Url, BffError> {
    let url = Url::parse(uri).map_err(|_| BffError::LoggedOut)?;
    let is_own = url.origin() == origin.origin() && url.as_str() == uri && url.fragment().is_none();
    if is_own { Ok(url) } else { Err(BffError::LoggedOut) }
}

/// Every route has a path of its own, written as it is.
fn judge(paths: &[&str]) -> Result<(), BffError> {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~/".contains(&octet);
    for (at, path) in paths.iter().enumerate() {
        if !path.starts_with('/') || !path.bytes().all(plain) || paths[..at].contains(path) {
            return Err(BffError::Path((*path).to_owned()));
        }
    }
    Ok(())
}

impl fmt::Debug for BffBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BffBuilder").field("client", &self.client).finish_non_exhaustive()
    }
}

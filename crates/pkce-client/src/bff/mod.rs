//! A backend for a frontend, on axum: the browser has a cookie, the server has the tokens.
//!
//! What the browser keeps is sealed, and no script can read it: while a login is under way, a cookie for each login; then
//! a cookie that leads to the session. Tokens are kept by the server, see [`WebSessions`].

mod builder;
mod callback;
mod cookies;
mod csrf;
mod failure;
mod login;
mod logout;
mod page;
mod return_to;
mod sessions;
mod user;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use url::Url;
use zeroize::Zeroizing;

use crate::client::Client;
use crate::error::Error;
use crate::login::LoginRequest;
use crate::seal_key::{self, SealError, SealKey};
use crate::session::Session;
use crate::specs::oidc_backchannel_logout::Received;
use crate::store::is_unreadable;
pub use builder::{BffBuilder, BffError};
use cookies::Cookies;
pub use csrf::{CSRF_HEADER, CsrfError};
pub use failure::BffFailure;
pub use sessions::{EndedSessions, MemorySessions, SessionName, WebSessions};
pub use user::{NoUser, User};

/// What a session cookie is told apart by from anything else a key may seal.
const PURPOSE: &str = "pkce-client: the session of a browser";

/// A backend for a frontend: logs the users of a web application in and out.
///
/// It wraps an axum router. Around its routes stand those of the login, and before every handler of the application
/// stands the protection against requests of other sites. A handler that takes a [`User`] is for users who are logged in.
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::Router;
/// use axum::routing::get;
/// use pkce_client::{Bff, Client, SealKey, SystemDice, User};
///
/// let client = Client::builder("https://issuer.example", "my-app").secret("s3cret");
/// let client = client.redirect_uri("https://app.example/callback").discover().await?;
/// let app = Router::new().route("/me", get(async |user: User| user.claims().subject().to_owned()));
/// let app = Bff::builder(client, SealKey::generate(&SystemDice)?).protect(app)?;
/// axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Routes
/// * `GET /login?return_to=/path` sends the browser to the server. `return_to` is a path of this application, or refused.
/// * The path of the client's redirect URI takes the response, in the query or in a form. The browser that began the login
///   has its cookie, and nobody else's response is taken: an attacker cannot log somebody in as themselves.
/// * `POST /logout` ends the session, here and at the server: its tokens are revoked (RFC 7009), and the browser is sent to
///   the server's own logout (RP-Initiated Logout), each if the server has an endpoint for it. It is for a form of the
///   application, because the browser has to go there: `<form method="post" action="/logout">`.
/// * `POST /backchannel-logout` takes the server's word that a session has ended (Back-Channel Logout).
///
/// # Cookies
/// They are `HttpOnly`, `Secure`, of this host alone (`__Host-`), `SameSite=Lax` and sealed with the key (AES-256-GCM). A
/// login has a cookie of its own, named by its [`FlowKey`](crate::FlowKey): two tabs do not disturb each other. There are
/// at most four of them, each for the lifetime of the login, and it is taken away when the login is over. Where the response
/// is posted by the server's page ([`LoginRequest::form_post`]), they are `SameSite=None`, since otherwise they would not
/// come with it. Every login ends with a new session of a new name, whatever the browser had before.
///
/// # Requests of other sites
/// A request that is not GET, HEAD or OPTIONS reaches the application only with the header `x-csrf: 1`
/// ([`CSRF_HEADER`]), which pages of other origins cannot add unless the application allows it (CORS), and not if the
/// browser says by `Sec-Fetch-Site` or `Origin` that it comes from elsewhere. `SameSite` alone is not enough: it knows sites,
/// not origins, so that any subdomain counts as the application itself.
///
/// # What the browser is not told
/// Why a login failed is told to [`BffBuilder::on_failure`], and to the browser only that it did.
#[derive(Clone)]
pub struct Bff(Arc<Inner>);

pub(crate) struct Inner {
    client: Client,
    key: SealKey,
    /// The application, as browsers see it: scheme, host and port.
    origin: Url,
    paths: Paths,
    /// Where the server sends browsers to that have been logged out there, if it was told.
    logged_out: Option<Url>,
    lifetime: Duration,
    plain_forms: bool,
    sessions: Arc<dyn WebSessions>,
    ask: Ask,
    on_failure: OnFailure,
    /// Logins whose code was sent.
    used: Received,
    /// Logins whose response turned up in a browser that did not begin them.
    astray: Received,
}

/// Asks for more than a login asks for anyway.
type Ask = Box<dyn for<'a> Fn(LoginRequest<'a>) -> LoginRequest<'a> + Send + Sync>;

type OnFailure = Box<dyn Fn(&BffFailure) + Send + Sync>;

struct Paths {
    login: String,
    callback: String,
    logout: String,
    backchannel_logout: String,
    landing: String,
}

impl Bff {
    /// Starts to describe a backend around `client`, which has a redirect URI in this application. `key` seals the
    /// cookies: every process of the application has the same one.
    pub fn builder(client: Client, key: SealKey) -> BffBuilder {
        BffBuilder::new(client, key)
    }

    fn is_secure(&self) -> bool {
        self.0.origin.scheme() == "https"
    }

    /// The origin as browsers write it.
    fn origin(&self) -> String {
        self.0.origin.origin().ascii_serialization()
    }

    fn cookies(&self, headers: &HeaderMap) -> Cookies {
        Cookies::read(headers, self.is_secure())
    }

    fn now(&self) -> u64 {
        self.0.client.inner.clock.now()
    }

    fn tell(&self, failure: &BffFailure) {
        (self.0.on_failure)(failure);
    }

    fn seal(&self, purpose: &str, text: &str) -> Result<String, Error> {
        let nonce = seal_key::nonce(&*self.0.client.inner.dice)?;
        Ok(self.0.key.seal(purpose, nonce, Zeroizing::new(text.as_bytes().to_vec())))
    }

    fn open(&self, purpose: &str, sealed: &str) -> Result<String, SealError> {
        let octets = self.0.key.open(purpose, sealed)?;
        // It was written by somebody with the key.
        String::from_utf8(octets.to_vec()).map_err(|_| SealError::Version)
    }

    /// The name of the session that a browser's cookie leads to, if the cookie is one and not too old.
    fn named(&self, cookies: &Cookies) -> Option<SessionName> {
        let name = SessionName::read(&self.open(PURPOSE, cookies.session()?).ok()?)?;
        (self.now() < name.expires_at()).then_some(name)
    }

    /// The session of this browser.
    async fn session(&self, cookies: &Cookies) -> Result<Option<Session>, Error> {
        let Some(name) = self.named(cookies) else { return Ok(None) };
        match Session::restore(&self.0.client, self.0.sessions.tokens(&name)).await {
            Err(Error::OtherClient) => Ok(None),
            Err(Error::Store(error)) if is_unreadable(&error) => Ok(None),
            found => Ok(found?.filter(|session| session.claims().is_some())),
        }
    }
}

impl fmt::Debug for Bff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bff").field("client", &self.0.client).field("origin", &self.origin()).finish_non_exhaustive()
    }
}

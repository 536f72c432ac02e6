//! OpenID Connect RP-Initiated Logout 1.0: the user's browser is sent to the server to be logged out there, too.

use std::fmt;

use oauth_types::{Params, Secret};
use url::Url;

use crate::client::Client;
use crate::dice;
use crate::error::{AddressError, ConfigError, DiscoveryError, Error};
use crate::session::Session;
use crate::transport::Endpoint;

/// The longest response that is read, in octets.
const MAX_LENGTH: usize = 64 * 1024;

/// A logout to be.
#[must_use = "call begin() to build the URL"]
pub struct LogoutRequest<'a> {
    client: &'a Client,
    session: &'a Session,
    redirect_uri: Option<String>,
    logout_hint: Option<String>,
}

/// A logout that was begun.
#[must_use = "send the user to the URL"]
pub struct StartedLogout {
    /// Where to send the user's browser. The ID token of the session is in it.
    pub url: Url,
    /// What the browser's return is held against, if it is asked to return.
    pub pending: PendingLogout,
}

/// A logout that was begun. Its `state` says that the browser comes back from it, and not from anywhere else.
pub struct PendingLogout {
    pub(crate) state: Option<Secret>,
}

/// Why a browser that came back was not sent by a logout of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogoutError {
    /// The logout has no redirect URI, so nobody comes back from it.
    #[error("nobody was to come back from this logout")]
    Unexpected,
    /// The query is malformed, or longer than 64 KiB.
    #[error("the query is malformed or too long")]
    Malformed,
    /// There is no `state`, or there are several.
    #[error("there is not exactly one state")]
    StateMissing,
    /// The `state` is not the one sent.
    #[error("the state is not that of this logout")]
    StateMismatch,
}

impl Client {
    /// Starts to describe the logout of a session at the server.
    ///
    /// The tokens of the session are not touched by it: [`Session::revoke`] ends them.
    ///
    /// ```no_run
    /// # async fn example(client: pkce_client::Client, session: pkce_client::Session) -> Result<(), pkce_client::Error> {
    /// let started = client.logout(&session).redirect_uri("https://app.example/goodbye").begin().await?;
    /// // Send the browser to `started.url`. When it comes back to /goodbye:
    /// let query = "state=...";
    /// # let query = "";
    /// started.pending.accept(query)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn logout<'a>(&'a self, session: &'a Session) -> LogoutRequest<'a> {
        LogoutRequest { client: self, session, redirect_uri: None, logout_hint: None }
    }
}

impl LogoutRequest<'_> {
    /// Where the browser goes afterwards (`post_logout_redirect_uri`), exactly as registered with the server.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// Says who is to be logged out (`logout_hint`), in words that the server understands.
    pub fn logout_hint(mut self, hint: impl Into<String>) -> Self {
        self.logout_hint = Some(hint.into());
        self
    }

    /// Builds the URL for the browser (§2). The server recognises the session by its ID token, and asks the user if it
    /// does not. A `state` is drawn if the browser is to come back.
    ///
    /// # Errors
    /// [`Error::NoEndpoint`] if the server has no such endpoint; [`Error::OtherClient`] if the session is one of another
    /// server or `client_id`; [`Error::Config`] if the redirect URI is unusable; [`Error::Discovery`] if the endpoint sets
    /// parameters that the client sets; [`Error::Entropy`].
    pub async fn begin(self) -> Result<StartedLogout, Error> {
        let inner = &self.client.inner;
        let other = &self.session.client;
        if (other.issuer(), other.client_id()) != (self.client.issuer(), self.client.client_id()) {
            return Err(Error::OtherClient);
        }
        let mut url = inner.server.endpoint(Endpoint::EndSession, false)?.clone();
        let mut params = Params::new();
        if let Some(id_token) = self.session.id_token().await {
            params.push("id_token_hint", id_token.expose());
        }
        params.push("client_id", self.client.client_id());
        let mut state = None;
        if let Some(uri) = &self.redirect_uri {
            inner.addresses.redirect_uri(uri).map_err(ConfigError::RedirectUri)?;
            params.push("post_logout_redirect_uri", uri);
            let drawn = dice::token(&*inner.dice)?;
            params.push("state", drawn.expose());
            state = Some(drawn);
        }
        if let Some(hint) = &self.logout_hint {
            params.push("logout_hint", hint);
        }
        let own = Params::parse(url.query().unwrap_or_default()).unwrap_or_default();
        if own.iter().any(|(name, _)| RESERVED.contains(&name)) {
            let (name, reason) = ("end_session_endpoint", AddressError::ReservedParameter);
            return Err(DiscoveryError::Endpoint { name, reason }.into());
        }
        let query = match url.query() {
            Some(own) if !own.is_empty() => format!("{own}&{}", params.encode()),
            _ => params.encode(),
        };
        url.set_query(Some(&query));
        Ok(StartedLogout { url, pending: PendingLogout { state } })
    }
}

/// Parameters that only the client sets (§2).
const RESERVED: &[&str] =
    &["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint", "ui_locales"];

impl PendingLogout {
    /// Holds the query that the browser came back with, without its `?`, against this logout (§3). Parameters other than
    /// `state` are not looked at.
    ///
    /// A query that is refused proves nothing: the right one may still come.
    ///
    /// # Errors
    /// [`LogoutError`]
    pub fn accept(&self, query: &str) -> Result<(), LogoutError> {
        let sent = self.state.as_ref().ok_or(LogoutError::Unexpected)?;
        if query.len() > MAX_LENGTH {
            return Err(LogoutError::Malformed);
        }
        let params = Params::parse(query).map_err(|_| LogoutError::Malformed)?;
        let mut states = params.all("state");
        match (states.next(), states.next()) {
            (Some(state), None) if sent.matches(state) => Ok(()),
            (Some(_), None) => Err(LogoutError::StateMismatch),
            _ => Err(LogoutError::StateMissing),
        }
    }
}

impl fmt::Debug for LogoutRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogoutRequest").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

impl fmt::Debug for StartedLogout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.url.origin().ascii_serialization();
        f.debug_struct("StartedLogout")
            .field("url", &format_args!("{origin}{}?..", self.url.path()))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PendingLogout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingLogout(..)")
    }
}

//! RFC 6749 §4.4, the client credentials grant: a service asks for access on its own account.

use std::fmt;
use std::sync::Arc;

use oauth_types::{Params, Secret};
use tokio::sync::Mutex;

use crate::asked::Asked;
use crate::client::Client;
use crate::error::Error;
use crate::session::{Session, is_passing};
use crate::token::TokenResponse;
use crate::token_set::Expiry;

/// The access of a service on its own account: an access token that is asked for when it is needed.
///
/// Cloning it is cheap; clones share the token, until one of them asks for something else.
#[derive(Clone)]
#[must_use = "call access_token()"]
pub struct ClientCredentials {
    client: Client,
    asked: Asked,
    token: Arc<Mutex<Option<Kept>>>,
}

struct Kept {
    access_token: Secret,
    /// Nothing if it was not said.
    expiry: Option<Expiry>,
}

impl Client {
    /// Starts to describe the access of this client on its own account.
    ///
    /// ```no_run
    /// # async fn example(client: pkce_client::Client) -> Result<(), pkce_client::Error> {
    /// let access = client.client_credentials().scopes(["read"]);
    /// let token = access.access_token().await?; // another one when it is about to expire
    /// # let _ = token.expose();
    /// # Ok(())
    /// # }
    /// ```
    pub fn client_credentials(&self) -> ClientCredentials {
        let asked = Asked::default();
        ClientCredentials { client: self.clone(), asked, token: Arc::default() }
    }
}

impl ClientCredentials {
    /// Asks for these scopes, besides those asked for before.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.asked.for_scopes(scopes);
        Self { token: Arc::default(), ..self }
    }

    /// Says which resource the access token will be used at (RFC 8707 §2), besides those said before.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.asked.resources.push(resource.into());
        Self { token: Arc::default(), ..self }
    }

    /// An access token that has not expired. One request is sent for all who ask at once, and none while a token is at hand.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the client does not authenticate (§4.4); [`Error::Config`] if a scope or a resource is
    /// unusable; [`Error::Transport`], [`Error::OAuth`] or [`Error::Protocol`], unless the current token can still be used
    /// and the server could not be asked.
    pub async fn access_token(&self) -> Result<Secret, Error> {
        let mut token = self.token.lock().await;
        let now = self.client.inner.clock.now();
        let current = match &*token {
            Some(kept) if kept.expiry.is_none_or(|expiry| now < expiry.refresh_at) => {
                return Ok(kept.access_token.clone());
            }
            Some(Kept { access_token, expiry: Some(expiry) }) if now < expiry.at => Some(access_token.clone()),
            _ => None,
        };
        match (self.ask(now).await, current) {
            (Ok(fresh), _) => Ok(token.insert(fresh).access_token.clone()),
            (Err(error), Some(current)) if is_passing(&error) => Ok(current),
            (Err(error), _) => Err(error),
        }
    }

    /// Lets go of `token` because a resource refused it, so that another one is asked for (RFC 6750 §3.1).
    pub async fn forget(&self, token: &Secret) {
        let mut kept = self.token.lock().await;
        if kept.as_ref().is_some_and(|kept| kept.access_token.matches(token.expose())) {
            *kept = None;
        }
    }

    /// A session with a token of its own: without a refresh token, and without a user.
    pub(crate) async fn session(&self) -> Result<Session, Error> {
        let response = TokenResponse { refresh_token: None, ..self.response().await? };
        Ok(Session::new(self.client.clone(), self.asked.clone(), response, None))
    }

    async fn ask(&self, now: u64) -> Result<Kept, Error> {
        // A refresh token would be worth no more than the credentials (§4.4.3), and an ID token would be about nobody.
        let response = self.response().await?;
        let expiry = response.expires_in.map(|seconds| Expiry::after(seconds, now));
        Ok(Kept { access_token: response.access_token, expiry })
    }

    async fn response(&self) -> Result<TokenResponse, Error> {
        if self.client.inner.authentication.method() == "none" {
            return Err(Error::Unsupported("only clients that authenticate have access on their own account"));
        }
        self.asked.judge()?;
        let mut params = Params::new().with("grant_type", "client_credentials");
        self.asked.say(&mut params);
        self.client.token(params).await
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("client", &self.client)
            .field("scopes", &self.asked.scopes)
            .finish_non_exhaustive()
    }
}

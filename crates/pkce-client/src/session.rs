//! A session: its tokens, kept fresh, and the claims about its user.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::{ACCEPT, AUTHORIZATION};
use oauth_types::{ErrorCode, Params, Secret};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::claims::{IdClaims, Occasion, UserInfo};
use crate::client::Client;
use crate::error::{Defect, Error};
use crate::exchange::uri;
use crate::specs::rfc6750_bearer::authorization;
use crate::specs::{oidc_signed_userinfo, rfc8707_resource};
use crate::token::TokenResponse;
use crate::transport::{Endpoint, TransportError};

/// A token is refreshed this long before it expires, in seconds, or after nine tenths of its life if that is later.
const EARLY: u64 = 60;

/// A user who is logged in, and the tokens that came of it.
///
/// Cloning it is cheap; all clones share the tokens, and refresh them once for all.
#[derive(Clone)]
pub struct Session {
    pub(crate) client: Client,
    claims: Option<Arc<IdClaims>>,
    tokens: Arc<Mutex<Tokens>>,
    /// Counts the refreshes, so that whoever waited for one does not start another.
    refreshes: Arc<AtomicU64>,
}

struct Tokens {
    access_token: Secret,
    /// When the access token expires and when to replace it, in seconds since 1970; nothing if it was not said.
    expiry: Option<Expiry>,
    refresh_token: Option<Secret>,
    scopes: Vec<String>,
    /// What the tokens are for (RFC 8707 §2).
    resources: Vec<String>,
    /// The last verified ID token, for the server to recognise the session by (RP-Initiated Logout §2).
    id_token: Option<Secret>,
    /// A refresh brought a token that must not be trusted.
    ended: bool,
}

#[derive(Clone, Copy)]
struct Expiry {
    at: u64,
    refresh_at: u64,
}

impl Expiry {
    /// Absolute from the start, so that a stored token does not become young again.
    fn after(seconds: u64, now: u64) -> Self {
        let at = now.saturating_add(seconds);
        Self { at, refresh_at: at.saturating_sub(EARLY.min(seconds / 10)) }
    }
}

/// What tokens were asked for.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
}

impl Session {
    pub(crate) fn new(client: Client, asked: Asked, response: TokenResponse, claims: Option<IdClaims>) -> Self {
        let now = client.inner.clock.now();
        let tokens = Tokens {
            access_token: response.access_token,
            expiry: response.expires_in.map(|seconds| Expiry::after(seconds, now)),
            refresh_token: response.refresh_token,
            // RFC 6749 §5.1: omitted if identical to what was asked for.
            scopes: response.scopes.unwrap_or(asked.scopes),
            resources: asked.resources,
            // One that was not verified is not kept.
            id_token: response.id_token.filter(|_| claims.is_some()),
            ended: false,
        };
        let tokens = Arc::new(Mutex::new(tokens));
        Self { client, claims: claims.map(Arc::new), tokens, refreshes: Arc::default() }
    }

    /// An access token that has not expired, refreshed shortly before it would.
    ///
    /// However many tasks ask at once, one request is sent, and it is finished even if the task that caused it is
    /// cancelled: a rotated refresh token must not get lost. Call it for every request to a resource.
    ///
    /// # Errors
    /// [`Error::ReauthRequired`] if the token has expired and cannot be replaced; otherwise the errors of
    /// [`Session::refresh`], unless the current token can still be used.
    pub async fn access_token(&self) -> Result<Secret, Error> {
        let tokens = Arc::clone(&self.tokens).lock_owned().await;
        if tokens.ended {
            return Err(Error::ReauthRequired);
        }
        let now = self.client.inner.clock.now();
        let usable = tokens.expiry.is_none_or(|expiry| now < expiry.at);
        let due = tokens.expiry.is_some_and(|expiry| now >= expiry.refresh_at);
        if !due {
            return Ok(tokens.access_token.clone());
        }
        if tokens.refresh_token.is_none() {
            return if usable { Ok(tokens.access_token.clone()) } else { Err(Error::ReauthRequired) };
        }
        let current = tokens.access_token.clone();
        match self.replace(tokens).await {
            Ok(token) => Ok(token),
            // The server could not be asked; there is still time to try again.
            Err(error) if usable && is_passing(&error) => Ok(current),
            Err(error) => Err(error),
        }
    }

    /// Replaces the tokens now, for instance because a resource refused the access token (RFC 6749 §6).
    ///
    /// Tasks that call it at the same time share one request.
    ///
    /// # Errors
    /// [`Error::ReauthRequired`] if there is no refresh token or the server does not accept it any more;
    /// [`Error::Transport`], [`Error::OAuth`], [`Error::Protocol`] or [`Error::IdToken`] otherwise.
    pub async fn refresh(&self) -> Result<(), Error> {
        let before = self.refreshes.load(Ordering::Acquire);
        let tokens = Arc::clone(&self.tokens).lock_owned().await;
        if tokens.ended || tokens.refresh_token.is_none() {
            return Err(Error::ReauthRequired);
        }
        // A refresh that was under way when this one was asked for is as good.
        if self.refreshes.load(Ordering::Acquire) != before {
            return Ok(());
        }
        self.replace(tokens).await.map(drop)
    }

    /// Replaces `token` because a resource refused it, unless it has been replaced already (RFC 6750 §3.1).
    ///
    /// # Errors
    /// As [`Session::refresh`].
    pub async fn refresh_refused(&self, token: &Secret) -> Result<(), Error> {
        let tokens = Arc::clone(&self.tokens).lock_owned().await;
        if tokens.ended || tokens.refresh_token.is_none() {
            return Err(Error::ReauthRequired);
        }
        if !tokens.access_token.matches(token.expose()) {
            return Ok(());
        }
        self.replace(tokens).await.map(drop)
    }

    /// The claims of the ID token, if `openid` was asked for. They tell of the login and do not change.
    pub fn claims(&self) -> Option<&IdClaims> {
        self.claims.as_deref()
    }

    /// The scopes that were granted; fewer or others than asked for, if the server said so.
    pub async fn scopes(&self) -> Vec<String> {
        self.tokens.lock().await.scopes.clone()
    }

    /// When the access token expires, in seconds since 1970-01-01T00:00:00Z, if the server said so.
    pub async fn expires_at(&self) -> Option<u64> {
        self.tokens.lock().await.expiry.map(|expiry| expiry.at)
    }

    /// Asks the UserInfo endpoint about the user (OpenID Connect Core §5.3).
    ///
    /// # Errors
    /// [`Error::SubjectMismatch`] if the answer is about somebody else; [`Error::NoEndpoint`] if the server has no
    /// such endpoint; [`Error::Unsupported`] if the login was not an OpenID Connect login; [`Error::Jwt`] if the answer was
    /// to be signed and is not valid; the errors of [`Session::access_token`]; [`Error::Transport`], [`Error::OAuth`] or
    /// [`Error::Protocol`].
    pub async fn userinfo(&self) -> Result<UserInfo, Error> {
        let claims = self.claims().ok_or(Error::Unsupported("userinfo needs a login with the scope openid"))?;
        let endpoint = self.client.inner.server.endpoint(Endpoint::Userinfo, self.client.is_known_by_connection())?;
        let address = uri(Endpoint::Userinfo, endpoint)?;
        let token = self.access_token().await?;
        let make = || {
            let request =
                http::Request::get(address.clone()).header(ACCEPT, oidc_signed_userinfo::accept(&self.client));
            let request = request.header(AUTHORIZATION, authorization(self.client.token_type(), &token));
            request.body(Vec::new()).map_err(|_| Error::NoEndpoint(Endpoint::Userinfo))
        };
        let response = self.client.exchange(Endpoint::Userinfo, Some(&token), make).await?;
        let members = oidc_signed_userinfo::read(&self.client, response).await?;
        UserInfo::about(claims.subject(), members).ok_or(Error::SubjectMismatch)
    }

    /// The last verified ID token.
    pub(crate) async fn id_token(&self) -> Option<Secret> {
        self.tokens.lock().await.id_token.clone()
    }

    /// Ends the session, and hands out its refresh token and its access token to be revoked.
    pub(crate) async fn end(&self) -> (Option<Secret>, Secret) {
        let mut tokens = self.tokens.lock().await;
        tokens.ended = true;
        (tokens.refresh_token.clone(), tokens.access_token.clone())
    }

    /// Refreshes in a task of its own, which cancelling the caller does not stop.
    async fn replace(&self, mut tokens: OwnedMutexGuard<Tokens>) -> Result<Secret, Error> {
        let (client, claims, refreshes) = (self.client.clone(), self.claims.clone(), Arc::clone(&self.refreshes));
        let task = tokio::spawn(async move {
            tokens.replace(&client, claims.as_deref()).await?;
            refreshes.fetch_add(1, Ordering::Release);
            Ok(tokens.access_token.clone())
        });
        match task.await {
            Ok(outcome) => outcome,
            Err(_) => {
                let source = TransportError::connection("the refresh was stopped");
                Err(Error::Transport { endpoint: Endpoint::Token, source })
            }
        }
    }
}

impl Tokens {
    /// One refresh request, never repeated: the token in it may be spent by it.
    async fn replace(&mut self, client: &Client, claims: Option<&IdClaims>) -> Result<(), Error> {
        let refresh_token = self.refresh_token.as_ref().ok_or(Error::ReauthRequired)?;
        let mut params =
            Params::new().with("grant_type", "refresh_token").with("refresh_token", refresh_token.expose());
        rfc8707_resource::name(&mut params, &self.resources);
        let response = match client.token(params).await {
            Err(Error::OAuth { error, .. }) if error.code() == ErrorCode::InvalidGrant.as_str() => {
                self.refresh_token = None;
                return Err(Error::ReauthRequired);
            }
            answer => answer?,
        };
        if let (Some(first), Some(id_token)) = (claims, &response.id_token) {
            let verified = client.verify(id_token, &response.access_token, Occasion::Refresh(first)).await;
            match verified {
                Ok(_) => self.id_token = Some(id_token.clone()),
                // The server speaks of another user or client, or somebody speaks for the server.
                Err(error @ Error::IdToken(_)) => {
                    self.refresh_token = None;
                    self.ended = true;
                    return Err(error);
                }
                // The keys could not be had. The old refresh token may be spent, so the new one is kept.
                Err(error) => {
                    self.refresh_token = response.refresh_token.or(self.refresh_token.take());
                    return Err(error);
                }
            }
        }
        let now = client.inner.clock.now();
        self.access_token = response.access_token;
        self.expiry = response.expires_in.map(|seconds| Expiry::after(seconds, now));
        // RFC 6749 §6: the old refresh token stays valid if there is no new one.
        if let Some(rotated) = response.refresh_token {
            self.refresh_token = Some(rotated);
        }
        if let Some(scopes) = response.scopes {
            self.scopes = scopes;
        }
        Ok(())
    }
}

/// Whether asking again later may help.
pub(crate) fn is_passing(error: &Error) -> bool {
    match error {
        Error::Transport { .. } => true,
        Error::Protocol { defect: Defect::Status(status), .. } => *status >= 500,
        _ => false,
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("client", &self.client).field("claims", &self.claims).finish_non_exhaustive()
    }
}

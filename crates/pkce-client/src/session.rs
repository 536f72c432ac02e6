//! A session: its tokens, kept fresh, and the claims about its user.

mod failure;
mod refresh;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::{ACCEPT, AUTHORIZATION};
use oauth_types::Secret;
use serde_json::Value;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use crate::asked::Asked;
use crate::claims::{IdClaims, UserInfo};
use crate::client::Client;
use crate::error::{Defect, Error};
use crate::exchange::{uncancelled, uri};
use crate::session::failure::likeness;
pub(crate) use crate::session::refresh::Ended;
use crate::session::refresh::{Renewed, Tokens};
use crate::specs::oidc_signed_userinfo;
use crate::specs::rfc6750_bearer::authorization;
use crate::specs::rfc9396_rar::Details;
use crate::store::TokenStore;
use crate::token::TokenResponse;
use crate::token_set::{Expiry, TokenSet};
use crate::transport::Endpoint;

/// A user who is logged in, and the tokens that came of it.
///
/// Cloning it is cheap; all clones share the tokens, and refresh them once for all. A session that is kept in a
/// [`TokenStore`] shares them with every process that uses the store, and outlives this one.
#[derive(Clone)]
pub struct Session {
    pub(crate) client: Client,
    claims: Option<Arc<IdClaims>>,
    tokens: Arc<Mutex<Tokens>>,
    /// Counts the refreshes that have ended, so that whoever waited for one does not start another.
    refreshes: Arc<AtomicU64>,
    /// Says that the session is to end, to whoever holds the tokens and waits for somebody else.
    leaving: Arc<watch::Sender<bool>>,
}

impl Session {
    pub(crate) fn new(client: Client, asked: Asked, response: TokenResponse, claims: Option<IdClaims>) -> Self {
        let now = client.inner.clock.now();
        let set = TokenSet {
            // Nobody else knows of it until it is kept.
            login: String::new(),
            issuer: client.issuer().to_owned(),
            client_id: client.client_id().to_owned(),
            access_token: response.access_token,
            token_type: client.token_type(),
            expiry: response.expires_in.map(|seconds| Expiry::after(seconds, now)),
            refresh_token: response.refresh_token,
            // RFC 6749 §5.1: omitted if identical to what was asked for.
            scopes: response.scopes.unwrap_or(asked.scopes),
            resources: asked.resources,
            details: Details::of_login(asked.details, response.details),
            // One that was not verified is not kept.
            id_token: response.id_token.filter(|_| claims.is_some()),
            claims: claims.map(Arc::new),
        };
        Self::of(client, set, |tokens| tokens)
    }

    fn of(client: Client, set: TokenSet, kept: impl FnOnce(Tokens) -> Tokens) -> Self {
        let (claims, leaving) = (set.claims.clone(), watch::Sender::new(false));
        let tokens = kept(Tokens::new(set, leaving.subscribe()));
        let tokens = Arc::new(Mutex::new(tokens));
        Self { client, claims, tokens, refreshes: Arc::default(), leaving: Arc::new(leaving) }
    }

    /// The session that `store` keeps, if it keeps one: of an earlier run of the program, or of another process.
    ///
    /// What the store says is believed, the claims about the user included.
    ///
    /// ```no_run
    /// # async fn example(client: pkce_client::Client) -> Result<(), pkce_client::Error> {
    /// use pkce_client::{FileStore, Session};
    ///
    /// let store = FileStore::in_plain_text("tokens");
    /// let session = match Session::restore(&client, store.clone()).await? {
    ///     Some(session) => session,
    ///     None => {
    ///         let session = client.login_native(["openid", "offline_access"]).await?;
    ///         session.keep_in(store).await?;
    ///         session
    ///     }
    /// };
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::OtherClient`] if the tokens are of another server, another `client_id` or another type than this
    /// client's; [`Error::Store`].
    pub async fn restore(client: &Client, store: impl TokenStore + 'static) -> Result<Option<Self>, Error> {
        let Some((version, set)) = store.load().await? else { return Ok(None) };
        let ours = (client.issuer(), client.client_id(), client.token_type());
        if (set.issuer.as_str(), set.client_id.as_str(), set.token_type) != ours {
            return Err(Error::OtherClient);
        }
        Ok(Some(Self::of(client.clone(), set, |tokens| tokens.restored(version, Arc::new(store)))))
    }

    /// Keeps the tokens in `store` from now on, in place of whatever it keeps. A session that was there is over for
    /// the processes that use it.
    ///
    /// # Errors
    /// [`Error::Store`] if they are not kept yet: that is tried again whenever the session is used, and by
    /// [`Session::save`]. [`Error::ReauthRequired`] if the session is over; [`Error::Entropy`].
    pub async fn keep_in(&self, store: impl TokenStore + 'static) -> Result<(), Error> {
        let mut tokens = self.alive().await?;
        let client = self.client.clone();
        uncancelled(Endpoint::Token, async move { tokens.keep(&client, Arc::new(store)).await }).await
    }

    /// Stores what could not be stored before. Does nothing where everything is stored, or no store was named.
    ///
    /// Call it before the program ends if an error of [`Session::refresh`] or [`Session::keep_in`] was
    /// [`Error::Store`]: a rotated refresh token that nobody stored ends with the process.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::ReauthRequired`] if the session is over.
    pub async fn save(&self) -> Result<(), Error> {
        let mut tokens = self.alive().await?;
        uncancelled(Endpoint::Token, async move { tokens.save().await }).await
    }

    /// Ends the session here and removes its tokens from the store, for all processes. Another session that is kept
    /// there by now is left alone. The server is not told.
    ///
    /// # Errors
    /// [`Error::Store`] if they may still be there; calling it again tries again.
    pub async fn forget(&self) -> Result<(), Error> {
        self.leaving.send_replace(true);
        let mut tokens = Arc::clone(&self.tokens).lock_owned().await;
        uncancelled(Endpoint::Token, async move { tokens.forget().await }).await
    }

    /// An access token that has not expired, refreshed shortly before it would.
    ///
    /// However many tasks ask at once, one request is sent, whose failure is told to all of them, and it is finished even
    /// if the task that caused it is cancelled: a rotated refresh token must not get lost. Call it for every request to a
    /// resource.
    ///
    /// Where the session is kept in a store, the store is asked first, and one process refreshes for all. A token that
    /// could not be stored is given all the same, see [`Session::save`].
    ///
    /// # Errors
    /// [`Error::ReauthRequired`] if the token has expired and cannot be replaced, or if another process has ended the
    /// session; otherwise the errors of [`Session::refresh`], unless the current token can still be used.
    pub async fn access_token(&self) -> Result<Secret, Error> {
        let before = self.refreshes.load(Ordering::Acquire);
        let mut tokens = self.alive().await?;
        let now = self.client.inner.clock.now();
        let current = tokens.set.access_token.clone();
        if !tokens.set.is_due(now) {
            if tokens.is_saved() {
                return Ok(current);
            }
            return uncancelled(Endpoint::Token, async move {
                match tokens.save().await {
                    Ok(()) | Err(Error::Store(_)) => Ok(tokens.set.access_token.clone()),
                    Err(error) => Err(error),
                }
            })
            .await;
        }
        let usable = tokens.set.is_usable(now);
        if usable && tokens.set.refresh_token.is_none() {
            return Ok(current);
        }
        if tokens.is_final() {
            return Err(Error::ReauthRequired);
        }
        let replaced = match self.failure(before, &tokens) {
            Some(error) => Err(error),
            None => self.replace(tokens).await,
        };
        match replaced {
            Ok(renewed) => Ok(renewed.access_token),
            // The server or the store could not be asked; there is still time to try again.
            Err(error) if usable && is_passing(&error) => Ok(current),
            Err(error) => Err(error),
        }
    }

    /// Replaces the tokens now, for instance because a resource refused the access token (RFC 6749 §6).
    ///
    /// Tasks that call it at the same time share one request. Tokens that another process has got meanwhile are
    /// adopted, and nothing is sent.
    ///
    /// # Errors
    /// [`Error::ReauthRequired`] if there is no refresh token or the server does not accept it any more, or if another
    /// process has ended the session; [`Error::Store`] if nothing was sent because the store could not be asked, or if
    /// the new tokens are at hand and could not be stored; [`Error::Transport`], [`Error::OAuth`], [`Error::Protocol`]
    /// or [`Error::IdToken`] otherwise.
    pub async fn refresh(&self) -> Result<(), Error> {
        let before = self.refreshes.load(Ordering::Acquire);
        let tokens = self.alive().await?;
        if tokens.is_final() {
            return Err(Error::ReauthRequired);
        }
        // A refresh that was under way when this one was asked for is as good.
        if let Some(error) = self.failure(before, &tokens) {
            return Err(error);
        }
        if self.refreshes.load(Ordering::Acquire) != before && tokens.failure.is_none() {
            return Ok(());
        }
        Ok(self.replace(tokens).await?.saved?)
    }

    /// Replaces `token` because a resource refused it, unless it has been replaced already (RFC 6750 §3.1).
    ///
    /// # Errors
    /// As [`Session::refresh`].
    pub async fn refresh_refused(&self, token: &Secret) -> Result<(), Error> {
        let tokens = self.alive().await?;
        if tokens.is_final() {
            return Err(Error::ReauthRequired);
        }
        if !tokens.set.access_token.matches(token.expose()) {
            return Ok(());
        }
        Ok(self.replace(tokens).await?.saved?)
    }

    /// Replaces the tokens with ones for these details alone (RFC 9396 §6).
    pub(crate) async fn refresh_naming(&self, details: Vec<Value>) -> Result<(), Error> {
        let mut tokens = self.alive().await?;
        if tokens.is_final() {
            return Err(Error::ReauthRequired);
        }
        tokens.details = Some(details);
        Ok(self.replace(tokens).await?.saved?)
    }

    /// What was asked for and granted in detail.
    pub(crate) async fn details(&self) -> Details {
        self.tokens.lock().await.set.details.clone()
    }

    /// The claims of the ID token, if `openid` was asked for. They tell of the login and do not change.
    pub fn claims(&self) -> Option<&IdClaims> {
        self.claims.as_deref()
    }

    /// The scopes that were granted; fewer or others than asked for, if the server said so.
    pub async fn scopes(&self) -> Vec<String> {
        self.tokens.lock().await.set.scopes.clone()
    }

    /// What the tokens were asked for (RFC 8707 §2).
    pub(crate) async fn resources(&self) -> Vec<String> {
        self.tokens.lock().await.set.resources.clone()
    }

    /// When the access token expires, in seconds since 1970-01-01T00:00:00Z, if the server said so.
    pub async fn expires_at(&self) -> Option<u64> {
        self.tokens.lock().await.set.expires_at()
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
        self.tokens.lock().await.set.id_token.clone()
    }

    /// Ends the session here, and hands out its tokens to be revoked. They are kept, so that it can be tried again.
    pub(crate) async fn end(&self) -> Ended {
        self.leaving.send_replace(true);
        self.tokens.lock().await.hand_out(&self.client).await
    }

    /// Removes the tokens that were handed out from the store. If there are newer ones by now, these are to be handed out
    /// as well, and it is `false`.
    pub(crate) async fn remove(&self) -> Result<bool, Error> {
        self.tokens.lock().await.remove().await
    }

    /// The tokens, to be used by nobody else for a while.
    async fn alive(&self) -> Result<OwnedMutexGuard<Tokens>, Error> {
        let tokens = Arc::clone(&self.tokens).lock_owned().await;
        if tokens.ended { Err(Error::ReauthRequired) } else { Ok(tokens) }
    }

    /// What a refresh failed with that ended since there were `before`.
    fn failure(&self, before: u64, tokens: &Tokens) -> Option<Error> {
        let ended = self.refreshes.load(Ordering::Acquire) != before;
        tokens.failure.as_ref().filter(|_| ended).and_then(likeness)
    }

    async fn replace(&self, mut tokens: OwnedMutexGuard<Tokens>) -> Result<Renewed, Error> {
        let (client, refreshes) = (self.client.clone(), Arc::clone(&self.refreshes));
        uncancelled(Endpoint::Token, async move {
            // That somebody asked for too much is nobody else's failure.
            let alone = tokens.details.is_some();
            let renewed = tokens.renew(&client).await;
            tokens.failure = renewed.as_ref().err().filter(|_| !alone).and_then(likeness);
            // Where it cannot be told what happened, the next in line finds out.
            if renewed.is_ok() || tokens.failure.is_some() {
                refreshes.fetch_add(1, Ordering::Release);
            }
            renewed
        })
        .await
    }
}

/// Whether asking again later may help.
pub(crate) fn is_passing(error: &Error) -> bool {
    match error {
        Error::Transport { .. } | Error::Store(_) => true,
        Error::Protocol { defect: Defect::Status(status), .. } => *status >= 500,
        _ => false,
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("client", &self.client).field("claims", &self.claims).finish_non_exhaustive()
    }
}

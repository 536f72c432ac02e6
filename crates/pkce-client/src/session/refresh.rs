//! How tokens are replaced: by one process at a time, for all of them, without losing one that was rotated.
//!
//! Under the lease of the store, what it keeps is looked at first. If another process has replaced the tokens, theirs
//! are adopted and nothing is sent. Otherwise one request is sent, and its tokens are stored in place of those that
//! were looked at. What a process gets and cannot store any more, because it is killed, is lost with it; the next one
//! sends the refresh token that the store still has, and the server decides what that is worth.

use std::sync::Arc;
use std::time::Duration;

use oauth_types::{ErrorCode, Params, Secret};
use serde_json::Value;
use tokio::sync::watch;

use crate::claims::Occasion;
use crate::client::Client;
use crate::dice;
use crate::error::Error;
use crate::specs::rfc8707_resource;
use crate::store::{Lease, Replace, StoreError, TokenStore, Version, is_unreadable};
use crate::token::TokenResponse;
use crate::token_set::{Expiry, TokenSet};

/// How long somebody else's refresh is waited for: longer than the requests of one can take.
const PATIENCE: Duration = Duration::from_secs(120);

/// The same for somebody who wants to leave: longer than a refresh usually takes.
const PATIENCE_OF_LEAVING: Duration = Duration::from_secs(5);

/// How often a replacement is tried while others replace, too.
const ATTEMPTS: u32 = 4;

/// What a session holds.
pub(super) struct Tokens {
    pub(super) set: TokenSet,
    kept: Option<Kept>,
    /// The tokens must not be used any more.
    pub(super) ended: bool,
    /// What the next refresh names (RFC 9396 §6), if somebody wants less than was granted.
    pub(super) details: Option<Vec<Value>>,
    /// What the last refresh failed with, for those who waited for it.
    pub(super) failure: Option<Error>,
    /// Whether somebody waits for these tokens to end the session.
    leaving: watch::Receiver<bool>,
}

/// Where else the tokens are.
struct Kept {
    store: Arc<dyn TokenStore>,
    state: State,
    /// Held while the store has a refresh token that is spent, so that nobody sends it.
    lease: Option<Lease>,
}

enum State {
    /// The store has nothing of this login yet.
    New,
    /// The store has these tokens.
    Saved(Version),
    /// The store has older ones, under this version.
    Behind(Version),
}

impl State {
    fn version(&self) -> Option<&Version> {
        match self {
            Self::New => None,
            Self::Saved(version) | Self::Behind(version) => Some(version),
        }
    }
}

/// What the store has turned out to have.
#[derive(PartialEq, Eq)]
enum Seen {
    Same,
    /// Other tokens of this login, which are now held here.
    Adopted,
}

/// Tokens of a session that is over, to be revoked.
pub(crate) struct Ended {
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) access_token: Secret,
    /// Held meanwhile, so that no other process gets new ones.
    pub(crate) lease: Option<Lease>,
}

/// Tokens that can be used, whether or not they could be stored.
pub(super) struct Renewed {
    pub(super) access_token: Secret,
    pub(super) saved: Result<(), StoreError>,
}

impl Tokens {
    pub(super) fn new(set: TokenSet, leaving: watch::Receiver<bool>) -> Self {
        Self { set, kept: None, ended: false, details: None, failure: None, leaving }
    }

    /// The same tokens, which `store` keeps under this version.
    pub(super) fn restored(self, version: Version, store: Arc<dyn TokenStore>) -> Self {
        Self { kept: Some(Kept { store, state: State::Saved(version), lease: None }), ..self }
    }

    /// Whether there is no way to other tokens. With a store, another process may have found one.
    pub(super) fn is_final(&self) -> bool {
        self.set.refresh_token.is_none() && self.kept.is_none()
    }

    pub(super) fn is_saved(&self) -> bool {
        self.kept.as_ref().is_none_or(|kept| matches!(kept.state, State::Saved(_)))
    }

    /// Has the tokens kept in `store` from now on, in place of what it keeps.
    pub(super) async fn keep(&mut self, client: &Client, store: Arc<dyn TokenStore>) -> Result<(), Error> {
        if self.set.login.is_empty() {
            self.set.login = dice::token(&*client.inner.dice)?.expose().to_owned();
        }
        self.kept = Some(Kept { store, state: State::New, lease: None });
        self.save().await
    }

    /// Replaces the tokens, by those that another process has got if there are any.
    pub(super) async fn renew(&mut self, client: &Client) -> Result<Renewed, Error> {
        let details = self.details.take();
        let mut leaving = self.leaving.clone();
        let lease = tokio::select! {
            biased;
            lease = self.lease(client, PATIENCE) => lease?,
            true = async { leaving.wait_for(|leaving| *leaving).await.is_ok() } => return Err(Error::ReauthRequired),
        };
        let renewed = self.renew_leased(client, details).await;
        if let Some(kept) = &mut self.kept
            && matches!(kept.state, State::Behind(_))
        {
            kept.lease = lease;
        }
        renewed
    }

    async fn renew_leased(&mut self, client: &Client, details: Option<Vec<Value>>) -> Result<Renewed, Error> {
        let adopted = self.look().await? == Seen::Adopted;
        if adopted && details.is_none() && !self.set.is_due(client.inner.clock.now()) {
            return Ok(self.renewed(Ok(())));
        }
        let asked = self.ask(client, details).await;
        // Also after a failure: there may be a new refresh token all the same, or one of an earlier time.
        let saved = if self.is_saved() { Ok(()) } else { self.save().await };
        asked?;
        match saved {
            Ok(()) => Ok(self.renewed(Ok(()))),
            Err(Error::Store(error)) => Ok(self.renewed(Err(error))),
            Err(error) => Err(error),
        }
    }

    fn renewed(&self, saved: Result<(), StoreError>) -> Renewed {
        Renewed { access_token: self.set.access_token.clone(), saved }
    }

    async fn lease(&mut self, client: &Client, patience: Duration) -> Result<Option<Lease>, StoreError> {
        let Some(kept) = &mut self.kept else { return Ok(None) };
        if let Some(held) = kept.lease.take() {
            return Ok(Some(held));
        }
        tokio::select! {
            biased;
            lease = kept.store.lease() => lease,
            () = client.inner.clock.wait(patience) => Err(StoreError::Busy),
        }
    }

    /// Looks at what the store has, and adopts it if it is newer.
    async fn look(&mut self) -> Result<Seen, Error> {
        let Some(Kept { store, state, .. }) = &self.kept else { return Ok(Seen::Same) };
        let Some(known) = state.version() else { return Ok(Seen::Same) };
        match store.load().await? {
            Some((version, _)) if version == *known => Ok(Seen::Same),
            Some((version, set)) if set.is_of_login(&self.set) => {
                self.set = set;
                self.saved_as(version);
                Ok(Seen::Adopted)
            }
            // Another process has logged the user out, or somebody in.
            _ => {
                self.end();
                Err(Error::ReauthRequired)
            }
        }
    }

    /// One refresh request, never repeated: the token in it may be spent by it.
    async fn ask(&mut self, client: &Client, details: Option<Vec<Value>>) -> Result<(), Error> {
        let refresh_token = self.set.refresh_token.as_ref().ok_or(Error::ReauthRequired)?;
        let mut params =
            Params::new().with("grant_type", "refresh_token").with("refresh_token", refresh_token.expose());
        rfc8707_resource::name(&mut params, &self.set.resources);
        let wanted = details.is_some();
        let named = self.set.details.ask(&mut params, details);
        match client.token(params).await {
            Err(Error::OAuth { error, .. }) if error.code() == ErrorCode::InvalidGrant.as_str() => {
                // Where there is no lease, another process may have been quicker.
                if self.look().await? == Seen::Adopted {
                    // Theirs are for what was granted, not for what was wanted here.
                    let usable = !wanted && self.set.is_usable(client.inner.clock.now());
                    return if usable { Ok(()) } else { Err(StoreError::Contended.into()) };
                }
                self.set.refresh_token = None;
                Err(Error::ReauthRequired)
            }
            answer => self.take(client, answer?, named).await,
        }
    }

    /// Holds the tokens of an answer in place of those that were spent for it.
    async fn take(
        &mut self,
        client: &Client,
        mut response: TokenResponse,
        named: Option<Vec<Value>>,
    ) -> Result<(), Error> {
        let claims = self.set.claims.clone();
        if let (Some(first), Some(_)) = (claims.as_deref(), &response.id_token) {
            match client.verify(&mut response, Occasion::Refresh(first)).await {
                Ok(_) => self.set.id_token = response.id_token,
                // The server speaks of another user or client, or somebody speaks for the server.
                Err(error @ Error::IdToken(_)) => {
                    self.renounce().await;
                    return Err(error);
                }
                // The keys could not be had. The old refresh token may be spent, so the new one is kept.
                Err(error) => {
                    if let Some(rotated) = response.refresh_token {
                        self.set.refresh_token = Some(rotated);
                        self.fall_behind();
                    }
                    return Err(error);
                }
            }
        }
        let now = client.inner.clock.now();
        self.set.access_token = response.access_token;
        self.set.expiry = response.expires_in.map(|seconds| Expiry::after(seconds, now));
        // RFC 6749 §6: the old refresh token stays valid if there is no new one.
        if let Some(rotated) = response.refresh_token {
            self.set.refresh_token = Some(rotated);
        }
        if let Some(scopes) = response.scopes {
            self.set.scopes = scopes;
        }
        self.set.details.heard(named, response.details);
        self.fall_behind();
        Ok(())
    }

    /// Stores what is not stored yet. What another process has stored meanwhile is adopted.
    pub(super) async fn save(&mut self) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let Some(Kept { store, state, .. }) = &self.kept else { return Ok(()) };
            let outcome = match state {
                State::Saved(_) => return Ok(()),
                State::Behind(version) => store.replace(Some(version), Some(&self.set)).await?,
                // A new login takes the place of whatever there is.
                State::New => {
                    let before = match store.load().await {
                        Err(error) if is_unreadable(&error) => None,
                        loaded => loaded?.map(|(version, _)| version),
                    };
                    store.replace(before.as_ref(), Some(&self.set)).await?
                }
            };
            match outcome {
                Replace::Stored(version) => {
                    self.saved_as(version);
                    return Ok(());
                }
                // Theirs was stored first: all converge on it.
                _ => {
                    self.look().await?;
                }
            }
        }
        Err(StoreError::Contended.into())
    }

    /// Ends the session here, and hands out its tokens: the newest that can be had, also if the store cannot be asked, or
    /// if somebody else does not let go of the lease.
    pub(super) async fn hand_out(&mut self, client: &Client) -> Ended {
        self.ended = true;
        let refresh_token = self.set.refresh_token.clone();
        let lease = self.lease(client, PATIENCE_OF_LEAVING).await.unwrap_or_default();
        if self.look().await.is_err() {
            // Also those that are not in the store any more are revoked.
            self.set.refresh_token = refresh_token;
        }
        Ended { refresh_token: self.set.refresh_token.clone(), access_token: self.set.access_token.clone(), lease }
    }

    /// Ends the session, here and in the store.
    pub(super) async fn forget(&mut self) -> Result<(), Error> {
        self.set.refresh_token = None;
        for _ in 0..ATTEMPTS {
            if self.remove().await? {
                return Ok(());
            }
        }
        Err(StoreError::Contended.into())
    }

    /// Ends the session here, and removes its tokens from the store, unless they have been refreshed elsewhere meanwhile:
    /// then these are held here from now on, and it is `false`.
    pub(super) async fn remove(&mut self) -> Result<bool, Error> {
        self.ended = true;
        let Some(Kept { store, state, .. }) = &self.kept else { return Ok(true) };
        let outcome = match state.version() {
            None => Replace::Removed,
            Some(version) => store.replace(Some(version), None).await?,
        };
        if outcome == Replace::Removed {
            self.end();
            return Ok(true);
        }
        match self.look().await {
            // Gone already, or another login.
            Err(Error::ReauthRequired) => Ok(true),
            Err(error) => Err(error),
            Ok(_) => Ok(false),
        }
    }

    /// Ends the session, and for the other processes too if the store allows it.
    async fn renounce(&mut self) {
        if let Some(Kept { store, state, .. }) = &self.kept
            && let Some(version) = state.version()
        {
            // Where that fails, they find out by themselves.
            let _ = store.replace(Some(version), None).await;
        }
        self.end();
    }

    fn end(&mut self) {
        self.ended = true;
        self.set.refresh_token = None;
        self.kept = None;
    }

    fn saved_as(&mut self, version: Version) {
        if let Some(kept) = &mut self.kept {
            kept.state = State::Saved(version);
            kept.lease = None;
        }
    }

    fn fall_behind(&mut self) {
        if let Some(kept) = &mut self.kept
            && let State::Saved(version) = &kept.state
        {
            kept.state = State::Behind(version.clone());
        }
    }
}

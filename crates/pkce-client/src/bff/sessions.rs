//! Where the tokens of browsers' sessions are kept, under names that say when they end and whose they are.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::claims::IdClaims;
use crate::client::Client;
use crate::dice;
use crate::error::Error;
use crate::specs::oidc_backchannel_logout::LogoutToken;
use crate::store::memory::MemoryStore;
use crate::store::{StoreError, TokenStore};
use crate::transport::BoxFuture;

/// What the names begin with, in a store that is used for other sessions as well.
const PREFIX: &str = "bff.";

/// Digits of a time, and of a hash.
const TIME: usize = 16;
const HASH: usize = 64;

/// Keeps the tokens of any number of browsers' sessions. In memory it is [`MemorySessions`]; in a database,
/// `SqliteTokens` and `PostgresTokens` of the features `sqlite` and `postgres` are, for any number of processes.
pub trait WebSessions: Send + Sync {
    /// Where the tokens of the session of this name are, or will be.
    fn tokens(&self, name: &SessionName) -> Arc<dyn TokenStore>;

    /// Removes the tokens of sessions.
    ///
    /// # Errors
    /// [`StoreError`] if some may still be there.
    fn end<'a>(&'a self, ended: &'a EndedSessions) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// The name of a session: when it ends, hashes of its user and of the server's own session, and 256 random bits. Names that
/// end earlier sort earlier.
///
/// Knowing it is not enough to be taken for its browser, whose cookie is sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionName(String);

impl SessionName {
    pub(super) fn draw(client: &Client, claims: &IdClaims, expires_at: u64) -> Result<Self, Error> {
        let sid: Option<String> = claims.get("sid").unwrap_or_default();
        let user = of_user(client, claims.subject());
        let session = of_session(client, sid.as_deref().unwrap_or_default());
        let own = hash(dice::token(&*client.inner.dice)?.expose());
        Ok(Self(format!("{PREFIX}{expires_at:0TIME$x}.{user}.{session}.{own}")))
    }

    /// A name that was written by [`SessionName::draw`].
    pub(super) fn read(text: &str) -> Option<Self> {
        let name = Self(text.to_owned());
        (text.len() == PREFIX.len() + TIME + 3 * (HASH + 1) && name.parts().is_some()).then_some(name)
    }

    /// The name as text of 214 characters: letters, digits and dots.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When the session ends, in seconds since 1970-01-01T00:00:00Z.
    pub fn expires_at(&self) -> u64 {
        self.parts().map_or(0, |(expires_at, ..)| expires_at)
    }

    /// When it ends, its user, and the server's session.
    fn parts(&self) -> Option<(u64, &str, &str)> {
        let mut parts = self.0.strip_prefix(PREFIX)?.split('.');
        let expires_at = u64::from_str_radix(parts.next()?, 16).ok()?;
        Some((expires_at, parts.next()?, parts.next()?))
    }
}

/// Which sessions have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedSessions(Which);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    /// Those that end at this time or before.
    Expired(u64),
    /// Those of this user and of this session of the server, whatever is said of both.
    Of { user: Option<String>, session: Option<String> },
}

impl EndedSessions {
    pub(super) fn expired(now: u64) -> Self {
        Self(Which::Expired(now))
    }

    pub(super) fn told(client: &Client, token: &LogoutToken) -> Self {
        let user = token.subject().map(|subject| of_user(client, subject));
        let session = token.session_id().map(|sid| of_session(client, sid));
        Self(Which::Of { user, session })
    }

    /// Whether the session of this name has ended.
    pub fn has(&self, name: &SessionName) -> bool {
        let Some((expires_at, of_user, of_session)) = name.parts() else { return false };
        match &self.0 {
            Which::Expired(now) => expires_at <= *now,
            Which::Of { user, session } => {
                user.as_deref().is_none_or(|user| user == of_user)
                    && session.as_deref().is_none_or(|session| session == of_session)
            }
        }
    }

    /// A pattern for the `LIKE` of SQL, and a bound that the names sort before, both of which hold for the names of exactly
    /// these sessions.
    pub fn like(&self) -> (String, String) {
        let any = |length| "_".repeat(length);
        match &self.0 {
            Which::Expired(now) => {
                let next = now.saturating_add(1);
                (format!("{PREFIX}{}.%", any(TIME)), format!("{PREFIX}{next:0TIME$x}"))
            }
            Which::Of { user, session } => {
                let part = |hash: &Option<String>| hash.clone().unwrap_or_else(|| any(HASH));
                let pattern = format!("{PREFIX}{}.{}.{}.%", any(TIME), part(user), part(session));
                (pattern, format!("{PREFIX}g"))
            }
        }
    }
}

/// The tokens of browsers' sessions, in the memory of this process.
///
/// There is a most that it keeps. When it is full, the session that would end first makes room.
pub struct MemorySessions {
    most: usize,
    kept: Mutex<BTreeMap<String, MemoryStore>>,
}

impl MemorySessions {
    /// Room for at most `most` sessions.
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), kept: Mutex::default() }
    }
}

impl WebSessions for MemorySessions {
    fn tokens(&self, name: &SessionName) -> Arc<dyn TokenStore> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let store = kept.entry(name.0.clone()).or_default().clone();
        while kept.len() > self.most {
            // The first ends first.
            kept.pop_first();
        }
        Arc::new(store)
    }

    fn end<'a>(&'a self, ended: &'a EndedSessions) -> BoxFuture<'a, Result<(), StoreError>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match &ended.0 {
            Which::Expired(now) => {
                let bound = format!("{PREFIX}{:0TIME$x}", now.saturating_add(1));
                *kept = kept.split_off(&bound);
            }
            Which::Of { .. } => kept.retain(|name, _| !ended.has(&SessionName(name.clone()))),
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

impl fmt::Debug for MemorySessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySessions").field("most", &self.most).finish_non_exhaustive()
    }
}

impl fmt::Debug for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionName(..)")
    }
}

fn of_user(client: &Client, subject: &str) -> String {
    hash(&format!("user\n{}\n{}\n{subject}", client.issuer(), client.client_id()))
}

fn of_session(client: &Client, sid: &str) -> String {
    hash(&format!("session\n{}\n{}\n{sid}", client.issuer(), client.client_id()))
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::with_capacity(HASH), |mut hex, octet| {
        // Writing into a string cannot fail.
        let _ = write!(hex, "{octet:02x}");
        hex
    })
}

//! Where the tokens of a session outlive the process: one object-safe trait, and stores in memory and in a file.

pub mod conformance;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod file;
pub(crate) mod memory;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod sql;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
#[cfg(not(target_family = "wasm"))]
mod writing;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

#[cfg(not(target_family = "wasm"))]
use self::writing::Writing;
use crate::dice::{self, NoEntropy, SystemDice};
use crate::seal_key::SealError;
use crate::token_set::TokenSet;
use crate::transport::BoxFuture;

/// Keeps the tokens of **one** session, for any number of processes. Implement it to bring a store of your own, and
/// hold it against [`token_store_conformance::check`](crate::token_store_conformance::check).
///
/// A refresh token that is rotated is worth nothing after its first use, and using it twice ends the session at many
/// servers (RFC 9700 §4.14.2). Two verbs keep processes from doing that: whoever refreshes holds the lease while it
/// does, and [`TokenStore::replace`] replaces nothing that somebody else has replaced meanwhile.
pub trait TokenStore: Send + Sync {
    /// What is kept, and under which version.
    fn load(&self) -> BoxFuture<'_, Result<Option<(Version, TokenSet)>, StoreError>>;

    /// Keeps `new` instead of what was kept under `expected`, or keeps nothing any more. `expected` is `None` where
    /// nothing is kept, or nothing that can be read: a new login replaces that.
    ///
    /// This is one step, for all processes that share the store. It has happened, and lasts, when it is answered.
    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        new: Option<&'a TokenSet>,
    ) -> BoxFuture<'a, Result<Replace, StoreError>>;

    /// Waits until nobody else holds the lease, and holds it until the value is dropped or the process ends, however
    /// it ends. `None` where the store has none: then two processes may refresh at once, and one of them adopts what
    /// the other got, if the server gave both something.
    ///
    /// [`TokenStore::load`] and [`TokenStore::replace`] do not wait for it.
    fn lease(&self) -> BoxFuture<'_, Result<Option<Lease>, StoreError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// Held by the one that refreshes, released when it is dropped.
pub type Lease = Box<dyn Send>;

/// Says which tokens are kept. A store never uses one a second time, not even after it kept nothing for a while.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version(String);

impl Version {
    /// A version as the store wrote it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A version of 256 random bits, in 43 characters. For stores that do not count.
    ///
    /// # Errors
    /// [`NoEntropy`] if the operating system's source of randomness has failed.
    pub fn draw() -> Result<Self, NoEntropy> {
        dice::token(&SystemDice).map(|token| Self(token.expose().to_owned()))
    }

    /// The version as the store writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What became of [`TokenStore::replace`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a conflict means that nothing was replaced"]
pub enum Replace {
    /// The new tokens are kept under this version.
    Stored(Version),
    /// Nothing is kept any more.
    Removed,
    /// What is kept is not what was expected. It was left alone.
    Conflict,
}

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be read or written.
    #[error("the store of tokens cannot be used")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// Somebody else has been holding the lease for so long that it was not waited for any further. Nothing was
    /// sent.
    #[error("the tokens are being refreshed elsewhere, and that takes too long")]
    Busy,
    /// What is kept is not a token set, or of a format that this version does not know.
    #[error("what the store keeps is not a token set of a known format")]
    Format,
    /// What is kept was sealed with another key, or changed.
    #[error("what the store keeps cannot be opened: {0}")]
    Sealed(#[from] SealError),
    /// The file can be read or written by other users of the machine.
    #[error("the file can be used by other users of the machine")]
    Exposed,
    /// The tokens of other processes kept getting in the way.
    #[error("what the store keeps is being replaced all the time")]
    Contended,
    /// The source of randomness has failed.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl StoreError {
    /// Wraps the error of another library. Its text must name no secret.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }
}

/// Whether what is kept cannot be read, now or ever, so that only a new login helps.
pub(crate) fn is_unreadable(error: &StoreError) -> bool {
    matches!(error, StoreError::Format | StoreError::Sealed(_))
}

impl<S: TokenStore + ?Sized> TokenStore for Arc<S> {
    fn load(&self) -> BoxFuture<'_, Result<Option<(Version, TokenSet)>, StoreError>> {
        (**self).load()
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        new: Option<&'a TokenSet>,
    ) -> BoxFuture<'a, Result<Replace, StoreError>> {
        (**self).replace(expected, new)
    }

    fn lease(&self) -> BoxFuture<'_, Result<Option<Lease>, StoreError>> {
        (**self).lease()
    }
}

impl fmt::Debug for dyn TokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenStore")
    }
}

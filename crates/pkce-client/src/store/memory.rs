//! Tokens in memory: for tests, and for programs whose sessions end with them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as Turn;

use super::{Lease, Replace, StoreError, TokenStore, Version};
use crate::token_set::TokenSet;
use crate::transport::BoxFuture;

/// A store in memory. Its clones are one store.
#[derive(Clone, Default)]
pub struct MemoryStore {
    kept: Arc<Mutex<Option<(Version, TokenSet)>>>,
    turn: Arc<Turn<()>>,
}

impl MemoryStore {
    /// A store that keeps nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn swap(&self, expected: Option<&Version>, new: Option<&TokenSet>) -> Result<Replace, StoreError> {
        let version = Version::draw()?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().map(|(version, _)| version) != expected {
            return Ok(Replace::Conflict);
        }
        *kept = new.map(|tokens| (version.clone(), tokens.clone()));
        Ok(if kept.is_some() { Replace::Stored(version) } else { Replace::Removed })
    }
}

impl TokenStore for MemoryStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<(Version, TokenSet)>, StoreError>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(std::future::ready(Ok(kept)))
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        new: Option<&'a TokenSet>,
    ) -> BoxFuture<'a, Result<Replace, StoreError>> {
        Box::pin(async move { self.swap(expected, new) })
    }

    fn lease(&self) -> BoxFuture<'_, Result<Option<Lease>, StoreError>> {
        let turn = Arc::clone(&self.turn);
        Box::pin(async move { Ok(Some(Box::new(turn.lock_owned().await) as Lease)) })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore(..)")
    }
}

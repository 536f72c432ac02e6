//! Where sealed logins wait for their responses, if not in a cookie.

pub mod conformance;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod sql;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::pending::FlowKey;
use crate::transport::BoxFuture;

/// Keeps sealed logins, each until it is taken once. Implement it to bring a store of your own, and hold it against
/// [`flow_store_conformance::check`](crate::flow_store_conformance::check).
///
/// The key is a hash of a `state`, which anybody may send. So a store that several browsers share does not tell whose
/// login it is: the session or a cookie of the browser has to lead to the login as well, for instance by naming the keys
/// of the logins that were begun in it, and a callback from another browser is refused before anything is taken (RFC 9700
/// §4.7). Otherwise an attacker finishes their own login in somebody else's browser.
/// ```
/// # async fn example(client: pkce_client::Client, flows: &dyn pkce_client::FlowStore, query: &str,
/// #     begun_in_this_browser: &[pkce_client::FlowKey]) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use pkce_client::{Callback, Pending, SealKey, Started, SystemDice};
///
/// let key = SealKey::generate(&SystemDice)?;
/// let Started { url, pending } = client.login().scopes(["openid"]).begin().await?;
/// let flow = pending.lookup_key(); // goes into this browser's session
/// flows.put(&flow, pending.into_sealed(&key), Duration::from_secs(15 * 60)).await?;
///
/// // When the browser comes back:
/// let callback = Callback::from_query(query)?;
/// let flow = callback.lookup_key().ok_or("no state")?;
/// if !begun_in_this_browser.contains(&flow) {
///     return Err("this login was not begun in this browser".into());
/// }
/// let sealed = flows.take(&flow).await?.ok_or("the login is unknown, used up or too old")?;
/// let session = client.finish(Pending::from_sealed(&client, &key, &sealed)?, callback).await?;
/// # let _ = (url, session);
/// # Ok(())
/// # }
/// ```
pub trait FlowStore: Send + Sync {
    /// Keeps `sealed` under `key` for `lifetime`, in place of what is there.
    ///
    /// # Errors
    /// [`FlowStoreError`] if it cannot be kept.
    fn put<'a>(
        &'a self,
        key: &'a FlowKey,
        sealed: String,
        lifetime: Duration,
    ) -> BoxFuture<'a, Result<(), FlowStoreError>>;

    /// Takes out what is kept under `key`. It is one step: of two that ask at once, only one gets it.
    ///
    /// # Errors
    /// [`FlowStoreError`] if it cannot be known.
    fn take<'a>(&'a self, key: &'a FlowKey) -> BoxFuture<'a, Result<Option<String>, FlowStoreError>>;
}

/// A store has failed.
#[derive(Debug, thiserror::Error)]
#[error("the store of begun logins has failed")]
pub struct FlowStoreError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl FlowStoreError {
    /// Wraps the error of another library. Its text must name no secret.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// Sealed logins in the memory of this process.
///
/// There is a most that it keeps. When it is full, the login that would expire first makes room: begun logins cost
/// nothing, and whoever begins many must not keep everybody else from logging in until the last of them has expired.
pub struct MemoryFlows {
    most: usize,
    clock: Arc<dyn Clock>,
    kept: Mutex<BTreeMap<FlowKey, Kept>>,
}

struct Kept {
    sealed: String,
    expires_at: u64,
}

impl MemoryFlows {
    /// A store of at most `most` logins that reads the time from `clock`.
    pub fn new(most: usize, clock: impl Clock + 'static) -> Self {
        Self { most: most.max(1), clock: Arc::new(clock), kept: Mutex::default() }
    }

    fn insert(&self, key: FlowKey, kept: Kept) {
        let now = self.clock.now();
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&key);
        if all.len() >= self.most {
            all.retain(|_, kept| kept.expires_at > now);
        }
        while all.len() >= self.most {
            let first = all.iter().min_by_key(|(_, kept)| kept.expires_at).map(|(key, _)| key.clone());
            let Some(first) = first else { break };
            all.remove(&first);
        }
        all.insert(key, kept);
    }

    fn remove(&self, key: &FlowKey) -> Option<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(key)?;
        (kept.expires_at > self.clock.now()).then_some(kept.sealed)
    }
}

impl FlowStore for MemoryFlows {
    fn put<'a>(
        &'a self,
        key: &'a FlowKey,
        sealed: String,
        lifetime: Duration,
    ) -> BoxFuture<'a, Result<(), FlowStoreError>> {
        let expires_at = self.clock.now().saturating_add(lifetime.as_secs());
        self.insert(key.clone(), Kept { sealed, expires_at });
        Box::pin(std::future::ready(Ok(())))
    }

    fn take<'a>(&'a self, key: &'a FlowKey) -> BoxFuture<'a, Result<Option<String>, FlowStoreError>> {
        Box::pin(std::future::ready(Ok(self.remove(key))))
    }
}

impl fmt::Debug for MemoryFlows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryFlows").field("most", &self.most).finish_non_exhaustive()
    }
}

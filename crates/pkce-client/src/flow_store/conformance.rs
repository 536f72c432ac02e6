//! What every store of begun logins has to do, as a check that any implementation can be held against.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use pkce_client::{MemoryFlows, SystemClock, flow_store_conformance};
//!
//! flow_store_conformance::check(&MemoryFlows::new(100, SystemClock)).await?;
//! # Ok(()) }
//! ```

use std::time::Duration;

use super::{FlowStore, FlowStoreError};
use crate::dice::{self, NoEntropy, SystemDice};
use crate::pending::FlowKey;

const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// What a store does wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Nonconformity {
    /// It breaks the sentence that is quoted.
    #[error("this does not hold: {0}")]
    Broken(&'static str),
    /// It failed.
    #[error("the store failed")]
    Failed(#[from] FlowStoreError),
    /// The source of randomness has failed.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

/// Holds `store`, which has room for at least four logins, against the contract of [`FlowStore`]. What it keeps for others
/// is left alone.
///
/// That what is kept expires is seen only for what expires at once, and that other processes see it, not at all.
///
/// # Errors
/// The first [`Nonconformity`] that was found.
pub async fn check(store: &dyn FlowStore) -> Result<(), Nonconformity> {
    let (one, two) = (key()?, key()?);
    holds(store.take(&one).await?.is_none(), "what was not kept is not there")?;
    let text = "sealed'\"\\%00-\u{1f512}".to_owned() + &"x".repeat(16 * 1024);
    store.put(&one, text.clone(), LIFETIME).await?;
    store.put(&two, "other".to_owned(), LIFETIME).await?;
    holds(store.take(&one).await?.as_ref() == Some(&text), "what is kept is found as it was")?;
    holds(store.take(&one).await?.is_none(), "what was taken is gone")?;
    holds(store.take(&two).await?.as_deref() == Some("other"), "another login is left alone")?;
    store.put(&one, "first".to_owned(), LIFETIME).await?;
    store.put(&one, "second".to_owned(), LIFETIME).await?;
    holds(store.take(&one).await?.as_deref() == Some("second"), "what is kept again replaces what was there")?;
    holds(store.take(&one).await?.is_none(), "what was replaced does not come back")?;
    store.put(&one, "late".to_owned(), Duration::ZERO).await?;
    holds(store.take(&one).await?.is_none(), "what has expired is not handed out")?;
    for _ in 0..8 {
        store.put(&two, "raced".to_owned(), LIFETIME).await?;
        let (a, b, c, d) = tokio::join!(store.take(&two), store.take(&two), store.take(&two), store.take(&two));
        let taken = [a?, b?, c?, d?].into_iter().flatten().count();
        holds(taken == 1, "of those that take at the same time one gets it")?;
    }
    Ok(())
}

fn key() -> Result<FlowKey, NoEntropy> {
    Ok(FlowKey::of(&dice::token(&SystemDice)?))
}

fn holds(is_so: bool, rule: &'static str) -> Result<(), Nonconformity> {
    if is_so { Ok(()) } else { Err(Nonconformity::Broken(rule)) }
}

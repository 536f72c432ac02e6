//! Key sets that clients publish (RFC 7517 §5): fetched when one is needed, and kept for a while.
//!
//! A set is asked for again when it is old, or when it lacks a key (RFC 7517 §5, OpenID Connect Core §10.1.1). Whoever
//! names keys that nobody has does not make this server ask again and again: between two requests for one set there is
//! a pause.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex as ShortMutex, PoisonError};

use http::StatusCode;
use tokio::sync::Mutex;

use super::outbound::{self, Outbound, OutboundError, Reach};
use crate::jose::{JwksError, PublicKeys};

/// For how many seconds a set is used without asking for it again.
const FRESH: u64 = 3600;
/// How many seconds pass between two requests for one set.
pub(crate) const PAUSE: u64 = 5;
/// The most sets that are kept.
const SETS: usize = 1_000;

/// The sets that were fetched so far, by their URL.
#[derive(Default)]
pub(crate) struct KeySets(ShortMutex<HashMap<String, Arc<Mutex<Fetched>>>>);

#[derive(Default)]
struct Fetched {
    keys: Option<Arc<PublicKeys>>,
    /// When the set was asked for, and why it did not come, if it did not.
    asked: Option<(u64, Option<NoKeySet>)>,
}

/// A set that is wanted.
#[derive(Clone, Copy)]
pub(crate) struct KeySet<'a> {
    /// Where it is published.
    pub url: &'a str,
    /// How far the request for it may go.
    pub reach: Reach,
    /// The time, in seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
}

/// Why there is no set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoKeySet {
    /// It was not sent.
    #[error(transparent)]
    NotSent(#[from] OutboundError),
    /// Something else was sent.
    #[error("the answer has the status {0}")]
    Status(StatusCode),
    /// What was sent is no key set.
    #[error(transparent)]
    Unusable(#[from] JwksError),
}

impl KeySets {
    /// The set, as it was fetched before or as it is now.
    pub(crate) async fn find(&self, from: &dyn Outbound, wanted: KeySet<'_>) -> Result<Arc<PublicKeys>, NoKeySet> {
        let slot = self.slot(wanted.url);
        let mut fetched = slot.lock().await;
        let fresh = |asked: u64| wanted.now < asked.saturating_add(FRESH);
        match (&fetched.keys, &fetched.asked) {
            (Some(keys), Some((asked, None))) if fresh(*asked) => Ok(keys.clone()),
            _ => fetched.ask(from, wanted).await,
        }
    }

    /// The set as it is now, since that of before lacks something.
    pub(crate) async fn again(&self, from: &dyn Outbound, wanted: KeySet<'_>) -> Result<Arc<PublicKeys>, NoKeySet> {
        let slot = self.slot(wanted.url);
        let mut fetched = slot.lock().await;
        fetched.ask(from, wanted).await
    }

    fn slot(&self, url: &str) -> Arc<Mutex<Fetched>> {
        let mut sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = sets.get(url) {
            return known.clone();
        }
        if sets.len() >= SETS {
            sets.clear();
        }
        sets.entry(url.to_owned()).or_default().clone()
    }
}

impl Fetched {
    /// Asks for the set, unless that was done a moment ago. What was there before is better than nothing.
    async fn ask(&mut self, from: &dyn Outbound, wanted: KeySet<'_>) -> Result<Arc<PublicKeys>, NoKeySet> {
        let paused = self.asked.as_ref().is_some_and(|(asked, _)| wanted.now < asked.saturating_add(PAUSE));
        if !paused {
            let failure = match fetch(from, wanted).await {
                Ok(keys) => {
                    self.keys = Some(Arc::new(keys));
                    None
                }
                Err(why) => Some(why),
            };
            self.asked = Some((wanted.now, failure));
        }
        match (&self.keys, &self.asked) {
            (Some(keys), _) => Ok(keys.clone()),
            (None, Some((_, Some(why)))) => Err(why.clone()),
            (None, _) => Err(NoKeySet::NotSent(OutboundError::TimedOut)),
        }
    }
}

impl fmt::Debug for KeySets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySets(..)")
    }
}

async fn fetch(from: &dyn Outbound, wanted: KeySet<'_>) -> Result<PublicKeys, NoKeySet> {
    let answer = from.send(outbound::get(wanted.url, wanted.reach)?).await?;
    match answer.status() {
        StatusCode::OK => Ok(PublicKeys::read(answer.body())?),
        status => Err(NoKeySet::Status(status)),
    }
}

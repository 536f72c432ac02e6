//! Clients that were found (§5.2), for as long as they may be kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clients::Client;

/// How many clients are kept. The one that was not asked for longest goes first.
const MOST: usize = 256;
/// How long one is kept at most, in seconds.
const LONGEST: u64 = 24 * 60 * 60;

/// Clients by their URL.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    clients: HashMap<String, Entry>,
    /// How often was asked: what tells which one was asked for last.
    asked: u64,
}

#[derive(Debug)]
struct Entry {
    client: Arc<Client>,
    since: u64,
    until: u64,
    asked: u64,
}

impl Cache {
    /// The client of this URL, if what is known of it is fresh at `now`.
    pub(super) fn find(&self, url: &str, now: u64) -> Option<Arc<Client>> {
        let mut kept = self.lock();
        kept.asked += 1;
        let asked = kept.asked;
        let entry = kept.clients.get_mut(url)?;
        // A clock that was moved back tells nothing of how old it is.
        if now < entry.since || entry.until <= now {
            kept.clients.remove(url);
            return None;
        }
        entry.asked = asked;
        Some(entry.client.clone())
    }

    /// Keeps a client that was found `now`, for `fresh` seconds.
    pub(super) fn keep(&self, url: &str, client: Arc<Client>, (now, fresh): (u64, u64)) {
        if fresh == 0 {
            return;
        }
        let mut kept = self.lock();
        if kept.clients.len() >= MOST && !kept.clients.contains_key(url) {
            let oldest = kept.clients.iter().min_by_key(|(_, entry)| entry.asked).map(|(url, _)| url.clone());
            oldest.and_then(|url| kept.clients.remove(&url));
        }
        let (until, asked) = (now.saturating_add(fresh.min(LONGEST)), kept.asked);
        kept.clients.insert(url.to_owned(), Entry { client, since: now, until, asked });
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(cache: &Cache, url: &str, fresh: u64) {
        cache.keep(url, Arc::new(Client::public(url)), (1000, fresh));
    }

    #[test]
    fn a_client_is_kept_for_as_long_as_it_may_be() {
        let cache = Cache::default();
        keep(&cache, "a", 60);
        assert!(cache.find("a", 1059).is_some());
        assert!(cache.find("a", 1060).is_none());
        keep(&cache, "a", 0);
        assert!(cache.find("a", 1000).is_none(), "not at all");
        keep(&cache, "a", u64::MAX);
        assert!(cache.find("a", 1000 + LONGEST - 1).is_some());
        assert!(cache.find("a", 1000 + LONGEST).is_none(), "a day at most");
        keep(&cache, "a", 60);
        assert!(cache.find("a", 999).is_none(), "before it was found");
    }

    #[test]
    fn the_one_that_was_not_asked_for_longest_goes() {
        let cache = Cache::default();
        for n in 0..MOST {
            assert!(cache.find(&n.to_string(), 1000).is_none());
            keep(&cache, &n.to_string(), 60);
        }
        assert!(cache.find("0", 1000).is_some());
        keep(&cache, "another", 60);
        assert!(cache.find("1", 1000).is_none());
        assert!(cache.find("0", 1000).is_some() && cache.find("2", 1000).is_some());
        assert!(cache.find("another", 1000).is_some());
    }
}

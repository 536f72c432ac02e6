//! The store in memory: the default, and the fastest.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::store::{BoxFuture, DROPPED_FOR, GrantId, Kept, Key, Record, Store, StoreError, Taken};

const SHARDS: usize = 16;

/// Records in sharded hash maps. Old ones are forgotten as new ones come.
#[derive(Debug, Default)]
pub struct MemoryStore {
    shards: [Mutex<Shard>; SHARDS],
    dropped: Mutex<Dropped>,
}

#[derive(Debug, Default)]
struct Shard {
    records: HashMap<Key, Kept>,
    /// Sweep once there are so many.
    sweep_at: usize,
}

#[derive(Debug, Default)]
struct Dropped {
    /// Families that were dropped, and when they may be forgotten.
    until: HashMap<GrantId, u64>,
    sweep_at: usize,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        lock(&self.shards[usize::from(key.as_bytes()[0]) % SHARDS])
    }

    fn is_dropped(&self, grant: GrantId) -> bool {
        lock(&self.dropped).until.contains_key(&grant)
    }

    fn look(&self, key: &Key) -> Option<Kept> {
        // The shard stays locked: spent by one request and dropped by another in between, a replay would look unknown.
        let shard = self.shard(key);
        let kept = shard.records.get(key)?;
        (kept.spent || !self.is_dropped(kept.record.grant)).then(|| kept.clone())
    }

    fn spend(&self, key: Key) -> Taken {
        let mut shard = self.shard(&key);
        let Entry::Occupied(mut entry) = shard.records.entry(key) else { return Taken::Absent };
        let grant = entry.get().record.grant;
        if entry.get().spent {
            return Taken::Replayed(grant);
        }
        if self.is_dropped(grant) {
            return Taken::Absent;
        }
        entry.get_mut().spent = true;
        Taken::Fresh(entry.get().record.clone())
    }
}

impl Store for MemoryStore {
    fn put(&self, key: Key, record: Record) -> BoxFuture<'_, Result<(), StoreError>> {
        let mut shard = self.shard(&key);
        if shard.records.len() >= shard.sweep_at {
            let now = record.issued;
            shard.records.retain(|_, kept| kept.record.forget > now);
            shard.sweep_at = (2 * shard.records.len()).max(64);
        }
        shard.records.insert(key, Kept { record, spent: false });
        done(())
    }

    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Kept>, StoreError>> {
        done(self.look(&key))
    }

    fn take(&self, key: Key) -> BoxFuture<'_, Result<Taken, StoreError>> {
        done(self.spend(key))
    }

    fn drop_grant(&self, grant: GrantId, now: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        let mut dropped = lock(&self.dropped);
        if dropped.until.len() >= dropped.sweep_at {
            dropped.until.retain(|_, until| *until > now);
            dropped.sweep_at = (2 * dropped.until.len()).max(64);
        }
        dropped.until.insert(grant, now.saturating_add(DROPPED_FOR));
        done(())
    }

    fn sweep(&self, now: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        for shard in &self.shards {
            lock(shard).records.retain(|_, kept| kept.record.forget > now);
        }
        lock(&self.dropped).until.retain(|_, until| *until > now);
        done(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn done<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, Result<T, StoreError>> {
    Box::pin(std::future::ready(Ok(value)))
}

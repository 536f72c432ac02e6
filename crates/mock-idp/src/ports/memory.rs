//! The store in memory: the default, and the fastest.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::store::{BoxFuture, GrantId, Kept, Key, Record, Store, StoreError, Taken};

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
    /// Keys that were used, and when they may be forgotten.
    used: HashMap<Key, u64>,
    sweep_used_at: usize,
    /// How many records were put.
    version: u64,
}

impl Shard {
    fn keep(&mut self, key: Key, record: Record) {
        self.version += 1;
        self.records.insert(key, Kept { record, spent: None, version: self.version });
    }
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
        (kept.spent.is_some() || !self.is_dropped(kept.record.grant)).then(|| kept.clone())
    }

    fn spend(&self, key: Key, now: u64) -> Taken {
        let mut shard = self.shard(&key);
        let Entry::Occupied(mut entry) = shard.records.entry(key) else { return Taken::Absent };
        let grant = entry.get().record.grant;
        if let Some(spent) = entry.get().spent {
            return Taken::Replayed { grant, spent };
        }
        if self.is_dropped(grant) {
            return Taken::Absent;
        }
        entry.get_mut().spent = Some(now);
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
        shard.keep(key, record);
        done(())
    }

    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Kept>, StoreError>> {
        done(self.look(&key))
    }

    fn take(&self, key: Key, now: u64) -> BoxFuture<'_, Result<Taken, StoreError>> {
        done(self.spend(key, now))
    }

    fn replace(&self, key: Key, version: u64, record: Record) -> BoxFuture<'_, Result<bool, StoreError>> {
        let mut shard = self.shard(&key);
        let same =
            |kept: &Kept| kept.version == version && kept.spent.is_none() && !self.is_dropped(kept.record.grant);
        let replaced = shard.records.get(&key).is_some_and(same);
        if replaced {
            shard.keep(key, record);
        }
        done(replaced)
    }

    fn once(&self, key: Key, now: u64, until: u64) -> BoxFuture<'_, Result<bool, StoreError>> {
        let mut shard = self.shard(&key);
        if shard.used.len() >= shard.sweep_used_at {
            shard.used.retain(|_, until| *until > now);
            shard.sweep_used_at = (2 * shard.used.len()).max(64);
        }
        let first = shard.used.get(&key).is_none_or(|until| *until <= now);
        if first {
            shard.used.insert(key, until);
        }
        done(first)
    }

    fn drop_grant(&self, grant: GrantId, now: u64, forget: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        let mut dropped = lock(&self.dropped);
        if dropped.until.len() >= dropped.sweep_at {
            dropped.until.retain(|_, until| *until > now);
            dropped.sweep_at = (2 * dropped.until.len()).max(64);
        }
        dropped.until.insert(grant, forget);
        done(())
    }

    fn sweep(&self, now: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.records.retain(|_, kept| kept.record.forget > now);
            shard.used.retain(|_, until| *until > now);
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

//! Sealed logins in a database, through sqlx: for web applications of several processes.

use std::fmt;
#[cfg(feature = "sqlite")]
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{FlowStore, FlowStoreError};
use crate::clock::{Clock, SystemClock};
use crate::pending::FlowKey;
#[cfg(feature = "postgres")]
use crate::store::postgres;
use crate::store::sql::{Pool, Value};
#[cfg(feature = "sqlite")]
use crate::store::sqlite;
use crate::transport::BoxFuture;

#[cfg(feature = "sqlite")]
const SQLITE: &str = "CREATE TABLE IF NOT EXISTS flow (
    key TEXT PRIMARY KEY NOT NULL,
    sealed TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS flow_expires_at ON flow (expires_at);";
#[cfg(feature = "postgres")]
const POSTGRES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS flow (
        key TEXT COLLATE \"C\" PRIMARY KEY,
        sealed TEXT NOT NULL,
        expires_at BIGINT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS flow_expires_at ON flow (expires_at)",
];
const PUT: &str = "INSERT INTO flow (key, sealed, expires_at) VALUES ($1, $2, $3) \
                   ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at";
const TAKE: &str = "DELETE FROM flow WHERE key = $1 RETURNING sealed, CAST(expires_at AS TEXT)";
const EXPIRED: &str = "DELETE FROM flow WHERE expires_at <= $1";
/// Those that would expire first, beyond as many as are kept. SQLite knows no offset without a limit.
const SURPLUS: &str = "DELETE FROM flow WHERE key IN \
                       (SELECT key FROM flow ORDER BY expires_at DESC, key LIMIT 1000000 OFFSET $1)";

/// After so many logins, it is seen to it that there are not too many.
const SWEEP_EVERY: u32 = 16;

/// A store of begun logins in a SQLite or PostgreSQL database, in the table `flow`.
///
/// There is a most that it keeps, give or take sixteen for each process. When it is full, the login that would expire first
/// makes room.
pub struct SqlFlows {
    pool: Pool,
    most: u32,
    put: AtomicU32,
    clock: Arc<dyn Clock>,
}

impl SqlFlows {
    /// At most `most` logins in the SQLite database of this file, which is made if it is not there. The file is its owner's
    /// alone (`0600`), and may be that of a `SqliteTokens`.
    ///
    /// # Errors
    /// [`FlowStoreError`] if it cannot be opened or is no such database.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite(path: impl AsRef<Path>, most: u32) -> Result<Self, FlowStoreError> {
        let pool = sqlite::open(path.as_ref(), SQLITE).await.map_err(FlowStoreError::new)?;
        Ok(Self::of(Pool::Sqlite(pool), most))
    }

    /// At most `most` logins in the PostgreSQL database at `url`, as in `PostgresTokens::sealed`.
    ///
    /// # Errors
    /// [`FlowStoreError`] if it cannot be connected to, or the table cannot be made.
    #[cfg(feature = "postgres")]
    pub async fn postgres(url: &str, most: u32) -> Result<Self, FlowStoreError> {
        let pool = postgres::connect(url, &POSTGRES).await.map_err(FlowStoreError::new)?;
        Ok(Self::of(Pool::Postgres(pool), most))
    }

    /// Reads the time from `clock` instead of the operating system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    fn of(pool: Pool, most: u32) -> Self {
        Self { pool, most: most.max(1), put: AtomicU32::new(0), clock: Arc::new(SystemClock) }
    }

    async fn insert(&self, key: &FlowKey, sealed: &str, lifetime: Duration) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let expires_at = number(now.saturating_add(lifetime.as_secs()));
        self.pool.change(PUT, &[Value::Text(key.as_str()), Value::Text(sealed), Value::Number(expires_at)]).await?;
        if self.put.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.pool.change(EXPIRED, &[Value::Number(number(now))]).await?;
            self.pool.change(SURPLUS, &[Value::Number(self.most.into())]).await?;
        }
        Ok(())
    }

    async fn remove(&self, key: &FlowKey) -> Result<Option<String>, sqlx::Error> {
        let taken = self.pool.texts(TAKE, &[Value::Text(key.as_str())]).await?;
        let now = number(self.clock.now());
        let is_alive = |expires_at: &str| expires_at.parse().is_ok_and(|expires_at: i64| now < expires_at);
        Ok(taken.filter(|(_, expires_at)| is_alive(expires_at)).map(|(sealed, _)| sealed))
    }
}

impl FlowStore for SqlFlows {
    fn put<'a>(
        &'a self,
        key: &'a FlowKey,
        sealed: String,
        lifetime: Duration,
    ) -> BoxFuture<'a, Result<(), FlowStoreError>> {
        Box::pin(async move { self.insert(key, &sealed, lifetime).await.map_err(FlowStoreError::new) })
    }

    fn take<'a>(&'a self, key: &'a FlowKey) -> BoxFuture<'a, Result<Option<String>, FlowStoreError>> {
        Box::pin(async move { self.remove(key).await.map_err(FlowStoreError::new) })
    }
}

impl fmt::Debug for SqlFlows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlFlows").field("most", &self.most).finish_non_exhaustive()
    }
}

/// A time as databases have it.
fn number(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

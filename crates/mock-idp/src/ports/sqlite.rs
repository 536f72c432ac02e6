//! The store in SQLite, through sqlx: it survives a restart and can be looked into.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Executor, Row};

use super::store::{BoxFuture, GrantId, Kept, Key, Record, Store, StoreError, Taken};
use crate::memory::{Authorization, Notes};

/// After so many records, what may be forgotten is forgotten.
const SWEEP_EVERY: u32 = 4096;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS record (
    key BLOB PRIMARY KEY NOT NULL,
    grant_id BLOB NOT NULL,
    issued INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    forget INTEGER NOT NULL,
    authorization TEXT NOT NULL,
    code_notes TEXT NOT NULL,
    spent INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS record_forget ON record (forget);
CREATE TABLE IF NOT EXISTS dropped (
    grant_id BLOB PRIMARY KEY NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;";

const PUT: &str = "INSERT OR REPLACE INTO record (key, grant_id, issued, expires, forget, authorization, code_notes) \
                   VALUES (?, ?, ?, ?, ?, ?, ?)";
const GET: &str = "SELECT grant_id, issued, expires, forget, authorization, code_notes, spent FROM record \
                   WHERE key = ? AND (spent = 1 OR NOT EXISTS (SELECT 1 FROM dropped d WHERE d.grant_id = record.grant_id))";
const TAKE: &str = "UPDATE record SET spent = 1 WHERE key = ? AND spent = 0 \
                    AND NOT EXISTS (SELECT 1 FROM dropped d WHERE d.grant_id = record.grant_id) \
                    RETURNING grant_id, issued, expires, forget, authorization, code_notes, spent";
const SPENT: &str = "SELECT grant_id FROM record WHERE key = ? AND spent = 1";
const DROP: &str =
    "INSERT INTO dropped (grant_id, until) VALUES (?, ?) ON CONFLICT (grant_id) DO UPDATE SET until = excluded.until";

/// Records in a SQLite database.
#[derive(Debug)]
pub struct SqliteStore {
    pool: SqlitePool,
    put: AtomicU32,
}

impl SqliteStore {
    /// Opens a database file, or makes it.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be opened or is no such database.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        Self::connect(options).await
    }

    /// A database in memory, gone when the store is dropped.
    ///
    /// # Errors
    /// [`StoreError`] if SQLite refuses.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Self::connect(SqliteConnectOptions::new().in_memory(true)).await
    }

    /// One connection that is never given up: the pool's defaults would drop an in-memory database once its last
    /// connection has been idle for ten minutes or has lived for thirty.
    async fn connect(options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let pool = SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .map_err(failed)?;
        pool.execute(SCHEMA).await.map_err(failed)?;
        Ok(Self { pool, put: AtomicU32::new(0) })
    }
}

impl Store for SqliteStore {
    fn put(&self, key: Key, record: Record) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            if self.put.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
                self.sweep(record.issued).await?;
            }
            let authorization = serde_json::to_string(record.authorization.as_ref());
            let notes = serde_json::to_string(record.code_notes.as_ref());
            let query = sqlx::query(PUT)
                .bind(key.as_bytes().as_slice())
                .bind(record.grant.0.as_slice())
                .bind(seconds(record.issued))
                .bind(seconds(record.expires))
                .bind(seconds(record.forget))
                .bind(authorization.map_err(|error| StoreError(error.to_string()))?)
                .bind(notes.map_err(|error| StoreError(error.to_string()))?);
            query.execute(&self.pool).await.map_err(failed).map(drop)
        })
    }

    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Kept>, StoreError>> {
        Box::pin(async move {
            let query = sqlx::query(GET).bind(key.as_bytes().to_vec());
            let row = query.fetch_optional(&self.pool).await.map_err(failed)?;
            row.map(|row| read(&row)).transpose()
        })
    }

    fn take(&self, key: Key) -> BoxFuture<'_, Result<Taken, StoreError>> {
        Box::pin(async move {
            let query = sqlx::query(TAKE).bind(key.as_bytes().to_vec());
            if let Some(row) = query.fetch_optional(&self.pool).await.map_err(failed)? {
                return Ok(Taken::Fresh(read(&row)?.record));
            }
            let query = sqlx::query(SPENT).bind(key.as_bytes().to_vec());
            let row = query.fetch_optional(&self.pool).await.map_err(failed)?;
            row.map_or(Ok(Taken::Absent), |row| grant(&row).map(Taken::Replayed))
        })
    }

    fn drop_grant(&self, grant: GrantId, _now: u64, forget: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let query = sqlx::query(DROP).bind(grant.0.to_vec()).bind(seconds(forget));
            query.execute(&self.pool).await.map_err(failed).map(drop)
        })
    }

    fn sweep(&self, now: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            for statement in ["DELETE FROM record WHERE forget <= ?", "DELETE FROM dropped WHERE until <= ?"] {
                sqlx::query(statement).bind(seconds(now)).execute(&self.pool).await.map_err(failed)?;
            }
            Ok(())
        })
    }
}

fn read(row: &SqliteRow) -> Result<Kept, StoreError> {
    let time = |name: &str| row.try_get::<i64, _>(name).map(i64::cast_unsigned).map_err(failed);
    let text = |name: &str| row.try_get::<String, _>(name).map_err(failed);
    let bad = |error: serde_json::Error| StoreError(error.to_string());
    let authorization: Authorization = serde_json::from_str(&text("authorization")?).map_err(bad)?;
    let code_notes: Notes = serde_json::from_str(&text("code_notes")?).map_err(bad)?;
    let record = Record {
        grant: grant(row)?,
        issued: time("issued")?,
        expires: time("expires")?,
        forget: time("forget")?,
        authorization: Arc::new(authorization),
        code_notes: Arc::new(code_notes),
    };
    Ok(Kept { record, spent: row.try_get::<i64, _>("spent").map_err(failed)? == 1 })
}

fn grant(row: &SqliteRow) -> Result<GrantId, StoreError> {
    let octets: Vec<u8> = row.try_get("grant_id").map_err(failed)?;
    octets.try_into().map(GrantId).map_err(|_| StoreError("a grant_id does not have 16 octets".to_owned()))
}

/// SQLite's integers are signed; a time that does not fit is as good as never.
fn seconds(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

fn failed(error: sqlx::Error) -> StoreError {
    StoreError(error.to_string())
}

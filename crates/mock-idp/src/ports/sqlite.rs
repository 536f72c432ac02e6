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

type Statement<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS record (
    key BLOB PRIMARY KEY NOT NULL,
    grant_id BLOB NOT NULL,
    issued INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    forget INTEGER NOT NULL,
    authorization TEXT NOT NULL,
    notes TEXT NOT NULL,
    spent INTEGER,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS record_forget ON record (forget);
CREATE TABLE IF NOT EXISTS used (
    key BLOB PRIMARY KEY NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dropped (
    grant_id BLOB PRIMARY KEY NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;";

const PUT: &str = "INSERT INTO record (key, grant_id, issued, expires, forget, authorization, notes, version) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1) ON CONFLICT (key) DO UPDATE SET grant_id = excluded.grant_id, \
                   issued = excluded.issued, expires = excluded.expires, forget = excluded.forget, spent = NULL, \
                   authorization = excluded.authorization, notes = excluded.notes, version = record.version + 1";
const REPLACE: &str = "UPDATE record SET grant_id = ?2, issued = ?3, expires = ?4, forget = ?5, authorization = ?6, \
                       notes = ?7, version = version + 1 WHERE key = ?1 AND version = ?8 AND spent IS NULL \
                       AND NOT EXISTS (SELECT 1 FROM dropped d WHERE d.grant_id = record.grant_id)";
const GET: &str = "SELECT grant_id, issued, expires, forget, authorization, notes, spent, version FROM record WHERE key = ? \
     AND (spent IS NOT NULL OR NOT EXISTS (SELECT 1 FROM dropped d WHERE d.grant_id = record.grant_id))";
const TAKE: &str = "UPDATE record SET spent = ?2 WHERE key = ?1 AND spent IS NULL \
                    AND NOT EXISTS (SELECT 1 FROM dropped d WHERE d.grant_id = record.grant_id) \
                    RETURNING grant_id, issued, expires, forget, authorization, notes, spent, version";
const SPENT: &str = "SELECT grant_id, spent FROM record WHERE key = ? AND spent IS NOT NULL";
const ONCE: &str = "INSERT INTO used (key, until) VALUES (?1, ?2) \
                    ON CONFLICT (key) DO UPDATE SET until = excluded.until WHERE used.until <= ?3";
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
            let query = bound(sqlx::query(PUT), &key, &record)?;
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

    fn take(&self, key: Key, now: u64) -> BoxFuture<'_, Result<Taken, StoreError>> {
        Box::pin(async move {
            let query = sqlx::query(TAKE).bind(key.as_bytes().to_vec()).bind(seconds(now));
            if let Some(row) = query.fetch_optional(&self.pool).await.map_err(failed)? {
                return Ok(Taken::Fresh(read(&row)?.record));
            }
            let query = sqlx::query(SPENT).bind(key.as_bytes().to_vec());
            let Some(row) = query.fetch_optional(&self.pool).await.map_err(failed)? else { return Ok(Taken::Absent) };
            let spent = row.try_get::<i64, _>("spent").map_err(failed)?.cast_unsigned();
            Ok(Taken::Replayed { grant: grant(&row)?, spent })
        })
    }

    fn replace(&self, key: Key, version: u64, record: Record) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let query = bound(sqlx::query(REPLACE), &key, &record)?.bind(version.cast_signed());
            Ok(query.execute(&self.pool).await.map_err(failed)?.rows_affected() == 1)
        })
    }

    fn once(&self, key: Key, now: u64, until: u64) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let query = sqlx::query(ONCE).bind(key.as_bytes().to_vec()).bind(seconds(until)).bind(seconds(now));
            Ok(query.execute(&self.pool).await.map_err(failed)?.rows_affected() == 1)
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
            for statement in [
                "DELETE FROM record WHERE forget <= ?",
                "DELETE FROM used WHERE until <= ?",
                "DELETE FROM dropped WHERE until <= ?",
            ] {
                sqlx::query(statement).bind(seconds(now)).execute(&self.pool).await.map_err(failed)?;
            }
            Ok(())
        })
    }
}

/// Binds a record to the first seven places of a statement.
fn bound<'q>(query: Statement<'q>, key: &Key, record: &Record) -> Result<Statement<'q>, StoreError> {
    let bad = |error: serde_json::Error| StoreError(error.to_string());
    Ok(query
        .bind(key.as_bytes().to_vec())
        .bind(record.grant.0.to_vec())
        .bind(seconds(record.issued))
        .bind(seconds(record.expires))
        .bind(seconds(record.forget))
        .bind(serde_json::to_string(record.authorization.as_ref()).map_err(bad)?)
        .bind(serde_json::to_string(record.notes.as_ref()).map_err(bad)?))
}

fn read(row: &SqliteRow) -> Result<Kept, StoreError> {
    let time = |name: &str| row.try_get::<i64, _>(name).map(i64::cast_unsigned).map_err(failed);
    let text = |name: &str| row.try_get::<String, _>(name).map_err(failed);
    let bad = |error: serde_json::Error| StoreError(error.to_string());
    let authorization: Authorization = serde_json::from_str(&text("authorization")?).map_err(bad)?;
    let notes: Notes = serde_json::from_str(&text("notes")?).map_err(bad)?;
    let record = Record {
        grant: grant(row)?,
        issued: time("issued")?,
        expires: time("expires")?,
        forget: time("forget")?,
        authorization: Arc::new(authorization),
        notes: Arc::new(notes),
    };
    let spent = row.try_get::<Option<i64>, _>("spent").map_err(failed)?.map(i64::cast_unsigned);
    Ok(Kept { record, spent, version: time("version")? })
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

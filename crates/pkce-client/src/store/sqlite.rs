//! Tokens of many sessions in a SQLite database, through sqlx: for the server side of web applications on one machine.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use oauth_types::Secret;
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Executor as _, Row as _};

use super::file::{apart, locked, private};
use super::{Lease, Replace, StoreError, TokenStore, Version, Writing, is_unreadable};
use crate::seal_key::SealKey;
use crate::token_set::TokenSet;
use crate::transport::BoxFuture;

/// Over so many lock files the leases of all sessions are spread. Two sessions that share one wait for each other.
const LEASES: u8 = 64;

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS token_set (
    session TEXT PRIMARY KEY NOT NULL,
    version TEXT NOT NULL,
    tokens TEXT NOT NULL
) STRICT, WITHOUT ROWID;";
const LOAD: &str = "SELECT version, tokens FROM token_set WHERE session = ?1";
const INSERT: &str =
    "INSERT INTO token_set (session, version, tokens) VALUES (?1, ?2, ?3) ON CONFLICT (session) DO NOTHING";
const UPDATE: &str = "UPDATE token_set SET version = ?2, tokens = ?3 WHERE session = ?1 AND version = ?4";
const DELETE: &str = "DELETE FROM token_set WHERE session = ?1 AND version = ?2";

/// A SQLite database with the tokens of any number of sessions. Its clones are one database.
///
/// The database has to be on a file system of this machine. A lease is a locked file beside it, so that a process that
/// is killed holds none.
#[derive(Clone)]
pub struct SqliteTokens {
    database: Arc<Database>,
}

/// The tokens of one session in a [`SqliteTokens`].
#[derive(Clone)]
pub struct SqliteTokenStore {
    database: Arc<Database>,
    session: String,
}

struct Database {
    pool: SqlitePool,
    path: PathBuf,
    writing: Writing,
}

impl SqliteTokens {
    /// Opens the database, or makes it, and seals what it keeps with `key`, which is kept elsewhere. The file is its
    /// owner's alone (`0600`).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be opened or is no such database.
    pub async fn sealed(path: impl Into<PathBuf>, key: SealKey) -> Result<Self, StoreError> {
        Self::open(path.into(), Writing::Sealed(key)).await
    }

    /// Opens the database, or makes it, and keeps tokens in it **as they are**. The file is its owner's alone (`0600`),
    /// but whoever reads a copy of it has the tokens of everybody.
    ///
    /// # Errors
    /// As [`SqliteTokens::sealed`].
    pub async fn in_plain_text(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::open(path.into(), Writing::Plain).await
    }

    /// The tokens of the session of this name: the identifier of the application's own session for instance, which
    /// is not to be guessed.
    pub fn session(&self, name: impl Into<String>) -> SqliteTokenStore {
        SqliteTokenStore { database: Arc::clone(&self.database), session: name.into() }
    }

    async fn open(path: PathBuf, writing: Writing) -> Result<Self, StoreError> {
        // SQLite gives its other files the permissions of this one.
        let file = path.clone();
        apart(move || {
            let opened = private(std::fs::OpenOptions::new().write(true).create(true).truncate(false)).open(file);
            opened.map(drop).map_err(StoreError::unavailable)
        })
        .await?;
        // What is answered has to last: a rotated token is not told a second time.
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(failed)?;
        pool.execute(SCHEMA).await.map_err(failed)?;
        Ok(Self { database: Arc::new(Database { pool, path, writing }) })
    }
}

impl SqliteTokenStore {
    async fn read(&self) -> Result<Option<(Version, Secret)>, StoreError> {
        let query = sqlx::query(LOAD).bind(self.session.as_str());
        let row = query.fetch_optional(&self.database.pool).await.map_err(failed)?;
        let text = |row: &SqliteRow, name: &str| row.try_get::<String, _>(name).map_err(failed);
        row.map(|row| Ok((Version::new(text(&row, "version")?), Secret::new(text(&row, "tokens")?)))).transpose()
    }

    async fn put(&self, expected: Option<&Version>, tokens: &TokenSet) -> Result<Replace, StoreError> {
        let version = Version::draw()?;
        let text = self.database.writing.write(tokens)?;
        let unreadable = match expected {
            None => {
                let query = sqlx::query(INSERT).bind(self.session.as_str());
                let query = query.bind(version.as_str()).bind(text.expose());
                if is_done(query.execute(&self.database.pool).await)? {
                    return Ok(Replace::Stored(version));
                }
                self.unreadable().await?
            }
            Some(_) => None,
        };
        let Some(expected) = expected.or(unreadable.as_ref()) else { return Ok(Replace::Conflict) };
        let query = sqlx::query(UPDATE).bind(self.session.as_str()).bind(version.as_str());
        let query = query.bind(text.expose()).bind(expected.as_str());
        let stored = is_done(query.execute(&self.database.pool).await)?;
        Ok(if stored { Replace::Stored(version) } else { Replace::Conflict })
    }

    async fn delete(&self, expected: Option<&Version>) -> Result<Replace, StoreError> {
        let removed = match expected {
            None => self.read().await?.is_none(),
            Some(version) => {
                let query = sqlx::query(DELETE).bind(self.session.as_str()).bind(version.as_str());
                is_done(query.execute(&self.database.pool).await)?
            }
        };
        Ok(if removed { Replace::Removed } else { Replace::Conflict })
    }

    /// The version of what is kept, if it cannot be read.
    async fn unreadable(&self) -> Result<Option<Version>, StoreError> {
        let Some((version, text)) = self.read().await? else { return Ok(None) };
        let error = self.database.writing.read(text.expose()).err();
        Ok(error.is_some_and(|error| is_unreadable(&error)).then_some(version))
    }

    /// The file that is locked by whoever refreshes this session.
    fn lease_file(&self) -> PathBuf {
        let number = Sha256::digest(&self.session)[0] % LEASES;
        let mut name = self.database.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".lease-{number}"));
        self.database.path.with_file_name(name)
    }
}

impl TokenStore for SqliteTokenStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<(Version, TokenSet)>, StoreError>> {
        Box::pin(async {
            let Some((version, text)) = self.read().await? else { return Ok(None) };
            Ok(Some((version, self.database.writing.read(text.expose())?)))
        })
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        new: Option<&'a TokenSet>,
    ) -> BoxFuture<'a, Result<Replace, StoreError>> {
        Box::pin(async move {
            match new {
                Some(tokens) => self.put(expected, tokens).await,
                None => self.delete(expected).await,
            }
        })
    }

    fn lease(&self) -> BoxFuture<'_, Result<Option<Lease>, StoreError>> {
        let file = self.lease_file();
        Box::pin(apart(move || locked(&file).map(|lock| Some(Box::new(lock) as Lease))))
    }
}

impl fmt::Debug for SqliteTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTokens").field("path", &self.database.path).finish_non_exhaustive()
    }
}

/// The name of the session is not shown: it may be what the browser proves itself with.
impl fmt::Debug for SqliteTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTokenStore").field("path", &self.database.path).finish_non_exhaustive()
    }
}

fn is_done(outcome: Result<sqlx::sqlite::SqliteQueryResult, sqlx::Error>) -> Result<bool, StoreError> {
    Ok(outcome.map_err(failed)?.rows_affected() == 1)
}

fn failed(error: sqlx::Error) -> StoreError {
    StoreError::unavailable(error)
}

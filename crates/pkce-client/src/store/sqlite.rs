//! Tokens of many sessions in a SQLite database, through sqlx: for the server side of web applications on one machine.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use sqlx::Executor as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::file::{apart, locked, private};
use super::sql::{Pool, Table, failed};
use super::{Lease, Replace, StoreError, TokenStore, Version, Writing};
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
    table: Table,
    path: PathBuf,
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
        let pool = open(&path, SCHEMA).await?;
        let table = Table { pool: Pool::Sqlite(pool), writing };
        Ok(Self { database: Arc::new(Database { table, path }) })
    }
}

/// Opens a database, or makes it, with these tables.
pub(crate) async fn open(path: &Path, schema: &'static str) -> Result<SqlitePool, StoreError> {
    // SQLite gives its other files the permissions of this one.
    let file = path.to_owned();
    apart(move || {
        let opened = private(std::fs::OpenOptions::new().write(true).create(true).truncate(false)).open(file);
        opened.map(drop).map_err(StoreError::unavailable)
    })
    .await?;
    // What is answered has to last: a rotated token is not told a second time.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(failed)?;
    pool.execute(schema).await.map_err(failed)?;
    Ok(pool)
}

impl SqliteTokenStore {
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
        Box::pin(self.database.table.load(&self.session))
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        new: Option<&'a TokenSet>,
    ) -> BoxFuture<'a, Result<Replace, StoreError>> {
        Box::pin(self.database.table.replace(&self.session, expected, new))
    }

    fn lease(&self) -> BoxFuture<'_, Result<Option<Lease>, StoreError>> {
        let file = self.lease_file();
        Box::pin(apart(move || locked(&file).map(|lock| Some(Box::new(lock) as Lease))))
    }
}

#[cfg(feature = "axum")]
impl crate::bff::WebSessions for SqliteTokens {
    fn tokens(&self, name: &crate::bff::SessionName) -> Arc<dyn TokenStore> {
        Arc::new(self.session(name.as_str()))
    }

    fn end<'a>(&'a self, ended: &'a crate::bff::EndedSessions) -> BoxFuture<'a, Result<(), StoreError>> {
        let (pattern, bound) = ended.like();
        Box::pin(async move { self.database.table.end(&pattern, &bound).await })
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

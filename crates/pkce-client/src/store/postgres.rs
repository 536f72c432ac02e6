//! Tokens of many sessions in a PostgreSQL database, through sqlx: for web applications on any number of machines.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgTransaction};

use super::sql::{Pool, Table, failed};
use super::{Lease, Replace, StoreError, TokenStore, Version, Writing};
use crate::seal_key::SealKey;
use crate::token_set::TokenSet;
use crate::transport::BoxFuture;

/// How many sessions one process refreshes at once. Each has a connection of its own meanwhile.
const LEASES: u32 = 16;

/// Names compare by their octets, whatever the language of the database.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS token_set (
    session TEXT COLLATE \"C\" PRIMARY KEY,
    version TEXT NOT NULL,
    tokens TEXT NOT NULL
)";
/// Two processes that make a table at the same time are in each other's way. The number is of nothing else.
const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(7636001)";
const LEASE: &str = "SELECT pg_advisory_xact_lock($1)";

/// A PostgreSQL database with the tokens of any number of sessions, in the table `token_set`. Its clones are one database.
///
/// A lease is an advisory lock, held by a connection: one that breaks gives it up. A process that refreshes keeps up to
/// sixteen connections for leases besides the ten for everything else.
///
/// The connection is encrypted if sqlx has a feature for it: depend on `sqlx` with `tls-rustls-aws-lc-rs`, for instance, and
/// say `sslmode=verify-full` in the URL.
#[derive(Clone)]
pub struct PostgresTokens {
    database: Arc<Database>,
}

/// The tokens of one session in a [`PostgresTokens`].
#[derive(Clone)]
pub struct PostgresTokenStore {
    database: Arc<Database>,
    session: String,
}

struct Database {
    table: Table,
    /// Connections of their own: whoever waits for a lease must not keep its holder from storing.
    leases: PgPool,
}

impl PostgresTokens {
    /// Connects to the database at `url` (`postgres://user:password@host/name`), makes the table if it is not there, and
    /// seals what is kept with `key`, which is kept elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be connected to, or the table cannot be made.
    pub async fn sealed(url: &str, key: SealKey) -> Result<Self, StoreError> {
        Self::open(url, Writing::Sealed(key)).await
    }

    /// The same, but keeps tokens **as they are**: whoever reads the database, or a copy of it, has the tokens of
    /// everybody.
    ///
    /// # Errors
    /// As [`PostgresTokens::sealed`].
    pub async fn in_plain_text(url: &str) -> Result<Self, StoreError> {
        Self::open(url, Writing::Plain).await
    }

    /// The tokens of the session of this name: the identifier of the application's own session for instance, which
    /// is not to be guessed.
    pub fn session(&self, name: impl Into<String>) -> PostgresTokenStore {
        PostgresTokenStore { database: Arc::clone(&self.database), session: name.into() }
    }

    async fn open(url: &str, writing: Writing) -> Result<Self, StoreError> {
        let pool = connect(url, &[SCHEMA]).await?;
        let leases =
            PgPoolOptions::new().max_connections(LEASES).connect_lazy_with((*pool.connect_options()).clone());
        let table = Table { pool: Pool::Postgres(pool), writing };
        Ok(Self { database: Arc::new(Database { table, leases }) })
    }
}

/// Connects to a database, with these tables.
pub(crate) async fn connect(url: &str, schema: &[&'static str]) -> Result<PgPool, StoreError> {
    // An error of a URL may quote it, and it has a password in it.
    let options: PgConnectOptions = url.parse().map_err(|_| StoreError::unavailable("the URL is not usable"))?;
    // Not through a pool, which would try again for a while.
    let mut connection = options.connect().await.map_err(failed)?;
    let mut transaction = connection.begin().await.map_err(failed)?;
    transaction.execute(ONE_AT_A_TIME).await.map_err(failed)?;
    for table in schema {
        transaction.execute(*table).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(PgPoolOptions::new().connect_lazy_with(options))
}

impl PostgresTokenStore {
    /// What the lease of this session is called. Two sessions of one number wait for each other.
    fn number(&self) -> i64 {
        let mut octets = [0; 8];
        octets.copy_from_slice(&Sha256::digest(&self.session)[..8]);
        i64::from_be_bytes(octets)
    }

    async fn locked(&self) -> Result<Option<Lease>, StoreError> {
        let begun = self.database.leases.begin().await;
        let mut transaction: PgTransaction<'static> = begun.map_err(|error| match error {
            sqlx::Error::PoolTimedOut => StoreError::Busy,
            error => failed(error),
        })?;
        // It ends with its transaction, and that with this value or with the connection.
        sqlx::query(LEASE).bind(self.number()).execute(&mut *transaction).await.map_err(failed)?;
        Ok(Some(Box::new(transaction)))
    }
}

impl TokenStore for PostgresTokenStore {
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
        Box::pin(self.locked())
    }
}

#[cfg(feature = "axum")]
impl crate::bff::WebSessions for PostgresTokens {
    fn tokens(&self, name: &crate::bff::SessionName) -> Arc<dyn TokenStore> {
        Arc::new(self.session(name.as_str()))
    }

    fn end<'a>(&'a self, ended: &'a crate::bff::EndedSessions) -> BoxFuture<'a, Result<(), StoreError>> {
        let (pattern, bound) = ended.like();
        Box::pin(async move { self.database.table.end(&pattern, &bound).await })
    }
}

impl fmt::Debug for PostgresTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresTokens(..)")
    }
}

/// The name of the session is not shown: it may be what the browser proves itself with.
impl fmt::Debug for PostgresTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresTokenStore(..)")
    }
}

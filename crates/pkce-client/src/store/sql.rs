//! What the databases have in common: the statements, and how tokens of sessions are read and replaced by them.

use oauth_types::Secret;
use sqlx::Row as _;

use super::{Replace, StoreError, Version, Writing, is_unreadable};
use crate::token_set::TokenSet;

const LOAD: &str = "SELECT version, tokens FROM token_set WHERE session = $1";
const INSERT: &str =
    "INSERT INTO token_set (session, version, tokens) VALUES ($1, $2, $3) ON CONFLICT (session) DO NOTHING";
const UPDATE: &str = "UPDATE token_set SET version = $2, tokens = $3 WHERE session = $1 AND version = $4";
const DELETE: &str = "DELETE FROM token_set WHERE session = $1 AND version = $2";
#[cfg(feature = "axum")]
const END: &str = "DELETE FROM token_set WHERE session LIKE $1 AND session < $2";

/// A pool of connections to a database.
#[derive(Clone)]
pub(crate) enum Pool {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
}

/// What a placeholder stands for.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Number(i64),
}

/// A statement with its values bound in their order.
macro_rules! bound {
    ($sql:expr, $values:expr) => {
        $values.iter().fold(sqlx::query($sql), |query, value| match value {
            Value::Text(text) => query.bind(*text),
            Value::Number(number) => query.bind(*number),
        })
    };
}

impl Pool {
    /// How many rows a statement changed.
    pub(crate) async fn change(&self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(pool) => Ok(bound!(sql, values).execute(pool).await?.rows_affected()),
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => Ok(bound!(sql, values).execute(pool).await?.rows_affected()),
        }
    }

    /// The first row, if there is one, of two texts.
    pub(crate) async fn texts(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<(String, String)>, sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(pool) => {
                let row = bound!(sql, values).fetch_optional(pool).await?;
                row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => {
                let row = bound!(sql, values).fetch_optional(pool).await?;
                row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
            }
        }
    }
}

/// The tokens of any number of sessions.
pub(super) struct Table {
    pub(super) pool: Pool,
    pub(super) writing: Writing,
}

impl Table {
    pub(super) async fn load(&self, session: &str) -> Result<Option<(Version, TokenSet)>, StoreError> {
        let Some((version, text)) = self.read(session).await? else { return Ok(None) };
        Ok(Some((version, self.writing.read(text.expose())?)))
    }

    pub(super) async fn replace(
        &self,
        session: &str,
        expected: Option<&Version>,
        new: Option<&TokenSet>,
    ) -> Result<Replace, StoreError> {
        match new {
            Some(tokens) => self.put(session, expected, tokens).await,
            None => self.delete(session, expected).await,
        }
    }

    /// Removes the tokens of sessions whose names are like `pattern` and sort before `bound`.
    #[cfg(feature = "axum")]
    pub(super) async fn end(&self, pattern: &str, bound: &str) -> Result<(), StoreError> {
        let values = [Value::Text(pattern), Value::Text(bound)];
        self.pool.change(END, &values).await.map(drop).map_err(failed)
    }

    async fn read(&self, session: &str) -> Result<Option<(Version, Secret)>, StoreError> {
        let row = self.pool.texts(LOAD, &[Value::Text(session)]).await.map_err(failed)?;
        Ok(row.map(|(version, tokens)| (Version::new(version), Secret::new(tokens))))
    }

    async fn put(&self, session: &str, expected: Option<&Version>, tokens: &TokenSet) -> Result<Replace, StoreError> {
        let version = Version::draw()?;
        let text = self.writing.write(tokens)?;
        let [session_is, version_is, tokens_are] = [session, version.as_str(), text.expose()].map(Value::Text);
        let unreadable = match expected {
            None => {
                if self.is_done(INSERT, &[session_is, version_is, tokens_are]).await? {
                    return Ok(Replace::Stored(version));
                }
                self.unreadable(session).await?
            }
            Some(_) => None,
        };
        let Some(expected) = expected.or(unreadable.as_ref()) else { return Ok(Replace::Conflict) };
        let values = [session_is, version_is, tokens_are, Value::Text(expected.as_str())];
        let stored = self.is_done(UPDATE, &values).await?;
        Ok(if stored { Replace::Stored(version) } else { Replace::Conflict })
    }

    async fn delete(&self, session: &str, expected: Option<&Version>) -> Result<Replace, StoreError> {
        let removed = match expected {
            None => self.read(session).await?.is_none(),
            Some(version) => self.is_done(DELETE, &[Value::Text(session), Value::Text(version.as_str())]).await?,
        };
        Ok(if removed { Replace::Removed } else { Replace::Conflict })
    }

    /// The version of what is kept, if it cannot be read.
    async fn unreadable(&self, session: &str) -> Result<Option<Version>, StoreError> {
        let Some((version, text)) = self.read(session).await? else { return Ok(None) };
        let error = self.writing.read(text.expose()).err();
        Ok(error.is_some_and(|error| is_unreadable(&error)).then_some(version))
    }

    async fn is_done(&self, sql: &'static str, values: &[Value<'_>]) -> Result<bool, StoreError> {
        Ok(self.pool.change(sql, values).await.map_err(failed)? == 1)
    }
}

pub(super) fn failed(error: sqlx::Error) -> StoreError {
    StoreError::unavailable(error)
}

//! Tokens and begun logins in PostgreSQL, at `DATABASE_URL`. Where that is not set, these tests are skipped.

use std::sync::Arc;

use pkce_client::{PostgresTokens, SealKey, SqlFlows, StoreError};

use crate::sql_tokens::Opened;
use crate::{sql_flows, sql_tokens};

/// The URL of an empty schema of this name, if there is a server.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
async fn empty(schema: &str) -> Option<String> {
    let Ok(url) = std::env::var("DATABASE_URL") else {
        eprintln!("skipped: DATABASE_URL names no PostgreSQL database");
        return None;
    };
    let pool = sqlx::PgPool::connect(&url).await.expect("the server of DATABASE_URL");
    for what in [format!("DROP SCHEMA IF EXISTS {schema} CASCADE"), format!("CREATE SCHEMA {schema}")] {
        sqlx::query(sqlx::AssertSqlSafe(what)).execute(&pool).await.expect("a schema");
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{separator}options[search_path]={schema}"))
}

async fn sealed(url: &str, key: u8) -> PostgresTokens {
    PostgresTokens::sealed(url, SealKey::new([key; 32])).await.expect("a database")
}

/// Opens the database as another process does.
async fn opened(url: &str, key: Option<u8>) -> Opened {
    let database = match key {
        Some(key) => sealed(url, key).await,
        None => PostgresTokens::in_plain_text(url).await.expect("a database"),
    };
    Box::new(move |name| Arc::new(database.session(name)))
}

#[tokio::test]
async fn a_database_conforms_for_each_of_its_sessions() {
    let Some(url) = empty("conforms").await else { return };
    sql_tokens::conforms_for_each_session(async |key| opened(&url, key).await).await;
}

#[tokio::test]
async fn a_session_is_restored_elsewhere_by_whoever_has_the_key() {
    let Some(url) = empty("restored").await else { return };
    sql_tokens::restores_for_whoever_has_the_key(async |key| opened(&url, key).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_on_one_database_cause_one_refresh() {
    let Some(url) = empty("refreshed").await else { return };
    // More than there are connections, for leases or for anything else.
    sql_tokens::causes_one_refresh(40, async |key| opened(&url, key).await).await;
}

#[tokio::test]
async fn two_processes_make_the_tables_at_once() {
    let Some(url) = empty("made").await else { return };
    let (one, other) = (SealKey::new([1; 32]), SealKey::new([1; 32]));
    let made = tokio::join!(PostgresTokens::sealed(&url, one), PostgresTokens::sealed(&url, other));
    made.0.expect("a database");
    made.1.expect("a database");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_told_without_its_password() {
    for url in ["postgres://u:canary@127.0.0.1:9/x", "postgres:canary", "canary"] {
        let error = PostgresTokens::in_plain_text(url).await.expect_err("no database");
        assert!(matches!(error, StoreError::Unavailable(_)));
        let text = format!("{error} {error:?} {:?}", SqlFlows::postgres(url, 1).await.expect_err("no database"));
        assert!(!text.contains("canary"), "{text}");
    }
    let Some(url) = empty("shown").await else { return };
    let database = sealed(&url, 1).await;
    let shown = format!("{database:?} {:?}", database.session("canary-session"));
    assert_eq!(shown, "PostgresTokens(..) PostgresTokenStore(..)");
}

#[tokio::test]
async fn a_postgres_database_keeps_begun_logins() {
    let Some(url) = empty("flows").await else { return };
    let open = async |most, clock| SqlFlows::postgres(&url, most).await.expect("a database").clock(clock);
    sql_flows::keeps_logins(open).await;
}

#[tokio::test]
async fn a_postgres_database_forgets_what_is_too_much() {
    let Some(url) = empty("surplus").await else { return };
    let open = async |most, clock| SqlFlows::postgres(&url, most).await.expect("a database").clock(clock);
    sql_flows::forgets_what_is_too_much(open).await;
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn sessions_of_browsers_are_kept_in_a_postgres_database() {
    let Some(url) = empty("web").await else { return };
    crate::bff_logout::sessions_end(sealed(&url, 9).await, sealed(&url, 9).await).await;
}

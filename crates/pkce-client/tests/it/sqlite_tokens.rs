//! Tokens of many sessions in a SQLite database.

use std::sync::Arc;

use pkce_client::{SealKey, SqliteTokens, StoreError, TokenStore as _};

use crate::sql_tokens::{self, Opened};
use crate::token_store::{Scratch, tokens};

async fn sealed(scratch: &Scratch, key: u8) -> SqliteTokens {
    SqliteTokens::sealed(scratch.file(), SealKey::new([key; 32])).await.expect("a database")
}

/// Opens the database as another process does.
async fn opened(scratch: &Scratch, key: Option<u8>) -> Opened {
    let database = match key {
        Some(key) => sealed(scratch, key).await,
        None => SqliteTokens::in_plain_text(scratch.file()).await.expect("a database"),
    };
    Box::new(move |name| Arc::new(database.session(name)))
}

#[tokio::test]
async fn a_database_conforms_for_each_of_its_sessions() {
    let scratch = Scratch::new("sqlite-conform");
    sql_tokens::conforms_for_each_session(async |key| opened(&scratch, key).await).await;
}

#[tokio::test]
async fn a_session_outlives_the_database_that_was_opened() {
    let scratch = Scratch::new("sqlite-outlives");
    sql_tokens::restores_for_whoever_has_the_key(async |key| opened(&scratch, key).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_on_one_database_cause_one_refresh() {
    let scratch = Scratch::new("sqlite-two");
    sql_tokens::causes_one_refresh(8, async |key| opened(&scratch, key).await).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_is_for_its_owner_alone_and_shows_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new("sqlite-owner");
    let database = sealed(&scratch, 1).await;
    let store = Arc::new(database.session("canary-session"));
    let _ = store.replace(None, Some(&tokens().await)).await.expect("a store");
    let _lease = store.lease().await.expect("a store").expect("a lease");
    let mut files = 0;
    for entry in std::fs::read_dir(&scratch.0).expect("a folder") {
        let entry = entry.expect("a file");
        let mode = entry.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        let octets = std::fs::read(entry.path()).expect("a file");
        for canary in ["at-1", "rt-1", "alice"] {
            assert!(!octets.windows(canary.len()).any(|part| part == canary.as_bytes()), "{canary}");
        }
        files += 1;
    }
    assert!(files >= 2);
    let shown = format!("{database:?} {store:?}");
    assert!(!shown.contains("canary") && shown.contains("SqliteTokens"), "{shown}");
    let nowhere = SqliteTokens::in_plain_text(scratch.0.join("no/database")).await;
    assert!(matches!(nowhere, Err(StoreError::Unavailable(_))));
    std::fs::write(scratch.0.join("other"), "this is no database, but long enough to be looked at").expect("a file");
    assert!(matches!(SqliteTokens::in_plain_text(scratch.0.join("other")).await, Err(StoreError::Unavailable(_))));
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn sessions_of_browsers_are_kept_in_a_sqlite_database() {
    let scratch = Scratch::new("sqlite-web");
    crate::bff_logout::sessions_end(sealed(&scratch, 1).await, sealed(&scratch, 1).await).await;
}

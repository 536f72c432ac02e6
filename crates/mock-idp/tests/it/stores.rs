//! Every store does what a store has to do.

use std::sync::Arc;

use mock_idp::store::{MemoryStore, SqliteStore, Store};
use mock_idp::{MockIdp, conformance};

use crate::browser::{Browser, asking, redeeming, refreshing};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_memory_conforms() {
    conformance::check(|| async { Arc::new(MemoryStore::new()) as Arc<dyn Store> }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_sqlite_conforms() {
    conformance::check(|| async {
        Arc::new(SqliteStore::in_memory().await.expect("a database in memory")) as Arc<dyn Store>
    })
    .await;
}

#[tokio::test]
async fn sqlite_remembers_codes_tokens_and_replays_over_a_restart() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("restart.db");
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
    let open = || async { MockIdp::builder().sqlite(&path).await.expect("a file").in_process().expect("a server") };
    let idp = open().await;
    let (pending, spent) = (Browser::new(&idp).code(&asking()).await, Browser::new(&idp).code(&asking()).await);
    let tokens = Browser::new(&idp).token(&redeeming(&spent)).await.tokens();
    drop(idp);

    let idp = open().await;
    let browser = Browser::new(&idp);
    assert_eq!(browser.token(&redeeming(&pending)).await.status, 200);
    assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 200);
    assert_eq!(browser.token(&redeeming(&spent)).await.status, 400);
    assert_eq!(idp.journal().last().and_then(|e| e.refusal.as_ref()).map(|r| r.rule), Some("rfc6749-code-replayed"));
    drop(idp);

    let idp = open().await;
    let browser = Browser::new(&idp);
    assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 401);
    assert_eq!(browser.token(&refreshing(&tokens["refresh_token"])).await.status, 400);
}

#[tokio::test]
async fn two_servers_in_memory_share_nothing() {
    let first = MockIdp::builder().store(Arc::new(SqliteStore::in_memory().await.expect("a database")));
    let second = MockIdp::builder().store(Arc::new(SqliteStore::in_memory().await.expect("a database")));
    let (first, second) = (first.in_process().expect("a server"), second.in_process().expect("a server"));
    let code = Browser::new(&first).code(&asking()).await;
    assert_eq!(Browser::new(&second).token(&redeeming(&code)).await.status, 400);
    assert_eq!(Browser::new(&first).token(&redeeming(&code)).await.status, 200);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_error() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-database.db");
    std::fs::write(&path, "this is not a database, and long enough to be looked at. ".repeat(100)).expect("a file");
    assert!(matches!(MockIdp::builder().sqlite(&path).await, Err(mock_idp::StartError::Store(_))));
}

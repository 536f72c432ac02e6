//! Tokens of many sessions in a SQLite database.

use std::sync::Arc;

use pkce_client::token_store_conformance::check;
use pkce_client::{Endpoint, Error, Replace, SealError, SealKey, Session, SqliteTokens, StoreError, TokenStore};
use serde_json::json;

use crate::stage::{START, Stage};
use crate::token_store::{Scratch, tokens};

async fn plain(scratch: &Scratch) -> SqliteTokens {
    SqliteTokens::in_plain_text(scratch.file()).await.expect("a database")
}

async fn sealed(scratch: &Scratch, key: u8) -> SqliteTokens {
    SqliteTokens::sealed(scratch.file(), SealKey::new([key; 32])).await.expect("a database")
}

#[tokio::test]
async fn a_database_conforms_for_each_of_its_sessions() {
    let scratch = Scratch::new("sqlite-conform");
    let database = plain(&scratch).await;
    let other = database.session("other");
    let Replace::Stored(version) = other.replace(None, Some(&tokens().await)).await.expect("a store") else {
        panic!("a conflict")
    };
    check(&database.session("one' OR 1=1 --")).await.expect("conforms");
    check(&sealed(&scratch, 1).await.session("sealed")).await.expect("conforms");
    assert_eq!(other.load().await.expect("a store").expect("tokens").0, version);
}

#[tokio::test]
async fn a_session_outlives_the_database_that_was_opened() {
    let (stage, scratch) = (Stage::new(), Scratch::new("sqlite-outlives"));
    let client = stage.client();
    let session = stage.login(&client).await.expect("a session");
    session.keep_in(sealed(&scratch, 1).await.session("s")).await.expect("kept");
    let restored = Session::restore(&client, sealed(&scratch, 1).await.session("s")).await.expect("a store");
    assert_eq!(restored.expect("a session").claims().expect("claims").subject(), "alice");
    assert!(Session::restore(&client, sealed(&scratch, 1).await.session("t")).await.expect("a store").is_none());
    let refused = Session::restore(&client, sealed(&scratch, 2).await.session("s")).await;
    assert!(matches!(refused, Err(Error::Store(StoreError::Sealed(SealError::UnknownKey)))), "{refused:?}");
    let again = stage.login(&client).await.expect("a session");
    again.keep_in(sealed(&scratch, 2).await.session("s")).await.expect("a new login replaces it");
    session.forget().await.expect_err("it is sealed with a key that this one has not");
    again.forget().await.expect("removed");
    assert!(Session::restore(&client, sealed(&scratch, 2).await.session("s")).await.expect("a store").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_on_one_database_cause_one_refresh() {
    let (stage, scratch) = (Stage::new(), Scratch::new("sqlite-two"));
    let one = stage.login(&stage.client()).await.expect("a session");
    one.keep_in(plain(&scratch).await.session("s")).await.expect("kept");
    let other = Session::restore(&stage.client(), plain(&scratch).await.session("s")).await;
    let other = other.expect("a store").expect("a session");
    stage.member("access_token", json!("at-2"));
    stage.claim("exp", json!(START + 100_000));
    stage.with(|script| script.nonce = None);
    stage.clock.advance(3600);
    stage.gate.send_replace(Some(Endpoint::Token));
    let before = stage.seen(Endpoint::Token).len();
    let mut tasks = tokio::task::JoinSet::new();
    for session in [one, other] {
        tasks.spawn(async move { session.access_token().await.expect("a token").expose().to_owned() });
    }
    stage.arrived(Endpoint::Token, before + 1).await;
    stage.member("expires_in", json!(7200));
    stage.gate.send_replace(None);
    assert_eq!(tasks.join_all().await, ["at-2"; 2]);
    assert_eq!(stage.seen(Endpoint::Token).len(), before + 1);
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

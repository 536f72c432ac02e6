//! Tokens of many sessions in databases: what is said here of one holds for the others.

use std::sync::Arc;

use pkce_client::token_store_conformance::check;
use pkce_client::{Endpoint, Error, Replace, SealError, Session, StoreError, TokenStore};
use serde_json::json;

use crate::stage::{START, Stage};
use crate::token_store::tokens;

/// A database as one process has opened it: the stores of its sessions, by their names.
pub(crate) type Opened = Box<dyn Fn(&str) -> Arc<dyn TokenStore> + Send + Sync>;

/// What every such database does, `open` being another process on the same one, with the key of this number or in plain
/// text.
pub(crate) async fn conforms_for_each_session(open: impl AsyncFn(Option<u8>) -> Opened) {
    let database = open(None).await;
    let other = database("other");
    let Replace::Stored(version) = other.replace(None, Some(&tokens().await)).await.expect("a store") else {
        panic!("a conflict")
    };
    check(&database("one' OR 1=1 --")).await.expect("conforms");
    check(&open(Some(1)).await("sealed")).await.expect("conforms");
    assert_eq!(other.load().await.expect("a store").expect("tokens").0, version);
}

pub(crate) async fn restores_for_whoever_has_the_key(open: impl AsyncFn(Option<u8>) -> Opened) {
    let stage = Stage::new();
    let client = stage.client();
    let restored = async |key, name: &str| Session::restore(&client, open(Some(key)).await(name)).await;
    let session = stage.login(&client).await.expect("a session");
    session.keep_in(open(Some(1)).await("s")).await.expect("kept");
    let same = restored(1, "s").await.expect("a store").expect("a session");
    assert_eq!(same.claims().expect("claims").subject(), "alice");
    assert!(restored(1, "t").await.expect("a store").is_none());
    let refused = restored(2, "s").await;
    assert!(matches!(refused, Err(Error::Store(StoreError::Sealed(SealError::UnknownKey)))), "{refused:?}");
    let again = stage.login(&client).await.expect("a session");
    again.keep_in(open(Some(2)).await("s")).await.expect("a new login replaces it");
    session.forget().await.expect_err("it is sealed with a key that this one has not");
    again.forget().await.expect("removed");
    assert!(restored(2, "s").await.expect("a store").is_none());
}

/// Besides the one that has logged in there are `others`, who share what another process has opened.
pub(crate) async fn causes_one_refresh(others: usize, open: impl AsyncFn(Option<u8>) -> Opened) {
    let stage = Stage::new();
    let first = stage.login(&stage.client()).await.expect("a session");
    first.keep_in(open(Some(1)).await("s")).await.expect("kept");
    let database = open(Some(1)).await;
    let mut sessions = vec![first];
    for _ in 0..others {
        let restored = Session::restore(&stage.client(), database("s")).await;
        sessions.push(restored.expect("a store").expect("a session"));
    }
    stage.member("access_token", json!("at-2"));
    stage.claim("exp", json!(START + 100_000));
    stage.with(|script| script.nonce = None);
    stage.clock.advance(3600);
    stage.gate.send_replace(Some(Endpoint::Token));
    let before = stage.seen(Endpoint::Token).len();
    let mut tasks = tokio::task::JoinSet::new();
    for session in sessions {
        tasks.spawn(async move { session.access_token().await.expect("a token").expose().to_owned() });
    }
    stage.arrived(Endpoint::Token, before + 1).await;
    stage.member("expires_in", json!(7200));
    stage.gate.send_replace(None);
    assert!(tasks.join_all().await.iter().all(|token| token == "at-2"));
    assert_eq!(stage.seen(Endpoint::Token).len(), before + 1);
}

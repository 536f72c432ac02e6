//! The store of begun logins: each is handed out once, and not for ever.

use std::sync::Arc;
use std::time::Duration;

use pkce_client::{Callback, FlowKey, FlowStore, MemoryFlows, Pending, SealKey, Started};

use crate::stage::{Stage, TestClock, callback, response_to};

const LIFETIME: Duration = Duration::from_secs(60);

fn flow(state: &str) -> FlowKey {
    Callback::from_query(&format!("state={state}")).expect("parameters").lookup_key().expect("a state")
}

async fn put(store: &dyn FlowStore, state: &str, sealed: &str, lifetime: Duration) {
    store.put(&flow(state), sealed.to_owned(), lifetime).await.expect("kept");
}

async fn take(store: &dyn FlowStore, state: &str) -> Option<String> {
    store.take(&flow(state)).await.expect("an answer")
}

#[tokio::test]
async fn a_login_is_taken_once() {
    let stage = Stage::new();
    let store: Arc<dyn FlowStore> = Arc::new(MemoryFlows::new(10, stage.clock.clone()));
    let (client, key) = (stage.client(), SealKey::new([1; 32]));
    let Started { url, pending } = stage.begin(&client).await;
    store.put(&pending.lookup_key(), pending.into_sealed(&key), LIFETIME).await.expect("kept");
    let begun = Started { url, pending: client.login().begin().await.expect("another").pending };
    let response = callback(&begun, &[]);
    let flow = response.lookup_key().expect("a state");
    let (first, second) = tokio::join!(store.take(&flow), store.take(&flow));
    let taken = [first.expect("an answer"), second.expect("an answer")];
    let [Some(sealed), None] = taken else { panic!("one of two gets it: {taken:?}") };
    let pending = Pending::from_sealed(&client, &key, &sealed).expect("the login");
    assert!(client.finish(pending, response).await.is_ok());
}

/// Complaint 18: two tabs of one browser overwrite each other's logins.
#[tokio::test]
async fn two_tabs_log_in_at_once() {
    let stage = Stage::new();
    let (store, key) = (MemoryFlows::new(10, stage.clock.clone()), SealKey::new([1; 32]));
    let client = stage.client();
    let mut tabs = Vec::new();
    for _ in 0..2 {
        let Started { url, pending } = client.login().scopes(["profile"]).begin().await.expect("a login");
        store.put(&pending.lookup_key(), pending.into_sealed(&key), LIFETIME).await.expect("kept");
        tabs.push(url);
    }
    for url in tabs {
        let response = Callback::from_query(&response_to(&url, &[])).expect("parameters");
        let flow = response.lookup_key().expect("a state");
        let sealed = store.take(&flow).await.expect("an answer").expect("a login");
        let pending = Pending::from_sealed(&client, &key, &sealed).expect("the login");
        assert!(client.finish(pending, response).await.is_ok());
    }
}

#[tokio::test]
async fn a_login_is_kept_for_its_lifetime() {
    let clock = TestClock::new();
    let store = MemoryFlows::new(10, clock.clone());
    put(&store, "a", "1", LIFETIME).await;
    put(&store, "b", "2", LIFETIME).await;
    clock.advance(59);
    assert_eq!(take(&store, "a").await.as_deref(), Some("1"));
    clock.advance(1);
    assert_eq!(take(&store, "b").await, None);
}

#[tokio::test]
async fn what_is_put_twice_is_replaced() {
    let store = MemoryFlows::new(1, TestClock::new());
    put(&store, "a", "1", LIFETIME).await;
    put(&store, "a", "2", LIFETIME).await;
    assert_eq!(take(&store, "a").await.as_deref(), Some("2"));
    assert_eq!(take(&store, "unknown").await, None);
}

#[tokio::test]
async fn a_full_store_forgets_what_would_expire_first() {
    let clock = TestClock::new();
    let store = MemoryFlows::new(2, clock.clone());
    put(&store, "long", "1", LIFETIME * 2).await;
    put(&store, "short", "2", LIFETIME).await;
    put(&store, "new", "3", LIFETIME * 3).await;
    assert_eq!(take(&store, "short").await, None);
    clock.advance(120);
    put(&store, "newer", "4", LIFETIME).await;
    assert_eq!(take(&store, "new").await.as_deref(), Some("3"), "one that had expired made room");
    assert_eq!(take(&store, "newer").await.as_deref(), Some("4"));
    assert_eq!(take(&store, "long").await, None);
}

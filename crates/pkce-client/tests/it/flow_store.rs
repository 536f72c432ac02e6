//! The store of begun logins: each is handed out once, and not for ever.

use std::sync::Arc;
use std::time::Duration;

use pkce_client::flow_store_conformance::check;
use pkce_client::{BoxFuture, Callback, FlowKey, FlowStore, FlowStoreError, MemoryFlows, Pending, SealKey, Started};

use crate::stage::{Stage, TestClock, callback, response_to};

pub(crate) const LIFETIME: Duration = Duration::from_secs(60);

pub(crate) fn flow(state: &str) -> FlowKey {
    Callback::from_query(&format!("state={state}")).expect("parameters").lookup_key().expect("a state")
}

pub(crate) async fn put(store: &dyn FlowStore, state: &str, sealed: &str, lifetime: Duration) {
    store.put(&flow(state), sealed.to_owned(), lifetime).await.expect("kept");
}

pub(crate) async fn take(store: &dyn FlowStore, state: &str) -> Option<String> {
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
async fn complaint_18_two_tabs_log_in_at_once() {
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

#[tokio::test]
async fn the_store_in_memory_conforms() {
    check(&MemoryFlows::new(4, TestClock::new())).await.expect("conforms");
}

/// What a store may do wrong.
#[derive(Clone, Copy)]
enum Wrong {
    KeepsWhatIsTaken,
    ForgetsOthers,
    KeepsTheFirst,
    HandsOutTheExpired,
    ChangesTheText,
    InventsLogins,
    IsDown,
}

struct Bent(MemoryFlows, Wrong);

impl FlowStore for Bent {
    fn put<'a>(
        &'a self,
        key: &'a FlowKey,
        sealed: String,
        lifetime: Duration,
    ) -> BoxFuture<'a, Result<(), FlowStoreError>> {
        Box::pin(async move {
            let before = match self.1 {
                Wrong::KeepsTheFirst => self.0.take(key).await?,
                Wrong::IsDown => return Err(FlowStoreError::new("down")),
                _ => None,
            };
            let sealed = match self.1 {
                Wrong::ChangesTheText => sealed.to_lowercase().replace('%', ""),
                _ => sealed,
            };
            let lifetime = if matches!(self.1, Wrong::HandsOutTheExpired) { LIFETIME } else { lifetime };
            self.0.put(key, before.unwrap_or(sealed), lifetime).await
        })
    }

    fn take<'a>(&'a self, key: &'a FlowKey) -> BoxFuture<'a, Result<Option<String>, FlowStoreError>> {
        Box::pin(async move {
            let taken = self.0.take(key).await?;
            match (self.1, &taken) {
                (Wrong::KeepsWhatIsTaken, Some(sealed)) => self.0.put(key, sealed.clone(), LIFETIME).await?,
                (Wrong::InventsLogins, None) => return Ok(Some("invented".to_owned())),
                _ => {}
            }
            Ok(taken)
        })
    }
}

#[tokio::test]
async fn a_store_that_does_not_conform_is_told_so() {
    use Wrong::{
        ChangesTheText, ForgetsOthers, HandsOutTheExpired, InventsLogins, IsDown, KeepsTheFirst, KeepsWhatIsTaken,
    };
    for (wrong, rule) in [
        (InventsLogins, "what was not kept is not there"),
        (ChangesTheText, "what is kept is found as it was"),
        (KeepsWhatIsTaken, "what was taken is gone"),
        (ForgetsOthers, "what is kept is found as it was"),
        (KeepsTheFirst, "what is kept again replaces what was there"),
        (HandsOutTheExpired, "what has expired is not handed out"),
        (IsDown, "the store failed"),
    ] {
        let room = if matches!(wrong, ForgetsOthers) { 1 } else { 10 };
        let error = check(&Bent(MemoryFlows::new(room, TestClock::new()), wrong)).await.expect_err(rule);
        assert!(error.to_string().contains(rule), "{error}");
    }
}

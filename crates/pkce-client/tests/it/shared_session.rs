//! A session that several processes share through a store. Here every one of them is a client of its own, with its own
//! view of the same store.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use pkce_client::{
    BoxFuture, Endpoint, Error, JwtError, Lease, MemoryStore, Replace, Session, StoreError, TokenSet, TokenStore,
    TransportError, Version,
};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::stage::{START, Stage, response};
use crate::token_store::Scratch;

/// A store that can be taken away, without a lease if so wished.
#[derive(Clone)]
struct Shaky {
    inner: MemoryStore,
    leases: bool,
    unreadable: Arc<AtomicBool>,
    unwritable: Arc<AtomicBool>,
    replaced: Arc<AtomicUsize>,
    /// Closed while replacing takes its time.
    gate: Arc<watch::Sender<bool>>,
}

impl Shaky {
    fn new() -> Self {
        Self {
            inner: MemoryStore::new(),
            leases: true,
            unreadable: Arc::default(),
            unwritable: Arc::default(),
            replaced: Arc::default(),
            gate: Arc::new(watch::Sender::new(true)),
        }
    }

    fn without_lease() -> Self {
        Self { leases: false, ..Self::new() }
    }

    async fn kept(&self) -> Option<(Version, TokenSet)> {
        self.inner.load().await.expect("a store")
    }

    async fn text(&self) -> String {
        self.kept().await.expect("tokens").1.expose_json().expose().to_owned()
    }
}

impl TokenStore for Shaky {
    fn load(&self) -> BoxFuture<'_, Result<Option<(Version, TokenSet)>, StoreError>> {
        match self.unreadable.load(Ordering::Relaxed) {
            true => Box::pin(std::future::ready(Err(StoreError::unavailable("it is gone")))),
            false => self.inner.load(),
        }
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        new: Option<&'a TokenSet>,
    ) -> BoxFuture<'a, Result<Replace, StoreError>> {
        Box::pin(async move {
            self.replaced.fetch_add(1, Ordering::Relaxed);
            self.gate.subscribe().wait_for(|open| *open).await.expect("the store is alive");
            match self.unwritable.load(Ordering::Relaxed) {
                true => Err(StoreError::unavailable("it is full")),
                false => self.inner.replace(expected, new).await,
            }
        })
    }

    fn lease(&self) -> BoxFuture<'_, Result<Option<Lease>, StoreError>> {
        match self.leases {
            true => self.inner.lease(),
            false => Box::pin(std::future::ready(Ok(None))),
        }
    }
}

/// A session in a store, whose access token has expired.
async fn kept_in(stage: &Stage, store: impl TokenStore + 'static) -> Session {
    let session = stage.login(&stage.client()).await.expect("a session");
    session.keep_in(store).await.expect("kept");
    stage.seen.lock().expect("a journal").clear();
    stage.member("expires_in", json!(7200));
    stage.member("access_token", json!("at-2"));
    stage.member("refresh_token", json!("rt-2"));
    stage.claim("exp", json!(START + 1_000_000));
    stage.with(|script| script.nonce = None);
    stage.clock.advance(3600);
    session
}

/// The same session in another process.
async fn elsewhere(stage: &Stage, store: impl TokenStore + 'static) -> Session {
    Session::restore(&stage.client(), store).await.expect("a store").expect("a session")
}

async fn token(session: &Session) -> String {
    session.access_token().await.expect("a token").expose().to_owned()
}

/// The refresh tokens that were sent.
fn sent(stage: &Stage) -> Vec<String> {
    let seen = stage.seen(Endpoint::Token);
    seen.iter().map(|seen| seen.params.get("refresh_token").expect("a refresh").to_owned()).collect()
}

/// A server that rotates: it takes its newest refresh token alone, and ends everything if a former one comes back.
fn rotates(stage: &Stage) {
    let newest = Mutex::new(Some(1));
    stage.instead(move |seen| {
        if seen.endpoint != Endpoint::Token {
            return None;
        }
        let mut newest = newest.lock().expect("no panic");
        let valid = newest.map(|number| format!("rt-{number}"));
        let answer = if valid.as_deref() == seen.params.get("refresh_token") {
            let next = newest.unwrap_or_default() + 1;
            *newest = Some(next);
            let body = json!({
                "access_token": format!("at-{next}"), "token_type": "Bearer", "expires_in": 7200,
                "refresh_token": format!("rt-{next}")
            });
            response(200, "application/json", body.to_string())
        } else {
            *newest = None;
            response(400, "application/json", r#"{"error":"invalid_grant"}"#)
        };
        Some(Ok(answer))
    });
}

async fn yields() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

/// Complaint 14: a stampede of refreshes, of which a server that rotates refuses all but one, or ends the session.
#[tokio::test(flavor = "multi_thread")]
async fn complaint_14_a_hundred_tasks_cause_one_refresh() {
    let (stage, scratch) = (Stage::new(), Scratch::new("hundred"));
    let session = kept_in(&stage, scratch.store()).await;
    rotates(&stage);
    stage.gate.send_replace(Some(Endpoint::Token));
    let start = Arc::new(tokio::sync::Barrier::new(100));
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let (session, start) = (session.clone(), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            token(&session).await
        });
    }
    stage.arrived(Endpoint::Token, 1).await;
    stage.gate.send_replace(None);
    assert_eq!(tasks.join_all().await, ["at-2"; 100]);
    assert_eq!(sent(&stage), ["rt-1"]);
}

/// Complaint 15: two processes refresh at once, and one of them loses the session.
#[tokio::test(flavor = "multi_thread")]
async fn complaint_15_two_clients_on_one_file_cause_one_refresh() {
    let (stage, scratch) = (Stage::new(), Scratch::new("two"));
    let one = kept_in(&stage, scratch.store()).await;
    let other = elsewhere(&stage, scratch.store()).await;
    rotates(&stage);
    stage.gate.send_replace(Some(Endpoint::Token));
    let mut tasks = JoinSet::new();
    for session in [&one, &other] {
        for _ in 0..10 {
            let session = session.clone();
            tasks.spawn(async move { token(&session).await });
        }
    }
    stage.arrived(Endpoint::Token, 1).await;
    stage.gate.send_replace(None);
    assert_eq!(tasks.join_all().await, ["at-2"; 20]);
    assert_eq!(sent(&stage), ["rt-1"]);
    one.refresh().await.expect("a refresh");
    other.refresh().await.expect("the other's");
    assert_eq!((token(&one).await, token(&other).await), ("at-3".to_owned(), "at-3".to_owned()));
    other.refresh().await.expect("a refresh");
    assert_eq!(sent(&stage), ["rt-1", "rt-2", "rt-3"]);
}

#[tokio::test]
async fn a_refused_token_that_was_replaced_elsewhere_is_adopted() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let one = kept_in(&stage, store.clone()).await;
    let other = elsewhere(&stage, store.clone()).await;
    rotates(&stage);
    let refused = pkce_client::Secret::new("at-1");
    one.refresh_refused(&refused).await.expect("a refresh");
    other.refresh_refused(&refused).await.expect("the other's");
    assert_eq!((token(&other).await, sent(&stage).len()), ("at-2".to_owned(), 1));
}

#[tokio::test]
async fn adopted_tokens_that_have_expired_are_refreshed() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let one = kept_in(&stage, store.clone()).await;
    let other = elsewhere(&stage, store.clone()).await;
    rotates(&stage);
    one.refresh().await.expect("a refresh");
    stage.clock.advance(7200);
    assert_eq!((token(&other).await, token(&one).await), ("at-3".to_owned(), "at-3".to_owned()));
    assert_eq!(sent(&stage), ["rt-1", "rt-2"]);
}

/// Complaint 15: the answer to a refresh names no new refresh token, and the old one is forgotten.
#[tokio::test]
async fn complaint_15_a_refresh_token_that_is_not_replaced_is_stored_again() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let session = kept_in(&stage, store.clone()).await;
    stage.member("refresh_token", Value::Null);
    assert_eq!(token(&session).await, "at-2");
    drop(session);
    assert!(store.text().await.contains(r#""at-2""#) && store.text().await.contains(r#""rt-1""#));
    let session = elsewhere(&stage, store).await;
    session.refresh().await.expect("a refresh");
    assert_eq!(sent(&stage), ["rt-1", "rt-1"]);
}

#[tokio::test]
async fn a_session_that_was_removed_elsewhere_is_over() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let one = kept_in(&stage, store.clone()).await;
    let other = elsewhere(&stage, store.clone()).await;
    one.forget().await.expect("removed");
    assert!(store.kept().await.is_none());
    for session in [&one, &other] {
        assert!(matches!(session.access_token().await, Err(Error::ReauthRequired)));
        assert!(matches!(session.refresh().await, Err(Error::ReauthRequired)));
        assert!(matches!(session.keep_in(store.clone()).await, Err(Error::ReauthRequired)));
        session.forget().await.expect("nothing to do");
    }
    assert!(sent(&stage).is_empty());
}

#[tokio::test]
async fn what_is_removed_is_what_the_others_have_refreshed_too() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let one = kept_in(&stage, store.clone()).await;
    let other = elsewhere(&stage, store.clone()).await;
    other.refresh().await.expect("a refresh");
    one.forget().await.expect("removed");
    assert!(store.kept().await.is_none());
    assert!(matches!(other.refresh().await, Err(Error::ReauthRequired)));
}

#[tokio::test]
async fn another_login_in_the_store_ends_the_session_and_is_left_alone() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let former = kept_in(&stage, store.clone()).await;
    let latter = stage.login(&stage.client()).await.expect("a session");
    latter.keep_in(store.clone()).await.expect("kept");
    let text = store.text().await;
    let asked = sent_refreshes(&stage);
    assert!(matches!(former.access_token().await, Err(Error::ReauthRequired)), "the same user, another session");
    assert_eq!(sent_refreshes(&stage), asked);
    former.forget().await.expect("nothing to do");
    assert_eq!(store.text().await, text);
    latter.refresh().await.expect("a refresh");
}

/// How many refreshes there were, among other requests.
fn sent_refreshes(stage: &Stage) -> usize {
    stage.seen(Endpoint::Token).iter().filter(|seen| seen.params.get("refresh_token").is_some()).count()
}

#[tokio::test]
async fn a_login_that_comes_in_between_is_not_overwritten() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let former = kept_in(&stage, store.clone()).await;
    let latter = stage.login(&stage.client()).await.expect("a session");
    stage.with(|script| script.nonce = None);
    stage.gate.send_replace(Some(Endpoint::Token));
    let before = stage.seen(Endpoint::Token).len();
    let refreshing = tokio::spawn({
        let former = former.clone();
        async move { former.access_token().await }
    });
    stage.arrived(Endpoint::Token, before + 1).await;
    latter.keep_in(store.clone()).await.expect("kept");
    let text = store.text().await;
    stage.gate.send_replace(None);
    let outcome = refreshing.await.expect("no panic");
    assert!(matches!(outcome, Err(Error::ReauthRequired)), "{outcome:?}");
    assert_eq!(store.text().await, text);
}

#[tokio::test]
async fn tokens_that_could_not_be_stored_are_used_and_stored_later() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let session = kept_in(&stage, store.clone()).await;
    rotates(&stage);
    store.unwritable.store(true, Ordering::Relaxed);
    assert_eq!(token(&session).await, "at-2");
    let error = session.save().await.expect_err("it is told");
    assert!(matches!(error, Error::Store(StoreError::Unavailable(_))), "{error:?}");
    assert_eq!(token(&session).await, "at-2");
    assert!(matches!(session.refresh().await, Err(Error::Store(_))));
    assert_eq!(token(&session).await, "at-3");
    assert!(store.text().await.contains(r#""rt-1""#));
    store.unwritable.store(false, Ordering::Relaxed);
    assert_eq!(token(&session).await, "at-3");
    assert!(store.text().await.contains(r#""rt-3""#));
    session.save().await.expect("nothing to do");
    assert_eq!(sent(&stage), ["rt-1", "rt-2"]);
    let replaced = store.replaced.load(Ordering::Relaxed);
    assert_eq!(token(&session).await, "at-3");
    assert_eq!(store.replaced.load(Ordering::Relaxed), replaced);
}

/// The store has a spent refresh token. Whoever sent it would end the session for everybody.
#[tokio::test]
async fn nobody_sends_what_another_process_has_spent_and_could_not_store() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let one = kept_in(&stage, store.clone()).await;
    let other = elsewhere(&stage, store.clone()).await;
    rotates(&stage);
    store.unwritable.store(true, Ordering::Relaxed);
    assert_eq!(token(&one).await, "at-2");
    let waiting = tokio::spawn({
        let other = other.clone();
        async move { other.access_token().await }
    });
    yields().await;
    assert!(!waiting.is_finished());
    store.unwritable.store(false, Ordering::Relaxed);
    assert_eq!(token(&one).await, "at-2");
    assert_eq!(waiting.await.expect("no panic").expect("a token").expose(), "at-2");
    assert_eq!(sent(&stage), ["rt-1"]);
}

#[tokio::test]
async fn a_lease_is_not_waited_for_without_end() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let session = kept_in(&stage, store.clone()).await;
    let lease = store.lease().await.expect("a store").expect("a lease");
    let waiting = tokio::spawn({
        let session = session.clone();
        async move { session.access_token().await }
    });
    while stage.clock.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    stage.clock.advance(119);
    yields().await;
    assert!(!waiting.is_finished());
    stage.clock.advance(1);
    let outcome = waiting.await.expect("no panic");
    assert!(matches!(outcome, Err(Error::Store(StoreError::Busy))), "{outcome:?}");
    drop(lease);
    assert_eq!(token(&session).await, "at-2");
    assert_eq!(sent(&stage), ["rt-1"]);
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_not_guessed_at() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let session = kept_in(&stage, store.clone()).await;
    store.unreadable.store(true, Ordering::Relaxed);
    assert!(matches!(session.access_token().await, Err(Error::Store(StoreError::Unavailable(_)))));
    assert!(sent(&stage).is_empty());
    store.unreadable.store(false, Ordering::Relaxed);
    assert_eq!(token(&session).await, "at-2");
    // While the token can still be used, it is.
    stage.clock.advance(7200 - 60);
    store.unreadable.store(true, Ordering::Relaxed);
    assert_eq!(token(&session).await, "at-2");
    assert!(matches!(session.refresh().await, Err(Error::Store(_))));
    assert_eq!(sent(&stage), ["rt-1"]);
}

#[tokio::test]
async fn a_login_that_could_not_be_stored_is_stored_later() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let former = kept_in(&stage, store.clone()).await;
    let latter = stage.login(&stage.client()).await.expect("a session");
    stage.with(|script| script.nonce = None);
    store.unwritable.store(true, Ordering::Relaxed);
    assert!(matches!(latter.keep_in(store.clone()).await, Err(Error::Store(_))));
    assert!(matches!(latter.refresh().await, Err(Error::Store(_))), "it is still not stored");
    let got = token(&latter).await;
    store.unwritable.store(false, Ordering::Relaxed);
    assert_eq!(token(&latter).await, got);
    assert_eq!(token(&elsewhere(&stage, store.clone()).await).await, got);
    assert!(matches!(former.refresh().await, Err(Error::ReauthRequired)));
}

/// Without a lease two processes send the same refresh token. The server decides what that is worth; here it refuses
/// the second, and nobody is logged out.
#[tokio::test]
async fn without_a_lease_a_refused_process_adopts_what_the_other_stored() {
    let (stage, store) = (Stage::new(), Shaky::without_lease());
    let one = kept_in(&stage, store.clone()).await;
    let other = elsewhere(&stage, store.clone()).await;
    rotates(&stage);
    stage.gate.send_replace(Some(Endpoint::Token));
    let mut both = JoinSet::new();
    for session in [&one, &other] {
        let session = session.clone();
        both.spawn(async move { session.refresh().await });
    }
    stage.arrived(Endpoint::Token, 2).await;
    // Whoever stores has to wait, so that the refused one looks too early.
    store.gate.send_replace(false);
    stage.gate.send_replace(None);
    while store.replaced.load(Ordering::Relaxed) < 2 {
        tokio::task::yield_now().await;
    }
    let early = both.join_next().await.expect("two of them").expect("no panic");
    assert!(matches!(early, Err(Error::ReauthRequired)), "{early:?}");
    store.gate.send_replace(true);
    both.join_next().await.expect("two of them").expect("no panic").expect("a refresh");
    // What it took for the end was not: the other one's tokens are there.
    assert_eq!((token(&one).await, token(&other).await), ("at-2".to_owned(), "at-2".to_owned()));
    assert_eq!(sent(&stage), ["rt-1", "rt-1"]);
}

#[tokio::test]
async fn without_a_lease_and_with_grace_both_converge_on_what_was_stored_first() {
    let (stage, store) = (Stage::new(), Shaky::without_lease());
    let one = kept_in(&stage, store.clone()).await;
    let other = elsewhere(&stage, store.clone()).await;
    let count = AtomicUsize::new(1);
    stage.instead(move |seen| {
        (seen.endpoint == Endpoint::Token).then(|| {
            let next = count.fetch_add(1, Ordering::Relaxed) + 1;
            let body = json!({
                "access_token": format!("at-{next}"), "token_type": "Bearer", "refresh_token": format!("rt-{next}"),
                "expires_in": 7200
            });
            Ok(response(200, "application/json", body.to_string()))
        })
    });
    stage.gate.send_replace(Some(Endpoint::Token));
    let mut both = JoinSet::new();
    for session in [&one, &other] {
        let session = session.clone();
        both.spawn(async move { session.refresh().await });
    }
    stage.arrived(Endpoint::Token, 2).await;
    stage.gate.send_replace(None);
    assert!(both.join_all().await.iter().all(Result::is_ok));
    let (left, right) = (token(&one).await, token(&other).await);
    assert_eq!(left, right);
    assert!(store.text().await.contains(&format!(r#""{left}""#)));
}

#[tokio::test]
async fn an_invalid_grant_is_the_end_only_if_the_store_agrees() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let session = kept_in(&stage, store.clone()).await;
    stage.answer(Endpoint::Token, 400, "application/json", r#"{"error":"invalid_grant"}"#);
    let unreadable = Arc::clone(&store.unreadable);
    stage.instead(move |seen| {
        (seen.endpoint == Endpoint::Token).then(|| {
            unreadable.store(true, Ordering::Relaxed);
            Ok(response(400, "application/json", r#"{"error":"invalid_grant"}"#))
        })
    });
    assert!(matches!(session.refresh().await, Err(Error::Store(_))), "nobody knows");
    store.unreadable.store(false, Ordering::Relaxed);
    stage.answer(Endpoint::Token, 400, "application/json", r#"{"error":"invalid_grant"}"#);
    assert!(matches!(session.refresh().await, Err(Error::ReauthRequired)));
    assert!(matches!(session.refresh().await, Err(Error::ReauthRequired)));
    assert_eq!(sent(&stage).len(), 2, "a dead refresh token is not sent again");
}

/// Another process without a lease was quicker: its tokens are in the store when this one's are refused.
#[tokio::test]
async fn a_refused_process_adopts_what_is_in_the_store_by_then() {
    for (expires, adopted) in [(START + 100_000, true), (START + 1, false)] {
        let (stage, store) = (Stage::new(), Shaky::without_lease());
        let session = kept_in(&stage, store.clone()).await;
        stage.gate.send_replace(Some(Endpoint::Token));
        let refreshing = tokio::spawn({
            let session = session.clone();
            async move { session.access_token().await }
        });
        stage.arrived(Endpoint::Token, 1).await;
        let (version, tokens) = store.kept().await.expect("tokens");
        let text = tokens.expose_json().expose().replace("t-1", "t-9");
        let text = text.replace(&format!(r#""at":{}"#, START + 3600), &format!(r#""at":{expires}"#));
        let text = text.replace(&(START + 3540).to_string(), &(expires - 1).to_string());
        let theirs = TokenSet::from_exposed_json(&text).expect("tokens");
        assert!(matches!(store.inner.replace(Some(&version), Some(&theirs)).await, Ok(Replace::Stored(_))));
        stage.answer(Endpoint::Token, 400, "application/json", r#"{"error":"invalid_grant"}"#);
        stage.gate.send_replace(None);
        let outcome = refreshing.await.expect("no panic");
        match adopted {
            true => assert_eq!(outcome.expect("theirs").expose(), "at-9"),
            false => assert!(matches!(outcome, Err(Error::Store(StoreError::Contended))), "{outcome:?}"),
        }
        stage.with(|script| script.instead = None);
        session.refresh().await.expect("the session goes on");
        assert_eq!(sent(&stage), ["rt-1", "rt-9"]);
    }
}

/// A server that is away is asked once, not by each of a hundred tasks in its turn.
#[tokio::test]
async fn a_failure_is_told_to_all_who_waited_for_it() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let session = kept_in(&stage, store.clone()).await;
    stage.gate.send_replace(Some(Endpoint::Token));
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        let session = session.clone();
        tasks.spawn(async move {
            match number % 2 {
                0 => session.access_token().await.map(drop),
                _ => session.refresh().await,
            }
        });
    }
    stage.arrived(Endpoint::Token, 1).await;
    stage.instead(|seen| (seen.endpoint == Endpoint::Token).then_some(Err(TransportError::Timeout)));
    stage.gate.send_replace(None);
    for outcome in tasks.join_all().await {
        let error = outcome.expect_err("the server is away");
        let Error::Transport { endpoint: Endpoint::Token, source: TransportError::Timeout } = error else {
            panic!("{error:?}")
        };
    }
    assert_eq!(sent(&stage), ["rt-1"]);
    stage.with(|script| script.instead = None);
    assert_eq!(token(&session).await, "at-2");
    assert_eq!(sent(&stage), ["rt-1", "rt-1"]);
}

#[tokio::test]
async fn the_end_of_a_session_is_told_to_all_who_waited_for_it() {
    let refusals = [(400, r#"{"error":"invalid_grant"}"#), (200, r#"{"token_type":"Bearer"}"#), (302, "")];
    for (status, body) in refusals {
        let (stage, store) = (Stage::new(), Shaky::new());
        let session = kept_in(&stage, store.clone()).await;
        stage.gate.send_replace(Some(Endpoint::Token));
        let mut tasks = JoinSet::new();
        for _ in 0..10 {
            let session = session.clone();
            tasks.spawn(async move { session.refresh().await.is_err() });
        }
        stage.arrived(Endpoint::Token, 1).await;
        stage.answer(Endpoint::Token, status, "application/json", body);
        stage.gate.send_replace(None);
        assert_eq!(tasks.join_all().await, [true; 10]);
        assert_eq!(sent(&stage), ["rt-1"]);
    }
    // What is wrong with a token is not told twice: the session is over for the others.
    let (stage, store) = (Stage::new(), Shaky::new());
    let session = kept_in(&stage, store.clone()).await;
    stage.claim("sub", json!("mallory"));
    stage.gate.send_replace(Some(Endpoint::Token));
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let session = session.clone();
        tasks.spawn(async move { session.refresh().await.is_err() });
    }
    stage.arrived(Endpoint::Token, 1).await;
    stage.gate.send_replace(None);
    assert_eq!((tasks.join_all().await, sent(&stage).len()), (vec![true; 10], 1));
}

#[tokio::test]
async fn a_refresh_that_nobody_waits_for_is_stored() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let session = kept_in(&stage, store.clone()).await;
    stage.gate.send_replace(Some(Endpoint::Token));
    let caller = tokio::spawn({
        let session = session.clone();
        async move { session.access_token().await }
    });
    stage.arrived(Endpoint::Token, 1).await;
    caller.abort();
    assert!(caller.await.is_err());
    drop(session);
    stage.gate.send_replace(None);
    while !store.text().await.contains(r#""rt-2""#) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn tokens_that_must_not_be_trusted_are_taken_from_everybody() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let one = kept_in(&stage, store.clone()).await;
    let other = elsewhere(&stage, store.clone()).await;
    stage.claim("sub", json!("mallory"));
    let error = one.refresh().await.expect_err("somebody else");
    assert!(matches!(error, Error::IdToken(JwtError::Changed("sub"))), "{error:?}");
    assert!(store.kept().await.is_none());
    assert!(matches!(other.access_token().await, Err(Error::ReauthRequired)));
    assert_eq!(sent(&stage), ["rt-1"]);
}

#[tokio::test]
async fn a_rotated_token_is_stored_although_the_keys_are_away() {
    let (stage, store) = (Stage::new(), Shaky::new());
    let session = kept_in(&stage, store.clone()).await;
    stage.instead(|seen| (seen.endpoint == Endpoint::Jwks).then_some(Err(TransportError::Timeout)));
    assert!(matches!(session.refresh().await, Err(Error::Transport { endpoint: Endpoint::Jwks, .. })));
    assert!(store.text().await.contains(r#""rt-2""#) && store.text().await.contains(r#""at-1""#));
}

#[tokio::test]
async fn a_session_without_refresh_token_is_kept_as_long_as_it_lasts() {
    let (stage, store) = (Stage::new(), Shaky::new());
    stage.member("refresh_token", Value::Null);
    let session = stage.login(&stage.client()).await.expect("a session");
    session.keep_in(store.clone()).await.expect("kept");
    stage.clock.advance(3599);
    assert_eq!(token(&elsewhere(&stage, store.clone()).await).await, "at-1");
    stage.clock.advance(1);
    assert!(matches!(elsewhere(&stage, store).await.access_token().await, Err(Error::ReauthRequired)));
}

#[tokio::test]
async fn details_are_asked_for_although_another_process_has_refreshed() {
    let (stage, store) = (Stage::new(), Shaky::new());
    stage.with(|script| script.metadata["authorization_details_types_supported"] = json!(["payment"]));
    let one = kept_in(&stage, store.clone()).await;
    let other = elsewhere(&stage, store.clone()).await;
    one.refresh().await.expect("a refresh");
    other.refresh_for(json!([{"type": "payment"}])).await.expect("a refresh");
    assert_eq!(sent(&stage), ["rt-1", "rt-2"]);
    let named = stage.seen(Endpoint::Token)[1].params.get("authorization_details").map(str::to_owned);
    assert_eq!(named.as_deref(), Some(r#"[{"type":"payment"}]"#));
    assert!(store.text().await.contains("payment"), "they are named again by every process");
}

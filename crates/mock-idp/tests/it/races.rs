//! Races: of any number of requests that spend a code or a refresh token at once, one gets tokens. The others are
//! recognised as replays, which end the family.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use mock_idp::store::{MemoryStore, SqliteStore, Store};
use mock_idp::{Entry, MockIdp};
use oauth_types::{Algorithm, Params};
use tokio::sync::{Barrier, mpsc};

use crate::scratch::Scratch;
use crate::wire::{Answer, Login, Wire, member, post, userinfo, within, written};

const RACERS: usize = 32;
const ROUNDS: usize = 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_32_redemptions_gets_tokens_from_memory() {
    codes(Arc::new(MemoryStore::new()), ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_32_redemptions_gets_tokens_from_sqlite_in_memory() {
    codes(Arc::new(SqliteStore::in_memory().await.expect("a database")), ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_32_redemptions_gets_tokens_from_a_sqlite_file() {
    let scratch = Scratch::new("races");
    codes(Arc::new(SqliteStore::open(&scratch.0.join("codes.db")).await.expect("a database")), ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_32_refreshes_gets_tokens_from_memory() {
    refreshes(Arc::new(MemoryStore::new()), ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_32_refreshes_gets_tokens_from_sqlite() {
    refreshes(Arc::new(SqliteStore::in_memory().await.expect("a database")), ROUNDS / 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_32_connections_gets_tokens() {
    let idp = MockIdp::builder().alg(Algorithm::Es256).start().await.expect("a server");
    let address = idp.address().expect("a socket");
    let (answers, mut answered) = mpsc::unbounded_channel::<Answer>();
    let start = Arc::new(Barrier::new(RACERS));
    let mut racers = Vec::new();
    for _ in 0..RACERS {
        let (told, mut tell) = mpsc::unbounded_channel::<String>();
        let (answers, start) = (answers.clone(), start.clone());
        let mut wire = Wire::connect(address).await;
        tokio::spawn(async move {
            while let Some(request) = tell.recv().await {
                start.wait().await;
                let answer = wire.exchange(&request).await;
                answers.send(answer).expect("the test waits");
            }
        });
        racers.push(told);
    }
    for _ in 0..ROUNDS / 10 {
        let login = Login::new();
        let request = written("/token", &login.redemption(&login.code(&idp).await));
        idp.clear_journal();
        racers.iter().for_each(|racer| racer.send(request.clone()).expect("the racer listens"));
        let mut tokens = Vec::new();
        for _ in 0..RACERS {
            let answer = within(answered.recv()).await.expect("every racer answers");
            match answer.status {
                200 => tokens.push(answer.member("access_token")),
                _ => assert_eq!((answer.status, answer.member("error")), (400, "invalid_grant".to_owned())),
            }
        }
        assert_eq!(tokens.len(), 1, "one of the connections gets tokens");
        assert_replayed(&idp.journal(), "rfc6749-code-replayed");
        assert_dead(&idp, &tokens[0]).await;
    }
}

async fn codes(store: Arc<dyn Store>, rounds: usize) {
    let idp = Arc::new(MockIdp::builder().alg(Algorithm::Es256).store(store).in_process().expect("a server"));
    for _ in 0..rounds {
        let login = Login::new();
        let params = login.redemption(&login.code(&idp).await);
        idp.clear_journal();
        let tokens = race(&idp, &params).await;
        assert_replayed(&idp.journal(), "rfc6749-code-replayed");
        assert_family_dead(&idp, &login, &tokens).await;
    }
}

async fn refreshes(store: Arc<dyn Store>, rounds: usize) {
    let idp = Arc::new(MockIdp::builder().alg(Algorithm::Es256).store(store).in_process().expect("a server"));
    for _ in 0..rounds {
        let login = Login::new();
        let first = idp.call(post("/token", &login.redemption(&login.code(&idp).await))).await;
        let params = login.refresh(&member(first.body(), "refresh_token").expect("a refresh token"));
        idp.clear_journal();
        let tokens = race(&idp, &params).await;
        assert_replayed(&idp.journal(), "rfc9700-refresh-token-replayed");
        assert_family_dead(&idp, &login, &tokens).await;
        assert_dead(&idp, &member(first.body(), "access_token").expect("an access token")).await;
    }
}

/// Sends the same token request 32 times at once. The answer is the one that carries tokens.
async fn race(idp: &Arc<MockIdp>, params: &Params) -> Response<Bytes> {
    let start = Arc::new(Barrier::new(RACERS));
    let racers: Vec<_> = (0..RACERS)
        .map(|_| {
            let (idp, start, request) = (idp.clone(), start.clone(), post("/token", params));
            tokio::spawn(async move {
                start.wait().await;
                idp.call(request).await
            })
        })
        .collect();
    let mut winners = Vec::new();
    for racer in racers {
        let answer = racer.await.expect("no racer panics");
        match answer.status().as_u16() {
            200 => winners.push(answer),
            status => {
                let error = member(answer.body(), "error");
                assert_eq!((status, error.as_deref()), (400, Some("invalid_grant")), "{answer:?}");
                assert!(member(answer.body(), "access_token").is_none());
            }
        }
    }
    assert_eq!(winners.len(), 1, "one of {RACERS} gets tokens");
    winners.remove(0)
}

/// One request passed, and every other broke `rule`.
fn assert_replayed(journal: &[Entry], rule: &str) {
    let replays = journal.iter().filter(|entry| entry.refusal.as_ref().is_some_and(|refused| refused.rule == rule));
    let passed = journal.iter().filter(|entry| entry.status == 200 && entry.refusal.is_none());
    assert_eq!((journal.len(), replays.count(), passed.count()), (RACERS, RACERS - 1, 1));
}

/// The replays revoked what the one request got.
async fn assert_family_dead(idp: &MockIdp, login: &Login, tokens: &Response<Bytes>) {
    assert_dead(idp, &member(tokens.body(), "access_token").expect("an access token")).await;
    let refresh = member(tokens.body(), "refresh_token").expect("a refresh token");
    let again = idp.call(post("/token", &login.refresh(&refresh))).await;
    assert_eq!((again.status().as_u16(), member(again.body(), "error").as_deref()), (400, Some("invalid_grant")));
}

async fn assert_dead(idp: &MockIdp, access: &str) {
    let answer = idp.call(userinfo(access)).await;
    assert_eq!((answer.status().as_u16(), member(answer.body(), "error").as_deref()), (401, Some("invalid_token")));
}

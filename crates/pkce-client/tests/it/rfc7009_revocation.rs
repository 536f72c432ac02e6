//! RFC 7009: sessions that end at the server, too.

use std::time::Duration;

use mock_idp::MockIdp;
use pkce_client::{Client, Defect, Endpoint, Error, Lease, MemoryStore, Secret, Session, TokenStore};
use serde_json::json;

use crate::idp::Idp;
use crate::stage::{CLIENT_ID, Stage, response};

/// A server that revokes.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.with(|script| script.metadata["revocation_endpoint"] = json!("https://issuer.example/revoke"));
    stage
}

async fn session(stage: &Stage) -> (Client, Session) {
    let client = stage.client();
    let session = stage.login(&client).await.expect("a session");
    (client, session)
}

async fn yields() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

/// The tokens that were revoked, and what they were said to be.
fn revoked(stage: &Stage) -> Vec<(String, String)> {
    let seen = stage.seen(Endpoint::Revocation);
    let value = |seen: &crate::stage::Seen, name| seen.params.get(name).expect("a parameter").to_owned();
    seen.iter().map(|seen| (value(seen, "token"), value(seen, "token_type_hint"))).collect()
}

#[tokio::test]
async fn both_tokens_are_revoked_the_refresh_token_first() {
    let stage = stage();
    let (client, session) = session(&stage).await;
    stage.answer(Endpoint::Revocation, 200, "text/plain", "whatever stands here");
    client.revoke(session.clone()).await.expect("a success");
    let pair = |token: &str, hint: &str| (token.to_owned(), hint.to_owned());
    assert_eq!(revoked(&stage), [pair("rt-1", "refresh_token"), pair("at-1", "access_token")]);
    assert_eq!(stage.seen(Endpoint::Revocation)[0].params.get("client_id"), Some(CLIENT_ID));
    assert!(matches!(session.access_token().await, Err(Error::ReauthRequired)));
    assert!(matches!(session.refresh().await, Err(Error::ReauthRequired)));
    assert_eq!(stage.seen(Endpoint::Token).len(), 1);
}

#[tokio::test]
async fn a_session_without_a_refresh_token_has_one_token_to_revoke() {
    let stage = stage();
    stage.member("refresh_token", json!(null));
    let client = stage.client_of(stage.builder().secret(Secret::new("s3cret")));
    let session = stage.login(&client).await.expect("a session");
    stage.answer(Endpoint::Revocation, 200, "application/json", "");
    session.revoke().await.expect("a success");
    assert_eq!(revoked(&stage), [("at-1".to_owned(), "access_token".to_owned())]);
    let seen = stage.seen(Endpoint::Revocation).remove(0);
    assert!(seen.authorization.is_some_and(|value| value.starts_with("Basic ")));
}

#[tokio::test]
async fn a_server_that_is_busy_says_for_how_long_and_is_told_again() {
    let stage = stage();
    let (client, session) = session(&stage).await;
    stage.instead(|seen| {
        let mut answer = response(503, "application/json", r#"{"error": "temporarily_unavailable"}"#);
        answer.headers_mut().insert("retry-after", http::HeaderValue::from_static("120"));
        (seen.endpoint == Endpoint::Revocation).then_some(Ok(answer))
    });
    let error = client.revoke(session.clone()).await.expect_err("a delay");
    let Error::Unavailable { endpoint: Endpoint::Revocation, retry_after } = error else { panic!("{error:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(120)));
    assert_eq!(revoked(&stage).len(), 1, "it asked to be left alone");
    assert!(matches!(session.access_token().await, Err(Error::ReauthRequired)));
    stage.answer(Endpoint::Revocation, 200, "application/json", "");
    session.revoke().await.expect("a success");
    assert_eq!(revoked(&stage).len(), 3);
}

#[tokio::test]
async fn access_tokens_that_cannot_be_revoked_end_by_themselves() {
    let unsupported = r#"{"error": "unsupported_token_type"}"#;
    for (hint, refused) in [("access_token", false), ("refresh_token", true)] {
        let stage = stage();
        let (_, session) = session(&stage).await;
        stage.instead(move |seen| {
            let body = if seen.params.get("token_type_hint") == Some(hint) { (400, unsupported) } else { (200, "") };
            (seen.endpoint == Endpoint::Revocation).then(|| Ok(response(body.0, "application/json", body.1)))
        });
        assert_eq!(session.revoke().await.is_err(), refused, "{hint}");
        assert_eq!(revoked(&stage).len(), 2, "{hint}");
    }
    let stage = stage();
    stage.member("refresh_token", json!(null));
    let (_, session) = session(&stage).await;
    stage.answer(Endpoint::Revocation, 400, "application/json", unsupported);
    assert!(matches!(session.revoke().await, Err(Error::OAuth { endpoint: Endpoint::Revocation, .. })));
}

#[tokio::test]
async fn the_newest_tokens_are_revoked_and_removed_from_the_store() {
    let stage = stage();
    let (client, session) = session(&stage).await;
    let store = MemoryStore::new();
    session.keep_in(store.clone()).await.expect("kept");
    let elsewhere = Session::restore(&client, store.clone()).await.expect("a store").expect("a session");
    stage.member("access_token", json!("at-2"));
    stage.member("refresh_token", json!("rt-2"));
    stage.member("id_token", json!(null));
    elsewhere.refresh().await.expect("new tokens");
    stage.answer(Endpoint::Revocation, 200, "application/json", "");
    session.revoke().await.expect("a success");
    let pair = |token: &str, hint: &str| (token.to_owned(), hint.to_owned());
    assert_eq!(revoked(&stage), [pair("rt-2", "refresh_token"), pair("at-2", "access_token")]);
    assert!(store.load().await.expect("a store").is_none());
    assert!(matches!(elsewhere.refresh().await, Err(Error::ReauthRequired)));
}

/// A session in a store whose lease somebody else holds.
async fn leased(stage: &Stage) -> (Session, MemoryStore, Lease) {
    let (_, session) = session(stage).await;
    let store = MemoryStore::new();
    session.keep_in(store.clone()).await.expect("kept");
    let lease = store.lease().await.expect("a store").expect("a lease");
    stage.answer(Endpoint::Revocation, 200, "application/json", "");
    (session, store, lease)
}

async fn waits(stage: &Stage) {
    while stage.clock.waiting() == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_leaves_waits_five_seconds_for_a_process_that_refreshes() {
    let stage = stage();
    let (session, store, _lease) = leased(&stage).await;
    let leaving = tokio::spawn(session.revoke());
    waits(&stage).await;
    stage.clock.advance(4);
    yields().await;
    assert!(!leaving.is_finished() && revoked(&stage).is_empty());
    stage.clock.advance(1);
    leaving.await.expect("no panic").expect("a success");
    assert_eq!(revoked(&stage).len(), 2);
    assert!(store.load().await.expect("a store").is_none());
}

#[tokio::test]
async fn what_such_a_process_stores_meanwhile_is_revoked_as_well() {
    let stage = stage();
    let (session, store, lease) = leased(&stage).await;
    let elsewhere = Session::restore(&stage.client(), store.clone()).await.expect("a store").expect("a session");
    stage.gate.send_replace(Some(Endpoint::Revocation));
    let leaving = tokio::spawn(session.revoke());
    waits(&stage).await;
    stage.clock.advance(5);
    stage.arrived(Endpoint::Revocation, 1).await;
    drop(lease);
    stage.member("access_token", json!("at-2"));
    stage.member("refresh_token", json!("rt-2"));
    stage.member("id_token", json!(null));
    elsewhere.refresh().await.expect("new tokens");
    stage.gate.send_replace(None);
    leaving.await.expect("no panic").expect("a success");
    let tokens: Vec<_> = revoked(&stage).into_iter().map(|(token, _)| token).collect();
    assert_eq!(tokens, ["rt-1", "at-1", "rt-2", "at-2"]);
    assert!(store.load().await.expect("a store").is_none());
    assert!(matches!(elsewhere.refresh().await, Err(Error::ReauthRequired)));
}

#[tokio::test]
async fn whoever_waits_for_another_process_makes_way_for_who_leaves() {
    for forget in [false, true] {
        let stage = stage();
        let (session, _store, _lease) = leased(&stage).await;
        stage.clock.advance(3600);
        let waiting = tokio::spawn({
            let session = session.clone();
            async move { session.access_token().await }
        });
        waits(&stage).await;
        if forget {
            session.forget().await.expect("a success");
        } else {
            let leaving = tokio::spawn(session.revoke());
            while stage.clock.waiting() == 0 || !waiting.is_finished() {
                tokio::task::yield_now().await;
            }
            stage.clock.advance(5);
            leaving.await.expect("no panic").expect("a success");
        }
        assert!(matches!(waiting.await.expect("no panic"), Err(Error::ReauthRequired)));
    }
}

#[tokio::test]
async fn a_store_keeps_the_tokens_until_the_server_was_told() {
    let stage = stage();
    let (client, session) = session(&stage).await;
    let store = MemoryStore::new();
    session.keep_in(store.clone()).await.expect("kept");
    stage.answer(Endpoint::Revocation, 500, "text/plain", "");
    session.clone().revoke().await.expect_err("a failure");
    assert!(matches!(session.access_token().await, Err(Error::ReauthRequired)));
    let restored = Session::restore(&client, store.clone()).await.expect("a store").expect("a session");
    stage.answer(Endpoint::Revocation, 200, "application/json", "");
    session.revoke().await.expect("a success");
    assert_eq!(revoked(&stage).len(), 3);
    assert!(store.load().await.expect("a store").is_none());
    // Somebody was quicker, and the tokens are told of again: the server ignores what it does not know.
    restored.revoke().await.expect("a success");
    assert_eq!(revoked(&stage).last(), Some(&("at-1".to_owned(), "access_token".to_owned())));
    assert_eq!(revoked(&stage).len(), 5);
}

#[tokio::test]
async fn a_session_that_is_not_in_the_store_any_more_is_revoked_all_the_same() {
    let stage = stage();
    let (client, session) = session(&stage).await;
    let store = MemoryStore::new();
    session.keep_in(store.clone()).await.expect("kept");
    stage.member("refresh_token", json!("rt-2"));
    let other = stage.login(&client).await.expect("another session");
    other.keep_in(store.clone()).await.expect("kept");
    stage.answer(Endpoint::Revocation, 200, "application/json", "");
    session.revoke().await.expect("a success");
    assert_eq!(revoked(&stage)[0], ("rt-1".to_owned(), "refresh_token".to_owned()));
    let (_, kept) = store.load().await.expect("a store").expect("the other session");
    assert!(kept.expose_json().expose().contains("rt-2"));
}

#[tokio::test]
async fn what_is_not_a_success_is_told() {
    let defect = async |status, body| {
        let stage = stage();
        let (_, session) = session(&stage).await;
        stage.answer(Endpoint::Revocation, status, "application/json", body);
        match session.revoke().await.expect_err("a failure") {
            Error::Protocol { endpoint: Endpoint::Revocation, defect } => Ok(defect),
            Error::OAuth { endpoint: Endpoint::Revocation, error } => Err(error.code().to_owned()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(defect(500, "").await, Ok(Defect::Status(500)));
    assert_eq!(defect(204, "").await, Ok(Defect::Status(204)));
    assert_eq!(defect(302, "").await, Ok(Defect::Redirect(302)));
    assert_eq!(defect(401, r#"{"error": "invalid_client"}"#).await, Err("invalid_client".to_owned()));
}

#[tokio::test]
async fn a_session_goes_on_where_nothing_can_be_revoked() {
    let without = Stage::new();
    let (_, kept) = session(&without).await;
    assert!(matches!(kept.clone().revoke().await, Err(Error::NoEndpoint(Endpoint::Revocation))));
    kept.access_token().await.expect("a token");

    let stage = stage();
    let (_, session) = session(&stage).await;
    let metadata = serde_json::from_value(stage.with(|script| script.metadata.clone())).expect("metadata");
    let other = Client::builder(crate::stage::ISSUER, "other").http(stage.clone()).with_metadata(metadata);
    assert!(matches!(other.expect("a client").revoke(session.clone()).await, Err(Error::OtherClient)));
    session.access_token().await.expect("a token");
    assert!(revoked(&stage).is_empty());
}

#[tokio::test]
async fn a_task_that_is_cancelled_revokes_all_the_same() {
    let stage = stage();
    let (_, session) = session(&stage).await;
    stage.answer(Endpoint::Revocation, 200, "application/json", "");
    stage.gate.send_replace(Some(Endpoint::Revocation));
    let task = tokio::spawn(session.revoke());
    stage.arrived(Endpoint::Revocation, 1).await;
    task.abort();
    assert!(task.await.is_err_and(|error| error.is_cancelled()));
    stage.gate.send_replace(None);
    yields().await;
    assert_eq!(revoked(&stage).len(), 2);
}

#[tokio::test]
async fn the_mock_server_forgets_what_it_is_told_to_forget() {
    let idp = Idp::new(MockIdp::builder());
    for (id, secret) in [("public", None), ("confidential", Some("secret"))] {
        let builder = idp.client(id);
        let builder = secret.into_iter().fold(builder, |builder, secret: &str| builder.secret(secret));
        let client = builder.discover().await.expect("a client");
        let session = idp.login(&client, &["openid", "offline_access"]).await;
        let token = session.access_token().await.expect("a token");
        let ask = async || {
            let request = http::Request::get(client.metadata().userinfo_endpoint.as_deref().expect("an endpoint"));
            let request = request.header("authorization", format!("Bearer {}", token.expose()));
            idp.call(request.body(Vec::new()).expect("a request")).await.status()
        };
        assert_eq!(ask().await, 200, "{id}");
        client.revoke(session.clone()).await.expect("a success");
        assert_eq!(ask().await, 401, "{id}");
        // Again: the server does not know the tokens any more.
        session.revoke().await.expect("a success");
    }
    assert!(idp.mock().journal().iter().filter(|entry| entry.path == "/revoke").all(|entry| entry.refusal.is_none()));
}

//! Sessions: tokens that are kept fresh, once for all.

use pkce_client::{Client, Endpoint, Error, JwtError, Session, TransportError};
use serde_json::{Value, json};

use crate::stage::{START, Stage, response};

async fn session(stage: &Stage) -> (Client, Session) {
    let client = stage.client();
    let session = stage.login(&client).await.expect("a session");
    stage.seen.lock().expect("a journal").clear();
    stage.member("access_token", json!("at-2"));
    stage.member("refresh_token", json!("rt-2"));
    // A refreshed ID token need not have a nonce.
    stage.with(|script| script.nonce = None);
    (client, session)
}

async fn token(session: &Session) -> String {
    session.access_token().await.expect("a token").expose().to_owned()
}

/// The refresh tokens that were sent.
fn sent(stage: &Stage) -> Vec<String> {
    let seen = stage.seen(Endpoint::Token);
    seen.iter().map(|seen| seen.params.get("refresh_token").expect("a refresh").to_owned()).collect()
}

#[tokio::test]
async fn a_token_is_refreshed_shortly_before_it_expires() {
    let stage = Stage::new();
    let (_, session) = session(&stage).await;
    stage.clock.advance(3600 - 61);
    assert_eq!(token(&session).await, "at-1");
    stage.clock.advance(1);
    stage.claim("exp", json!(START + 100_000));
    assert_eq!(token(&session).await, "at-2");
    assert_eq!(session.expires_at().await, Some(START + 3540 + 3600));
    let [request] = &stage.seen(Endpoint::Token)[..] else { panic!("one request") };
    assert_eq!(request.params.get("grant_type"), Some("refresh_token"));
    assert_eq!(request.params.get("refresh_token"), Some("rt-1"));
    assert_eq!(request.params.get("client_id"), Some("app"));
}

#[tokio::test]
async fn a_short_token_is_refreshed_in_its_last_tenth() {
    let stage = Stage::new();
    stage.member("expires_in", json!(100));
    let (_, session) = session(&stage).await;
    stage.clock.advance(89);
    assert_eq!(token(&session).await, "at-1");
    stage.clock.advance(1);
    assert_eq!(token(&session).await, "at-2");
}

#[tokio::test]
async fn a_rotated_refresh_token_replaces_the_old_one() {
    let stage = Stage::new();
    let (_, session) = session(&stage).await;
    session.refresh().await.expect("a refresh");
    stage.member("refresh_token", Value::Null);
    session.refresh().await.expect("a refresh");
    stage.member("refresh_token", json!(""));
    session.refresh().await.expect("a refresh");
    session.refresh().await.expect("a refresh");
    assert_eq!(sent(&stage), ["rt-1", "rt-2", "rt-2", "rt-2"]);
}

#[tokio::test]
async fn however_many_ask_one_request_is_sent() {
    let stage = Stage::new();
    let (_, session) = session(&stage).await;
    stage.member("expires_in", json!(7200));
    stage.clock.advance(3600);
    stage.claim("exp", json!(START + 100_000));
    stage.gate.send_replace(Some(Endpoint::Token));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let session = session.clone();
        tasks.spawn(async move { token(&session).await });
    }
    stage.arrived(Endpoint::Token, 1).await;
    stage.gate.send_replace(None);
    assert_eq!(tasks.join_all().await, ["at-2"; 10]);
    assert_eq!(sent(&stage), ["rt-1"]);
}

#[tokio::test]
async fn refreshes_that_are_asked_for_together_are_one() {
    let stage = Stage::new();
    let (_, session) = session(&stage).await;
    stage.gate.send_replace(Some(Endpoint::Token));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let session = session.clone();
        tasks.spawn(async move { session.refresh().await.is_ok() });
    }
    stage.arrived(Endpoint::Token, 1).await;
    tokio::task::yield_now().await;
    stage.gate.send_replace(None);
    assert_eq!(tasks.join_all().await, [true; 10]);
    assert_eq!(sent(&stage), ["rt-1"]);
}

#[tokio::test]
async fn a_cancelled_caller_does_not_lose_a_rotated_token() {
    let stage = Stage::new();
    let (_, session) = session(&stage).await;
    stage.gate.send_replace(Some(Endpoint::Token));
    let caller = tokio::spawn({
        let session = session.clone();
        async move { session.refresh().await.is_ok() }
    });
    stage.arrived(Endpoint::Token, 1).await;
    caller.abort();
    assert!(caller.await.is_err());
    stage.gate.send_replace(None);
    assert_eq!(token(&session).await, "at-2");
    session.refresh().await.expect("a refresh");
    assert_eq!(sent(&stage), ["rt-1", "rt-2"]);
}

#[tokio::test]
async fn an_invalid_grant_ends_the_session_without_a_second_try() {
    let stage = Stage::new();
    let (_, session) = session(&stage).await;
    stage.answer(Endpoint::Token, 400, "application/json", r#"{"error":"invalid_grant"}"#);
    assert!(matches!(session.refresh().await, Err(Error::ReauthRequired)));
    assert!(matches!(session.refresh().await, Err(Error::ReauthRequired)));
    assert_eq!(token(&session).await, "at-1", "it has not expired yet");
    stage.clock.advance(3600);
    assert!(matches!(session.access_token().await, Err(Error::ReauthRequired)));
    assert_eq!(sent(&stage), ["rt-1"]);
}

#[tokio::test]
async fn other_errors_keep_the_refresh_token() {
    let stage = Stage::new();
    let (_, session) = session(&stage).await;
    stage.answer(Endpoint::Token, 400, "application/json", r#"{"error":"invalid_request"}"#);
    assert!(matches!(session.refresh().await, Err(Error::OAuth { .. })));
    stage.with(|script| script.instead = None);
    session.refresh().await.expect("a refresh");
    assert_eq!(sent(&stage), ["rt-1", "rt-1"]);
}

#[tokio::test]
async fn a_token_that_still_works_is_used_while_the_server_is_away() {
    let stage = Stage::new();
    let (_, session) = session(&stage).await;
    stage.clock.advance(3570);
    stage.instead(|seen| (seen.endpoint == Endpoint::Token).then_some(Err(TransportError::Timeout)));
    assert_eq!(token(&session).await, "at-1");
    stage.instead(|_| Some(Ok(response(503, "text/html", ""))));
    assert_eq!(token(&session).await, "at-1");
    stage.clock.advance(30);
    assert!(matches!(session.access_token().await, Err(Error::Protocol { .. })));
}

#[tokio::test]
async fn a_session_without_refresh_token_lasts_as_long_as_its_access_token() {
    let stage = Stage::new();
    stage.member("refresh_token", Value::Null);
    let client = stage.client();
    let session = stage.login(&client).await.expect("a session");
    assert!(matches!(session.refresh().await, Err(Error::ReauthRequired)));
    stage.clock.advance(3599);
    assert_eq!(token(&session).await, "at-1");
    stage.clock.advance(1);
    assert!(matches!(session.access_token().await, Err(Error::ReauthRequired)));
}

#[tokio::test]
async fn a_token_without_a_lifetime_is_not_refreshed_by_guess() {
    let stage = Stage::new();
    stage.member("expires_in", Value::Null);
    let (_, session) = session(&stage).await;
    stage.clock.advance(1_000_000);
    assert_eq!((token(&session).await.as_str(), session.expires_at().await), ("at-1", None));
}

#[tokio::test]
async fn a_refreshed_id_token_is_about_the_same_user_and_client() {
    let changes = [
        ("iss", json!("https://evil.example"), JwtError::Issuer),
        ("sub", json!("mallory"), JwtError::Changed("sub")),
        ("aud", json!(["app", "api"]), JwtError::Changed("aud")),
        ("nonce", json!("other"), JwtError::Changed("nonce")),
        ("auth_time", json!(START), JwtError::Changed("auth_time")),
        ("azp", json!("app"), JwtError::Changed("azp")),
        ("iat", json!(START - 3600), JwtError::IssuedBeforeLogin),
    ];
    for (name, value, expected) in changes {
        let stage = Stage::new();
        let client = stage.client_of(stage.builder().trusted_audiences(["api"]));
        let session = stage.login(&client).await.expect("a session");
        stage.claim(name, value);
        let error = session.refresh().await.expect_err("a refusal");
        assert!(matches!(&error, Error::IdToken(error) if *error == expected), "{name}: {error:?}");
        assert!(matches!(session.access_token().await, Err(Error::ReauthRequired)));
        assert!(matches!(session.refresh().await, Err(Error::ReauthRequired)));
    }
}

#[tokio::test]
async fn the_nonce_of_the_login_may_come_again() {
    let stage = Stage::new();
    let client = stage.client();
    let session = stage.login(&client).await.expect("a session");
    session.refresh().await.expect("a refresh");
    stage.with(|script| script.nonce = None);
    session.refresh().await.expect("a refresh");
    stage.claim("aud", json!(["app"]));
    session.refresh().await.expect("the same audience, written otherwise");
}

#[tokio::test]
async fn a_refresh_whose_keys_are_away_keeps_the_new_refresh_token() {
    let stage = Stage::new();
    let (_, session) = session(&stage).await;
    stage.clock.advance(300);
    stage.instead(|seen| (seen.endpoint == Endpoint::Jwks).then_some(Err(TransportError::Timeout)));
    assert!(matches!(session.refresh().await, Err(Error::Transport { endpoint: Endpoint::Jwks, .. })));
    assert_eq!(token(&session).await, "at-1");
    stage.with(|script| script.instead = None);
    session.refresh().await.expect("a refresh");
    assert_eq!(sent(&stage), ["rt-1", "rt-2"]);
}

#[tokio::test]
async fn a_narrowed_scope_is_told() {
    let stage = Stage::new();
    let (_, session) = session(&stage).await;
    session.refresh().await.expect("a refresh");
    assert_eq!(session.scopes().await, ["openid", "email"]);
    stage.member("scope", json!("openid"));
    session.refresh().await.expect("a refresh");
    assert_eq!(session.scopes().await, ["openid"]);
}

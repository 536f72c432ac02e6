//! RFC 6749 §4.4: services on their own account.

use mock_idp::MockIdp;
use pkce_client::{Client, ConfigError, Defect, Endpoint, Error, Secret, TransportError};
use serde_json::{Value, json};

use crate::idp::Idp;
use crate::stage::{Stage, response};

fn service(stage: &Stage) -> Client {
    stage.client_of(stage.builder().secret(Secret::new("s3cret")))
}

/// Tokens with numbers, valid for an hour.
fn counting(stage: &Stage) {
    let mut number = 0;
    stage.instead(move |seen| {
        number += i32::from(seen.endpoint == Endpoint::Token);
        let members = json!({"access_token": format!("at-{number}"), "token_type": "Bearer", "expires_in": 3600});
        (seen.endpoint == Endpoint::Token).then(|| Ok(response(200, "application/json", members.to_string())))
    });
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_again_when_it_is_about_to_expire() {
    let stage = Stage::new();
    counting(&stage);
    let access = service(&stage).client_credentials().scopes(["read", "write"]).resource("https://api.example");
    let (one, two) = tokio::join!(access.access_token(), access.access_token());
    assert_eq!((one.expect("a token").expose(), two.expect("a token").expose()), ("at-1", "at-1"));
    let asked = stage.seen(Endpoint::Token).remove(0);
    let expected =
        [("grant_type", "client_credentials"), ("scope", "read write"), ("resource", "https://api.example")];
    assert_eq!(asked.params.iter().collect::<Vec<_>>(), expected);
    assert!(asked.authorization.is_some_and(|value| value.starts_with("Basic ")));
    stage.clock.advance(3539);
    assert_eq!(access.access_token().await.expect("a token").expose(), "at-1");
    stage.clock.advance(1);
    assert_eq!(access.clone().access_token().await.expect("a token").expose(), "at-2");
    assert_eq!(access.access_token().await.expect("a token").expose(), "at-2", "clones share it");
    assert!(!format!("{access:?}").contains("at-2"));
}

#[tokio::test]
async fn other_scopes_are_another_token() {
    let stage = Stage::new();
    counting(&stage);
    let access = service(&stage).client_credentials().scopes(["read"]);
    assert_eq!(access.access_token().await.expect("a token").expose(), "at-1");
    let more = access.clone().scopes(["write"]);
    assert_eq!(more.access_token().await.expect("a token").expose(), "at-2");
    let elsewhere = access.clone().resource("https://api.example");
    assert_eq!(elsewhere.access_token().await.expect("a token").expose(), "at-3");
    assert_eq!(access.access_token().await.expect("a token").expose(), "at-1");
}

#[tokio::test]
async fn a_token_that_a_resource_refused_is_replaced_once() {
    let stage = Stage::new();
    counting(&stage);
    let access = service(&stage).client_credentials();
    let refused = access.access_token().await.expect("a token");
    access.forget(&refused).await;
    assert_eq!(access.access_token().await.expect("a token").expose(), "at-2");
    access.forget(&refused).await;
    assert_eq!(access.access_token().await.expect("a token").expose(), "at-2");
}

#[tokio::test]
async fn a_token_is_used_to_its_end_while_the_server_is_away() {
    let stage = Stage::new();
    counting(&stage);
    let access = service(&stage).client_credentials();
    access.access_token().await.expect("a token");
    stage.instead(|seen| (seen.endpoint == Endpoint::Token).then_some(Err(TransportError::Timeout)));
    stage.clock.advance(3599);
    assert_eq!(access.access_token().await.expect("a token").expose(), "at-1");
    stage.clock.advance(1);
    assert!(matches!(access.access_token().await, Err(Error::Transport { .. })));
    stage.answer(Endpoint::Token, 400, "application/json", r#"{"error": "invalid_scope"}"#);
    assert!(matches!(access.access_token().await, Err(Error::OAuth { .. })));
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_not_sent() {
    let stage = Stage::new();
    let public = stage.client().client_credentials();
    assert!(matches!(public.access_token().await, Err(Error::Unsupported(_))));
    let access = || service(&stage).client_credentials();
    let outcome = access().scopes(["a b"]).access_token().await;
    assert!(matches!(outcome, Err(Error::Config(ConfigError::Scope))));
    let outcome = access().resource("/x").access_token().await;
    assert!(matches!(outcome, Err(Error::Config(ConfigError::Resource))));
    assert!(stage.seen(Endpoint::Token).is_empty());
    stage.member("token_type", json!("mac"));
    let outcome = access().access_token().await;
    assert!(matches!(outcome, Err(Error::Protocol { defect: Defect::TokenType(_), .. })));
}

#[tokio::test]
async fn the_mock_server_lets_a_service_in() {
    let service = mock_idp::Client::confidential("service", "secret").any_grant_type();
    let idp = Idp::new(MockIdp::builder().client(service));
    let client = idp.client("service").secret(Secret::new("secret")).discover().await.expect("a client");
    let access = client.client_credentials().scopes(["email"]);
    let first = access.access_token().await.expect("a token");
    assert_eq!(access.access_token().await.expect("a token"), first);
    let claims = client.introspect(&first).await.expect("an answer");
    assert_eq!((claims.subject(), claims.get::<Value>("scope")), (Some("service"), Ok(Some(json!("email")))));
    idp.advance(3600);
    let second = access.access_token().await.expect("a token");
    assert_ne!(first, second);
    assert!(client.introspect(&second).await.expect("an answer").is_active());
}

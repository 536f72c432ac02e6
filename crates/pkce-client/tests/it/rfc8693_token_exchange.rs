//! RFC 8693: one token for another.

use mock_idp::MockIdp;
use pkce_client::{ConfigError, Defect, Endpoint, Error, ExchangedToken, Secret, TokenKind, TokenType};
use serde_json::{Value, json};

use crate::idp::{Idp, REDIRECT_URI};
use crate::stage::{START, Stage, response};

const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

fn answer() -> Value {
    json!({"access_token": "new-1", "issued_token_type": ACCESS, "token_type": "Bearer", "expires_in": 60})
}

fn stage(answer: &Value) -> Stage {
    let (stage, body) = (Stage::new(), answer.to_string());
    stage.instead(move |seen| {
        (seen.endpoint == Endpoint::Token).then(|| Ok(response(200, "application/json", body.clone())))
    });
    stage
}

/// What comes of an exchange with a member of the answer changed; `null` takes it out.
async fn exchanged(requested: Option<TokenKind>, changes: &[(&str, Value)]) -> Result<ExchangedToken, Defect> {
    let mut answer = answer();
    for (name, value) in changes {
        match value {
            Value::Null => drop(answer.as_object_mut().expect("an object").remove(*name)),
            value => answer[*name] = value.clone(),
        }
    }
    let client = stage(&answer).client();
    let request = client.token_exchange("at-1", TokenKind::AccessToken);
    let request = requested.into_iter().fold(request, |request, kind| request.requesting(kind));
    match request.send().await {
        Ok(token) => Ok(token),
        Err(Error::Protocol { endpoint: Endpoint::Token, defect }) => Err(defect),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn everything_is_said_that_was_asked_for() {
    let stage = stage(&answer());
    let client = stage.client_of(stage.builder().secret(Secret::new("s3cret")));
    let exchange = client
        .token_exchange("theirs", TokenKind::Jwt)
        .actor("ours", TokenKind::IdToken)
        .requesting(TokenKind::AccessToken)
        .audience("backend")
        .audience("other")
        .resource("https://api.example")
        .scopes(["read", "write", "read"]);
    assert!(!format!("{exchange:?}").contains("theirs"));
    let token = exchange.send().await.expect("a token");
    let id_token = TokenKind::IdToken.as_str();
    let expected = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", "theirs"),
        ("subject_token_type", JWT),
        ("actor_token", "ours"),
        ("actor_token_type", id_token),
        ("requested_token_type", ACCESS),
        ("audience", "backend"),
        ("audience", "other"),
        ("scope", "read write"),
        ("resource", "https://api.example"),
    ];
    let seen = stage.seen(Endpoint::Token).remove(0);
    assert_eq!(seen.params.iter().collect::<Vec<_>>(), expected);
    assert!(seen.authorization.is_some_and(|value| value.starts_with("Basic ")));
    assert_eq!((token.token().expose(), token.kind()), ("new-1", TokenKind::AccessToken));
    assert_eq!((token.token_type(), token.expires_at()), (Some(TokenType::Bearer), Some(START + 60)));
    assert_eq!(token.scopes(), ["read", "write"]);
    assert!(token.refresh_token().is_none());
    assert!(!format!("{token:?}").contains("new-1"));
}

#[tokio::test]
async fn the_answer_is_of_the_kind_that_was_asked_for() {
    let kind = |text: &str| [("issued_token_type", json!(text))];
    let asked = Some(TokenKind::AccessToken);
    assert!(exchanged(None, &kind(JWT)).await.is_ok_and(|token| token.kind() == TokenKind::Jwt));
    assert_eq!(exchanged(asked, &kind(JWT)).await.err(), Some(Defect::Member("issued_token_type")));
    assert_eq!(exchanged(None, &kind("access_token")).await.err(), Some(Defect::Member("issued_token_type")));
    let missing = exchanged(None, &[("issued_token_type", Value::Null)]).await;
    assert_eq!(missing.err(), Some(Defect::Missing("issued_token_type")));
}

#[tokio::test]
async fn only_what_is_no_access_token_has_no_type_to_be_used_with() {
    let wrong = Some(Defect::TokenType(TokenType::Bearer));
    let token = exchanged(None, &[("issued_token_type", json!(JWT)), ("token_type", json!("n_a"))]).await;
    assert_eq!(token.expect("a token").token_type(), None);
    assert_eq!(exchanged(None, &[("token_type", json!("N_A"))]).await.err(), wrong);
    assert_eq!(exchanged(None, &[("token_type", json!("DPoP"))]).await.err(), wrong);
    let missing = exchanged(None, &[("token_type", Value::Null)]).await.err();
    assert_eq!(missing, Some(Defect::Missing("token_type")));
}

#[tokio::test]
async fn the_rest_is_judged_like_any_token_response() {
    for (name, value) in [
        ("access_token", json!("a\nb")),
        ("expires_in", json!(-1)),
        ("scope", json!(["a"])),
        ("refresh_token", json!("a\nb")),
    ] {
        assert_eq!(exchanged(None, &[(name, value)]).await.err(), Some(Defect::Member(name)));
    }
    let token =
        exchanged(None, &[("scope", json!("less")), ("refresh_token", json!("rt-1"))]).await.expect("a token");
    assert_eq!((token.scopes(), token.refresh_token()), (&["less".to_owned()][..], Some(&Secret::new("rt-1"))));
    let stage = stage(&json!({"error": "invalid_target"}));
    let client = stage.client();
    let Err(Error::OAuth { error, .. }) = client.token_exchange("at-1", TokenKind::AccessToken).send().await else {
        panic!("a refusal")
    };
    assert_eq!(error.code(), "invalid_target");
    assert_eq!(stage.seen(Endpoint::Token).len(), 1);
    let refused = client.token_exchange("at-1", TokenKind::AccessToken).resource("/x").send().await;
    assert!(matches!(refused, Err(Error::Config(ConfigError::Resource))));
    let refused = client.token_exchange("at-1", TokenKind::AccessToken).scopes([""]).send().await;
    assert!(matches!(refused, Err(Error::Config(ConfigError::Scope))));
    assert_eq!(stage.seen(Endpoint::Token).len(), 1);
}

#[tokio::test]
async fn the_mock_server_exchanges_a_token_of_a_user() {
    let service = |id: &str| mock_idp::Client::confidential(id, "secret").redirect_uri(REDIRECT_URI).any_grant_type();
    let idp = Idp::new(MockIdp::builder().client(service("service")).client(service("backend")));
    let client = idp.client("service").secret(Secret::new("secret")).discover().await.expect("a client");
    let backend = idp.client("backend").secret(Secret::new("secret")).discover().await.expect("a client");
    let theirs = idp.login(&client, &["openid", "email"]).await.access_token().await.expect("a token");
    let actor = client.client_credentials().access_token().await.expect("a token");
    let exchange = client.token_exchange(theirs.clone(), TokenKind::AccessToken).actor(actor, TokenKind::AccessToken);
    let token = exchange.audience("backend").scopes(["email"]).send().await.expect("a token");
    assert_eq!((token.kind(), token.token_type()), (TokenKind::AccessToken, Some(TokenType::Bearer)));
    let seen = backend.introspect(token.token()).await.expect("an answer");
    assert!(seen.is_active() && seen.has_audience("backend"));
    assert_eq!((seen.subject(), seen.get::<Value>("act")), (Some("alice"), Ok(Some(json!({"sub": "service"})))));
    // And the resource verifies the token by itself.
    let claims = backend.verify_access_token(token.token(), "backend").await.expect("a token");
    assert_eq!((claims.subject(), claims.client_id()), ("alice", "service"));
    assert!(backend.verify_access_token(&theirs, "backend").await.is_err());
    let refused = client.token_exchange("no token of anybody", TokenKind::AccessToken).send().await;
    assert!(matches!(refused, Err(Error::OAuth { .. })));
}

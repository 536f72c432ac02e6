//! One test for each defect of a token response. Nothing of such a response is used, and the code is sent once.

use pkce_client::{Defect, Endpoint, Error, FinishError, JsonError, JwtError, TokenType, TransportError};
use serde_json::{Value, json};

use crate::stage::{Stage, response};

async fn failed(stage: &Stage) -> Error {
    let Err(FinishError::Failed(error)) = stage.login(&stage.client()).await else { panic!("a failure") };
    assert_eq!(stage.seen(Endpoint::Token).len(), 1, "the code is sent once");
    error
}

async fn defect(stage: &Stage) -> Defect {
    match failed(stage).await {
        Error::Protocol { endpoint: Endpoint::Token, defect } => defect,
        other => panic!("{other:?}"),
    }
}

async fn defect_of(name: &str, value: Value) -> Defect {
    let stage = Stage::new();
    stage.member(name, value);
    defect(&stage).await
}

async fn defect_of_answer(status: u16, content_type: &'static str, body: &'static str) -> Defect {
    let stage = Stage::new();
    stage.answer(Endpoint::Token, status, content_type, body);
    defect(&stage).await
}

async fn error_of_answer(status: u16, body: &'static str) -> String {
    let stage = Stage::new();
    stage.answer(Endpoint::Token, status, "application/json", body);
    match failed(&stage).await {
        Error::OAuth { endpoint: Endpoint::Token, error } => error.code().to_owned(),
        other => panic!("{other:?}"),
    }
}

const RIGHT: &str = r#"{"access_token":"canary","token_type":"Bearer"}"#;

#[tokio::test]
async fn complaint_13_an_error_is_one_at_any_status() {
    let both = r#"{"access_token":"canary","token_type":"Bearer","error":"invalid_grant"}"#;
    assert_eq!(error_of_answer(400, both).await, "invalid_grant");
    assert_eq!(error_of_answer(200, both).await, "invalid_grant");
    assert_eq!(error_of_answer(401, r#"{"error":"invalid_client"}"#).await, "invalid_client");
    let malformed = defect_of_answer(200, "application/json", r#"{"error":null,"access_token":"canary"}"#).await;
    assert_eq!(malformed, Defect::Member("error"));
}

#[tokio::test]
async fn a_success_has_status_200() {
    for status in [201, 204, 400, 500, 503] {
        assert_eq!(defect_of_answer(status, "application/json", RIGHT).await, Defect::Status(status));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        assert_eq!(defect_of_answer(status, "application/json", RIGHT).await, Defect::Redirect(status));
    }
}

#[tokio::test]
async fn the_media_type_is_json() {
    for content_type in ["text/html", "application/x-www-form-urlencoded", "text/plain", "application/jwt"] {
        assert_eq!(defect_of_answer(200, content_type, RIGHT).await, Defect::ContentType);
    }
}

#[tokio::test]
async fn complaint_11_an_error_says_what_is_wrong_with_the_body() {
    let json = async |body| defect_of_answer(200, "application/json", body).await;
    assert_eq!(json("{").await, Defect::Json(JsonError::Malformed));
    assert_eq!(json("[]").await, Defect::Json(JsonError::NotAnObject));
    let twice = r#"{"access_token":"canary","token_type":"Bearer","access_token":"canary"}"#;
    assert_eq!(json(twice).await, Defect::Json(JsonError::DuplicateMember));
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000)).leak();
    assert_eq!(json(deep).await, Defect::Json(JsonError::TooDeep));
}

#[tokio::test]
async fn an_access_token_is_needed_and_fits_into_a_header() {
    assert_eq!(defect_of("access_token", Value::Null).await, Defect::Missing("access_token"));
    for token in [json!("a\r\nX-Evil: 1"), json!("a\nb"), json!("é"), json!(""), json!(1), json!(["a"])] {
        assert_eq!(defect_of("access_token", token).await, Defect::Member("access_token"));
    }
}

#[tokio::test]
async fn only_bearer_tokens_are_used() {
    assert_eq!(defect_of("token_type", Value::Null).await, Defect::Missing("token_type"));
    assert_eq!(defect_of("token_type", json!("DPoP")).await, Defect::TokenType(TokenType::Bearer));
    assert_eq!(defect_of("token_type", json!("N_A")).await, Defect::TokenType(TokenType::Bearer));
}

#[tokio::test]
async fn complaint_07_a_lifetime_is_a_number_or_one_in_a_text() {
    for lifetime in [json!(-1), json!(1e308), json!(9_223_372_036_854_775_808_u64), json!("soon"), json!([])] {
        assert_eq!(defect_of("expires_in", lifetime).await, Defect::Member("expires_in"));
    }
    let stage = Stage::new();
    stage.member("expires_in", json!("120"));
    let session = stage.login(&stage.client()).await.expect("a session");
    assert_eq!(session.expires_at().await, Some(crate::stage::START + 120));
}

#[tokio::test]
async fn an_id_token_must_come_if_openid_was_asked_for() {
    let stage = Stage::new();
    stage.answer(Endpoint::Token, 200, "application/json", RIGHT);
    assert!(matches!(failed(&stage).await, Error::IdToken(JwtError::Absent)));
    assert_eq!(defect_of("id_token", json!(["x"])).await, Defect::Member("id_token"));
}

#[tokio::test]
async fn an_oversized_answer_is_refused_whatever_the_transport_does() {
    let stage = Stage::new();
    stage.instead(|seen| {
        let large = || Ok(response(200, "application/json", vec![b' '; 256 * 1024 + 1]));
        (seen.endpoint == Endpoint::Token).then(large)
    });
    let error = failed(&stage).await;
    assert!(
        matches!(error, Error::Transport { source: TransportError::TooLarge { limit: 262_144 }, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_code_is_not_sent_again_after_a_failure() {
    let stage = Stage::new();
    stage.instead(|seen| (seen.endpoint == Endpoint::Token).then_some(Err(TransportError::Timeout)));
    assert!(matches!(failed(&stage).await, Error::Transport { source: TransportError::Timeout, .. }));
}

#[tokio::test]
async fn the_granted_scope_is_kept() {
    let stage = Stage::new();
    stage.member("scope", json!("email admin"));
    let session = stage.login(&stage.client()).await.expect("a session");
    assert_eq!(session.scopes().await, ["email", "admin"]);
}

//! RFC 9470: a resource asks for a better login, and the client makes sure that it gets one.

use mock_idp::MockIdp;
use std::time::Duration;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use oauth_types::scenario::NextLogin;
use pkce_client::{
    Challenge, Client, ConfigError, Error, FinishError, JwtError, LoginRequest, Session, Started, StepUp,
};
use serde_json::{Value, json};

use crate::idp::Idp;
use crate::stage::{START, Stage, asked, callback};

async fn finish(stage: &Stage, login: LoginRequest<'_>, client: &Client) -> Result<Session, FinishError> {
    let started = login.begin().await.expect("a login");
    stage.visit(&started);
    let response = callback(&started, &[]);
    client.finish(started.pending, response).await
}

fn id_token_error(outcome: Result<Session, FinishError>) -> Option<JwtError> {
    match outcome {
        Ok(_) => None,
        Err(FinishError::Failed(Error::IdToken(error))) => Some(error),
        Err(other) => panic!("{other:?}"),
    }
}

fn challenge(text: &str) -> Option<StepUp> {
    let mut headers = HeaderMap::new();
    headers.insert(WWW_AUTHENTICATE, text.parse().expect("a header"));
    Challenge::of(&headers).first().and_then(Challenge::step_up)
}

#[tokio::test]
async fn a_class_that_is_required_is_checked_and_one_that_is_wished_for_is_not() {
    let stage = Stage::new();
    let client = stage.client();
    let login = || client.login().scopes(["openid"]);
    for (acr, error) in [
        (json!("phr"), None),
        (json!("phrh"), None),
        (json!("pwd"), Some(JwtError::Acr)),
        (json!("PHR"), Some(JwtError::Acr)),
        (json!(""), Some(JwtError::Acr)),
        (json!(null), Some(JwtError::Missing("acr"))),
        (json!(["phr"]), Some(JwtError::Malformed("acr"))),
    ] {
        stage.claim("acr", acr.clone());
        let outcome = finish(&stage, login().require_acr(["phrh", "phr"]), &client).await;
        assert_eq!(id_token_error(outcome), error, "{acr}");
        let outcome = finish(&stage, login().acr_values(["phrh", "phr"]), &client).await;
        assert_eq!(id_token_error(outcome), None, "{acr}");
    }
    stage.claim("acr", json!("phr"));
    let outcome = finish(&stage, login().require_acr(["phr"]).require_acr(["pwd"]), &client).await;
    assert_eq!(id_token_error(outcome), Some(JwtError::Acr), "one of each");
}

#[tokio::test]
async fn classes_are_sent_best_first_and_once() {
    let stage = Stage::new();
    let login =
        stage.client().login().scopes(["openid"]).acr_values(["b", "c"]).require_acr(["a", "b"]).begin().await;
    assert_eq!(asked(&login.expect("a login")).get("acr_values"), Some("a b c"));
}

#[tokio::test]
async fn a_class_that_cannot_be_had_is_not_asked_for() {
    let stage = Stage::new();
    let refused = async |stage: &Stage, openid: bool, values: &[&str]| {
        let client = stage.client();
        let login = client.login().scopes(openid.then_some("openid"));
        match login.require_acr(values.iter().copied()).begin().await.map(drop) {
            Err(Error::Config(error)) => Some(error),
            Ok(()) => None,
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(refused(&stage, false, &["a"]).await, Some(ConfigError::NeedsOpenid("acr")));
    assert_eq!(refused(&stage, true, &[]).await, Some(ConfigError::Acr));
    assert_eq!(refused(&stage, true, &["a b"]).await, Some(ConfigError::Acr));
    assert_eq!(refused(&stage, true, &[""]).await, Some(ConfigError::Acr));
    stage.with(|script| script.metadata["acr_values_supported"] = json!(["pwd", "mfa"]));
    assert_eq!(refused(&stage, true, &["phr", "mfa"]).await, None);
    let member = "acr_values_supported";
    assert_eq!(
        refused(&stage, true, &["phr"]).await,
        Some(ConfigError::NotOffered { value: "phr".to_owned(), member })
    );
}

#[tokio::test]
async fn a_challenge_is_read_and_answered() {
    let text = r#"Bearer error="insufficient_user_authentication", acr_values="phrh phr", max_age="60""#;
    let needed = challenge(text).expect("a demand");
    assert_eq!(
        (needed.acr_values(), needed.max_age()),
        (&["phrh".to_owned(), "phr".to_owned()][..], Some(Duration::from_secs(60)))
    );
    let stage = Stage::new();
    let client = stage.client();
    let started = client.login().scopes(["openid"]).step_up(&needed).begin().await.expect("a login");
    let params = asked(&started);
    assert_eq!((params.get("acr_values"), params.get("max_age")), (Some("phrh phr"), Some("60")));
    let outcome = async |acr: &str, auth_time: u64| {
        stage.claim("acr", json!(acr));
        stage.claim("auth_time", json!(auth_time));
        id_token_error(finish(&stage, client.login().scopes(["openid"]).step_up(&needed), &client).await)
    };
    assert_eq!(outcome("phr", START).await, None);
    assert_eq!(outcome("pwd", START).await, Some(JwtError::Acr));
    assert!(matches!(outcome("phr", START - 121).await, Some(JwtError::TooOld { .. })));
}

#[test]
fn what_is_no_demand_for_a_login_is_none() {
    assert_eq!(challenge(r#"Bearer error="invalid_token", acr_values="phr""#), None);
    assert_eq!(challenge("Bearer"), None);
    let needed = challenge(r#"DPoP error="insufficient_user_authentication", max_age="-1""#).expect("a demand");
    assert_eq!((needed.acr_values(), needed.max_age()), (&[][..], None));
    let many = format!(r#"Bearer error="insufficient_user_authentication", acr_values="{}""#, "a ".repeat(99));
    assert_eq!(challenge(&many).expect("a demand").acr_values().len(), 16);
}

#[tokio::test]
async fn the_mock_resource_is_satisfied_by_the_login_it_asked_for() {
    let idp = Idp::new(MockIdp::builder());
    let client = idp.client("public").discover().await.expect("a client");
    let log_in = async |login: LoginRequest<'_>| {
        let Started { url, pending } = login.begin().await.expect("a login");
        client.finish(pending, idp.callback(&url).await).await
    };
    let session = log_in(client.login().scopes(["openid"])).await.expect("a session");
    let ask = async |session: &Session| {
        let request = http::Request::get("https://idp.example/resource?acr_values=phr&max_age=60");
        session.send(request.body(Vec::new()).expect("a request")).await.expect("an answer")
    };
    let answer = ask(&session).await;
    assert_eq!(answer.status(), 401);
    let needed = Challenge::of(answer.headers()).first().and_then(Challenge::step_up).expect("a demand");

    idp.mock().next_login(NextLogin::user("alice").acr("phr").amr(["hwk"]));
    let session = log_in(client.login().scopes(["openid"]).step_up(&needed)).await.expect("a session");
    assert_eq!(session.claims().expect("claims").get::<Value>("acr"), Ok(Some(json!("phr"))));
    assert_eq!(ask(&session).await.status(), 200);

    idp.mock().next_login(NextLogin::user("alice").acr("pwd"));
    let outcome = log_in(client.login().scopes(["openid"]).step_up(&needed)).await;
    assert_eq!(id_token_error(outcome), Some(JwtError::Acr));
}

//! OpenID Connect Core: what a request asks of the login, and the hashes that tie an ID token to it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mock_idp::MockIdp;
use pkce_client::{ConfigError, Error, FinishError, JwtError, LoginRequest, Prompt, Started};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::idp::Idp;
use crate::stage::{Stage, asked, callback};

fn stage() -> Stage {
    let stage = Stage::new();
    stage.with(|script| script.metadata["claims_parameter_supported"] = json!(true));
    stage
}

/// What a login that asks for something ends with.
async fn outcome(stage: &Stage, ask: impl FnOnce(LoginRequest<'_>) -> LoginRequest<'_>) -> Option<JwtError> {
    let client = stage.client();
    let started = ask(client.login().scopes(["openid"])).begin().await.expect("a login");
    stage.visit(&started);
    let response = callback(&started, &[]);
    match client.finish(started.pending, response).await {
        Ok(_) => None,
        Err(FinishError::Failed(Error::IdToken(error))) => Some(error),
        Err(other) => panic!("{other:?}"),
    }
}

async fn refused(stage: &Stage, ask: impl FnOnce(LoginRequest<'_>) -> LoginRequest<'_>) -> Option<ConfigError> {
    match ask(stage.client().login().scopes(["openid"])).begin().await.map(drop) {
        Ok(()) => None,
        Err(Error::Config(error)) => Some(error),
        Err(other) => panic!("{other}"),
    }
}

fn half_hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16])
}

#[tokio::test]
async fn prompts_and_languages_are_sent() {
    let stage = stage();
    let client = stage.client();
    let login = client.login().prompt([Prompt::Login, Prompt::Consent, Prompt::Login]).ui_locales(["de-CH", "fr"]);
    let started = login.begin().await.expect("a login");
    let asked = asked(&started);
    assert_eq!((asked.get("prompt"), asked.get("ui_locales")), (Some("login consent"), Some("de-CH fr")));
}

#[tokio::test]
async fn a_prompt_that_makes_no_sense_or_is_not_offered_is_not_sent() {
    let stage = stage();
    let none = async || refused(&stage, |login| login.prompt([Prompt::None])).await;
    assert_eq!(none().await, None);
    let both = refused(&stage, |login| login.prompt([Prompt::None, Prompt::Login])).await;
    assert_eq!(both, Some(ConfigError::PromptNone));
    stage.with(|script| script.metadata["prompt_values_supported"] = json!(["none", "login"]));
    assert_eq!(none().await, None);
    let create = refused(&stage, |login| login.prompt([Prompt::Create])).await;
    let member = "prompt_values_supported";
    assert_eq!(create, Some(ConfigError::NotOffered { value: "create".to_owned(), member }));
    for tag in ["", "de CH", "de_CH", "dé"] {
        assert_eq!(refused(&stage, |login| login.ui_locales([tag])).await, Some(ConfigError::Locale), "{tag}");
    }
}

#[tokio::test]
async fn an_essential_acr_is_checked() {
    let stage = stage();
    let cases = [
        (json!({"essential": true, "values": ["phr", "phrh"]}), json!("phrh"), None),
        (json!({"essential": true, "values": ["phr"]}), json!("pwd"), Some(JwtError::Acr)),
        (json!({"essential": true, "value": "phr"}), json!("pwd"), Some(JwtError::Acr)),
        (json!({"essential": true, "value": "phr"}), json!(null), Some(JwtError::Missing("acr"))),
        (json!({"essential": true}), json!("pwd"), None),
        (json!({"essential": true}), json!(null), Some(JwtError::Missing("acr"))),
        (json!({"values": ["phr"]}), json!("pwd"), None),
        (json!({"essential": false, "values": ["phr"]}), json!(null), None),
        (json!(null), json!(null), None),
    ];
    for (wish, acr, error) in cases {
        stage.claim("acr", acr.clone());
        let claims = json!({"id_token": {"acr": wish, "email": {"essential": true}}});
        assert_eq!(outcome(&stage, |login| login.claims(claims.clone())).await, error, "{claims}: {acr}");
    }
}

#[tokio::test]
async fn a_user_who_was_asked_for_is_the_user_who_logs_in() {
    let stage = stage();
    for (sub, error) in [("alice", None), ("bob", Some(JwtError::Subject)), ("Alice", Some(JwtError::Subject))] {
        let claims = json!({"id_token": {"sub": {"value": sub}}});
        assert_eq!(outcome(&stage, |login| login.claims(claims)).await, error, "{sub}");
    }
    let elsewhere = json!({"userinfo": {"sub": {"value": "bob"}}});
    assert_eq!(outcome(&stage, |login| login.claims(elsewhere)).await, None);
}

#[tokio::test]
async fn claims_are_sent_in_their_shape_or_not_at_all() {
    let stage = stage();
    let claims =
        json!({"userinfo": {"email": {"essential": true}, "name": null}, "id_token": {"sub": {"value": "a"}}});
    let client = stage.client();
    let started = client.login().scopes(["openid"]).claims(claims.clone()).begin().await.expect("a login");
    let sent = asked(&started).get("claims").expect("claims").to_owned();
    assert_eq!(serde_json::from_str::<Value>(&sent).expect("JSON"), claims);
    for malformed in [
        json!([]),
        json!({"userinfo": []}),
        json!({"id_token": null}),
        json!({"id_token": {"a": true}}),
        json!({"id_token": {"a": {"essential": 1}}}),
        json!({"id_token": {"a": {"values": "b"}}}),
        json!({"id_token": {"sub": {"value": 1}}}),
        json!({"id_token": {"a": {"value": "b", "values": ["b"]}}}),
    ] {
        let error = refused(&stage, |login| login.claims(malformed.clone())).await;
        assert_eq!(error, Some(ConfigError::Claims), "{malformed}");
    }
    let acr = json!({"id_token": {"acr": {"values": ["a", 1]}}});
    assert_eq!(refused(&stage, |login| login.claims(acr)).await, Some(ConfigError::Acr));
    let twice = json!({"id_token": {"acr": {"essential": true}}});
    let twice = refused(&stage, |login| login.claims(twice).acr_values(["a"])).await;
    assert_eq!(twice, Some(ConfigError::Claims));
    let plain = client.login().claims(claims.clone()).begin().await.map(drop);
    assert!(matches!(plain, Err(Error::Config(ConfigError::NeedsOpenid("claims")))));
    for says in [json!(false), json!("true"), json!(null)] {
        stage.with(|script| script.metadata["claims_parameter_supported"] = says.clone());
        let error = refused(&stage, |login| login.claims(claims.clone())).await;
        assert!(matches!(error, Some(ConfigError::NotOffered { .. })), "{says}: {error:?}");
    }
}

#[tokio::test]
async fn a_hash_of_the_code_has_to_be_that_of_the_code() {
    let stage = stage();
    for (hash, error) in [
        (json!(half_hash("code-1")), None),
        (json!(half_hash("code-2")), Some(JwtError::CodeHash)),
        (json!(""), Some(JwtError::CodeHash)),
        (json!(1), Some(JwtError::Malformed("c_hash"))),
    ] {
        stage.claim("c_hash", hash.clone());
        assert_eq!(outcome(&stage, |login| login).await, error, "{hash}");
    }
}

#[tokio::test]
async fn a_hash_of_the_state_has_to_be_that_of_the_state() {
    let stage = stage();
    let client = stage.client();
    let started = stage.begin(&client).await;
    stage.claim("s_hash", json!(half_hash(asked(&started).get("state").expect("a state"))));
    let response = callback(&started, &[]);
    client.finish(started.pending, response).await.expect("a session");
    assert_eq!(outcome(&stage, |login| login).await, Some(JwtError::StateHash), "that of an earlier login");
}

#[tokio::test]
async fn the_mock_server_reads_what_is_asked() {
    let idp = Idp::new(MockIdp::builder());
    let client = idp.client("public").discover().await.expect("a client");
    let claims = json!({"id_token": {"email": {"essential": true}, "acr": {"values": ["pwd"]}}});
    let login = client.login().scopes(["openid"]).claims(claims).prompt([Prompt::Login]).ui_locales(["en"]);
    let Started { url, pending } = login.begin().await.expect("a login");
    let session = client.finish(pending, idp.callback(&url).await).await.expect("a session");
    assert!(session.claims().expect("claims").get::<String>("email").expect("a text").is_some());
    idp.assert_strict();
}

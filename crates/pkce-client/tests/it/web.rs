//! Web logins: begin, the browser, finish.

use std::time::Duration;

use pkce_client::{Callback, ConfigError, Endpoint, Error, FinishError, LoginRequest, RejectReason, Started};
use pkce_core::Challenge;
use serde_json::json;

use crate::stage::{CLIENT_ID, ISSUER, REDIRECT_URI, Stage, asked, callback, metadata};

#[tokio::test]
async fn a_login_ends_with_claims_and_tokens() {
    let stage = Stage::new();
    let client = stage.client();
    let session = stage.login(&client).await.expect("a session");
    let claims = session.claims().expect("claims");
    assert_eq!(claims.subject(), "alice");
    assert_eq!(claims.get::<Vec<String>>("groups"), Ok(Some(vec!["a".to_owned()])));
    assert_eq!(claims.get::<String>("email"), Ok(None));
    assert!(claims.get::<u64>("groups").is_err());
    assert_eq!(session.access_token().await.expect("a token").expose(), "at-1");
    assert_eq!(session.scopes().await, ["openid", "email"]);
}

#[tokio::test]
async fn the_authorization_request_has_each_parameter_once() {
    let stage = Stage::new();
    let started = stage.begin(&stage.client()).await;
    let asked = asked(&started);
    assert!(started.url.as_str().starts_with("https://issuer.example/authorize?tenant=1&"));
    assert_eq!(asked.duplicate(&[]), None);
    let fixed = [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "openid email"),
        ("code_challenge_method", "S256"),
        ("tenant", "1"),
    ];
    for (name, value) in fixed {
        assert_eq!(asked.get(name), Some(value), "{name}");
    }
    assert!(Challenge::parse(asked.get("code_challenge").expect("a challenge")).is_ok());
    assert_eq!(asked.get("state").map(str::len), Some(43));
    assert_eq!(asked.get("nonce").map(str::len), Some(43));
    assert_eq!(asked.len(), 9);
}

#[tokio::test]
async fn nothing_is_used_for_two_logins() {
    let stage = Stage::new();
    let client = stage.client();
    let mut drawn = std::collections::BTreeSet::new();
    for _ in 0..16 {
        let started = stage.begin(&client).await;
        for name in ["state", "nonce", "code_challenge"] {
            assert!(drawn.insert(asked(&started).get(name).expect("a value").to_owned()));
        }
    }
}

#[tokio::test]
async fn complaint_20_the_redirect_uri_is_sent_again_exactly() {
    let stage = Stage::new();
    let client = stage.client();
    let started = stage.begin(&client).await;
    let challenge = Challenge::parse(asked(&started).get("code_challenge").expect("a challenge")).expect("canonical");
    let response = callback(&started, &[("code", "a+b/=%é")]);
    client.finish(started.pending, response).await.expect("a session");
    let [request] = &stage.seen(Endpoint::Token)[..] else { panic!("one request") };
    assert_eq!(request.uri, "https://issuer.example/token");
    assert_eq!(request.params.get("grant_type"), Some("authorization_code"));
    assert_eq!(request.params.get("code"), Some("a+b/=%é"));
    assert_eq!(request.params.get("redirect_uri"), Some(REDIRECT_URI));
    assert_eq!(request.params.get("client_id"), Some(CLIENT_ID));
    assert!(challenge.verify(request.params.get("code_verifier").expect("a verifier")).is_ok());
    assert_eq!((request.params.len(), &request.authorization), (5, &None));
}

#[tokio::test]
async fn a_secret_is_sent_in_one_way() {
    let stage = Stage::new();
    stage.login(&stage.client_of(stage.builder().secret("s3cret:/"))).await.expect("a session");
    stage.login(&stage.client_of(stage.builder().secret_in_body("s3cret:/"))).await.expect("a session");
    let [basic, post] = &stage.seen(Endpoint::Token)[..] else { panic!("two requests") };
    assert_eq!(basic.authorization.as_deref(), Some("Basic YXBwOnMzY3JldCUzQSUyRg=="));
    assert_eq!((basic.params.get("client_secret"), basic.params.get("client_id")), (None, None));
    assert_eq!(post.authorization, None);
    assert_eq!(post.params.get("client_secret"), Some("s3cret:/"));
    assert_eq!(post.params.get("client_id"), Some(CLIENT_ID));
}

#[tokio::test]
async fn a_login_without_openid_has_no_claims() {
    let stage = Stage::new();
    let client = stage.client();
    let started = client.login().scopes(["api"]).begin().await.expect("a login");
    assert_eq!(asked(&started).get("nonce"), None);
    let response = callback(&started, &[]);
    let session = client.finish(started.pending, response).await.expect("a session");
    assert!(session.claims().is_none());
    assert!(matches!(session.userinfo().await, Err(Error::Unsupported(_))));
    assert!(stage.seen(Endpoint::Jwks).is_empty() && stage.seen(Endpoint::Userinfo).is_empty());
}

#[tokio::test]
async fn hints_and_other_parameters_are_sent() {
    let stage = Stage::new();
    let client = stage.client();
    let login = client.login().scopes(["openid", "openid"]).login_hint("bob@x").max_age(Duration::from_secs(9));
    let started = login.param("display", "popup").begin().await.expect("a login");
    let asked = asked(&started);
    assert_eq!(asked.get("login_hint"), Some("bob@x"));
    assert_eq!(asked.get("max_age"), Some("9"));
    assert_eq!(asked.get("display"), Some("popup"));
    assert_eq!(asked.get("scope"), Some("openid"));
}

#[tokio::test]
async fn parameters_that_protect_the_login_cannot_be_given() {
    let client = Stage::new().client();
    let reserved = [
        "state",
        "nonce",
        "redirect_uri",
        "code_challenge",
        "code_challenge_method",
        "client_id",
        "request",
        "request_uri",
        "response_type",
        "response_mode",
        "scope",
        "client_secret",
        "max_age",
        "login_hint",
        "acr_values",
        "authorization_details",
        "claims",
        "prompt",
        "ui_locales",
    ];
    for name in reserved {
        let refused = client.login().param(name, "x").begin().await.err();
        assert!(
            matches!(refused, Some(Error::Config(ConfigError::ReservedParameter(ref refused))) if refused == name),
            "{name}"
        );
    }
    let refused = async |login: LoginRequest<'_>| login.begin().await.map(drop).expect_err("a refusal");
    let repeated = refused(client.login().param("display", "page").param("display", "popup")).await;
    assert!(matches!(repeated, Error::Config(ConfigError::RepeatedParameter(name)) if name == "display"));
    let of_endpoint = refused(client.login().param("tenant", "2")).await;
    assert!(matches!(of_endpoint, Error::Config(ConfigError::RepeatedParameter(name)) if name == "tenant"));
    let scope = refused(client.login().scopes(["open id"])).await;
    assert!(matches!(scope, Error::Config(ConfigError::Scope)));
    let age = refused(client.login().max_age(Duration::from_secs(1))).await;
    assert!(matches!(age, Error::Config(ConfigError::MaxAgeWithoutOpenid)));
}

#[tokio::test]
async fn a_web_login_needs_a_redirect_uri() {
    let stage = Stage::new();
    let builder = pkce_client::Client::builder(ISSUER, CLIENT_ID).http(stage.clone());
    let begun = stage.client_of(builder).login().begin().await;
    assert!(matches!(begun, Err(Error::Config(ConfigError::NoRedirectUri))));
}

#[tokio::test]
async fn a_login_is_finished_by_the_client_that_began_it() {
    let stage = Stage::new();
    let client = stage.client();
    let other_id = stage.client_of(pkce_client::Client::builder(ISSUER, "other").http(stage.clone()));
    let elsewhere = "https://other.example";
    let metadata = serde_json::from_value(metadata(elsewhere)).expect("metadata");
    let other_server = pkce_client::Client::builder(elsewhere, CLIENT_ID).http(stage.clone());
    let other_server = other_server.with_metadata(metadata).expect("a client");
    for other in [&other_id, &other_server] {
        let Started { url, pending } = stage.begin(&client).await;
        let response = callback(&Started { url, pending: stage.begin(&client).await.pending }, &[]);
        let Err(FinishError::Rejected(rejected)) = other.finish(pending, response).await else { panic!("a refusal") };
        assert_eq!(rejected.reason, RejectReason::OtherClient);
        let started = stage.begin(&client).await;
        let response = callback(&started, &[]);
        let accepted = started.pending.accept(response).expect("accepted");
        assert!(matches!(other.redeem(accepted).await, Err(Error::OtherClient)));
    }
    assert!(stage.seen(Endpoint::Token).is_empty());
}

#[tokio::test]
async fn a_login_is_kept_under_a_hash_of_its_state() {
    let stage = Stage::new();
    let started = stage.begin(&stage.client()).await;
    let key = started.pending.lookup_key();
    assert_eq!(callback(&started, &[]).lookup_key().as_ref(), Some(&key));
    assert_eq!(Callback::from_query("code=x").expect("parameters").lookup_key(), None);
    assert_eq!(key.as_str().len(), 43);
    assert!(!started.url.as_str().contains(key.as_str()));
}

#[tokio::test]
async fn userinfo_is_about_the_same_subject() {
    let stage = Stage::new();
    let client = stage.client();
    let session = stage.login(&client).await.expect("a session");
    let userinfo = session.userinfo().await.expect("userinfo");
    assert_eq!((userinfo.subject(), userinfo.get::<String>("name")), ("alice", Ok(Some("Alice".to_owned()))));
    let [request] = &stage.seen(Endpoint::Userinfo)[..] else { panic!("one request") };
    assert_eq!(request.authorization.as_deref(), Some("Bearer at-1"));
    assert_eq!(request.uri, "https://issuer.example/userinfo");
    for claims in [json!({"sub": "mallory"}), json!({"name": "Alice"}), json!({"sub": ["alice"]})] {
        stage.with(|script| script.userinfo = claims);
        assert!(matches!(session.userinfo().await, Err(Error::SubjectMismatch)));
    }
}

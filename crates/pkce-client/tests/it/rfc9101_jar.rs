//! RFC 9101: authorization requests that are signed.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use mock_idp::{Client as Registered, MockIdp};
use oauth_types::Params;
use pkce_client::{Algorithm, Callback, ConfigError, Endpoint, Error, SigningKey, Started};
use serde_json::{Value, json};

use crate::idp::{Idp, REDIRECT_URI};
use crate::stage::{CLIENT_ID, ES256, ISSUER, START, Stage, asked_by, callback_query};

fn key() -> SigningKey {
    SigningKey::from_pem(Algorithm::Es256, ES256).expect("a key").with_kid("requests")
}

fn stage() -> Stage {
    let stage = Stage::new();
    stage.with(|script| {
        script.metadata["request_object_signing_alg_values_supported"] = json!(["RS256", "ES256"]);
        script.metadata["claims_parameter_supported"] = json!(true);
        script.metadata["authorization_details_types_supported"] = json!(["payment_initiation"]);
    });
    stage
}

/// The header and the claims of a request object whose signature is right.
fn opened(object: &str) -> (Value, Value) {
    let (signed, signature) = object.rsplit_once('.').expect("a signature");
    let jwk = serde_json::from_value(Value::Object(key().public_jwk())).expect("a key");
    let jwk = DecodingKey::from_jwk(&jwk).expect("a key");
    let algorithm = jsonwebtoken::Algorithm::ES256;
    assert!(jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &jwk, algorithm).expect("a verdict"));
    let part = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64url")).expect("JSON");
    let (header, claims) = signed.split_once('.').expect("claims");
    (part(header), part(claims))
}

fn names(params: &Params) -> Vec<&str> {
    params.iter().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn everything_is_in_the_token_and_nothing_beside_it() {
    let stage = stage();
    let client = stage.client_of(stage.builder().signed_requests(key()));
    let details = json!([{"type": "payment_initiation", "actions": ["initiate"]}]);
    let claims = json!({"userinfo": {"email": {"essential": true}}});
    let login = client.login().scopes(["openid"]).max_age(std::time::Duration::from_secs(60)).login_hint("bob");
    let login = login.resource("https://a.example/").resource("https://b.example/").param("display", "popup");
    let started = login.claims(claims.clone()).authorization_details(details.clone()).begin().await.expect("a login");
    let outside = asked_by(&started.url);
    assert_eq!(names(&outside), ["tenant", "client_id", "request"]);
    assert_eq!(outside.get("client_id"), Some(CLIENT_ID));

    let (header, inside) = opened(outside.get("request").expect("a token"));
    assert_eq!(header, json!({"alg": "ES256", "kid": "requests", "typ": "oauth-authz-req+jwt"}));
    assert_eq!((&inside["iss"], &inside["aud"]), (&json!(CLIENT_ID), &json!(ISSUER)));
    assert_eq!(
        (&inside["iat"], &inside["nbf"], &inside["exp"]),
        (&json!(START), &json!(START - 60), &json!(START + 300))
    );
    assert_eq!(inside["client_id"], CLIENT_ID);
    assert_eq!((&inside["max_age"], &inside["claims"]), (&json!(60), &claims));
    assert_eq!(inside["authorization_details"], details);
    assert_eq!(inside["resource"], json!(["https://a.example/", "https://b.example/"]));
    assert_eq!((&inside["display"], &inside["login_hint"]), (&json!("popup"), &json!("bob")));
    for name in ["state", "nonce", "code_challenge", "redirect_uri", "response_type", "scope"] {
        assert!(inside[name].is_string(), "{name}");
    }
    assert_eq!(inside["code_challenge_method"], "S256");
}

#[tokio::test]
async fn every_request_has_a_name_of_its_own() {
    let stage = stage();
    let client = stage.client_of(stage.builder().signed_requests(key()));
    let mut seen = BTreeSet::new();
    for _ in 0..8 {
        let started = client.login().begin().await.expect("a login");
        let (_, inside) = opened(asked_by(&started.url).get("request").expect("a token"));
        assert!(seen.insert(inside["jti"].as_str().expect("a jti").to_owned()));
    }
}

#[tokio::test]
async fn a_signed_request_is_pushed_where_requests_are_pushed() {
    let stage = stage();
    stage.with(|script| {
        script.metadata["pushed_authorization_request_endpoint"] = json!("https://issuer.example/par");
    });
    let pushed = r#"{"request_uri": "urn:ietf:params:oauth:request_uri:one", "expires_in": 60}"#;
    stage.answer(Endpoint::PushedAuthorization, 201, "application/json", pushed);
    let client = stage.client_of(stage.builder().signed_requests(key()).pushed_requests().secret("s3cret"));
    let Started { url, pending } = client.login().begin().await.expect("a login");
    assert_eq!(names(&asked_by(&url)), ["tenant", "client_id", "request_uri"]);
    let sent = stage.seen(Endpoint::PushedAuthorization).pop().expect("a request");
    assert_eq!(names(&sent.params), ["client_id", "request"]);
    assert!(sent.authorization.is_some());
    let (_, inside) = opened(sent.params.get("request").expect("a token"));
    let state = inside["state"].as_str().expect("a state");
    let answer = Callback::from_query(&format!("code=code-1&iss={ISSUER}&state={state}")).expect("parameters");
    client.finish(pending, answer).await.expect("a session");
}

#[tokio::test]
async fn what_the_server_cannot_verify_is_not_sent() {
    for (listed, offered) in [(json!(["RS256"]), false), (json!(null), false), (json!(["ES256"]), true)] {
        let stage = stage();
        stage.with(|script| script.metadata["request_object_signing_alg_values_supported"] = listed.clone());
        let metadata = stage.with(|script| serde_json::from_value(script.metadata.clone()).expect("metadata"));
        match stage.builder().signed_requests(key()).with_metadata(metadata) {
            Ok(_) => assert!(offered, "{listed}"),
            Err(Error::Config(ConfigError::SigningAlgorithm { algorithm, member })) => {
                assert_eq!((algorithm, offered), (Algorithm::Es256, false), "{listed}");
                assert_eq!(member, "request_object_signing_alg_values_supported");
            }
            Err(other) => panic!("{listed}: {other}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_takes_signed_requests_alone_gets_no_others() {
    let stage = stage();
    stage.with(|script| script.metadata["require_signed_request_object"] = json!(true));
    let metadata = || stage.with(|script| serde_json::from_value(script.metadata.clone()).expect("metadata"));
    let error = stage.builder().with_metadata(metadata()).expect_err("no client");
    assert!(matches!(error, Error::Config(ConfigError::SignedRequestsRequired)), "{error}");
    assert!(stage.builder().signed_requests(key()).with_metadata(metadata()).is_ok());
    stage.with(|script| script.metadata["require_signed_request_object"] = json!(false));
    assert!(stage.builder().with_metadata(metadata()).is_ok());
}

#[tokio::test]
async fn the_mock_server_takes_signed_requests_pushed_or_not_and_answers_in_a_signed_token() {
    let jwks = json!({"keys": [key().public_jwk()]});
    let registered =
        Registered::confidential("web", "s3cret").redirect_uri(REDIRECT_URI).metadata("jwks", jwks.clone());
    let insists = |registered: Registered| {
        let builder = MockIdp::builder().on("require-signed-request-object").on("request-object-nbf");
        Idp::new(builder.on("require-pushed-authorization-requests").client(registered))
    };
    let idp = insists(registered.clone());
    let builder = || idp.client("web").secret("s3cret").signed_requests(key());
    let client = builder().signed_responses().discover().await.expect("a client");
    let Started { url, pending } = client
        .login()
        .scopes(["openid"])
        .resource("https://api.example/")
        .max_age(std::time::Duration::from_secs(3600))
        .begin()
        .await
        .expect("a login");
    assert_eq!(names(&asked_by(&url)), ["client_id", "request_uri"]);
    let query = idp.query(&url).await;
    assert!(query.starts_with("response=") && !query.contains('&'), "{query}");
    let callback = Callback::from_query(&query).expect("parameters");
    let session = client.finish(pending, callback).await.expect("a session");
    assert_eq!(session.claims().expect("claims").subject(), "alice");
    idp.assert_strict();

    let other = SigningKey::generate(&pkce_client::SystemDice).expect("a key").with_kid("requests");
    let stranger = idp.client("web").secret("s3cret").signed_requests(other).discover().await.expect("a client");
    let error = stranger.login().begin().await.expect_err("a refusal");
    assert!(matches!(&error, Error::OAuth { error, .. } if error.code() == "invalid_request_object"), "{error}");
    let unsigned = idp.client("web").secret("s3cret").discover().await.expect_err("no client");
    assert!(matches!(unsigned, Error::Config(ConfigError::SignedRequestsRequired)), "{unsigned}");

    let idp = Idp::new(MockIdp::builder().client(registered.metadata("require_signed_request_object", true)));
    let builder = idp.client("web").secret("s3cret").signed_requests(key());
    let client = builder.discover().await.expect("a client");
    let Started { url, pending } = client.login().scopes(["openid"]).begin().await.expect("a login");
    assert_eq!(names(&asked_by(&url)), ["client_id", "request"]);
    client.finish(pending, idp.callback(&url).await).await.expect("a session");
    idp.assert_strict();
}

#[tokio::test]
async fn a_request_without_a_key_is_as_it_was() {
    let stage = stage();
    let client = stage.client();
    let started = client.login().begin().await.expect("a login");
    assert!(asked_by(&started.url).get("request").is_none() && !callback_query(&started, &[]).is_empty());
}

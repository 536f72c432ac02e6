//! OpenID Connect Back-Channel Logout: logout tokens.

use std::sync::{Arc, Mutex};

use jsonwebtoken::Algorithm as Jws;
use mock_idp::MockIdp;
use mock_idp::outbound::{Outbound, OutboundError};
use oauth_types::Params;
use pkce_client::{Algorithm, Client, Endpoint, Error, JwtError, JwtKind, LogoutToken};
use serde_json::{Value, json};

use crate::idp::{Idp, REDIRECT_URI};
use crate::stage::{CLIENT_ID, ES256, ISSUER, RS256, START, Stage, UNPUBLISHED, rsa, sign};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn header() -> Value {
    json!({"alg": "RS256", "kid": "one", "typ": "logout+jwt"})
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "alice", "sid": "sid-1", "aud": CLIENT_ID, "iat": START, "exp": START + 120,
        "jti": "jti-1", "events": {EVENT: {}}
    })
}

/// The token with a claim changed; `null` takes it out.
fn with(name: &str, value: Value) -> String {
    let mut claims = claims();
    match value {
        Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
        value => claims[name] = value,
    }
    signed(&header(), &claims)
}

fn signed(header: &Value, claims: &Value) -> String {
    sign(&header.to_string(), &claims.to_string(), &rsa(RS256), Jws::RS256)
}

async fn judged(client: &Client, token: &str) -> Result<LogoutToken, JwtError> {
    match client.verify_logout_token(token).await {
        Ok(token) => Ok(token),
        Err(Error::Jwt { kind: JwtKind::LogoutToken, error }) => Err(error),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_logout_token_says_which_sessions_have_ended() {
    let stage = Stage::new();
    stage.claim("sid", json!("sid-1"));
    let client = stage.client();
    let session = stage.login(&client).await.expect("a session");
    let session = session.claims().expect("claims");
    let token = client.verify_logout_token(&signed(&header(), &claims())).await.expect("a logout");
    assert_eq!((token.subject(), token.session_id()), (Some("alice"), Some("sid-1")));
    assert!(token.concerns(session));
    assert!(!format!("{token:?}").contains("alice"));
    let mut number = 1;
    for (name, value, concerned) in [
        ("sid", json!(null), true),
        ("sub", json!(null), true),
        ("sid", json!("sid-2"), false),
        ("sub", json!("bob"), false),
    ] {
        let mut claims = claims();
        number += 1;
        claims["jti"] = json!(format!("jti-{number}"));
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().expect("an object").remove(name);
        }
        let token = judged(&client, &signed(&header(), &claims)).await.expect("a logout");
        assert_eq!(token.concerns(session), concerned, "{claims}");
    }
    let other = Stage::new();
    let elsewhere = other.login(&other.client()).await.expect("a session without a sid");
    assert!(!token.concerns(elsewhere.claims().expect("claims")));
}

#[tokio::test]
async fn each_claim_is_judged() {
    let client = Stage::new().client();
    let error = async |name: &str, value: Value| judged(&client, &with(name, value)).await.expect_err(name);
    assert_eq!(error("iss", json!("https://evil.example")).await, JwtError::Issuer);
    assert_eq!(error("iss", json!(null)).await, JwtError::Missing("iss"));
    assert_eq!(error("aud", json!("other")).await, JwtError::Audience);
    assert_eq!(error("aud", json!([CLIENT_ID, "other"])).await, JwtError::UntrustedAudience("other".into()));
    assert_eq!(error("iat", json!(null)).await, JwtError::Missing("iat"));
    assert_eq!(error("iat", json!(START + 61)).await, JwtError::IssuedInFuture { iat: START + 61, now: START });
    assert_eq!(error("exp", json!(null)).await, JwtError::Missing("exp"));
    assert_eq!(error("exp", json!(START - 60)).await, JwtError::Expired { exp: START - 60, now: START });
    assert_eq!(error("events", json!(null)).await, JwtError::Missing("events"));
    for events in [json!({}), json!([EVENT]), json!(EVENT), json!({EVENT: true}), json!({"http://other": {}})] {
        assert_eq!(error("events", events).await, JwtError::Malformed("events"));
    }
    for nonce in [json!("n"), json!(""), json!(1)] {
        assert_eq!(error("nonce", nonce).await, JwtError::Forbidden("nonce"));
    }
    assert_eq!(error("jti", json!(null)).await, JwtError::Missing("jti"));
    assert_eq!(error("jti", json!("")).await, JwtError::Malformed("jti"));
    assert_eq!(error("sid", json!(7)).await, JwtError::Malformed("sid"));
    assert_eq!(error("sid", json!("x".repeat(1025))).await, JwtError::Malformed("sid"));
    assert_eq!(error("sub", json!("a\n")).await, JwtError::Malformed("sub"));
    let mut nobody = claims();
    nobody.as_object_mut().expect("an object").retain(|name, _| name != "sub" && name != "sid");
    assert_eq!(judged(&client, &signed(&header(), &nobody)).await, Err(JwtError::Missing("sub")));
    // None of these has used up the `jti`.
    assert!(judged(&client, &signed(&header(), &claims())).await.is_ok());
}

#[tokio::test]
async fn a_token_is_taken_once_while_it_is_valid() {
    let stage = Stage::new();
    let client = stage.client();
    let token = signed(&header(), &claims());
    assert!(judged(&client, &token).await.is_ok());
    assert_eq!(judged(&client, &token).await, Err(JwtError::Replayed));
    assert_eq!(judged(&client.clone(), &token).await, Err(JwtError::Replayed));
    assert!(judged(&client, &with("jti", json!("jti-2"))).await.is_ok());
    stage.clock.advance(179);
    assert_eq!(judged(&client, &token).await, Err(JwtError::Replayed), "within the leeway");
    stage.clock.advance(1);
    assert!(matches!(judged(&client, &token).await, Err(JwtError::Expired { .. })));
}

#[tokio::test]
async fn other_tokens_are_not_taken_for_logout_tokens() {
    let stage = Stage::new();
    let client = stage.client();
    let token = |typ: Value| {
        let mut header = header();
        header["typ"] = typ;
        signed(&header, &claims())
    };
    assert_eq!(judged(&client, &token(json!("at+jwt"))).await, Err(JwtError::Type));
    assert_eq!(judged(&client, &token(json!("token-introspection+jwt"))).await, Err(JwtError::Type));
    assert!(judged(&client, &token(json!("JWT"))).await.is_ok(), "of a server from before the type");
    let id_token = stage.with(|script| script.id_token());
    assert_eq!(judged(&client, &id_token).await, Err(JwtError::Missing("events")));
    // And no logout token is taken for an ID token.
    stage.with(|script| script.header = header());
    assert!(stage.login(&client).await.is_err());
}

#[tokio::test]
async fn the_signature_is_one_of_the_server_by_an_allowed_algorithm() {
    let stage = Stage::new();
    let client = stage.client();
    let (header, claims) = (header().to_string(), claims().to_string());
    let forged = sign(&header, &claims, &rsa(UNPUBLISHED), Jws::RS256);
    assert_eq!(judged(&client, &forged).await, Err(JwtError::Signature));
    let ec = jsonwebtoken::EncodingKey::from_ec_pem(ES256.as_bytes()).expect("a key");
    let header = json!({"alg": "ES256", "typ": "logout+jwt"}).to_string();
    let other = sign(&header, &claims, &ec, Jws::ES256);
    assert_eq!(judged(&client, &other).await, Err(JwtError::Algorithm));
    stage.with(|script| script.jwks = json!({"keys": [crate::stage::jwk(&ec, Jws::ES256, "two")]}));
    let client = stage.client_of(stage.builder().id_token_algorithms([Algorithm::Es256]));
    assert!(judged(&client, &other).await.is_ok());
    for (text, error) in [("", JwtError::NotCompact), ("a.b.c", JwtError::NotBase64Url)] {
        assert_eq!(judged(&client, text).await, Err(error), "{text}");
    }
    assert_eq!(judged(&client, &"x".repeat(1 << 21)).await, Err(JwtError::TooLong));
    assert!(stage.seen(Endpoint::Jwks).len() <= 3);
}

#[tokio::test]
async fn forged_tokens_do_not_keep_logins_from_a_new_key() {
    let stage = Stage::new();
    let client = stage.client();
    stage.login(&client).await.expect("a session");
    for number in 0..1000 {
        let header = json!({"alg": "RS256", "kid": format!("nobody-{number}"), "typ": "logout+jwt"}).to_string();
        let forged = sign(&header, &claims().to_string(), &rsa(UNPUBLISHED), Jws::RS256);
        assert_eq!(judged(&client, &forged).await, Err(JwtError::UnknownKey));
    }
    assert_eq!(stage.seen(Endpoint::Jwks).len(), 11, "and they cause few requests");
    let new = rsa(UNPUBLISHED);
    stage.with(|script| {
        script.jwks = json!({"keys": [crate::stage::jwk(&new, Jws::RS256, "two")]});
        script.header["kid"] = json!("two");
        script.key = new;
    });
    stage.login(&client).await.expect("a session");
    assert_eq!(stage.seen(Endpoint::Jwks).len(), 12);
}

#[tokio::test]
async fn forged_tokens_cause_few_requests_where_no_keys_can_be_had() {
    let stage = Stage::new();
    stage.answer(Endpoint::Jwks, 503, "text/plain", "");
    let client = stage.client();
    for _ in 0..1000 {
        client.verify_logout_token(&signed(&header(), &claims())).await.expect_err("no keys");
    }
    assert_eq!(stage.seen(Endpoint::Jwks).len(), 10);
}

/// Hears what the server posts to clients.
#[derive(Debug, Default)]
struct Ears(Mutex<Vec<String>>);

impl Outbound for Ears {
    fn send(
        &self,
        request: http::Request<bytes::Bytes>,
    ) -> mock_idp::store::BoxFuture<'_, Result<http::Response<bytes::Bytes>, OutboundError>> {
        let params = Params::parse(std::str::from_utf8(request.body()).expect("text")).expect("a form");
        self.0.lock().expect("no panic").push(params.get("logout_token").expect("a token").to_owned());
        Box::pin(std::future::ready(Ok(http::Response::default())))
    }
}

#[tokio::test]
async fn the_token_of_the_mock_server_is_understood() {
    let ears = Arc::new(Ears::default());
    let app = mock_idp::Client::public("app").redirect_uri(REDIRECT_URI);
    let app = app.metadata("backchannel_logout_uri", "https://app.example/out");
    let idp = Idp::new(MockIdp::builder().client(app).outbound(ears.clone()));
    let client = idp.client("app").discover().await.expect("a client");
    let session = idp.login(&client, &["openid"]).await;
    let other = idp.login(&client, &["openid"]).await;
    let started = client.logout(&session).begin().await.expect("a logout");
    idp.visit(&started.url).await;
    let token = ears.0.lock().expect("no panic").pop().expect("a logout token");
    let logout = client.verify_logout_token(&token).await.expect("a logout");
    assert!(logout.concerns(session.claims().expect("claims")));
    assert!(!logout.concerns(other.claims().expect("claims")));
    assert_eq!(judged(&client, &token).await, Err(JwtError::Replayed));
}

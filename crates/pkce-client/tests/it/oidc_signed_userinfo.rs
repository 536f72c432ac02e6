//! Signed UserInfo responses.

use jsonwebtoken::Algorithm as Jws;
use mock_idp::MockIdp;
use oauth_types::fault::{Edit, Fault, Point};
use pkce_client::{Algorithm, ConfigError, Defect, Endpoint, Error, JwtError, JwtKind, Session, UserInfo};
use serde_json::{Value, json};

use crate::idp::{Idp, REDIRECT_URI};
use crate::stage::{CLIENT_ID, ISSUER, RS256, START, Stage, UNPUBLISHED, response, rsa, sign};

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": CLIENT_ID, "sub": "alice", "name": "Alice"})
}

fn jwt(claims: &Value, key: &str) -> String {
    let header = json!({"alg": "RS256", "kid": "one"});
    sign(&header.to_string(), &claims.to_string(), &rsa(key), Jws::RS256)
}

/// The session of a client that wants signed answers, at a server that answers like this.
async fn session(content_type: &'static str, body: String) -> (Stage, Session) {
    let stage = Stage::new();
    let client = stage.client_of(stage.builder().signed_userinfo([Algorithm::Rs256]));
    let session = stage.login(&client).await.expect("a session");
    stage.instead(move |seen| {
        (seen.endpoint == Endpoint::Userinfo).then(|| Ok(response(200, content_type, body.clone())))
    });
    (stage, session)
}

async fn answered(claims: &Value) -> Result<UserInfo, Error> {
    session("application/jwt; charset=utf-8", jwt(claims, RS256)).await.1.userinfo().await
}

#[tokio::test]
async fn a_signed_answer_is_asked_for_and_believed() {
    let (stage, session) = session("application/jwt", jwt(&claims(), RS256)).await;
    let user = session.userinfo().await.expect("userinfo");
    assert_eq!(user.get::<String>("name"), Ok(Some("Alice".to_owned())));
    assert_eq!(stage.seen(Endpoint::Userinfo)[0].headers["accept"], "application/jwt");
}

#[tokio::test]
async fn an_answer_that_is_not_signed_is_not_believed() {
    let (_, session) = session("application/json", claims().to_string()).await;
    let error = session.userinfo().await.expect_err("a refusal");
    assert!(matches!(error, Error::Protocol { defect: Defect::ContentType, .. }), "{error:?}");
}

#[tokio::test]
async fn a_signed_answer_that_nobody_asked_for_is_not_believed_either() {
    let stage = Stage::new();
    let session = stage.login(&stage.client()).await.expect("a session");
    let body = jwt(&claims(), RS256);
    stage.instead(move |seen| {
        (seen.endpoint == Endpoint::Userinfo).then(|| Ok(response(200, "application/jwt", body.clone())))
    });
    assert!(matches!(session.userinfo().await, Err(Error::Protocol { defect: Defect::ContentType, .. })));
    assert_eq!(stage.seen(Endpoint::Userinfo)[0].headers["accept"], "application/json");
}

#[tokio::test]
async fn signature_and_claims_are_judged() {
    let with = async |name: &str, value: Value| {
        let mut claims = claims();
        match value {
            Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
            value => claims[name] = value,
        }
        match answered(&claims).await {
            Err(Error::Jwt { kind: JwtKind::Userinfo, error }) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(with("iss", json!("https://evil.example")).await, JwtError::Issuer);
    assert_eq!(with("iss", json!(null)).await, JwtError::Missing("iss"));
    assert_eq!(with("aud", json!("other")).await, JwtError::Audience);
    assert_eq!(with("aud", json!(null)).await, JwtError::Missing("aud"));
    assert_eq!(with("exp", json!(START - 60)).await, JwtError::Expired { exp: START - 60, now: START });
    let (_, session) = session("application/jwt", jwt(&claims(), UNPUBLISHED)).await;
    let error = session.userinfo().await.expect_err("a refusal");
    assert!(matches!(error, Error::Jwt { error: JwtError::Signature, .. }), "{error:?}");
}

#[tokio::test]
async fn the_answer_is_still_about_the_user_who_logged_in() {
    let mut claims = claims();
    claims["sub"] = json!("mallory");
    assert!(matches!(answered(&claims).await, Err(Error::SubjectMismatch)));
    claims.as_object_mut().expect("an object").remove("sub");
    assert!(matches!(answered(&claims).await, Err(Error::SubjectMismatch)));
}

#[tokio::test]
async fn what_cannot_be_verified_is_told_when_the_client_is_made() {
    let stage = Stage::new();
    let made = |algorithms: &[Algorithm]| {
        let metadata = stage.with(|script| serde_json::from_value(script.metadata.clone()).expect("metadata"));
        stage.builder().signed_userinfo(algorithms.iter().copied()).with_metadata(metadata)
    };
    assert!(matches!(made(&[]), Err(Error::Config(ConfigError::NoAlgorithm))));
    assert!(matches!(made(&[Algorithm::Hs256]), Err(Error::Config(ConfigError::Algorithm(Algorithm::Hs256)))));
    stage.with(|script| script.metadata["userinfo_signing_alg_values_supported"] = json!(["ES256"]));
    assert!(matches!(made(&[Algorithm::Rs256]), Err(Error::Unsupported(_))));
    assert!(made(&[Algorithm::Rs256, Algorithm::Es256]).is_ok());
    stage.with(|script| script.metadata["userinfo_endpoint"] = json!(null));
    assert!(matches!(made(&[Algorithm::Es256]), Err(Error::NoEndpoint(Endpoint::Userinfo))));
}

#[tokio::test]
async fn the_mock_server_signs_for_clients_that_are_registered_for_it() {
    let app = mock_idp::Client::public("app").redirect_uri(REDIRECT_URI);
    let app = app.metadata("userinfo_signed_response_alg", "ES256");
    let idp = Idp::new(MockIdp::builder().client(app));
    let client = idp.client("app").signed_userinfo([Algorithm::Es256]).discover().await.expect("a client");
    let session = idp.login(&client, &["openid", "profile"]).await;
    assert_eq!(session.userinfo().await.expect("userinfo").subject(), "alice");
    let mounted = idp.mock().mount(Fault::always(Point::UserinfoToken, Edit::set("aud", "other")));
    let error = session.userinfo().await.expect_err("a lie");
    assert!(matches!(error, Error::Jwt { kind: JwtKind::Userinfo, error: JwtError::Audience }), "{error:?}");
    drop(mounted);
    let unsigned = idp.client("app").discover().await.expect("a client");
    assert!(idp.login(&unsigned, &["openid"]).await.userinfo().await.is_err());
}

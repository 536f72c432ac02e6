//! RFC 7523 §2.1: a grant that somebody else has signed.

use mock_idp::{Client as Known, MockIdp};
use pkce_client::{Algorithm, ConfigError, Endpoint, Error, Secret, SigningKey};
use serde_json::json;

use crate::idp::Idp;
use crate::stage::{ES256, ISSUER, Stage, response, sign};

const PARTNER: &str = "https://partner.example";

#[tokio::test]
async fn what_a_trusted_issuer_has_signed_is_redeemed_once() {
    let key = SigningKey::from_pem(Algorithm::Es256, ES256).expect("a key").with_kid("one");
    let keys = json!({ "keys": [key.public_jwk()] });
    let partner = Known::trusted_issuer(PARTNER, keys);
    let robot = Known::confidential("robot", "secret").any_grant_type().scope(["read", "write"]);
    let idp = Idp::new(MockIdp::builder().client(partner).client(robot));
    let now = pkce_client::Clock::now(&idp);
    let claims = json!({
        "iss": PARTNER, "sub": "bob", "aud": "https://idp.example", "jti": "1", "iat": now, "exp": now + 60
    });
    let signer = jsonwebtoken::EncodingKey::from_ec_pem(ES256.as_bytes()).expect("a key");
    let header = json!({ "alg": "ES256", "kid": "one" }).to_string();
    let assertion = sign(&header, &claims.to_string(), &signer, jsonwebtoken::Algorithm::ES256);
    let client = idp.client("robot").secret("secret").discover().await.expect("a client");
    let session = client.jwt_bearer(assertion.as_str()).scopes(["read"]).send().await.expect("a session");
    assert_eq!((session.scopes().await, session.claims().is_none()), (vec!["read".to_owned()], true));
    let error = client.jwt_bearer(assertion).send().await.expect_err("it is used");
    assert!(matches!(error, Error::OAuth { error, .. } if error.code() == "invalid_grant"));
}

#[tokio::test]
async fn everything_is_said_that_was_asked_for() {
    let stage = Stage::new();
    let client = stage.client_of(stage.builder().secret(Secret::new("s3cret")));
    let grant = client.jwt_bearer("canary").scopes(["a", "b", "a"]).resource("https://api.example");
    assert!(!format!("{grant:?}").contains("canary"));
    let session = grant.send().await.expect("a session");
    let seen = &stage.seen(Endpoint::Token)[0];
    let expected = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", "canary"),
        ("scope", "a b"),
        ("resource", "https://api.example"),
    ];
    assert_eq!(seen.params.iter().collect::<Vec<_>>(), expected);
    assert!(seen.authorization.as_ref().is_some_and(|value| value.starts_with("Basic ")));
    session.refresh().await.expect("there is a refresh token");
    assert_eq!(stage.seen(Endpoint::Token)[1].params.get("resource"), Some("https://api.example"));
    assert_eq!(client.issuer(), ISSUER);
}

#[tokio::test]
async fn a_refused_grant_is_not_tried_again() {
    let stage = Stage::new();
    let client = stage.client();
    for (scope, resource) in [("a b", "https://api.example"), ("a", "nowhere")] {
        let error = client.jwt_bearer("jwt").scopes([scope]).resource(resource).send().await.expect_err("unusable");
        assert!(matches!(error, Error::Config(ConfigError::Scope | ConfigError::Resource)));
    }
    assert!(stage.seen(Endpoint::Token).is_empty());
    stage.instead(|seen| {
        (seen.endpoint == Endpoint::Token)
            .then(|| Ok(response(400, "application/json", r#"{"error":"unauthorized_client"}"#)))
    });
    let error = client.jwt_bearer("jwt").send().await.expect_err("it is refused");
    assert!(matches!(error, Error::OAuth { error, .. } if error.code() == "unauthorized_client"));
    assert_eq!(stage.seen(Endpoint::Token).len(), 1);
}

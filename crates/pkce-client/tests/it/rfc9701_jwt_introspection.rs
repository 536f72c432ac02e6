//! RFC 9701: answers of introspection that are signed.

use jsonwebtoken::Algorithm as Jws;
use pkce_client::{Client, Defect, Endpoint, Error, JwtError, JwtKind, Secret};
use serde_json::{Value, json};

use crate::stage::{CLIENT_ID, ISSUER, RS256, START, Stage, UNPUBLISHED, response, rsa, sign};

const MEDIA_TYPE: &str = "application/token-introspection+jwt";

fn header() -> Value {
    json!({"alg": "RS256", "kid": "one", "typ": "token-introspection+jwt"})
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT_ID, "iat": START,
        "token_introspection": {"active": true, "sub": "alice", "scope": "read"}
    })
}

fn jwt(header: &Value, claims: &Value, key: &str) -> String {
    sign(&header.to_string(), &claims.to_string(), &rsa(key), Jws::RS256)
}

fn resource(stage: &Stage, status: u16, content_type: &'static str, body: String) -> Client {
    stage.with(|script| script.metadata["introspection_endpoint"] = json!("https://issuer.example/introspect"));
    stage.instead(move |seen| {
        (seen.endpoint == Endpoint::Introspection).then(|| Ok(response(status, content_type, body.clone())))
    });
    stage.client_of(stage.builder().secret(Secret::new("s3cret")))
}

async fn error(header: Value, claims: Value, key: &str) -> JwtError {
    let client = resource(&Stage::new(), 200, MEDIA_TYPE, jwt(&header, &claims, key));
    match client.introspect_signed(&Secret::new("at-1")).await {
        Err(Error::Jwt { kind: JwtKind::Introspection, error }) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_signed_answer_is_asked_for_and_believed() {
    let stage = Stage::new();
    let client = resource(&stage, 200, MEDIA_TYPE, jwt(&header(), &claims(), RS256));
    let token = client.introspect_signed(&Secret::new("at-1")).await.expect("an answer");
    assert!(token.is_active() && token.has_scope("read"));
    assert_eq!(token.subject(), Some("alice"));
    assert_eq!(token.get::<String>("iss"), Ok(None), "that is who signed, not whose token it is");
    assert_eq!(stage.seen(Endpoint::Introspection)[0].headers["accept"], MEDIA_TYPE);
}

#[tokio::test]
async fn an_answer_that_is_not_signed_is_not_believed() {
    for content_type in ["application/json", "application/jwt"] {
        let stage = Stage::new();
        let client = resource(&stage, 200, content_type, r#"{"active": true}"#.to_owned());
        let error = client.introspect_signed(&Secret::new("at-1")).await.expect_err("a refusal");
        assert!(matches!(error, Error::Protocol { defect: Defect::ContentType, .. }), "{error:?}");
    }
    let client = resource(&Stage::new(), 401, "application/json", r#"{"error": "invalid_client"}"#.to_owned());
    let error = client.introspect_signed(&Secret::new("at-1")).await.expect_err("a refusal");
    assert!(matches!(error, Error::OAuth { .. }), "{error:?}");
    let client = resource(&Stage::new(), 500, MEDIA_TYPE, jwt(&header(), &claims(), RS256));
    let error = client.introspect_signed(&Secret::new("at-1")).await.expect_err("a refusal");
    assert!(matches!(error, Error::Protocol { defect: Defect::Status(500), .. }), "{error:?}");
}

#[tokio::test]
async fn signature_type_and_claims_are_judged() {
    assert_eq!(error(header(), claims(), UNPUBLISHED).await, JwtError::Signature);
    for typ in ["JWT", "at+jwt"] {
        let header = json!({"alg": "RS256", "kid": "one", "typ": typ});
        assert_eq!(error(header, claims(), RS256).await, JwtError::Type);
    }
    let with = async |name: &str, value: Value| {
        let mut claims = claims();
        match value {
            Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
            value => claims[name] = value,
        }
        error(header(), claims, RS256).await
    };
    assert_eq!(with("iss", json!("https://evil.example")).await, JwtError::Issuer);
    assert_eq!(with("aud", json!("other")).await, JwtError::Audience);
    assert_eq!(with("aud", json!(null)).await, JwtError::Missing("aud"));
    assert_eq!(with("iat", json!(null)).await, JwtError::Missing("iat"));
    assert_eq!(with("iat", json!(START + 61)).await, JwtError::IssuedInFuture { iat: START + 61, now: START });
    assert_eq!(with("token_introspection", json!(null)).await, JwtError::Missing("token_introspection"));
    assert_eq!(with("token_introspection", json!("x")).await, JwtError::Malformed("token_introspection"));
}

#[tokio::test]
async fn what_is_inside_is_judged_as_without_a_signature() {
    let mut inside = claims();
    inside["token_introspection"] = json!({"active": "yes"});
    let client = resource(&Stage::new(), 200, MEDIA_TYPE, jwt(&header(), &inside, RS256));
    let error = client.introspect_signed(&Secret::new("at-1")).await.expect_err("a refusal");
    assert!(matches!(error, Error::Protocol { defect: Defect::Member("active"), .. }), "{error:?}");
    inside["token_introspection"] = json!({"active": true, "exp": START - 60});
    let client = resource(&Stage::new(), 200, MEDIA_TYPE, jwt(&header(), &inside, RS256));
    assert!(!client.introspect_signed(&Secret::new("at-1")).await.expect("an answer").is_active());
}

#[tokio::test]
async fn a_server_that_signs_otherwise_is_not_asked() {
    let stage = Stage::new();
    for (offered, asked) in [(json!(["ES256"]), false), (json!(["ES256", "RS256"]), true)] {
        stage.with(|script| script.metadata["introspection_signing_alg_values_supported"] = offered);
        let client = resource(&stage, 200, MEDIA_TYPE, jwt(&header(), &claims(), RS256));
        let outcome = client.introspect_signed(&Secret::new("at-1")).await;
        assert_eq!(outcome.is_ok(), asked, "{outcome:?}");
        assert_eq!(!stage.seen(Endpoint::Introspection).is_empty(), asked);
    }
}

//! RFC 9068: access tokens that a resource verifies by itself.

use jsonwebtoken::Algorithm as Jws;
use mock_idp::MockIdp;
use pkce_client::{AccessClaims, Client, Error, JwtError, JwtKind, Secret};
use serde_json::{Value, json};

use crate::idp::Idp;
use crate::stage::{ISSUER, RS256, START, Stage, UNPUBLISHED, rsa, sign};

const API: &str = "https://api.example";

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "alice", "aud": [API, "other"], "client_id": "somebody", "iat": START, "exp": START + 600,
        "jti": "jti-1", "scope": "read write", "acr": "high"
    })
}

fn jwt(typ: &Value, claims: &Value, key: &str) -> Secret {
    let header = json!({"alg": "RS256", "kid": "one", "typ": typ});
    Secret::new(sign(&header.to_string(), &claims.to_string(), &rsa(key), Jws::RS256))
}

async fn judged(client: &Client, token: &Secret) -> Result<AccessClaims, JwtError> {
    match client.verify_access_token(token, API).await {
        Ok(claims) => Ok(claims),
        Err(Error::Jwt { kind: JwtKind::AccessToken, error }) => Err(error),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_token_says_who_may_do_what() {
    let client = Stage::new().client();
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT"] {
        let token = judged(&client, &jwt(&json!(typ), &claims(), RS256)).await.expect("a token");
        assert_eq!((token.subject(), token.client_id(), token.expires_at()), ("alice", "somebody", START + 600));
        assert!(
            token.has_scope("read") && token.has_scope("write") && !token.has_scope("rea") && !token.has_scope("")
        );
        assert_eq!(token.get::<String>("acr"), Ok(Some("high".to_owned())));
        assert!(!format!("{token:?}").contains("alice"));
    }
}

#[tokio::test]
async fn other_tokens_are_not_taken_for_access_tokens() {
    let stage = Stage::new();
    let client = stage.client();
    for typ in ["JWT", "logout+jwt", "id_token"] {
        assert_eq!(judged(&client, &jwt(&json!(typ), &claims(), RS256)).await.err(), Some(JwtError::Type));
    }
    let id_token = Secret::new(stage.with(|script| script.id_token()));
    assert_eq!(judged(&client, &id_token).await.err(), Some(JwtError::Type));
    let forged = jwt(&json!("at+jwt"), &claims(), UNPUBLISHED);
    assert_eq!(judged(&client, &forged).await.err(), Some(JwtError::Signature));
    assert_eq!(judged(&client, &Secret::new("opaque")).await.err(), Some(JwtError::NotCompact));
}

#[tokio::test]
async fn each_claim_is_judged() {
    let stage = Stage::new();
    let client = stage.client();
    let error = async |name: &str, value: Value| {
        let mut claims = claims();
        match value {
            Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
            value => claims[name] = value,
        }
        judged(&client, &jwt(&json!("at+jwt"), &claims, RS256)).await.expect_err(name)
    };
    for name in ["iss", "aud", "exp", "iat", "client_id", "jti", "sub"] {
        assert_eq!(error(name, json!(null)).await, JwtError::Missing(name));
    }
    assert_eq!(error("iss", json!("https://evil.example")).await, JwtError::Issuer);
    assert_eq!(error("aud", json!("other")).await, JwtError::Audience);
    assert_eq!(error("aud", json!(format!("{API}/"))).await, JwtError::Audience);
    assert_eq!(error("exp", json!(START - 60)).await, JwtError::Expired { exp: START - 60, now: START });
    assert_eq!(error("nbf", json!(START + 61)).await, JwtError::NotYetValid { nbf: START + 61, now: START });
    assert_eq!(error("client_id", json!("")).await, JwtError::Malformed("client_id"));
    assert_eq!(error("scope", json!(["read"])).await, JwtError::Malformed("scope"));
    assert_eq!(error("cnf", json!({"jkt": "x"})).await, JwtError::Forbidden("cnf"));
    stage.clock.advance(660);
    let token = jwt(&json!("at+jwt"), &claims(), RS256);
    assert!(matches!(judged(&client, &token).await, Err(JwtError::Expired { .. })));
}

#[tokio::test]
async fn a_resource_understands_the_tokens_of_the_mock_server() {
    let idp = Idp::new(MockIdp::builder());
    let client = idp.client("public").discover().await.expect("a client");
    let session = idp.login(&client, &["openid", "email"]).await;
    let token = session.access_token().await.expect("a token");
    let parts: Vec<&str> = token.expose().split('.').collect();
    let payload = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, parts[1]);
    let payload: Value = serde_json::from_slice(&payload.expect("base64url")).expect("JSON");
    let audience = payload["aud"].as_str().expect("an audience");
    let claims = client.verify_access_token(&token, audience).await.expect("a token");
    assert_eq!((claims.subject(), claims.client_id()), ("alice", "public"));
    assert!(claims.has_scope("email"));
    assert!(client.verify_access_token(&token, "https://elsewhere.example").await.is_err());
    idp.advance(3660);
    assert!(client.verify_access_token(&token, audience).await.is_err());
}

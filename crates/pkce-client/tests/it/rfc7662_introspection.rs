//! RFC 7662: what a token stands for.

use mock_idp::MockIdp;
use pkce_client::{Client, Defect, Endpoint, Error, Introspection, Secret};
use serde_json::{Value, json};

use crate::idp::{Idp, REDIRECT_URI};
use crate::stage::{START, Stage, response};

/// A protected resource, and a server that answers it like this.
fn resource(status: u16, content_type: &'static str, body: String) -> (Stage, Client) {
    let stage = Stage::new();
    stage.with(|script| script.metadata["introspection_endpoint"] = json!("https://issuer.example/introspect"));
    let client = stage.client_of(stage.builder().secret(Secret::new("s3cret")));
    stage.instead(move |seen| {
        (seen.endpoint == Endpoint::Introspection).then(|| Ok(response(status, content_type, body.clone())))
    });
    (stage, client)
}

async fn introspected(members: Value) -> Result<Introspection, Defect> {
    let (_, client) = resource(200, "application/json", members.to_string());
    match client.introspect(&Secret::new("at-1")).await {
        Ok(introspection) => Ok(introspection),
        Err(Error::Protocol { endpoint: Endpoint::Introspection, defect }) => Err(defect),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_server_says_what_a_token_stands_for() {
    let members = json!({
        "active": true, "sub": "alice", "client_id": "app", "scope": "read  write", "aud": ["https://api.example", "b"],
        "exp": START + 60, "username": "Alice", "cnf": {"jkt": "x"}
    });
    let (stage, client) = resource(200, "application/json", members.to_string());
    let token = client.introspect(&Secret::new("at-1")).await.expect("an answer");
    assert!(token.is_active());
    assert_eq!(
        (token.subject(), token.client_id(), token.expires_at()),
        (Some("alice"), Some("app"), Some(START + 60))
    );
    assert!(token.has_scope("read") && token.has_scope("write") && !token.has_scope("") && !token.has_scope("rea"));
    assert!(token.has_audience("https://api.example") && !token.has_audience("https://api.example/"));
    assert_eq!(token.get::<String>("username"), Ok(Some("Alice".to_owned())));
    assert_eq!(token.get::<String>("absent"), Ok(None));
    assert!(token.get::<u64>("username").is_err());
    assert!(!format!("{token:?}").contains("alice"));
    let seen = stage.seen(Endpoint::Introspection).remove(0);
    assert_eq!(seen.params.iter().collect::<Vec<_>>(), [("token", "at-1")]);
    assert!(seen.authorization.is_some_and(|value| value.starts_with("Basic ")));
    assert_eq!(seen.headers["accept"], "application/json");
}

#[tokio::test]
async fn nothing_is_known_of_a_token_that_is_not_alive() {
    for members in [
        json!({"active": false, "sub": "alice"}),
        json!({"active": true, "sub": "alice", "exp": START - 60}),
        json!({"active": true, "sub": "alice", "nbf": START + 61}),
    ] {
        let token = introspected(members.clone()).await.expect("an answer");
        assert!(!token.is_active() && token.subject().is_none(), "{members}");
        assert_eq!(token.get::<Value>("active"), Ok(None));
    }
    for members in [json!({"active": true, "exp": START - 59}), json!({"active": true, "nbf": START + 60})] {
        assert!(introspected(members.clone()).await.expect("an answer").is_active(), "{members}");
    }
}

#[tokio::test]
async fn malformed_is_not_absent() {
    let defect = async |members| introspected(members).await.expect_err("a defect");
    assert_eq!(defect(json!({})).await, Defect::Missing("active"));
    for active in [json!("true"), json!(1), json!(null)] {
        assert_eq!(defect(json!({"active": active})).await, Defect::Member("active"));
    }
    for (name, value) in [("exp", json!("1")), ("nbf", json!(-1)), ("iat", json!(1.5)), ("sub", json!(7))] {
        assert_eq!(defect(json!({"active": true, name: value})).await, Defect::Member(name));
    }
    for (name, value) in [("scope", json!(["a"])), ("aud", json!(7)), ("client_id", json!(null))] {
        assert_eq!(defect(json!({"active": true, name: value})).await, Defect::Member(name));
    }
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_told() {
    let error = async |status, content_type, body: &str| {
        let (_, client) = resource(status, content_type, body.to_owned());
        client.introspect(&Secret::new("at-1")).await.expect_err("a failure")
    };
    let oauth = error(401, "application/json", r#"{"error": "invalid_client"}"#).await;
    assert!(matches!(oauth, Error::OAuth { endpoint: Endpoint::Introspection, .. }), "{oauth:?}");
    for (status, content_type, body, expected) in [
        (200, "text/html", r#"{"active": true}"#, Defect::ContentType),
        (500, "application/json", "", Defect::Status(500)),
        (302, "application/json", "", Defect::Redirect(302)),
    ] {
        let error = error(status, content_type, body).await;
        assert!(matches!(error, Error::Protocol { defect, .. } if defect == expected), "{error:?}");
    }
}

#[tokio::test]
async fn whoever_does_not_authenticate_is_not_heard() {
    let (stage, _) = resource(200, "application/json", r#"{"active": true}"#.to_owned());
    let outcome = stage.client().introspect(&Secret::new("at-1")).await;
    assert!(matches!(outcome, Err(Error::Unsupported(_))));
    let without = Stage::new();
    let client = without.client_of(without.builder().secret(Secret::new("s3cret")));
    let outcome = client.introspect(&Secret::new("at-1")).await;
    assert!(matches!(outcome, Err(Error::NoEndpoint(Endpoint::Introspection))));
    assert!(stage.seen(Endpoint::Introspection).is_empty());
}

#[tokio::test]
async fn the_mock_server_knows_its_tokens() {
    let web = mock_idp::Client::confidential("web", "secret").redirect_uri(REDIRECT_URI);
    let idp = Idp::new(MockIdp::builder().client(web));
    let client = idp.client("web").secret(Secret::new("secret")).discover().await.expect("a client");
    let session = idp.login(&client, &["openid", "email"]).await;
    let token = session.access_token().await.expect("a token");
    for ask in [true, false] {
        let introspect = async || match ask {
            true => client.introspect(&token).await.expect("an answer"),
            false => client.introspect_signed(&token).await.expect("an answer"),
        };
        let alive = introspect().await;
        assert!(alive.is_active() && alive.has_scope("email"));
        assert_eq!((alive.subject(), alive.client_id()), (Some("alice"), Some("web")));
    }
    let strange = Secret::new("no token of anybody");
    assert!(!client.introspect(&strange).await.expect("an answer").is_active());
    session.revoke().await.expect("a success");
    assert!(!client.introspect(&token).await.expect("an answer").is_active());
    assert!(!client.introspect_signed(&token).await.expect("an answer").is_active());
}

//! RFC 9126: authorization requests that are pushed.

use pkce_client::{Callback, Client, Endpoint, Error, Secret};
use serde_json::json;

use crate::stage::{CLIENT_ID, ISSUER, Stage, asked_by};

const PUSHED: &str = r#"{"request_uri": "urn:ietf:params:oauth:request_uri:one", "expires_in": 60}"#;

/// A server with an endpoint for pushed requests that answers like this.
fn stage(status: u16, body: &'static str) -> Stage {
    let stage = Stage::new();
    stage.with(|script| {
        script.metadata["pushed_authorization_request_endpoint"] = json!("https://issuer.example/par");
    });
    stage.answer(Endpoint::PushedAuthorization, status, "application/json", body);
    stage
}

fn pushing(stage: &Stage) -> Client {
    stage.client_of(stage.builder().pushed_requests())
}

#[tokio::test]
async fn a_request_is_pushed_and_the_browser_carries_its_name_alone() {
    let stage = stage(201, PUSHED);
    let client = stage.client_of(stage.builder().pushed_requests().secret(Secret::new("s3cret")));
    let started = client.login().scopes(["openid"]).begin().await.expect("a login");
    let through_browser = asked_by(&started.url);
    let expected =
        [("tenant", "1"), ("client_id", CLIENT_ID), ("request_uri", "urn:ietf:params:oauth:request_uri:one")];
    assert_eq!(through_browser.iter().collect::<Vec<_>>(), expected);

    let pushed = stage.seen(Endpoint::PushedAuthorization).pop().expect("a pushed request");
    assert_eq!(pushed.params.get("response_type"), Some("code"));
    assert_eq!(pushed.params.get("code_challenge_method"), Some("S256"));
    assert!(pushed.params.get("state").is_some() && pushed.params.get("nonce").is_some());
    assert_eq!(pushed.params.get("client_id"), Some(CLIENT_ID));
    assert!(pushed.authorization.is_some_and(|value| value.starts_with("Basic ")));
}

#[tokio::test]
async fn a_public_client_says_its_name_once() {
    let stage = stage(201, PUSHED);
    let _ = pushing(&stage).login().begin().await.expect("a login");
    let pushed = stage.seen(Endpoint::PushedAuthorization).pop().expect("a pushed request");
    assert_eq!(pushed.params.iter().filter(|(name, _)| *name == "client_id").count(), 1);
}

#[tokio::test]
async fn a_pushed_login_is_finished_like_any_other() {
    let stage = stage(201, PUSHED);
    let client = pushing(&stage);
    let started = client.login().scopes(["profile"]).begin().await.expect("a login");
    let pushed = stage.seen(Endpoint::PushedAuthorization).pop().expect("a pushed request");
    let state = pushed.params.get("state").expect("a state");
    let answer = format!("code=code-1&iss={ISSUER}&state={state}");
    let answer = Callback::from_query(&answer).expect("parameters");
    assert!(client.finish(started.pending, answer).await.is_ok());
}

#[tokio::test]
async fn a_request_that_cannot_be_pushed_is_not_sent_in_another_way() {
    for (status, body) in [
        (400, r#"{"error": "invalid_request"}"#),
        (200, PUSHED),
        (500, ""),
        (307, ""),
        (201, "{}"),
        (201, r#"{"request_uri": 7}"#),
        (201, r#"{"request_uri": "no colon"}"#),
    ] {
        let stage = stage(status, body);
        let error = pushing(&stage).login().begin().await.expect_err("no login");
        let endpoint = match error {
            Error::OAuth { endpoint, .. } | Error::Protocol { endpoint, .. } => endpoint,
            other => panic!("{status} {body}: {other}"),
        };
        assert_eq!(endpoint, Endpoint::PushedAuthorization, "{status} {body}");
    }
}

#[tokio::test]
async fn an_offer_changes_nothing_and_a_server_that_insists_is_heard() {
    let stage = stage(201, PUSHED);
    let begin = async || asked_by(&stage.client().login().begin().await.expect("a login").url);
    assert!(begin().await.get("request_uri").is_none());
    stage.with(|script| script.metadata["require_pushed_authorization_requests"] = json!(true));
    assert!(begin().await.get("request_uri").is_some());
}

#[tokio::test]
async fn a_client_that_is_to_push_and_a_server_without_an_endpoint_do_not_go_together() {
    let stage = Stage::new();
    let metadata = || stage.with(|script| serde_json::from_value(script.metadata.clone()).expect("metadata"));
    let refused = |outcome| matches!(outcome, Err(Error::NoEndpoint(Endpoint::PushedAuthorization)));
    assert!(refused(stage.builder().pushed_requests().with_metadata(metadata()).map(drop)));
    assert!(stage.builder().with_metadata(metadata()).is_ok());
    stage.with(|script| script.metadata["require_pushed_authorization_requests"] = json!(true));
    assert!(refused(stage.builder().with_metadata(metadata()).map(drop)));
}

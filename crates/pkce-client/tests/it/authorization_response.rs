//! One test for each reason to reject an authorization response; the login survives all of them.

use pkce_client::{Client, Endpoint, FinishError, RejectReason, Started};
use serde_json::json;

use crate::stage::{ISSUER, Stage, callback};

/// Sends a changed response, then the right one, and says why the first was rejected.
async fn rejected(stage: &Stage, client: &Client, changes: &[(&str, &str)]) -> RejectReason {
    let started = stage.begin(client).await;
    let forged = callback(&started, changes);
    let right = callback(&started, &[]);
    let Err(FinishError::Rejected(rejected)) = client.finish(started.pending, forged).await else {
        panic!("a rejection")
    };
    assert!(stage.seen(Endpoint::Token).is_empty(), "nothing was sent");
    client.finish(rejected.pending, right).await.expect("the login is unharmed");
    stage.seen.lock().expect("a journal").clear();
    rejected.reason
}

#[tokio::test]
async fn a_response_needs_the_state_of_the_login() {
    let stage = Stage::new();
    let client = stage.client();
    assert_eq!(rejected(&stage, &client, &[("state", "")]).await, RejectReason::StateMissing);
    assert_eq!(rejected(&stage, &client, &[("state", "x")]).await, RejectReason::StateMismatch);
    let Started { url, pending } = stage.begin(&client).await;
    let state = crate::stage::asked(&Started { url, pending }).get("state").expect("a state").to_owned();
    assert_eq!(rejected(&stage, &client, &[("state", &state)]).await, RejectReason::StateMismatch);
}

#[tokio::test]
async fn a_state_is_compared_whole_and_exactly() {
    let stage = Stage::new();
    let client = stage.client();
    let changes: [fn(&str) -> String; 5] = [
        |state| state[..42].to_owned(),
        |state| format!("{state}x"),
        |state| format!("{state} "),
        |state| {
            state
                .chars()
                .map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
                .collect()
        },
        |state| format!(" {state}"),
    ];
    for change in changes {
        let started = stage.begin(&client).await;
        let state = change(crate::stage::asked(&started).get("state").expect("a state"));
        let response = callback(&started, &[("state", &state)]);
        let reason = started.pending.accept(response).expect_err("a rejection").reason;
        assert_eq!(reason, RejectReason::StateMismatch, "{state:?}");
    }
}

#[tokio::test]
async fn complaint_22_a_wrong_issuer_is_refused_whether_announced_or_not() {
    for announced in [true, false] {
        let stage = Stage::new();
        stage.with(|script| script.metadata["authorization_response_iss_parameter_supported"] = json!(announced));
        let client = stage.client();
        for iss in ["https://evil.example", "https://issuer.example/", "https://ISSUER.example"] {
            assert_eq!(rejected(&stage, &client, &[("iss", iss)]).await, RejectReason::IssuerMismatch, "{iss}");
        }
        let on_error = [("iss", "https://evil.example"), ("error", "access_denied"), ("code", "")];
        assert_eq!(rejected(&stage, &client, &on_error).await, RejectReason::IssuerMismatch);
    }
}

#[tokio::test]
async fn an_empty_issuer_is_a_wrong_one() {
    let stage = Stage::new();
    stage.with(|script| script.metadata["authorization_response_iss_parameter_supported"] = json!(false));
    let started = stage.begin(&stage.client()).await;
    let query = format!("{}&iss=", crate::stage::callback_query(&started, &[("iss", "")]));
    let response = pkce_client::Callback::from_query(&query).expect("parameters");
    let rejected = started.pending.accept(response).expect_err("a rejection");
    assert_eq!(rejected.reason, RejectReason::IssuerMismatch);
}

#[tokio::test]
async fn a_missing_issuer_is_refused_if_announced() {
    let stage = Stage::new();
    assert_eq!(rejected(&stage, &stage.client(), &[("iss", "")]).await, RejectReason::IssuerMissing);
    stage.with(|script| script.metadata["authorization_response_iss_parameter_supported"] = json!(false));
    let client = stage.client();
    let started = stage.begin(&client).await;
    let response = callback(&started, &[("iss", "")]);
    assert!(client.finish(started.pending, response).await.is_ok());
}

#[tokio::test]
async fn a_response_comes_in_time() {
    let stage = Stage::new();
    let client = stage.client();
    let started = stage.begin(&client).await;
    stage.clock.advance(15 * 60 - 1);
    let early = callback(&started, &[("state", "x")]);
    let late = callback(&started, &[]);
    let rejected = started.pending.accept(early).expect_err("a rejection");
    assert_eq!(rejected.reason, RejectReason::StateMismatch);
    stage.clock.advance(1);
    let rejected = rejected.pending.accept(late).expect_err("a rejection");
    assert_eq!(rejected.reason, RejectReason::Expired);
}

#[tokio::test]
async fn an_error_wins_over_a_code() {
    let stage = Stage::new();
    let client = stage.client();
    let RejectReason::Denied(error) = rejected(&stage, &client, &[("error", "access_denied")]).await else {
        panic!("a denial")
    };
    assert_eq!(error.code(), "access_denied");
    let texts = [("error", "x"), ("error_description", "<b>\u{1b}[1m"), ("error_uri", "javascript:alert(1)")];
    let RejectReason::Denied(error) = rejected(&stage, &client, &texts).await else { panic!("a denial") };
    assert_eq!((error.description(), error.uri()), (Some("<b>[1m"), None));
}

#[tokio::test]
async fn a_response_has_a_code() {
    let stage = Stage::new();
    assert_eq!(rejected(&stage, &stage.client(), &[("code", "")]).await, RejectReason::CodeMissing);
}

#[tokio::test]
async fn state_is_judged_before_issuer_and_error() {
    let stage = Stage::new();
    let everything_wrong = [("state", "x"), ("iss", "https://evil.example"), ("error", "access_denied")];
    assert_eq!(rejected(&stage, &stage.client(), &everything_wrong).await, RejectReason::StateMismatch);
}

#[tokio::test]
async fn tokens_in_the_front_channel_are_ignored() {
    let stage = Stage::new();
    let client = stage.client();
    let started = stage.begin(&client).await;
    let response =
        callback(&started, &[("access_token", "injected"), ("id_token", "injected"), ("token_type", "Bearer")]);
    let session = client.finish(started.pending, response).await.expect("a session");
    assert_eq!(session.access_token().await.expect("a token").expose(), "at-1");
    assert_eq!(session.claims().expect("claims").get::<String>("iss"), Ok(Some(ISSUER.to_owned())));
}

//! RFC 9470: a resource asks for a better or fresher login, and a client that asks for one gets on.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use mock_idp::{Client, MockIdp};
use oauth_types::Params;
use oauth_types::scenario::NextLogin;
use serde_json::json;

use crate::browser::{Answer, Browser, asking, basic, decode};
use crate::refusals::{assert_quiet, assert_refused};
use crate::rfc9728_resource_metadata::access;

const PHISHING_RESISTANT: &str = "phr";

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("a server")
}

async fn ask(idp: &MockIdp, query: &str, token: &str) -> Answer {
    let request = Request::get(format!("/resource?{query}")).header(AUTHORIZATION, format!("Bearer {token}"));
    Browser::new(idp).send(request.body(Bytes::new()).expect("a request")).await
}

/// A parameter of the challenge.
fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let challenge = answer.header("www-authenticate").expect("a challenge");
    let (_, rest) = challenge.split_once(&format!(" {name}=\""))?;
    Some(rest.split('"').next().expect("a first part").to_owned())
}

#[tokio::test]
async fn a_client_steps_up_to_what_it_is_told() {
    let idp = server();
    idp.clock().freeze();
    let browser = Browser::new(&idp);
    let token = access(&browser, &asking()).await;
    let needs = "acr_values=phrh+phr&max_age=60";
    let answer = ask(&idp, needs, &token).await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("insufficient_user_authentication")));
    assert_refused(&idp, &answer, "rfc9470-acr-not-met", "");
    assert_eq!(parameter(&answer, "error").as_deref(), Some("insufficient_user_authentication"));
    assert_quiet(&idp, &answer, &[&token]);

    let mut again = asking();
    for name in ["acr_values", "max_age"] {
        again.push(name, parameter(&answer, name).unwrap_or_else(|| panic!("no {name}")));
    }
    assert_eq!((again.get("acr_values"), again.get("max_age")), (Some("phrh phr"), Some("60")));
    idp.next_login(NextLogin::user("alice").acr(PHISHING_RESISTANT).amr(["hwk"]));
    let token = access(&browser, &again).await;
    assert_eq!(decode(&json!(token)).1["acr"], PHISHING_RESISTANT, "the token says how its user logged in");
    let told = ask(&idp, needs, &token).await.tokens();
    assert_eq!((&told["sub"], &told["acr"]), (&json!("alice"), &json!(PHISHING_RESISTANT)));

    idp.clock().advance(Duration::from_secs(61));
    let answer = ask(&idp, needs, &token).await;
    assert_eq!(answer.status, 401);
    assert_refused(&idp, &answer, "rfc9470-login-too-old", "61 seconds ago");
    assert_eq!(parameter(&answer, "max_age").as_deref(), Some("60"));
    assert_eq!(ask(&idp, "acr_values=phr", &token).await.status, 200, "nobody asked how long ago");
}

#[tokio::test]
async fn another_class_or_an_old_login_will_not_do() {
    let idp = server();
    let browser = Browser::new(&idp);
    idp.next_login(NextLogin::user("bob").acr("pwd").seconds_ago(100));
    let token = access(&browser, &asking()).await;
    let answer = ask(&idp, "acr_values=phr", &token).await;
    assert_refused(&idp, &answer, "rfc9470-acr-not-met", "is pwd");
    assert_eq!(parameter(&answer, "max_age"), None, "that was not asked for");
    let answer = ask(&idp, "max_age=99", &token).await;
    assert_refused(&idp, &answer, "rfc9470-login-too-old", "100 seconds ago");
    assert_eq!(parameter(&answer, "acr_values"), None);
    assert_eq!(ask(&idp, "max_age=100&acr_values=pwd", &token).await.status, 200);
    let answer = ask(&idp, "max_age=0&scope=write", &token).await;
    assert_eq!((answer.status, parameter(&answer, "scope")), (401, None), "the login comes first");
}

#[tokio::test]
async fn nobody_logged_in_for_a_token_of_the_client_itself() {
    let client = Client::confidential("service", "s3cret").grant_types(["client_credentials"]);
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    let form = Params::new().with("grant_type", "client_credentials").encode();
    let tokens = Browser::new(&idp).post("/token", form, Some(&basic("service", "s3cret"))).await.tokens();
    let token = tokens["access_token"].as_str().expect("a token");
    assert_eq!(ask(&idp, "", token).await.status, 200);
    assert_refused(&idp, &ask(&idp, "max_age=99", token).await, "rfc9470-login-too-old", "Nobody");
    assert_refused(&idp, &ask(&idp, "acr_values=phr", token).await, "rfc9470-acr-not-met", "Nobody");
}

#[tokio::test]
async fn a_requirement_that_is_none_is_refused() {
    let idp = server();
    let token = access(&Browser::new(&idp), &asking()).await;
    for (query, hint) in [
        ("max_age=soon", "max_age"),
        ("max_age=-1", "max_age"),
        ("max_age=%2B1", "max_age"),
        ("max_age=1&max_age=1", "twice"),
        ("acr_values=a&acr_values=b", "twice"),
        ("acr_values=a%22b", "acr_values"),
        ("acr_values=a%0D%0Ab", "acr_values"),
    ] {
        let answer = ask(&idp, query, &token).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_refused(&idp, &answer, "rfc9470-requirement-malformed", hint);
        assert_eq!((parameter(&answer, "acr_values"), parameter(&answer, "max_age")), (None, None));
    }
}

#[tokio::test]
async fn a_server_without_step_up_asks_for_no_login() {
    let idp = MockIdp::builder().without("RFC 9470").in_process().expect("it can be left out");
    idp.next_login(NextLogin::user("alice").acr(PHISHING_RESISTANT));
    let token = access(&Browser::new(&idp), &asking()).await;
    assert_eq!(ask(&idp, "acr_values=x&max_age=soon", &token).await.status, 200);
    assert_eq!(decode(&json!(token)).1.get("acr"), None);
}

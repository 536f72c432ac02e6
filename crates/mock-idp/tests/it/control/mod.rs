//! The control API, seen from outside.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use mock_idp::MockIdp;
use serde_json::Value;

mod access;
mod calls;
mod demands;
mod openapi;
mod unfriendly;

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("a server")
}

/// A call, with a JSON body if there is one.
async fn ask(idp: &MockIdp, verb: &str, path: &str, body: &str) -> Response<Bytes> {
    let mut request = Request::builder().method(verb).uri(format!("/_control{path}"));
    if !body.is_empty() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    idp.call(request.body(Bytes::copy_from_slice(body.as_bytes())).expect("a request")).await
}

/// What a call in order answers.
async fn done(idp: &MockIdp, verb: &str, path: &str, body: &str) -> Value {
    let answer = ask(idp, verb, path, body).await;
    let text = String::from_utf8_lossy(answer.body());
    assert!(answer.status().is_success(), "{verb} {path}: {} {text}", answer.status());
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// The problem that a call is answered with, which is of this kind.
#[track_caller]
fn problem(answer: &Response<Bytes>, kind: &str) -> Value {
    let problem: Value = serde_json::from_slice(answer.body()).expect("a problem");
    assert_eq!(problem["type"], format!("/_control/problems/{kind}"), "{problem}");
    assert_eq!(problem["status"], answer.status().as_u16());
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json");
    problem
}

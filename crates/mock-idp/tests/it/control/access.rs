//! Who may call.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{Request, Response};
use mock_idp::MockIdp;

use super::{done, problem, server};

/// A call of whoever has this address, with these headers.
async fn from(idp: &MockIdp, peer: &str, path: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    let peer: SocketAddr = peer.parse().expect("an address");
    let mut request = Request::get(path).extension(peer);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    idp.call(request.body(Bytes::new()).expect("a request")).await
}

const ELSEWHERE: &str = "192.0.2.7:4711";

#[tokio::test]
async fn another_machine_may_not_call_whatever_it_says() {
    let idp = server();
    for path in ["/_control", "/_control/health", "/_control/openapi.json", "/_control/surely-not"] {
        problem(&from(&idp, ELSEWHERE, path, &[]).await, "forbidden");
        problem(&from(&idp, ELSEWHERE, path, &[("x-forwarded-for", "127.0.0.1")]).await, "forbidden");
        problem(&from(&idp, ELSEWHERE, path, &[("host", "127.0.0.1")]).await, "forbidden");
    }
    problem(&from(&idp, "[::ffff:192.0.2.7]:1", "/_control/health", &[]).await, "forbidden");
    assert_eq!(from(&idp, "[::ffff:127.0.0.1]:1", "/_control/health", &[]).await.status(), 200);
    assert_eq!(from(&idp, ELSEWHERE, "/jwks", &[]).await.status(), 200, "the rest is for everybody");
}

#[tokio::test]
async fn a_token_opens_the_control_api_to_who_has_it() {
    let idp = MockIdp::builder().control_token("s3cret").in_process().expect("a server");
    for peer in [ELSEWHERE, "127.0.0.1:1"] {
        let answer = from(&idp, peer, "/_control/health", &[]).await;
        problem(&answer, "unauthorized");
        assert!(answer.headers()[WWW_AUTHENTICATE].to_str().expect("text").starts_with("Bearer "));
        let answer = from(&idp, peer, "/_control/health", &[("authorization", "Bearer s3cre")]).await;
        problem(&answer, "unauthorized");
        let right = [("authorization", "Bearer s3cret"), ("host", "idp.example")];
        assert_eq!(from(&idp, peer, "/_control/health", &right).await.status(), 200);
    }
}

#[tokio::test]
async fn pages_of_others_may_not_call() {
    let idp = server();
    let here = "127.0.0.1:1";
    let rebound = from(&idp, here, "/_control/health", &[("host", "evil.example")]).await;
    problem(&rebound, "forbidden");
    let foreign = [("host", "127.0.0.1:8080"), ("origin", "http://evil.example")];
    let answer = from(&idp, here, "/_control/health", &foreign).await;
    problem(&answer, "forbidden");
    assert!(!answer.headers().keys().any(|name| name.as_str().starts_with("access-control")));
    let own = [("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")];
    assert_eq!(from(&idp, here, "/_control/health", &own).await.status(), 200);
}

#[tokio::test]
async fn a_server_without_a_control_api_does_not_know_the_paths() {
    let idp = MockIdp::builder().without_control().in_process().expect("a server");
    for (path, says) in [
        ("/_control", "invalid_request"),
        ("/_control/health/", "invalid_request"),
        ("/_control/reset", "invalid_request"),
        ("/_control/health", "There is no control API."),
    ] {
        let before = idp.journal().len();
        let answer = from(&idp, "127.0.0.1:1", path, &[]).await;
        assert_eq!(answer.status(), 404);
        assert!(String::from_utf8_lossy(answer.body()).contains(says), "{path}");
        let is_told = path != "/_control/health";
        assert_eq!(idp.journal().len() - before, usize::from(is_told), "healthchecks are told to nobody: {path}");
    }
}

#[tokio::test]
async fn a_frozen_tenant_is_controlled_and_calls_are_not_in_its_journal() {
    let idp = server();
    done(&idp, "POST", "/tenants/_root/freeze", "").await;
    assert_eq!(from(&idp, ELSEWHERE, "/jwks", &[]).await.status(), 503);
    assert_eq!(done(&idp, "GET", "/tenants/_root", "").await["frozen"], true);
    done(&idp, "POST", "/tenants/_root/thaw", "").await;
    let before = idp.journal().len();
    done(&idp, "GET", "/tenants", "").await;
    assert_eq!(idp.journal().len(), before);
}

#[tokio::test]
async fn the_peer_of_a_connection_counts() {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let idp = MockIdp::start().await;
    let health = format!("{}/_control/health", idp.issuer());
    assert_eq!(client.get(&health).send().await.expect("an answer").status(), 200);
    let rebound = client.get(&health).header("host", "evil.example").send().await.expect("an answer");
    assert_eq!(rebound.status(), 403);
    let large = client.post(format!("{}/_control/tenants", idp.issuer())).header("content-type", "application/json");
    let answer = large.body(vec![b' '; 2 * 1024 * 1024]).send().await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() == 413));
}

#[tokio::test]
async fn row_12_runtime_control_over_http_of_a_server_in_this_process() {
    let idp = MockIdp::start().await;
    crate::story::story(idp.address().expect("it listens")).await;
}

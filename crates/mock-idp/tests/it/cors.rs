//! What scripts of other origins may ask and read (Fetch Standard, RFC 9700 §2.6).

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use mock_idp::MockIdp;
use mock_idp::store::{BoxFuture, GrantId, Kept, Key, Record, Store, StoreError, Taken};

use crate::wire::{FORM, Login, Wire, post};

const ORIGIN: &str = "https://app.example";

/// Where scripts ask, by which method.
const SHARED: &[(&str, &str)] = &[
    ("/.well-known/openid-configuration", "GET"),
    ("/.well-known/oauth-authorization-server", "GET"),
    ("/.well-known/oauth-protected-resource", "GET"),
    ("/jwks", "GET"),
    ("/token", "POST"),
    ("/userinfo", "GET"),
    ("/userinfo", "POST"),
    ("/resource", "GET"),
    ("/mcp", "POST"),
    ("/par", "POST"),
    ("/introspect", "POST"),
    ("/revoke", "POST"),
    ("/register", "POST"),
    ("/client", "PUT"),
    ("/device_authorization", "POST"),
    ("/bc-authorize", "POST"),
];

/// Where browsers go by themselves.
const PAGES: &[&str] =
    &["/authorize", "/login", "/select", "/consent", "/create", "/device", "/ciba", "/logout", "/check-session"];

fn server() -> MockIdp {
    MockIdp::builder().on("check-session").in_process().expect("a server")
}

async fn ask(idp: &MockIdp, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    idp.call(request.body(Bytes::new()).expect("a request")).await
}

fn header<'a>(answer: &'a Response<Bytes>, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().expect("ASCII"))
}

/// Whether a browser gives the answer to the script, and which headers of it beside the safe ones.
fn assert_shared(answer: &Response<Bytes>, what: &str) {
    assert_eq!(header(answer, "access-control-allow-origin"), "*", "{what}: {answer:?}");
    let exposed = header(answer, "access-control-expose-headers");
    for name in ["WWW-Authenticate", "DPoP-Nonce", "Date", "Retry-After"] {
        assert!(exposed.split(", ").any(|own| own == name), "{what}: {exposed}");
    }
    assert_eq!(header(answer, "access-control-allow-credentials"), "", "{what}: any origin, so no cookies");
}

fn assert_kept(answer: &Response<Bytes>, what: &str) {
    let told = answer.headers().keys().filter(|name| name.as_str().starts_with("access-control-"));
    assert_eq!(told.count(), 0, "{what}: {answer:?}");
}

fn preflight<'a>(method: &'a str, headers: &'a str) -> [(&'static str, &'a str); 3] {
    [("origin", ORIGIN), ("access-control-request-method", method), ("access-control-request-headers", headers)]
}

#[tokio::test]
async fn a_script_may_ask_wherever_a_client_asks() {
    let idp = server();
    for below in ["", "/acme"] {
        for (path, method) in SHARED {
            let path = format!("{below}{path}");
            let answer = ask(&idp, "OPTIONS", &path, &preflight(method, "authorization,content-type,dpop")).await;
            assert_eq!(answer.status(), 204, "{path}");
            assert_shared(&answer, &path);
            let methods = header(&answer, "access-control-allow-methods");
            assert!(methods.split(", ").any(|own| own == *method), "{method} {path}: {methods}");
            let headers = header(&answer, "access-control-allow-headers");
            for name in ["authorization", "content-type", "dpop", "mcp-protocol-version"] {
                assert!(headers.split(", ").any(|own| own == name), "{path}: {headers}");
            }
            let answer = ask(&idp, method, &path, &[("origin", ORIGIN)]).await;
            assert_shared(&answer, &path);
            assert_shared(&ask(&idp, method, &path, &[]).await, &path);
            assert_eq!(header(&answer, "vary"), "", "{path}: it is the same for every origin");
        }
    }
}

#[tokio::test]
async fn no_script_reads_what_is_for_a_person() {
    let idp = server();
    for path in PAGES {
        for method in ["GET", "POST", "OPTIONS", "DELETE"] {
            let answer = ask(&idp, method, path, &preflight("GET", "content-type")).await;
            assert!(method != "OPTIONS" || answer.status() == 405, "{path}");
            assert_kept(&answer, &format!("{method} {path}"));
        }
    }
}

#[tokio::test]
async fn a_script_can_read_why_it_was_refused() {
    let idp = server();
    let form = ("content-type", FORM);
    let (large, bad) = ("x".repeat(70_000), "a b");
    for (status, method, path, headers, body) in [
        (404, "GET", "/nowhere", &[("origin", ORIGIN)][..], ""),
        (404, "GET", "/acme/nowhere", &[], ""),
        (405, "DELETE", "/token", &[], ""),
        (405, "PATCH", "/acme/jwks", &[], ""),
        (400, "POST", "/token", &[form], "grant_type=x&grant_type=x"),
        (400, "GET", "/jwks", &[("host", bad)], ""),
        (401, "GET", "/userinfo", &[], ""),
        (413, "POST", "/token", &[form], &*large),
        (415, "POST", "/token", &[form, ("content-encoding", "gzip")], "x"),
    ] {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = idp.call(request.body(Bytes::from(body.to_owned())).expect("a request")).await;
        assert_eq!(answer.status(), status, "{method} {path}");
        assert_shared(&answer, path);
    }
    idp.tenant("cold").freeze();
    let answer = ask(&idp, "GET", "/cold/jwks", &[]).await;
    assert_eq!(answer.status(), 503);
    assert_shared(&answer, "a frozen tenant");
    assert_kept(&ask(&idp, "GET", "/cold/authorize", &[]).await, "a page of a frozen tenant");
    let answer = ask(&idp, "OPTIONS", "/nowhere", &preflight("PUT", "authorization")).await;
    assert_eq!(answer.status(), 204, "or else the script could not read the 404");
    assert!(header(&answer, "access-control-allow-methods").contains("PUT"));
    assert_shared(&answer, "/nowhere");
    assert_eq!(ask(&idp, "OPTIONS", "/nowhere", &[]).await.status(), 404, "that is no preflight");
}

/// A store that has failed.
#[derive(Debug)]
struct Failed;

fn failed<'a, T: Send + 'a>() -> BoxFuture<'a, Result<T, StoreError>> {
    Box::pin(std::future::ready(Err(StoreError("it has failed".to_owned()))))
}

impl Store for Failed {
    fn put(&self, _key: Key, _record: Record) -> BoxFuture<'_, Result<(), StoreError>> {
        failed()
    }

    fn get(&self, _key: Key) -> BoxFuture<'_, Result<Option<Kept>, StoreError>> {
        failed()
    }

    fn take(&self, _key: Key, _now: u64) -> BoxFuture<'_, Result<Taken, StoreError>> {
        failed()
    }

    fn replace(&self, _key: Key, _version: u64, _record: Record) -> BoxFuture<'_, Result<bool, StoreError>> {
        failed()
    }

    fn once(&self, _key: Key, _now: u64, _until: u64) -> BoxFuture<'_, Result<bool, StoreError>> {
        failed()
    }

    fn drop_grant(&self, _grant: GrantId, _now: u64, _forget: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        failed()
    }

    fn sweep(&self, _now: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        failed()
    }
}

#[tokio::test]
async fn a_failure_can_be_read_as_well() {
    let idp = MockIdp::builder().store(Arc::new(Failed)).in_process().expect("a server");
    let answer = idp.call(post("/token", &Login::new().redemption("some-code"))).await;
    assert_eq!(answer.status(), 500, "{answer:?}");
    assert_shared(&answer, "/token");
}

#[tokio::test]
async fn a_page_from_the_web_may_ask_this_machine_if_it_asks_whether() {
    let idp = server();
    let asked = [&preflight("POST", "dpop")[..], &[("access-control-request-private-network", "true")]].concat();
    let answer = ask(&idp, "OPTIONS", "/token", &asked).await;
    assert_eq!(header(&answer, "access-control-allow-private-network"), "true");
    let answer = ask(&idp, "OPTIONS", "/token", &preflight("POST", "dpop")).await;
    assert_eq!(header(&answer, "access-control-allow-private-network"), "");
    let answer = ask(&idp, "OPTIONS", "/authorize", &asked).await;
    assert_kept(&answer, "/authorize");
}

#[tokio::test]
async fn a_preflight_over_the_wire_has_no_body_and_changes_nothing() {
    let idp = MockIdp::start().await;
    let mut wire = Wire::connect(idp.address().expect("a socket")).await;
    let head = "OPTIONS /acme/token HTTP/1.1\r\nHost: x\r\nOrigin: https://app.example\r\n\
                Access-Control-Request-Method: POST\r\n\r\n";
    let answer = wire.exchange(head).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let answer = wire.exchange("GET /jwks HTTP/1.1\r\nHost: x\r\nOrigin: https://app.example\r\n\r\n").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
}

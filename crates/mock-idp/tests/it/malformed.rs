//! What is too large, malformed or ambiguous on the wire: the server says so or closes the connection, and goes on
//! serving everybody else.

use mock_idp::MockIdp;
use oauth_types::Algorithm;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use crate::hostile::{HEADERS, NAMES};
use crate::wire::{self, FORM, Login, Wire, written};

/// A server with a socket, and a flow that is half done.
struct Served {
    idp: MockIdp,
    login: Login,
    code: String,
}

impl Served {
    async fn start() -> Self {
        let idp = MockIdp::builder().alg(Algorithm::Es256).start().await.expect("a server");
        let login = Login::new();
        let code = login.code(&idp).await;
        Self { idp, login, code }
    }

    async fn connect(&self) -> Wire {
        Wire::connect(self.idp.address().expect("a socket")).await
    }

    /// Sends octets and gives the status of the answer, or `None` if the connection was closed without one.
    async fn status(&self, octets: &[u8]) -> Option<u16> {
        let mut wire = self.connect().await;
        // The server may have answered and closed before it has everything.
        let _ = wire.send(octets).await;
        wire.finish().await;
        wire.receive().await.map(|answer| answer.status)
    }

    /// The half flow can be finished, and a new one be made, over the wire.
    async fn end(self) {
        wire::finish(&self.idp, &self.login, &self.code).await;
        let mut wire = self.connect().await;
        let login = Login::new();
        let query = login.request().encode();
        let code = wire.exchange(&format!("GET /authorize?{query} HTTP/1.1\r\nHost: x\r\n\r\n")).await.code();
        assert_eq!(wire.exchange(&written("/token", &login.redemption(&code))).await.status, 200);
    }
}

#[tokio::test]
async fn too_much_of_anything_is_refused() {
    let served = Served::start().await;
    let form = format!("POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n");
    let with_body = |body: &str| format!("{form}Content-Length: {}\r\n\r\n{body}", body.len());
    let large = "a".repeat(64 * 1024 + 1);
    let cases: Vec<(&str, String, &[u16])> = vec![
        ("a body of 64 KiB and one octet", with_body(&large), &[413]),
        (
            "a chunked body of as much",
            format!("{form}Transfer-Encoding: chunked\r\n\r\n10001\r\n{large}\r\n0\r\n\r\n"),
            &[413],
        ),
        ("an announced body of 10 MiB", format!("{form}Content-Length: 10485760\r\n\r\n{large}"), &[413]),
        ("10,000 parameters in a body", with_body(&vec!["a=1"; 10_000].join("&")), &[400]),
        (
            "10,000 parameters in a query",
            format!("GET /authorize?{} HTTP/1.1\r\n\r\n", vec!["a=1"; 10_000].join("&")),
            &[400],
        ),
        ("a header of 1 MiB", format!("GET /jwks HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(1 << 20)), &[431]),
        ("a URL of 70 KB", format!("GET /authorize?state={} HTTP/1.1\r\n\r\n", "a".repeat(70_000)), &[414, 431]),
        ("200 headers", format!("GET /jwks HTTP/1.1\r\n{}\r\n", "X: 1\r\n".repeat(200)), &[431]),
        ("a method of 1 MiB", format!("{} / HTTP/1.1\r\n\r\n", "A".repeat(1 << 20)), &[400, 431]),
        (
            "a chunk size of 17 digits",
            format!("{form}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"),
            &[400],
        ),
    ];
    for (what, octets, statuses) in cases {
        // A connection that is closed with octets unread takes the answer with it.
        let status = served.status(octets.as_bytes()).await;
        assert!(status.is_none_or(|status| statuses.contains(&status)), "{what}: {status:?}");
    }
    let (mut wire, announced) = (served.connect().await, format!("{form}Content-Length: 65537\r\n\r\n"));
    let answer = wire.exchange(&announced).await;
    assert_eq!((answer.status, answer.header("connection")), (413, Some("close")), "no octet of it is waited for");
    assert!(wire.is_closed().await);
    let exactly = format!("a={}", "a".repeat(64 * 1024 - 2));
    assert_eq!(served.status(with_body(&exactly).as_bytes()).await, Some(401), "64 KiB are read");
    served.end().await;
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let served = Served::start().await;
    let form = format!("Host: x\r\nContent-Type: {FORM}\r\n");
    let token = |rest: &str| format!("POST /token HTTP/1.1\r\n{form}{rest}").into_bytes();
    let mut invalid = token("Content-Length: 4\r\n\r\n");
    invalid.extend(b"a=\xff\xfe");
    let mut url = b"GET /authorize?state=".to_vec();
    url.extend(b"\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n");
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("no HTTP", b"hello\r\n\r\n".to_vec()),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("HTTP/9.9", b"GET /jwks HTTP/9.9\r\n\r\n".to_vec()),
        ("no version", b"GET /jwks\r\n\r\n".to_vec()),
        ("a space in the path", b"GET /jw ks HTTP/1.1\r\n\r\n".to_vec()),
        ("a header without a colon", b"GET /jwks HTTP/1.1\r\nHost\r\n\r\n".to_vec()),
        ("a space before the colon", b"GET /jwks HTTP/1.1\r\nHost : x\r\n\r\n".to_vec()),
        ("a folded header", b"GET /jwks HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n".to_vec()),
        ("NUL in a header", b"GET /jwks HTTP/1.1\r\nHost: \0\r\n\r\n".to_vec()),
        ("nothing", Vec::new()),
        ("half a head", b"GET /jwks HTTP/1.1\r\nHos".to_vec()),
        ("half a body", token("Content-Length: 10\r\n\r\na=1")),
        ("no chunk size", token("Transfer-Encoding: chunked\r\n\r\nzz\r\na=1\r\n0\r\n\r\n")),
        ("half a chunk", token("Transfer-Encoding: chunked\r\n\r\n5\r\na=1")),
        ("a negative length", token("Content-Length: -1\r\n\r\n")),
        ("a length with a sign", token("Content-Length: +3\r\n\r\na=1")),
        ("two lengths", token("Content-Length: 3\r\nContent-Length: 4\r\n\r\na=12")),
        ("two lengths in one", token("Content-Length: 3, 4\r\n\r\na=12")),
        ("chunked and not last", token("Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n")),
        ("an unknown coding", token("Transfer-Encoding: x\r\n\r\na=1")),
        (
            "chunked in HTTP/1.0",
            format!("POST /token HTTP/1.0\r\n{form}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n").into(),
        ),
        ("octets that are not UTF-8 in a body", invalid),
        ("octets that are not UTF-8 in a query", url),
        ("escapes that are not UTF-8", b"GET /authorize?client_id=%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("half an escape", b"GET /authorize?client_id=%4 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("an overlong escape", b"GET /authorize?client_id=%c0%80 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("a surrogate", b"GET /authorize?client_id=%ed%a0%80 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("a compressed body", token("Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\na=1")),
    ];
    for (what, octets) in cases {
        let status = served.status(&octets).await;
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{what}: {status:?}");
    }
    served.end().await;
}

#[tokio::test]
async fn no_octets_on_a_connection_disturb_another() {
    let served = Served::start().await;
    let piece = prop_oneof![
        select(
            &["GET ", "POST ", "/token", "/jwks", " HTTP/1.1", "\r\n", "\r\n\r\n", "Host: x", "Content-Length: 5"][..]
        )
        .prop_map(|text| text.as_bytes().to_vec()),
        vec(any::<u8>(), 0..20),
    ];
    let pieces = vec(piece, 0..12);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for _ in 0..300 {
        let octets = pieces.new_tree(&mut runner).expect("octets").current().concat();
        let status = served.status(&octets).await;
        assert!(status.is_none_or(|status| status < 500), "{octets:?}: {status:?}");
    }
    served.end().await;
}

#[tokio::test]
async fn whatever_is_there_twice_is_refused() {
    let served = Served::start().await;
    let body = served.login.redemption(&served.code).encode();
    let basic = "Authorization: Basic Y29uZmlkZW50aWFsOnNlY3JldA==\r\n";
    let length = format!("Content-Length: {}\r\n", body.len());
    let kind = format!("Content-Type: {FORM}\r\n");
    for (what, headers, status, says) in [
        ("Content-Type", format!("{kind}{kind}{length}"), 400, "There are two Content-Type headers"),
        ("Authorization", format!("{kind}{basic}{basic}{length}"), 401, "There are two Authorization headers"),
        (
            "Content-Encoding",
            format!("{kind}Content-Encoding: gzip\r\nContent-Encoding: br\r\n{length}"),
            415,
            "compressed",
        ),
    ] {
        let mut wire = served.connect().await;
        let answer = wire.exchange(&format!("POST /token HTTP/1.1\r\nHost: x\r\n{headers}\r\n{body}")).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert!(answer.member("error_description").contains(says), "{what}: {answer:?}");
    }
    served.end().await;
}

/// With both, a proxy in front may see another end of the request than the server does (RFC 9112 §11.2).
#[tokio::test]
async fn a_request_with_length_and_chunks_is_the_last_of_its_connection() {
    let served = Served::start().await;
    let smuggled = "GET /jwks HTTP/1.1\r\nHost: x\r\n\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n";
    for headers in [format!("Content-Length: 60\r\n{chunked}"), format!("{chunked}Content-Length: 60\r\n")] {
        let mut wire = served.connect().await;
        let head = format!("POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n{headers}\r\n");
        let answer = wire.exchange(&format!("{head}0\r\n\r\n{smuggled}")).await;
        assert_eq!((answer.status, answer.header("connection")), (401, Some("close")), "{answer:?}");
        assert!(wire.is_closed().await, "what follows is no request");
    }
    served.end().await;
}

#[tokio::test]
async fn a_line_end_in_a_parameter_reaches_no_header_on_the_wire() {
    let served = Served::start().await;
    for name in NAMES {
        let mut params = Login::new().request();
        params.set(name, "x\r\nX-Injected: 1\r\n\r\nx");
        let mut wire = served.connect().await;
        let query = params.encode();
        let answer = wire.exchange(&format!("GET /authorize?{query} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        assert!(answer.headers.iter().all(|(name, _)| HEADERS.contains(&name.as_str())), "{name}: {answer:?}");
        let again = wire.exchange("GET /jwks HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert_eq!(again.status, 200, "{name}: the answer ended where it said");
    }
    served.end().await;
}

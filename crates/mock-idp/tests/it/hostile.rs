//! Hostile input: anything, anywhere. The server says what is wrong or closes the connection, gives nothing away, and
//! goes on serving everybody else.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response};
use mock_idp::MockIdp;
use oauth_types::{Algorithm, Params};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use crate::wire::{self, CALLBACK, FORM, Login, Wire, get, log_in, post, written};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const NAMES: &[&str] = &[
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "login_hint",
    "response_mode",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "grant_type",
    "code",
    "code_verifier",
    "refresh_token",
    "client_secret",
    "access_token",
];

const VALUES: &[&str] = &[
    "",
    " ",
    "code",
    "public",
    "confidential",
    "secret",
    CALLBACK,
    "http://127.0.0.1:1/cb?x=%0d%0a",
    "http://evil.example/",
    "javascript:alert(1)",
    "openid",
    "openid openid",
    CHALLENGE,
    "S256",
    "plain",
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "query",
    "fragment",
    "form_post",
    "none",
    "none login",
    "-1",
    "4294967296",
    "alice",
    "\0",
    "\r\nX-Injected: 1",
    "<script>alert(1)</script>",
    "\u{202e}\u{feff}\u{10ffff}",
    "%",
    "a=b&c=d",
];

/// Every header that the server itself sends.
const HEADERS: &[&str] = &[
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "cache-control",
    "connection",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "location",
    "pragma",
    "referrer-policy",
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
];

/// A server without a socket, which no input may disturb.
struct Target {
    runtime: Runtime,
    idp: MockIdp,
}

impl Target {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let idp = MockIdp::builder().alg(Algorithm::Es256).in_process().expect("a server");
        Self { runtime, idp }
    }

    fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        let answer = self.runtime.block_on(self.idp.call(request));
        assert_sane(&answer);
        answer
    }

    /// Runs `judge` on `cases` inputs; then a flow that began before them is finished, and another made.
    fn withstands<S: Strategy>(&self, cases: u32, inputs: S, judge: impl Fn(S::Value) -> Result<(), TestCaseError>) {
        let login = Login::new();
        let code = self.runtime.block_on(login.code(&self.idp));
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        TestRunner::new(config).run(&inputs, judge).unwrap_or_else(|error| panic!("{error}"));
        self.runtime.block_on(wire::finish(&self.idp, &login, &code));
        self.runtime.block_on(log_in(&self.idp));
    }
}

/// What holds of every answer: it is no failure of the server, has no header but the server's own, and no markup but
/// the server's own.
fn assert_sane(answer: &Response<Bytes>) {
    assert!(answer.status().as_u16() < 500, "{answer:?}");
    for (name, value) in answer.headers() {
        assert!(HEADERS.contains(&name.as_str()), "{name} in {answer:?}");
        assert!(value.to_str().is_ok(), "{name} in {answer:?}");
    }
    let body = std::str::from_utf8(answer.body()).expect("every body is UTF-8");
    match answer.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes) {
        Some(b"text/html; charset=utf-8") => {
            let scripts = body.replacen("<script>document.forms[0].submit()</script>", "", 1);
            assert!(!scripts.contains("<script") && !scripts.contains("alert(1)<"), "{body}");
        }
        Some(b"application/json") => drop(serde_json::from_str::<serde_json::Value>(body).expect("JSON")),
        None => assert_eq!(body, ""),
        Some(other) => panic!("{other:?}"),
    }
}

fn has_code(answer: &Response<Bytes>) -> bool {
    let text = wire::whole(answer);
    ["?code=", "&code=", "#code=", "name=\"code\""].iter().any(|sign| text.contains(sign))
}

fn parameter() -> impl Strategy<Value = (String, String)> {
    let name = prop_oneof![4 => select(NAMES).prop_map(str::to_owned), 1 => ".{0,12}"];
    let value = prop_oneof![4 => select(VALUES).prop_map(str::to_owned), 1 => ".{0,40}"];
    (name, value)
}

/// A request that would be granted, with some parameters changed, repeated and left out.
fn spoiled(good: Params) -> impl Strategy<Value = Params> {
    let names: Vec<String> = good.iter().map(|(name, _)| name.to_owned()).collect();
    let removed = prop_oneof![2 => Just(None), 1 => select(names).prop_map(Some)];
    (vec(parameter(), 0..4), removed, any::<bool>()).prop_map(move |(extra, removed, replace)| {
        let mut params = good.clone();
        if let Some(name) = removed {
            params.remove(&name);
        }
        for (name, value) in extra {
            match replace {
                true => params.set(&name, value),
                false => params.push(name, value),
            }
        }
        params
    })
}

/// Whether these parameters deserve a code, judged apart from the server.
fn deserves_code(params: &Params) -> bool {
    let one = |name: &str| {
        let values: Vec<&str> = params.all(name).collect();
        if let [only] = values[..] { Some(only) } else { None }
    };
    let absent_or =
        |name: &str, fits: &dyn Fn(&str) -> bool| params.all(name).all(|value| value.is_empty() || fits(value));
    let mut names: Vec<&str> = params.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    let loopback = |uri: &str| uri.starts_with("http://127.0.0.1:1/");
    names.windows(2).all(|pair| pair[0] != pair[1])
        && one("response_type") == Some("code")
        && one("client_id").is_some_and(|client| ["public", "confidential"].contains(&client))
        && one("redirect_uri").is_some_and(loopback)
        && one("code_challenge").is_some_and(|challenge| challenge.len() == 43)
        && one("code_challenge_method") == Some("S256")
        && absent_or("request", &|_| false)
        && absent_or("request_uri", &|_| false)
        && absent_or("login_hint", &|hint| hint == "alice")
        && absent_or("response_mode", &|mode| ["query", "fragment", "form_post"].contains(&mode))
        && absent_or("scope", &|scope| scope.bytes().all(|octet| matches!(octet, b' '..=b'~')))
}

#[test]
fn no_parameters_get_a_code_that_do_not_deserve_it() {
    let target = Target::new();
    let good = Login::new().request();
    target.withstands(1500, (spoiled(good), any::<bool>()), |(params, in_body)| {
        let answer = target.call(match in_body {
            true => post("/authorize", &params),
            false => get(&format!("/authorize?{}", params.encode())),
        });
        prop_assert!(!has_code(&answer) || deserves_code(&params), "{}", params.encode());
        Ok(())
    });
}

#[test]
fn no_parameters_get_tokens_without_a_code() {
    let target = Target::new();
    let good = Login::new().redemption(&"c".repeat(43));
    target.withstands(1000, spoiled(good), |params| {
        let answer = target.call(post("/token", &params));
        prop_assert!([400, 401].contains(&answer.status().as_u16()), "{answer:?}");
        prop_assert!(wire::member(answer.body(), "error").is_some());
        prop_assert!(wire::member(answer.body(), "access_token").is_none());
        Ok(())
    });
}

#[test]
fn a_code_is_given_tokens_for_the_right_parameters_alone() {
    let target = Target::new();
    let login = Login::new();
    let good = login.redemption("");
    target.withstands(300, spoiled(good.clone()), |mut params| {
        let code = target.runtime.block_on(login.code(&target.idp));
        let mut right = good.clone();
        right.set("code", &*code);
        if params.all("code").count() == 1 && params.raw("code") == Some("") {
            params.set("code", &*code);
        }
        let answer = target.call(post("/token", &params));
        let deserved = right.iter().all(|(name, value)| params.all(name).eq([value]))
            && params.duplicate(&[]).is_none()
            && params.get("client_secret").is_none();
        prop_assert_eq!(answer.status() == 200, deserved, "{}", params.encode());
        Ok(())
    });
}

#[test]
fn any_octets_for_a_query_or_a_body_are_answered() {
    let target = Target::new();
    let octets = prop_oneof![vec(any::<u8>(), 0..200), vec(select(b"%&=+;\0\r\n<\"a0".as_slice()), 0..80)];
    let types =
        select(&[FORM, "application/json", "multipart/form-data; boundary=x", "", "text/html", ";", "\t"][..]);
    let paths = select(&["/authorize", "/token", "/userinfo", "/jwks", "/x/token"][..]);
    target.withstands(1000, (octets, types, paths), |(octets, kind, path)| {
        let mut target_uri = format!("{path}?").into_bytes();
        target_uri.extend(&octets);
        if let Ok(uri) = http::Uri::try_from(target_uri) {
            let answer = target.call(Request::get(uri).body(Bytes::new()).expect("a request"));
            prop_assert!(path == "/jwks" || answer.status().is_client_error(), "{answer:?}");
        }
        let request = Request::post(path).header(CONTENT_TYPE, kind).body(octets.into()).expect("a request");
        prop_assert!(target.call(request).status().is_client_error());
        Ok(())
    });
}

#[test]
fn any_headers_are_answered() {
    let target = Target::new();
    let value = prop_oneof![
        vec(any::<u8>(), 0..60),
        ".{0,30}".prop_map(|text| format!("Basic {text}").into_bytes()),
        ".{0,30}".prop_map(|text| format!("Bearer {text}").into_bytes()),
        vec(any::<u8>(), 0..30).prop_map(|octets| {
            use base64::Engine;
            format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(octets)).into_bytes()
        }),
        "[-_A-Za-z0-9]{0,9}\\.[-_A-Za-z0-9]{0,9}\\.[-_A-Za-z0-9]{0,9}"
            .prop_map(|text| format!("Bearer {text}").into_bytes()),
        Just(format!("{FORM}; charset=\"").into_bytes()),
        Just(b"gzip".to_vec()),
    ];
    let name = select(&["authorization", "content-type", "content-encoding", "host", "cookie", "origin"][..]);
    let path = select(&["/token", "/userinfo", "/authorize"][..]);
    let good = Login::new().redemption("unknown").encode();
    target.withstands(1500, (vec((name, value), 0..4), path), |(headers, path)| {
        let mut request = Request::post(path).body(Bytes::from(good.clone())).expect("a request");
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                request.headers_mut().append(name, value);
            }
        }
        let answer = target.call(request);
        let told_the_client = path == "/authorize" && wire::whole(&answer).contains("?error=");
        prop_assert!(answer.status().is_client_error() || told_the_client, "{answer:?}");
        Ok(())
    });
}

#[test]
fn any_path_and_any_method_are_answered() {
    let target = Target::new();
    let word = select(
        &["authorize", "token", "jwks", "userinfo", ".well-known", "openid-configuration", "..", ".", "", "t", "%2e"]
            [..],
    );
    let path = prop_oneof![
        vec(word, 0..5).prop_map(|words| format!("/{}", words.join("/"))),
        "/[!-~]{0,80}",
        ".{0,40}",
        "[a-z]{1,5}://[!-~]{0,20}",
    ];
    let method = prop_oneof![
        select(&["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH"][..])
            .prop_map(str::to_owned),
        "[A-Za-z]{1,20}",
    ];
    target.withstands(1500, (path, method), |(path, method)| {
        let request = Request::builder().uri(path).method(Method::from_bytes(method.as_bytes()).expect("a token"));
        if let Ok(request) = request.body(Bytes::new()) {
            let answer = target.call(request);
            prop_assert!(!has_code(&answer));
            let read = ["GET", "HEAD", "OPTIONS"].contains(&method.as_str());
            prop_assert!(read || answer.status().is_client_error(), "{answer:?}");
        }
        Ok(())
    });
}

#[test]
fn a_line_end_in_a_parameter_reaches_no_header_and_a_script_no_page() {
    let target = Target::new();
    let values =
        ["\r\nX-Injected: 1\r\n\r\n<script>alert(1)</script>", "\n", "\"><script>alert(1)</script>", "'--><x>"];
    for name in NAMES {
        for value in values {
            for mode in ["query", "fragment", "form_post"] {
                let base = Login::new().request().with("response_mode", mode);
                for params in [base.clone().with(*name, value), {
                    let mut replaced = base.clone();
                    replaced.set(name, value);
                    replaced
                }] {
                    // `assert_sane` looks at the headers and the markup.
                    target.call(get(&format!("/authorize?{}", params.encode())));
                    target.call(post("/authorize", &params));
                    target.call(post("/token", &params));
                }
            }
        }
    }
}

#[test]
fn a_state_comes_back_octet_by_octet() {
    let target = Target::new();
    let states = prop_oneof![any::<String>(), "[\r\n\t \"'<>&%+=#?\\\\]{1,12}", "\\PC{1,40}"];
    target.withstands(700, states.prop_filter("empty is absent", |state| !state.is_empty()), |state| {
        for mode in ["query", "fragment", "form_post"] {
            let params = Login::new().request().with("response_mode", mode).with("state", state.as_str());
            let answer = target.call(get(&format!("/authorize?{}", params.encode())));
            let returned = match mode {
                "form_post" => in_form(std::str::from_utf8(answer.body()).expect("UTF-8"), "state"),
                _ => in_location(&answer, mode),
            };
            // HTML cannot carry U+0000 at all.
            let expected = if mode == "form_post" { state.replace('\0', "\u{fffd}") } else { state.clone() };
            prop_assert_eq!(returned, Some(expected), "{}", mode);
        }
        Ok(())
    });
}

/// The state of a redirect, read by another's parser.
fn in_location(answer: &Response<Bytes>, mode: &str) -> Option<String> {
    let location = answer.headers().get("location")?.to_str().ok()?;
    let (_, text) = location.split_once(if mode == "query" { '?' } else { '#' })?;
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    pairs.find(|(name, _)| name == "state").map(|(_, value)| value.into_owned())
}

/// The value of a hidden input, as a browser reads it: line ends become line feeds, then references are resolved
/// (HTML §13.2.3.5 and §13.2.5).
fn in_form(page: &str, name: &str) -> Option<String> {
    let page = page.replace("\r\n", "\n").replace(['\r'], "\n").replace('\0', "\u{fffd}");
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\""))?;
    let (value, _) = rest.split_once('"')?;
    let mut text = String::new();
    let mut pieces = value.split('&');
    text.push_str(pieces.next()?);
    for piece in pieces {
        let (number, rest) = piece.strip_prefix('#')?.split_once(';')?;
        text.push(char::from_u32(number.parse().ok()?)?);
        text.push_str(rest);
    }
    Some(text)
}

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
    use proptest::strategy::ValueTree;
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

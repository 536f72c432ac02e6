//! Hostile input: any parameters, headers, paths and octets. The server says what is wrong, gives nothing away, and goes
//! on serving everybody else.

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

use crate::wire::{self, CALLBACK, FORM, Login, get, log_in, post};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) const NAMES: &[&str] = &[
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
pub(crate) const HEADERS: &[&str] = &[
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-allow-private-network",
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
    "set-cookie",
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

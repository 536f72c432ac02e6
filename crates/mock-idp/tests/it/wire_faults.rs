//! Faults of the connection and of HTTP, seen octet by octet, and without a socket.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

use http::Request;
use mock_idp::tls::Tls;
use mock_idp::{Cut, MockIdp};
use oauth_types::Params;
use oauth_types::fault::{Edit, Fault, Point, RateLimit, Unfit};
use oauth_types::journal::Ending;
use rustls::version::TLS13;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, asking, decode, redeeming, refreshing, with};
use crate::tls;
use crate::wire::{Wire, get, post, until, within, written};

/// Asks for the keys, and for the end of the connection.
const JWKS: &str = "GET /jwks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

fn keys(edit: Edit) -> Fault {
    Fault::always(Point::Jwks, edit)
}

fn token(edit: Edit) -> Fault {
    Fault::always(Point::TokenResponse, edit)
}

fn ending(idp: &MockIdp) -> Ending {
    idp.journal().pop().expect("an entry").ending
}

/// Everything that a request for the keys gets, and the error it ends with.
async fn raw(idp: &MockIdp) -> (String, Option<ErrorKind>) {
    let mut wire = Wire::connect(idp.address().expect("a socket")).await;
    wire.send(JWKS.as_bytes()).await.expect("the server reads");
    wire.rest().await
}

fn body(text: &str) -> &str {
    text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text}")).1
}

fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = text.split_once("\r\n\r\n")?;
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn a_connection_is_reset() {
    let idp = MockIdp::start().await;
    let _fault = idp.mount(keys(Edit::Reset).once());
    assert_eq!(raw(&idp).await, (String::new(), Some(ErrorKind::ConnectionReset)));
    let entry = idp.journal().pop().expect("an entry");
    assert_eq!((entry.status, entry.faults, entry.ending), (200, 1, Ending::Reset));
    let (whole, end) = raw(&idp).await;
    assert!(whole.starts_with("HTTP/1.1 200 ") && end.is_none(), "the next one is in order");
}

#[tokio::test]
async fn a_body_is_cut_short_of_its_length() {
    let idp = MockIdp::start().await;
    let (whole, _) = raw(&idp).await;
    for after in [0, 7, 1_000_000] {
        let _fault = idp.mount(keys(Edit::Truncate { after }));
        let (said, end) = raw(&idp).await;
        let sent = after.min(body(&whole).len());
        assert_eq!((body(&said), end), (&body(&whole)[..sent], None));
        let announced = body(&whole).len().max(after + 1).to_string();
        assert_eq!(header(&said, "content-length"), Some(announced.as_str()));
        assert_eq!(ending(&idp), Ending::Truncated);
    }
}

#[tokio::test]
async fn connections_over_tls_break_as_well() {
    let idp = MockIdp::builder().tls(Tls::generated()).start().await.expect("a server");
    for (edit, expected) in [(Edit::Reset, Some(ErrorKind::ConnectionReset)), (Edit::Truncate { after: 7 }, None)] {
        let _fault = idp.mount(keys(edit.clone()));
        let mut wire = tls::shake(&idp, &TLS13).await;
        wire.send(JWKS.as_bytes()).await.expect("the server reads");
        let (said, end) = wire.rest().await;
        assert_eq!(end, expected, "{edit:?} {said}");
        let left = if expected.is_some() { said.len() } else { body(&said).len() };
        assert_eq!(left, if expected.is_some() { 0 } else { 7 }, "{edit:?} {said}");
    }
}

#[tokio::test]
async fn a_stalled_answer_keeps_its_connection_and_nobody_elses() {
    let idp = MockIdp::start().await;
    let address = idp.address().expect("a socket");
    let _fault = idp.mount(keys(Edit::Stall { after: Some(6) }).once());
    let mut wire = Wire::connect(address).await;
    wire.send(JWKS.as_bytes()).await.expect("the server reads");
    let mut said = String::new();
    while !said.ends_with("\r\n\r\n{\"keys") {
        said.push_str(&wire.next(1).await);
    }
    assert_eq!(ending(&idp), Ending::Stalled, "it is written down as it begins");
    assert!(raw(&idp).await.0.starts_with("HTTP/1.1 200 "));
    within(idp.stop()).await;
    assert_eq!(wire.rest().await.0, "");
}

#[tokio::test]
async fn a_body_has_no_end_until_nobody_reads() {
    let idp = MockIdp::start().await;
    let _fault = idp.mount(keys(Edit::Endless));
    let mut wire = Wire::connect(idp.address().expect("a socket")).await;
    wire.send(JWKS.as_bytes()).await.expect("the server reads");
    let said = wire.next(4 * 1024 * 1024).await;
    assert!(said.contains("transfer-encoding: chunked") && said.contains("{\"keys\":["), "no length is said");
    assert!(said.ends_with(' ') || said.trim_end().ends_with("\r\n4000"), "white space");
    drop(wire);
    assert_eq!(ending(&idp), Ending::Endless);
    within(idp.stop()).await;
}

#[tokio::test]
async fn a_body_drips_and_is_padded() {
    let idp = MockIdp::start().await;
    let (whole, _) = raw(&idp).await;
    let _drip = idp.mount(keys(Edit::Drip { octets: 512, milliseconds: 1 }));
    assert_eq!(body(&raw(&idp).await.0), body(&whole));
    let _pad = idp.mount(keys(Edit::Pad { octets: 100_000 }).and(Edit::Drip { octets: 50_000, milliseconds: 0 }));
    let (padded, _) = raw(&idp).await;
    assert_eq!((header(&padded, "content-length"), body(&padded).len()), (Some("100000"), 100_000));
    assert_eq!(body(&padded).trim_end(), body(&whole), "it is JSON still");
}

#[tokio::test]
async fn a_head_has_as_many_headers_as_asked() {
    let idp = MockIdp::start().await;
    let _fault = idp.mount(keys(Edit::HeaderBomb { headers: 20_000, octets: 1_000 }).once());
    let (said, _) = raw(&idp).await;
    assert_eq!(said.lines().filter(|line| line.starts_with("x-bomb-")).count(), 20_000);
    assert!(said.ends_with("]}"), "the body comes after them");
    let _fault = idp.mount(keys(Edit::HeaderBomb { headers: 2, octets: 65_536 }));
    let (said, _) = raw(&idp).await;
    assert_eq!(header(&said, "x-bomb-1").map(str::len), Some(65_536));
}

/// peers §3 row 10: timeouts, delays, redirects on token and revocation endpoints.
#[tokio::test]
async fn peers_row_10_token_and_revocation_time_out_are_late_and_redirect() {
    let idp = MockIdp::start().await;
    let address = idp.address().expect("a socket");
    for (point, path) in [(Point::TokenResponse, "/token"), (Point::Revocation, "/revoke")] {
        let request = written(path, &redeeming("x"));
        let stall = idp.mount(Fault::always(point, Edit::Stall { after: None }).once());
        let mut wire = Wire::connect(address).await;
        wire.send(request.as_bytes()).await.expect("the server reads");
        let stalled = || idp.journal().last().is_some_and(|entry| entry.ending == Ending::Stalled);
        until(|| stall.fired() == 1 && stalled()).await;
        drop(wire);

        let late = idp.mount(Fault::always(point, Edit::Delay { milliseconds: 3 }).once());
        let start = tokio::time::Instant::now();
        let answer = Wire::connect(address).await.exchange(&request).await;
        assert!(answer.status >= 400 && start.elapsed().as_millis() >= 3 && late.fired() == 1, "{answer:?}");

        for code in [301, 302, 303, 307, 308] {
            let location = "http://127.0.0.1:1/elsewhere".to_owned();
            let _fault = idp.mount(Fault::always(point, Edit::Redirect { code, location: location.clone() }));
            let answer = Wire::connect(address).await.exchange(&request).await;
            assert_eq!((answer.status, answer.header("location")), (code, Some(location.as_str())));
            assert_eq!((answer.body.as_str(), answer.header("content-type")), ("", None));
        }
    }
}

/// peers §3 row 9: malformed token responses.
#[tokio::test]
async fn peers_row_9_token_responses_are_malformed_in_every_way() {
    let idp = server();
    let browser = Browser::new(&idp);
    let answered = async |fault: Fault| -> Answer {
        let code = browser.code(&asking()).await;
        let _fault = idp.mount(fault);
        browser.token(&redeeming(&code)).await
    };
    for value in [json!(-1), json!("3600"), json!(1e300), json!(u64::MAX), Value::Null, json!([])] {
        assert_eq!(answered(token(Edit::set("expires_in", value.clone()))).await.json()["expires_in"], value);
    }
    for name in ["expires_in", "token_type", "access_token", "refresh_token", "id_token", "scope"] {
        assert_eq!(answered(token(Edit::remove(name))).await.json().get(name), None);
    }
    for (name, value) in [("token_type", "mac"), ("scope", "openid email admin"), ("scope", "")] {
        assert_eq!(answered(token(Edit::set(name, value))).await.json()[name], value);
    }
    let shifted = answered(token(Edit::Shift { name: "expires_in".to_owned(), by: -3601 })).await;
    assert_eq!(shifted.json()["expires_in"], -1);
    let repeated = answered(token(Edit::Repeat { name: "expires_in".to_owned(), value: "1".to_owned() })).await;
    assert!(repeated.body.ends_with(",\"expires_in\":\"1\"}") && repeated.body.matches("expires_in").count() == 2);
    let bad = Edit::Body { content_type: "application/json".to_owned(), text: "{\"access_token\":".to_owned() };
    assert!(serde_json::from_str::<Value>(&answered(token(bad)).await.body).is_err());
    let html = answered(token(Edit::http_header("Content-Type", "text/html"))).await;
    assert_eq!((html.header("content-type"), html.status), (Some("text/html"), 200));
    let untyped = answered(token(Edit::RemoveHttpHeader { name: "content-type".to_owned() })).await;
    assert_eq!(untyped.header("content-type"), None);
    let error = answered(token(Edit::Error { error: "odd".to_owned(), description: None, status: Some(200) })).await;
    assert_eq!((error.status, error.json()), (200, json!({ "error": "odd" })), "200 with an error");
}

#[tokio::test]
async fn too_many_requests_are_said_in_five_ways() {
    let idp = server();
    idp.clock().set(1_445_412_480);
    let families: [(RateLimit, &[(&str, &str)]); 5] = [
        (RateLimit::RetryAfter, &[("retry-after", "60")]),
        (RateLimit::RetryAfterDate, &[("retry-after", "Wed, 21 Oct 2015 07:29:00 GMT")]),
        (
            RateLimit::RateLimit,
            &[("ratelimit", "\"default\";r=0;t=60"), ("ratelimit-policy", "\"default\";q=100;w=60")],
        ),
        (
            RateLimit::XRateLimit,
            &[("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1445412540")],
        ),
        (
            RateLimit::XRateLimitDashed,
            &[("x-rate-limit-limit", "100"), ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "60")],
        ),
    ];
    for (headers, expected) in families {
        let _fault = idp.mount(keys(Edit::TooManyRequests { headers, seconds: 60 }));
        let answer = Browser::new(&idp).fetch("/jwks").await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (429, Some("temporarily_unavailable")));
        for (name, value) in expected {
            assert_eq!(answer.header(name), Some(*value), "{headers:?}");
        }
    }
}

/// A request that something leaves each point at, good or bad.
const EVERYWHERE: &[(Point, &str, &str)] = &[
    (Point::Discovery, "GET", "/.well-known/openid-configuration"),
    (Point::Discovery, "GET", "/.well-known/oauth-authorization-server"),
    (Point::Jwks, "GET", "/jwks"),
    (Point::TokenResponse, "POST", "/token"),
    (Point::TokenResponse, "GET", "/token"),
    (Point::Userinfo, "GET", "/userinfo"),
    (Point::PushedAuthorization, "POST", "/par"),
    (Point::DeviceAuthorization, "POST", "/device_authorization"),
    (Point::BackchannelAuthentication, "POST", "/bc-authorize"),
    (Point::Registration, "POST", "/register"),
    (Point::Introspection, "POST", "/introspect"),
    (Point::Revocation, "POST", "/revoke"),
    (Point::Resource, "GET", "/resource"),
    (Point::ResourceMetadata, "GET", "/.well-known/oauth-protected-resource/resource"),
    (Point::Logout, "GET", "/logout"),
    (Point::Page, "GET", "/authorize"),
    (Point::Page, "GET", "/login"),
];

#[tokio::test]
async fn every_answer_can_be_edited_wherever_it_leaves() {
    let idp = server();
    for (point, method, path) in EVERYWHERE {
        let send = async || {
            let request = Request::builder().method(*method).uri(*path);
            Browser::new(&idp).send(request.body(Default::default()).expect("a request")).await
        };
        let plain = send().await;
        assert!(idp.journal().pop().is_some_and(|entry| entry.status == plain.status), "{path}");
        let fault = Fault::always(*point, Edit::http_header("x-fault", "1")).and(Edit::Status { code: 599 });
        let fault = fault.and(Edit::RemoveHttpHeader { name: "cache-control".to_owned() });
        let fault = fault.and(Edit::RemoveHttpHeader { name: "access-control-allow-origin".to_owned() });
        let guard = idp.mount(fault);
        let answer = send().await;
        assert_eq!((answer.status, answer.header("x-fault"), guard.fired()), (599, Some("1"), 1), "{point:?} {path}");
        assert_eq!((answer.header("cache-control"), answer.header("access-control-allow-origin")), (None, None));
        drop(guard);

        let _error = idp.mount(Fault::always(*point, Edit::error("odd")));
        let answer = send().await;
        assert_eq!((answer.status, answer.json()), (400, json!({ "error": "odd" })), "{point:?} {path}");
        let challenge = answer.header("www-authenticate");
        let protected = matches!(point, Point::Userinfo | Point::Resource);
        assert_eq!(challenge, protected.then_some("Bearer error=\"odd\""), "{point:?} {path}");
        drop(_error);

        if !matches!(point, Point::Page | Point::Logout) {
            let _set = idp.mount(Fault::always(*point, Edit::set("odd", 1)));
            assert_eq!(send().await.json()["odd"], 1, "{point:?} {path}: {}", plain.body);
        }
    }
}

#[tokio::test]
async fn an_empty_answer_is_an_object_once_something_is_put_into_it() {
    let idp = server();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let revoking = || {
        let token = tokens["refresh_token"].as_str().expect("a token");
        post("/revoke", &Params::new().with("token", token).with("client_id", "public"))
    };
    assert_eq!(browser.send(revoking()).await.body, "");
    let _fault = idp.mount(Fault::always(Point::Revocation, Edit::set("done", true)));
    assert_eq!(browser.send(revoking()).await.json(), json!({ "done": true }));
}

#[tokio::test]
async fn an_authorization_response_becomes_an_error_in_its_own_mode() {
    let idp = server();
    let browser = Browser::new(&idp);
    let error = Edit::Error {
        error: "temporarily_unavailable".to_owned(),
        description: Some("later".to_owned()),
        status: None,
    };
    let _fault = idp.mount(Fault::always(Point::AuthorizationResponse, error));
    for mode in ["query", "fragment"] {
        let answer = browser.authorize(&with(asking(), "response_mode", mode)).await;
        let params = answer.redirected();
        let expected = [
            ("state", "st~4te"),
            ("iss", idp.issuer()),
            ("error", "temporarily_unavailable"),
            ("error_description", "later"),
        ];
        assert!(expected.iter().all(|(name, value)| params.get(name) == Some(value)), "{mode} {params:?}");
        assert_eq!((params.len(), answer.status), (4, 302), "{mode} {params:?}");
    }
    let page = browser.authorize(&with(asking(), "response_mode", "form_post")).await;
    assert!(page.body.contains("temporarily_unavailable") && !page.body.contains("name=\"code\""), "{}", page.body);
    let jarm = browser.authorize(&with(asking(), "response_mode", "query.jwt")).await;
    let (_, claims) = decode(&json!(jarm.redirected().get("response").expect("a token")));
    assert_eq!((&claims["error"], claims.get("code")), (&json!("temporarily_unavailable"), None));
}

#[tokio::test]
async fn a_fault_acts_at_one_grant_type_only() {
    let idp = server();
    let browser = Browser::new(&idp);
    let _answer = idp.mount(token(Edit::set("odd", 1)).for_grant("refresh_token"));
    let _token = idp.mount(Fault::always(Point::AccessToken, Edit::set("odd", 1)).for_grant("refresh_token"));
    let tokens = browser.log_in().await;
    let refreshed = browser.token(&refreshing(&tokens["refresh_token"])).await.tokens();
    for (tokens, odd) in [(&tokens, None), (&refreshed, Some(&json!(1)))] {
        assert_eq!(tokens.get("odd"), odd);
        assert_eq!(decode(&tokens["access_token"]).1.get("odd"), odd);
    }
}

#[tokio::test]
async fn a_broken_connection_is_told_without_a_socket() {
    let idp = server();
    let whole = Browser::new(&idp).fetch("/jwks").await.body;
    let exchange = async |edit: Edit| {
        let _fault = idp.mount(keys(edit));
        idp.exchange(get("/jwks")).await
    };
    assert!(matches!(exchange(Edit::Reset).await, Err(Cut::Reset)));
    let Err(Cut::Truncated(cut)) = exchange(Edit::Truncate { after: 7 }).await else { panic!("not truncated") };
    assert_eq!(*cut.body(), whole.as_bytes()[..7]);
    assert_eq!(cut.headers()["content-length"], whole.len().to_string().as_str());
    assert!(matches!(exchange(Edit::Stall { after: None }).await, Err(Cut::Stalled(None))));
    let Err(Cut::Stalled(Some(cut))) = exchange(Edit::Stall { after: Some(2) }).await else { panic!("not stalled") };
    assert_eq!(cut.body().len(), 2);
    let Err(Cut::Endless(cut)) = exchange(Edit::Endless).await else { panic!("not endless") };
    assert_eq!(*cut.body(), whole.as_bytes());
    let said = Cut::Endless(cut).to_string();
    assert_eq!(said, format!("white space without end came after {} octets of the body of a 200", whole.len()));
    let endings: Vec<Ending> = idp.journal().iter().skip(1).map(|entry| entry.ending).collect();
    use Ending::{Endless, Reset, Stalled, Truncated};
    assert_eq!(endings, [Reset, Truncated, Stalled, Stalled, Endless]);

    // What takes time takes none here.
    let late = exchange(Edit::Delay { milliseconds: 600_000 }).await.expect("an answer");
    assert_eq!(*late.body(), whole.as_bytes());
    let slow = exchange(Edit::Drip { octets: 1, milliseconds: 60_000 }).await.expect("an answer");
    assert_eq!(*slow.body(), whole.as_bytes());
    let padded = exchange(Edit::Pad { octets: 1 << 20 }).await.expect("an answer");
    assert_eq!(padded.body().len(), 1 << 20);
    let bomb = exchange(Edit::HeaderBomb { headers: 20_000, octets: 600 }).await.expect("an answer");
    assert_eq!(bomb.headers().iter().filter(|(name, _)| name.as_str().starts_with("x-bomb-")).count(), 20_000);
}

#[tokio::test]
#[should_panic(expected = "a fault broke the connection: the connection was reset")]
async fn a_call_that_is_reset_fails_the_test() {
    let idp = server();
    let _fault = idp.mount(keys(Edit::Reset));
    idp.call(get("/jwks")).await;
}

#[tokio::test]
async fn faults_are_listed_and_taken_off_by_their_ids() {
    let idp = server();
    let guard = idp.mount(keys(Edit::Status { code: 500 }));
    let id = idp.faults().add(keys(Edit::set("odd", 1)).nth(2)).expect("room");
    for _ in 0..3 {
        Browser::new(&idp).fetch("/jwks").await;
    }
    let counted: Vec<_> = idp.faults().list().iter().map(|own| (own.id, own.matched, own.fired)).collect();
    assert_eq!(counted, [(guard.id(), 3, 3), (id, 3, 1)]);
    assert_eq!(idp.faults().take_off(id).map(|own| own.fired), Some(1));
    assert_eq!(idp.faults().take_off(id), None);
    idp.faults().clear();
    assert_eq!(Browser::new(&idp).fetch("/jwks").await.status, 200);
    for _ in 0..1000 {
        idp.faults().add(keys(Edit::Reset)).expect("room");
    }
    assert_eq!(idp.faults().add(keys(Edit::Reset)), Err(Unfit::TooMany(1000)));
}

#[tokio::test]
async fn what_can_never_act_is_not_mounted() {
    let idp = server();
    let misplaced = keys(Edit::sign(oauth_types::fault::Signature::AlgNone));
    assert!(matches!(idp.faults().add(misplaced.clone()), Err(Unfit::Misplaced { edit: 1, at: Point::Jwks })));
    let refused = catch_unwind(AssertUnwindSafe(|| idp.mount(misplaced))).expect_err("it is no fault");
    let message = refused.downcast_ref::<String>().expect("a message");
    assert_eq!(message, "this is no fault: edit 1 has nothing to act on at Jwks");
}

#[tokio::test]
async fn the_date_is_that_of_the_tenants_clock() {
    let idp = MockIdp::start().await;
    idp.clock().set(1_445_412_480);
    idp.tenant("acme").clock().set(0);
    let address = idp.address().expect("a socket");
    for (path, date) in [
        ("/jwks", "Wed, 21 Oct 2015 07:28:00 GMT"),
        ("/acme/jwks", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("/nowhere/at/all", "Wed, 21 Oct 2015 07:28:00 GMT"),
    ] {
        let answer = Wire::connect(address).await.exchange(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        assert_eq!(answer.header("date"), Some(date), "{path}");
    }
    idp.clock().set(u64::MAX);
    let answer = Wire::connect(address).await.exchange("OPTIONS /jwks HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(answer.header("date"), Some("Fri, 31 Dec 9999 23:59:59 GMT"));
    let _fault = idp.mount(keys(Edit::http_header("Date", "never")));
    idp.clock().reset();
    let answer = Wire::connect(address).await.exchange("GET /jwks HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(answer.header("date"), Some("never"));
}

#[tokio::test]
async fn keys_and_metadata_may_be_kept_as_long_as_the_server_says() {
    let idp = MockIdp::builder().amount("jwks-max-age-seconds", 60).in_process().expect("a server");
    idp.clock().set(1_445_412_480);
    let (kept, asked) = (Browser::new(&idp), server());
    for path in ["/jwks", "/.well-known/openid-configuration"] {
        let answer = kept.fetch(path).await;
        assert_eq!(answer.header("cache-control"), Some("max-age=60"), "{path}");
        assert_eq!(answer.header("expires"), Some("Wed, 21 Oct 2015 07:29:00 GMT"), "{path}");
        assert_eq!(answer.header("pragma"), None, "{path}");
        let answer = Browser::new(&asked).fetch(path).await;
        assert_eq!((answer.header("cache-control"), answer.header("expires")), (Some("no-cache"), None), "{path}");
    }
}

//! A backend for a frontend: an application, browsers that visit it, and a server that logs them in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::{get, post};
use http::{HeaderMap, Method, Request, StatusCode};
use pkce_client::{
    Bff, BffBuilder, BffError, BffFailure, Client, ClientBuilder, CsrfError, Endpoint, Error, RejectReason, SealKey,
    User,
};
use serde_json::json;
use tower::ServiceExt as _;
use url::Url;

use crate::stage::{Stage, asked_by, response_to};

const ORIGIN: &str = "https://app.example";

/// An application, and what it was told of failures.
pub(crate) struct App {
    pub(crate) stage: Stage,
    router: Router,
    failures: Arc<Mutex<Vec<BffFailure>>>,
}

/// A browser with its cookies.
#[derive(Default, Clone)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
}

/// What a browser is answered.
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn location(&self) -> &str {
        self.headers.get("location").map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub(crate) fn set(&self) -> Vec<&str> {
        let cookies = self.headers.get_all("set-cookie").iter();
        cookies.map(|value| value.to_str().expect("ASCII")).collect()
    }
}

impl App {
    pub(crate) fn new() -> Self {
        Self::of(Stage::new(), |client| client, |bff| bff)
    }

    pub(crate) fn of(
        stage: Stage,
        client: impl FnOnce(ClientBuilder) -> ClientBuilder,
        bff: impl FnOnce(BffBuilder) -> BffBuilder,
    ) -> Self {
        stage.claim("sid", json!("sid-1"));
        let client = stage.client_of(client(stage.builder().redirect_uri("https://app.example/callback")));
        let failures = Arc::<Mutex<Vec<BffFailure>>>::default();
        let hook = Arc::clone(&failures);
        let tell = move |failure: &BffFailure| hook.lock().expect("failures").push(likeness(failure));
        let builder = bff(Bff::builder(client, SealKey::new([7; 32])).scopes(["email"]).on_failure(tell));
        let router = builder.protect(application()).expect("a backend");
        Self { stage, router, failures }
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Seen {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        Seen { status: head.status, headers: head.headers, body: String::from_utf8(body.to_vec()).expect("text") }
    }

    /// What was told since this was asked last.
    pub(crate) fn told(&self) -> Vec<String> {
        self.failures.lock().expect("failures").drain(..).map(|failure| format!("{failure:?}")).collect()
    }

    pub(crate) fn told_once(&self) -> BffFailure {
        let mut failures = self.failures.lock().expect("failures");
        assert_eq!(failures.len(), 1, "{failures:?}");
        failures.pop().expect("a failure")
    }

    /// Goes to the login, and gives the address at the server.
    pub(crate) async fn begin(&self, browser: &mut Browser, query: &str) -> Url {
        let seen = browser.get(self, &format!("/login{query}")).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{:?}", self.told());
        let url = Url::parse(seen.location()).expect("a URL");
        self.stage.visit_url(&url);
        url
    }

    /// Comes back from the server.
    pub(crate) async fn finish(&self, browser: &mut Browser, url: &Url, changes: &[(&str, &str)]) -> Seen {
        browser.get(self, &format!("/callback?{}", response_to(url, changes))).await
    }

    pub(crate) async fn login(&self, browser: &mut Browser) -> Seen {
        let url = self.begin(browser, "").await;
        let seen = self.finish(browser, &url, &[]).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{:?}", self.told());
        seen
    }

    /// Whoever is logged in.
    pub(crate) async fn who(&self, browser: &mut Browser) -> String {
        browser.get(self, "/who").await.body
    }
}

impl Browser {
    pub(crate) async fn get(&mut self, app: &App, path: &str) -> Seen {
        self.send(app, (Method::GET, path), &[], "").await
    }

    pub(crate) async fn send(
        &mut self,
        app: &App,
        (method, path): (Method, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> Seen {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let seen = app.call(request.body(Body::from(body.to_owned())).expect("a request")).await;
        for cookie in seen.set() {
            let (name, rest) = cookie.split_once('=').expect("a name");
            let value = rest.split(';').next().expect("a value");
            match cookie.contains("Max-Age=0") {
                true => drop(self.cookies.remove(name)),
                false => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
        seen
    }

    /// The names of its cookies.
    fn names(&self) -> Vec<&str> {
        self.cookies.keys().map(String::as_str).collect()
    }
}

fn application() -> Router {
    let who = async |user: Option<User>| user.map_or("nobody".to_owned(), |user| user.claims().subject().to_owned());
    let token = async |user: User| format!("{:?}", user.session().access_token().await.map(drop));
    Router::new()
        .route("/who", get(who).post(who))
        .route("/me", get(async |user: User| user.claims().subject().to_owned()))
        .route("/token", post(token))
}

/// Errors are not copied; these are as good.
fn likeness(failure: &BffFailure) -> BffFailure {
    match failure {
        BffFailure::Embedded => BffFailure::Embedded,
        BffFailure::ReturnTo => BffFailure::ReturnTo,
        BffFailure::FormPost => BffFailure::FormPost,
        BffFailure::CookieTooLong => BffFailure::CookieTooLong,
        BffFailure::Malformed(error) => BffFailure::Malformed(*error),
        BffFailure::NotAForm => BffFailure::NotAForm,
        BffFailure::NoState => BffFailure::NoState,
        BffFailure::NoCookie => BffFailure::NoCookie,
        BffFailure::OtherFlow => BffFailure::OtherFlow,
        BffFailure::Expired => BffFailure::Expired,
        BffFailure::Tampered(error) => BffFailure::Tampered(*error),
        BffFailure::Astray => BffFailure::Astray,
        BffFailure::UsedUp => BffFailure::UsedUp,
        BffFailure::Rejected(reason) => BffFailure::Rejected(reason.clone()),
        BffFailure::Csrf(error) => BffFailure::Csrf(*error),
        BffFailure::LoggedOut(error) => BffFailure::LoggedOut(*error),
        BffFailure::Failed(_) => BffFailure::Failed(Error::LoginTimeout),
        BffFailure::Begin(_) => BffFailure::Begin(Error::LoginTimeout),
        BffFailure::Logout(_) => BffFailure::Logout(Error::LoginTimeout),
        BffFailure::LogoutToken(_) => BffFailure::LogoutToken(Error::LoginTimeout),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_user_logs_in_and_comes_back_to_where_they_were() {
    let (app, mut browser) = (App::new(), Browser::default());
    assert_eq!(app.who(&mut browser).await, "nobody");
    let url = app.begin(&mut browser, "?return_to=/notes?page%3D2").await;
    assert_eq!(asked_by(&url).get("scope"), Some("openid email"));
    let seen = app.finish(&mut browser, &url, &[]).await;
    assert_eq!((seen.status, seen.location()), (StatusCode::SEE_OTHER, "https://app.example/notes?page=2"));
    assert_eq!(app.who(&mut browser).await, "alice");
    assert_eq!(browser.names(), ["__Host-session"]);
    assert!(app.told().is_empty());
}

#[tokio::test]
async fn cookies_are_sealed_and_for_this_host_alone_and_no_script_reads_them() {
    let (app, mut browser) = (App::new(), Browser::default());
    let begun = browser.get(&app, "/login").await;
    let url = Url::parse(begun.location()).expect("a URL");
    app.stage.visit_url(&url);
    let done = app.finish(&mut browser, &url, &[]).await;
    let key = url.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
    let set = [begun.set(), done.set()].concat();
    assert_eq!(set.len(), 3, "a login's, its end, a session's");
    for cookie in set {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        for attribute in ["; HttpOnly", "; Secure", "; SameSite=Lax", "; Path=/", "; Max-Age="] {
            assert!(cookie.contains(attribute), "{attribute}: {cookie}");
        }
        for secret in ["alice", "at-1", "rt-1", "sid-1", "Domain", key.as_str()] {
            assert!(!cookie.contains(secret), "{secret}: {cookie}");
        }
    }
    for seen in [&begun, &done] {
        for (name, value) in [("cache-control", "no-store"), ("referrer-policy", "no-referrer")] {
            assert_eq!(seen.headers.get(name).expect(name), value);
        }
        assert!(seen.headers.get("content-security-policy").is_some() && seen.body.is_empty());
    }
}

#[tokio::test]
async fn nobody_is_logged_in_with_a_response_that_another_browser_began() {
    let (app, mut attacker, mut victim) = (App::new(), Browser::default(), Browser::default());
    let url = app.begin(&mut attacker, "").await;
    let seen = app.finish(&mut victim, &url, &[]).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(matches!(app.told_once(), BffFailure::NoCookie));
    assert!(victim.cookies.is_empty() && app.stage.seen(Endpoint::Token).is_empty());
    // The victim has a login of their own.
    let (mut attacker, own) = (Browser::default(), app.begin(&mut victim, "").await);
    let url = app.begin(&mut attacker, "").await;
    app.finish(&mut victim, &url, &[]).await;
    assert!(matches!(app.told_once(), BffFailure::OtherFlow));
    app.finish(&mut attacker, &url, &[]).await;
    assert!(matches!(app.told_once(), BffFailure::Astray), "it was in another browser");
    assert_eq!(app.who(&mut attacker).await, "nobody");
    app.stage.visit_url(&own);
    assert_eq!(app.finish(&mut victim, &own, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.who(&mut victim).await, "alice");
}

/// Complaint 19: why a login failed is told apart, and not to the browser.
#[tokio::test]
async fn each_failure_has_a_reason_of_its_own_that_the_browser_is_not_told() {
    let app = App::new();
    let mut pages = Vec::new();
    let mut failed = async |browser: &mut Browser, path: String| {
        let seen = browser.get(&app, &path).await;
        pages.push((seen.status, seen.body));
        app.told_once()
    };
    let mut browser = Browser::default();
    assert!(matches!(failed(&mut browser, "/callback?code=x".into()).await, BffFailure::NoState));
    assert!(matches!(failed(&mut browser, "/callback?state=x&state=x".into()).await, BffFailure::Malformed(_)));
    assert!(matches!(failed(&mut browser, "/callback?state=x&code=x".into()).await, BffFailure::NoCookie));
    let url = app.begin(&mut browser, "").await;
    let right = |url: &Url, changes: &[(&str, &str)]| format!("/callback?{}", response_to(url, changes));
    assert!(matches!(failed(&mut browser, "/callback?state=x&code=x".into()).await, BffFailure::OtherFlow));
    let forged = failed(&mut browser, right(&url, &[("iss", "https://evil.example")])).await;
    assert!(matches!(forged, BffFailure::Rejected(RejectReason::IssuerMismatch)));
    assert_eq!(browser.cookies.len(), 1, "a forged response does not end the login");
    let denied = failed(&mut browser, right(&url, &[("code", ""), ("error", "access_denied")])).await;
    assert!(matches!(denied, BffFailure::Rejected(RejectReason::Denied(error)) if error.code() == "access_denied"));
    assert!(browser.cookies.is_empty());
    let url = app.begin(&mut browser, "").await;
    let honest = browser.clone();
    for value in browser.cookies.values_mut() {
        *value = value.replacen('A', "B", 1).replacen('Q', "R", 1).replacen('w', "x", 1);
    }
    assert!(matches!(failed(&mut browser, right(&url, &[])).await, BffFailure::Tampered(Some(_))));
    let mut late = honest.clone();
    app.stage.clock.advance(15 * 60);
    assert!(matches!(failed(&mut late, right(&url, &[])).await, BffFailure::Expired));
    assert!(late.cookies.is_empty());
    let url = app.begin(&mut browser, "").await;
    app.stage.answer(Endpoint::Token, 400, "application/json", r#"{"error":"invalid_grant"}"#);
    assert!(matches!(failed(&mut browser, right(&url, &[])).await, BffFailure::Failed(_)));
    assert!(browser.cookies.is_empty());
    assert!(pages.iter().all(|page| *page == pages[0] && page.0 == StatusCode::BAD_REQUEST), "{pages:?}");
}

#[tokio::test]
async fn a_cookie_of_one_login_is_none_of_another() {
    let (app, mut browser) = (App::new(), Browser::default());
    let (first, second) = (app.begin(&mut browser, "").await, app.begin(&mut browser, "").await);
    let [one, two] = &mut browser.cookies.values_mut().collect::<Vec<_>>()[..] else { panic!("two cookies") };
    std::mem::swap(*one, *two);
    for url in [first, second] {
        app.finish(&mut browser, &url, &[]).await;
        assert!(matches!(
            app.told_once(),
            BffFailure::Rejected(RejectReason::StateMismatch) | BffFailure::Tampered(_)
        ));
    }
    assert!(app.stage.seen(Endpoint::Token).is_empty());
}

/// Complaint 18: two tabs of one browser overwrite each other's logins.
#[tokio::test]
async fn two_tabs_do_not_disturb_each_other() {
    let (app, mut browser) = (App::new(), Browser::default());
    let first = app.begin(&mut browser, "?return_to=/1").await;
    let second = app.begin(&mut browser, "?return_to=/2").await;
    for (url, goal) in [(first, "https://app.example/1"), (second, "https://app.example/2")] {
        app.stage.visit_url(&url);
        assert_eq!(app.finish(&mut browser, &url, &[]).await.location(), goal);
    }
    assert_eq!(browser.names(), ["__Host-session"]);
}

#[tokio::test]
async fn a_browser_keeps_no_more_than_four_logins() {
    let (app, mut browser) = (App::new(), Browser::default());
    for _ in 0..10 {
        app.begin(&mut browser, "").await;
        assert!(browser.cookies.len() <= 4);
    }
    let last = app.begin(&mut browser, "").await;
    assert_eq!(
        (browser.cookies.len(), app.finish(&mut browser, &last, &[]).await.status),
        (4, StatusCode::SEE_OTHER)
    );
}

#[tokio::test]
async fn a_code_is_sent_once_however_often_the_response_comes() {
    let (app, mut browser) = (App::new(), Browser::default());
    let url = app.begin(&mut browser, "").await;
    let mut copy = browser.clone();
    assert_eq!(app.finish(&mut browser, &url, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.finish(&mut copy, &url, &[]).await.status, StatusCode::BAD_REQUEST);
    assert!(matches!(app.told_once(), BffFailure::UsedUp));
    app.finish(&mut browser, &url, &[]).await;
    assert!(matches!(app.told_once(), BffFailure::NoCookie));
    assert_eq!(app.stage.seen(Endpoint::Token).len(), 1);
    let head = browser.send(&app, (Method::HEAD, "/callback?state=x"), &[], "").await;
    assert_eq!(head.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn every_login_has_a_new_session_and_the_old_one_ends() {
    let (app, mut browser) = (App::new(), Browser::default());
    app.login(&mut browser).await;
    let mut before = browser.clone();
    app.login(&mut browser).await;
    assert_ne!(before.cookies["__Host-session"], browser.cookies["__Host-session"]);
    assert_eq!(app.who(&mut browser).await, "alice");
    assert_eq!(app.who(&mut before).await, "nobody");
    // A session that somebody put there is not taken.
    for planted in ["x", "", &"A".repeat(400)] {
        let mut fixed = Browser::default();
        fixed.cookies.insert("__Host-session".to_owned(), planted.to_owned());
        assert_eq!(app.who(&mut fixed).await, "nobody");
        app.login(&mut fixed).await;
        assert_ne!(fixed.cookies["__Host-session"], planted);
    }
    // Nor is a cookie that was sealed for something else.
    let mut other = Browser::default();
    app.begin(&mut other, "").await;
    let sealed = other.cookies.values().next().expect("a cookie").split('.').next().expect("a part").to_owned();
    other.cookies.insert("__Host-session".to_owned(), sealed);
    assert_eq!(app.who(&mut other).await, "nobody");
}

#[tokio::test]
async fn a_session_lasts_as_long_as_was_said() {
    let hour = std::time::Duration::from_secs(3600);
    let (app, mut browser) =
        (App::of(Stage::new(), |client| client, |bff| bff.session_lifetime(hour)), Browser::default());
    let seen = app.login(&mut browser).await;
    assert!(seen.set().iter().any(|cookie| cookie.contains("Max-Age=3600")), "{:?}", seen.set());
    app.stage.clock.advance(3599);
    assert_eq!(app.who(&mut browser).await, "alice");
    app.stage.clock.advance(1);
    assert_eq!(app.who(&mut browser).await, "nobody");
}

#[tokio::test]
async fn a_login_leads_nowhere_else() {
    let (app, mut browser) = (App::new(), Browser::default());
    for path in [
        "https://evil.example",
        "//evil.example",
        "/%5Cevil.example",
        "",
        "x",
        "/login",
        "/callback?x",
        "/a&return_to=/b",
    ] {
        let seen = browser.get(&app, &format!("/login?return_to={path}")).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(matches!(app.told_once(), BffFailure::ReturnTo));
    }
    let long = "x".repeat(1025);
    browser.get(&app, &format!("/login?return_to=/{long}")).await;
    assert!(matches!(app.told_once(), BffFailure::ReturnTo));
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn a_login_does_not_begin_within_another_page() {
    let (app, mut browser) = (App::new(), Browser::default());
    for destination in ["iframe", "image", "empty"] {
        let seen = browser.send(&app, (Method::GET, "/login"), &[("sec-fetch-dest", destination)], "").await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{destination}");
        assert!(matches!(app.told_once(), BffFailure::Embedded));
    }
    let seen = browser.send(&app, (Method::GET, "/login"), &[("sec-fetch-dest", "document")], "").await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_page_sends_the_browser_to_the_login_and_a_script_is_told() {
    let (app, mut browser) = (App::new(), Browser::default());
    let page = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let seen = browser.send(&app, (Method::GET, "/me?a=b"), &page, "").await;
    assert_eq!(
        (seen.status, seen.location()),
        (StatusCode::SEE_OTHER, "https://app.example/login?return_to=%2Fme%3Fa%3Db")
    );
    assert_eq!(browser.get(&app, "/me").await.status, StatusCode::UNAUTHORIZED);
    app.login(&mut browser).await;
    assert_eq!(browser.get(&app, "/me").await.body, "alice");
    let bare = application().oneshot(Request::get("/me").body(Body::empty()).expect("a request")).await;
    assert_eq!(bare.expect("infallible").status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn requests_of_other_sites_do_not_reach_the_application() {
    let (app, mut browser) = (App::new(), Browser::default());
    app.login(&mut browser).await;
    let elsewhere: [&[(&str, &str)]; 6] = [
        &[],
        &[("origin", ORIGIN)],
        &[("x-csrf", "1"), ("origin", "https://evil.example")],
        &[("x-csrf", "1"), ("origin", "null")],
        &[("x-csrf", "1"), ("sec-fetch-site", "same-site")],
        &[("x-csrf", "1"), ("sec-fetch-site", "cross-site")],
    ];
    for headers in elsewhere {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let seen = browser.send(&app, (method, "/token"), headers, "").await;
            assert_eq!(seen.status, StatusCode::FORBIDDEN, "{headers:?}");
            assert!(matches!(app.told_once(), BffFailure::Csrf(_)));
        }
    }
    let own = [("x-csrf", "1"), ("origin", ORIGIN), ("sec-fetch-site", "same-origin")];
    assert_eq!(browser.send(&app, (Method::POST, "/token"), &own, "").await.body, "Ok(())");
    let socket = [("upgrade", "websocket"), ("origin", "https://evil.example")];
    assert_eq!(browser.send(&app, (Method::GET, "/who"), &socket, "").await.status, StatusCode::FORBIDDEN);
    assert!(matches!(app.told_once(), BffFailure::Csrf(CsrfError::Origin)));
    assert_eq!(
        browser.send(&app, (Method::GET, "/who"), &[("upgrade", "x"), ("origin", ORIGIN)], "").await.body,
        "alice"
    );
}

#[tokio::test]
async fn plain_forms_are_let_through_where_that_is_said() {
    let (app, mut browser) =
        (App::of(Stage::new(), |client| client, BffBuilder::allow_plain_forms), Browser::default());
    app.login(&mut browser).await;
    assert_eq!(browser.send(&app, (Method::POST, "/who"), &[("origin", ORIGIN)], "").await.body, "alice");
    for headers in [&[][..], &[("origin", "https://evil.example")]] {
        assert_eq!(browser.send(&app, (Method::POST, "/who"), headers, "").await.status, StatusCode::FORBIDDEN);
    }
}

fn posting() -> Stage {
    let stage = Stage::new();
    stage.with(|script| script.metadata["response_modes_supported"] = json!(["query", "form_post"]));
    stage
}

#[tokio::test]
async fn a_posted_response_has_its_cookie_come_from_the_page_of_the_server() {
    let app = App::of(posting(), |client| client, |bff| bff.login_with(|login| login.form_post()));
    let mut browser = Browser::default();
    let begun = browser.get(&app, "/login").await;
    assert!(begun.set()[0].contains("; SameSite=None") && begun.set()[0].contains("; Secure"), "{:?}", begun.set());
    let url = Url::parse(begun.location()).expect("a URL");
    app.stage.visit_url(&url);
    let form = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    let wrong = app.finish(&mut browser, &url, &[]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(matches!(app.told_once(), BffFailure::Rejected(RejectReason::Mode)));
    let text = response_to(&url, &[]);
    for headers in [&[][..], &[("content-type", "text/plain")]] {
        browser.send(&app, (Method::POST, "/callback"), headers, &text).await;
        assert!(matches!(app.told_once(), BffFailure::NotAForm));
    }
    browser.send(&app, (Method::POST, "/callback"), &form, &"x".repeat(64 * 1024 + 1)).await;
    assert!(matches!(app.told_once(), BffFailure::NotAForm));
    let seen = browser.send(&app, (Method::POST, "/callback"), &form, &text).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER, "{:?}", app.told());
    assert!(seen.set().iter().any(|cookie| cookie.starts_with("__Host-session=") && cookie.contains("SameSite=Lax")));
    assert_eq!(app.who(&mut browser).await, "alice");
}

#[tokio::test]
async fn http_is_for_development_and_has_to_be_named() {
    const LOCAL: &str = "http://127.0.0.1:3000/callback";
    let client = |stage: &Stage| stage.client_of(stage.builder().redirect_uri(LOCAL));
    let strict = Bff::builder(client(&Stage::new()), SealKey::new([1; 32])).protect(application());
    assert_eq!(strict.err(), Some(BffError::Insecure));
    let local = |client: ClientBuilder| client.redirect_uri(LOCAL);
    let (app, mut browser) = (App::of(Stage::new(), local, BffBuilder::allow_http_on_loopback), Browser::default());
    let begun = browser.get(&app, "/login").await;
    assert!(begun.set()[0].starts_with("login-") && !begun.set()[0].contains("Secure"), "{:?}", begun.set());
    let url = Url::parse(begun.location()).expect("a URL");
    app.stage.visit_url(&url);
    assert_eq!(app.finish(&mut browser, &url, &[]).await.location(), "http://127.0.0.1:3000/");
    assert_eq!(app.who(&mut browser).await, "alice");
    let posting = App::of(posting(), local, |bff| bff.allow_http_on_loopback().login_with(|login| login.form_post()));
    browser.get(&posting, "/login").await;
    assert!(matches!(posting.told_once(), BffFailure::FormPost));
}

#[test]
fn what_cannot_be_is_told_when_the_backend_is_made() {
    let made = |client: Client, change: fn(BffBuilder) -> BffBuilder| {
        change(Bff::builder(client, SealKey::new([1; 32]))).protect(application()).err()
    };
    let stage = Stage::new();
    let client = || stage.client_of(stage.builder().redirect_uri("https://app.example/callback"));
    let nowhere = stage.client_of(Client::builder("https://issuer.example", "app").http(stage.clone()));
    assert_eq!(made(nowhere, |bff| bff), Some(BffError::NoRedirectUri));
    let native = stage.client_of(stage.builder().redirect_uri("com.example.app:/callback"));
    assert_eq!(made(native, |bff| bff), Some(BffError::NoRedirectUri));
    assert_eq!(made(client(), |bff| bff.login_at("/callback")), Some(BffError::Path("/callback".to_owned())));
    assert_eq!(made(client(), |bff| bff.logout_at("logout")), Some(BffError::Path("logout".to_owned())));
    assert_eq!(made(client(), |bff| bff.login_at("/{x}")), Some(BffError::Path("/{x}".to_owned())));
    assert_eq!(
        made(client(), |bff| bff.landing("//evil.example")),
        Some(BffError::Path("//evil.example".to_owned()))
    );
    let back = made(client(), |bff| bff.post_logout_redirect_uri("https://app.example/bye"));
    assert_eq!(back, Some(BffError::NoEndSession));
    let away = made(client(), |bff| bff.post_logout_redirect_uri("https://evil.example/bye"));
    assert_eq!(away, Some(BffError::LoggedOut));
}

//! A backend for a frontend: how sessions end, here and at the server.

use http::{Method, StatusCode};
use jsonwebtoken::Algorithm as Jws;
use oauth_types::Params;
use pkce_client::{
    BffBuilder, BffFailure, BoxFuture, CsrfError, EndedSessions, Endpoint, MemorySessions, SessionName, StoreError,
    TokenStore, WebSessions,
};
use serde_json::{Value, json};
use url::Url;

use crate::bff::{App, Browser, Seen};
use crate::stage::{CLIENT_ID, ISSUER, RS256, START, Stage, response, rsa, sign};

const FORM: (&str, &str) = ("origin", "https://app.example");
const BACK: &str = "https://app.example/goodbye";

/// A server with every endpoint that a logout needs.
fn server() -> Stage {
    let stage = Stage::new();
    stage.with(|script| {
        script.metadata["end_session_endpoint"] = json!(format!("{ISSUER}/logout"));
        script.metadata["revocation_endpoint"] = json!(format!("{ISSUER}/revoke"));
    });
    stage.instead(|seen| (seen.endpoint == Endpoint::Revocation).then(|| Ok(response(200, "text/plain", ""))));
    stage
}

fn app(stage: Stage, bff: impl FnOnce(BffBuilder) -> BffBuilder) -> App {
    App::of(stage, |client| client, bff)
}

async fn logout(app: &App, browser: &mut Browser) -> Seen {
    browser.send(app, (Method::POST, "/logout"), &[FORM], "").await
}

#[tokio::test]
async fn a_logout_ends_the_session_here_and_at_the_server() {
    let (app, mut browser) = (app(server(), |bff| bff.post_logout_redirect_uri(BACK)), Browser::default());
    app.login(&mut browser).await;
    let mut copy = browser.clone();
    let seen = logout(&app, &mut browser).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER, "{:?}", app.told());
    let url = Url::parse(seen.location()).expect("a URL");
    assert!(seen.location().starts_with("https://issuer.example/logout?"));
    let asked = Params::parse(url.query().expect("a query")).expect("parameters");
    assert!(asked.get("id_token_hint").is_some());
    assert_eq!(asked.get("post_logout_redirect_uri"), Some(BACK));
    let revoked: Vec<_> = app.stage.seen(Endpoint::Revocation).into_iter().map(|seen| seen.params).collect();
    let tokens: Vec<_> = revoked.iter().filter_map(|params| params.get("token")).collect();
    assert_eq!(tokens, ["rt-1", "at-1"]);
    for browser in [&mut browser, &mut copy] {
        assert_eq!(app.who(browser).await, "nobody", "not even with a copy of the cookie");
    }
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["__Host-logout"]);
    let state = asked.get("state").expect("a state");
    assert!(!browser.cookies["__Host-logout"].contains(state));
    let back = browser.get(&app, &format!("/goodbye?state={state}")).await;
    assert_eq!((back.status, back.location()), (StatusCode::SEE_OTHER, "https://app.example/"));
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn nobody_comes_back_from_a_logout_that_was_not_begun_there() {
    let (app, mut browser) = (app(server(), |bff| bff.post_logout_redirect_uri(BACK)), Browser::default());
    app.login(&mut browser).await;
    let seen = browser.get(&app, "/goodbye?state=x").await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(matches!(app.told_once(), BffFailure::LoggedOut(_)));
    assert_eq!(app.who(&mut browser).await, "alice");
    logout(&app, &mut browser).await;
    for query in ["", "?state=", "?state=x"] {
        assert_eq!(browser.get(&app, &format!("/goodbye{query}")).await.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn where_the_server_has_no_logout_the_session_ends_here() {
    let (app, mut browser) = (App::new(), Browser::default());
    app.login(&mut browser).await;
    let mut copy = browser.clone();
    let seen = logout(&app, &mut browser).await;
    assert_eq!((seen.status, seen.location()), (StatusCode::SEE_OTHER, "https://app.example/"));
    assert!(browser.cookies.is_empty() && app.told().is_empty());
    assert_eq!(app.who(&mut copy).await, "nobody");
    let again = logout(&app, &mut browser).await;
    assert_eq!((again.status, again.location()), (StatusCode::SEE_OTHER, "https://app.example/"));
}

#[tokio::test]
async fn a_server_that_does_not_revoke_keeps_nobody_logged_in() {
    let (app, mut browser) = (app(server(), |bff| bff), Browser::default());
    app.login(&mut browser).await;
    app.stage.answer(Endpoint::Revocation, 503, "text/plain", "");
    logout(&app, &mut browser).await;
    assert!(matches!(app.told_once(), BffFailure::Logout(_)));
    assert_eq!(app.who(&mut browser).await, "nobody");
}

#[tokio::test]
async fn another_site_logs_nobody_out() {
    let (app, mut browser) = (app(server(), |bff| bff), Browser::default());
    app.login(&mut browser).await;
    let elsewhere: [(&[(&str, &str)], CsrfError); 4] = [
        (&[], CsrfError::Unknown),
        (&[("origin", "https://evil.example")], CsrfError::Origin),
        (&[("sec-fetch-site", "same-site"), FORM], CsrfError::CrossSite),
        (&[("x-csrf", "1"), ("sec-fetch-site", "cross-site")], CsrfError::CrossSite),
    ];
    for (headers, expected) in elsewhere {
        let seen = browser.send(&app, (Method::POST, "/logout"), headers, "").await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN);
        assert!(matches!(app.told_once(), BffFailure::Csrf(error) if error == expected), "{headers:?}");
    }
    assert_eq!(browser.get(&app, "/logout").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(app.who(&mut browser).await, "alice");
    let script = browser.send(&app, (Method::POST, "/logout"), &[("x-csrf", "1")], "").await;
    assert_eq!(script.status, StatusCode::SEE_OTHER);
}

/// A logout token with these claims instead.
fn token(jti: &str, changes: &[(&str, Value)]) -> String {
    let mut claims = json!({
        "iss": ISSUER, "sub": "alice", "sid": "sid-1", "aud": CLIENT_ID, "iat": START, "exp": START + 120, "jti": jti,
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}}
    });
    for (name, value) in changes {
        match value {
            Value::Null => drop(claims.as_object_mut().expect("an object").remove(*name)),
            value => claims[*name] = value.clone(),
        }
    }
    let header = json!({"alg": "RS256", "kid": "one", "typ": "logout+jwt"});
    format!("logout_token={}", sign(&header.to_string(), &claims.to_string(), &rsa(RS256), Jws::RS256))
}

async fn notify(app: &App, form: &str) -> StatusCode {
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let seen = Browser::default().send(app, (Method::POST, "/backchannel-logout"), &kind, form).await;
    assert_eq!(seen.headers.get("cache-control").expect("a header"), "no-store");
    seen.status
}

#[tokio::test]
async fn the_server_ends_the_sessions_it_names_and_no_others() {
    let app = App::new();
    for (number, changes, ended) in [
        (1, vec![], true),
        (2, vec![("sub", json!(null))], true),
        (3, vec![("sid", json!(null))], true),
        (4, vec![("sid", json!("sid-2"))], false),
        (5, vec![("sub", json!("bob"))], false),
    ] {
        let mut browser = Browser::default();
        app.login(&mut browser).await;
        assert_eq!(
            notify(&app, &token(&format!("jti-{number}"), &changes)).await,
            StatusCode::OK,
            "{:?}",
            app.told()
        );
        assert_eq!(app.who(&mut browser).await == "nobody", ended, "{changes:?}");
    }
}

/// Two processes of an application share sessions, which end for both: by the user, by the server, and by their age.
pub(crate) async fn sessions_end(one: impl WebSessions + 'static, other: impl WebSessions + 'static) {
    let stage = Stage::new();
    let hour = std::time::Duration::from_secs(3600);
    let here = app(stage.clone(), |bff| bff.sessions(one).session_lifetime(hour));
    let there = app(stage.clone(), |bff| bff.sessions(other).session_lifetime(hour));
    let mut browsers = Vec::new();
    for sid in ["sid-1", "sid-2", "sid-3"] {
        stage.claim("sid", json!(sid));
        let mut browser = Browser::default();
        here.login(&mut browser).await;
        assert_eq!(there.who(&mut browser).await, "alice", "{sid}");
        browsers.push(browser);
    }
    logout(&there, &mut browsers[0].clone()).await;
    let mut who = async |app: &App| {
        let mut names = Vec::new();
        for browser in &mut browsers {
            names.push(app.who(browser).await);
        }
        names
    };
    assert_eq!(who(&here).await, ["nobody", "alice", "alice"]);
    assert_eq!(notify(&there, &token("jti-1", &[("sid", json!("sid-2"))])).await, StatusCode::OK);
    assert_eq!(who(&here).await, ["nobody", "nobody", "alice"]);
    stage.clock.advance(1800);
    stage.claim("exp", json!(START + 100_000));
    here.login(&mut Browser::default()).await;
    assert_eq!(who(&there).await, ["nobody", "nobody", "alice"], "one that has not expired is left alone");
    stage.with(|script| script.claims["sub"] = json!("bob"));
    let everybody = token("jti-2", &[("sid", json!(null)), ("exp", json!(START + 1900))]);
    assert_eq!(notify(&here, &everybody).await, StatusCode::OK, "{:?}", here.told());
    assert_eq!(who(&there).await, ["nobody"; 3]);
}

#[tokio::test]
async fn sessions_in_memory_end() {
    let sessions = std::sync::Arc::new(MemorySessions::new(10));
    sessions_end(Shared(sessions.clone()), Shared(sessions)).await;
}

/// One store in memory of two processes.
struct Shared(std::sync::Arc<MemorySessions>);

impl WebSessions for Shared {
    fn tokens(&self, name: &SessionName) -> std::sync::Arc<dyn TokenStore> {
        self.0.tokens(name)
    }

    fn end<'a>(&'a self, ended: &'a EndedSessions) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.end(ended)
    }
}

#[tokio::test]
async fn a_full_memory_forgets_what_would_end_first() {
    let app = app(Stage::new(), |bff| bff.sessions(MemorySessions::new(2)));
    let mut browsers = [Browser::default(), Browser::default(), Browser::default()];
    for browser in &mut browsers {
        app.login(browser).await;
        app.stage.clock.advance(1);
    }
    let mut names = Vec::new();
    for browser in &mut browsers[1..] {
        names.push(app.who(browser).await);
    }
    assert_eq!(names, ["alice", "alice"]);
    assert_eq!(app.who(&mut browsers[0]).await, "nobody");
}

#[tokio::test]
async fn a_logout_token_that_is_wrong_ends_nothing() {
    let (app, mut browser) = (App::new(), Browser::default());
    app.login(&mut browser).await;
    let right = token("jti-1", &[]);
    let wrong = [
        String::new(),
        "logout_token=".to_owned(),
        "logout_token=x".to_owned(),
        format!("{right}&{right}"),
        token("jti-2", &[("aud", json!("other"))]),
        token("jti-3", &[("nonce", json!("n"))]),
        token("jti-4", &[("events", json!({}))]),
        format!("logout_token={}", "x".repeat(64 * 1024)),
    ];
    for form in wrong {
        assert_eq!(notify(&app, &form).await, StatusCode::BAD_REQUEST);
        assert!(matches!(app.told_once(), BffFailure::LogoutToken(_) | BffFailure::NotAForm));
    }
    let kind = [("content-type", "application/json")];
    let seen = Browser::default().send(&app, (Method::POST, "/backchannel-logout"), &kind, &right).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert_eq!(app.who(&mut browser).await, "alice");
}

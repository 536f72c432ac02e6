//! OpenID Connect RP-Initiated Logout: the browser is sent to be logged out, and comes back.

use mock_idp::MockIdp;
use pkce_client::{
    AddressError, Client, ConfigError, DiscoveryError, Endpoint, Error, LogoutError, PendingLogout, Session,
    StartedLogout,
};
use serde_json::json;

use crate::idp::Idp;
use crate::stage::{CLIENT_ID, ISSUER, Stage, asked_by};

const GOODBYE: &str = "https://app.example/goodbye";

fn stage() -> Stage {
    let stage = Stage::new();
    stage.with(|script| script.metadata["end_session_endpoint"] = json!("https://issuer.example/logout?tenant=1"));
    stage
}

async fn session(stage: &Stage) -> (Client, Session) {
    let client = stage.client();
    let session = stage.login(&client).await.expect("a session");
    (client, session)
}

async fn started() -> StartedLogout {
    let (client, session) = session(&stage()).await;
    client.logout(&session).redirect_uri(GOODBYE).begin().await.expect("a logout")
}

fn state(started: &StartedLogout) -> String {
    asked_by(&started.url).get("state").expect("a state").to_owned()
}

#[tokio::test]
async fn the_server_is_told_which_session_ends_and_where_to_go() {
    let stage = stage();
    let (client, session) = session(&stage).await;
    let id_token = stage.with(|script| script.id_token());
    let started = client.logout(&session).redirect_uri(GOODBYE).logout_hint("alice").begin().await.expect("a logout");
    assert_eq!(started.url.as_str().split('?').next(), Some("https://issuer.example/logout"));
    let asked = asked_by(&started.url);
    let state = state(&started);
    let expected = [
        ("tenant", "1"),
        ("id_token_hint", &id_token),
        ("client_id", CLIENT_ID),
        ("post_logout_redirect_uri", GOODBYE),
        ("state", &state),
        ("logout_hint", "alice"),
    ];
    assert_eq!(asked.iter().collect::<Vec<_>>(), expected);
    assert!(!format!("{started:?}").contains(&id_token));
    assert!(stage.seen(Endpoint::EndSession).is_empty(), "only the browser goes there");
    session.access_token().await.expect("its tokens are not touched");
}

#[tokio::test]
async fn the_last_verified_id_token_is_shown() {
    let stage = stage();
    let (client, session) = session(&stage).await;
    let hint = async || {
        let started = client.logout(&session).begin().await.expect("a logout");
        asked_by(&started.url).get("id_token_hint").map(str::to_owned)
    };
    let first = hint().await;
    stage.claim("iat", json!(crate::stage::START + 1));
    session.refresh().await.expect("new tokens");
    let second = hint().await;
    assert_ne!(first, second);
    assert_eq!(second, Some(stage.with(|script| script.id_token())));
}

#[tokio::test]
async fn an_id_token_that_was_not_verified_is_shown_to_nobody() {
    let stage = stage();
    let client = stage.client();
    let started = client.login().scopes(["email"]).begin().await.expect("a login");
    let callback = crate::stage::callback(&started, &[]);
    let session = client.finish(started.pending, callback).await.expect("a session");
    let asked = asked_by(&client.logout(&session).begin().await.expect("a logout").url);
    assert_eq!((asked.get("id_token_hint"), asked.get("client_id")), (None, Some(CLIENT_ID)));
    assert_eq!(asked.get("state"), None, "nobody comes back");
}

#[tokio::test]
async fn a_browser_that_comes_back_shows_the_state_once() {
    let started = started().await;
    let pending: &PendingLogout = &started.pending;
    let right = state(&started);
    assert_eq!(pending.accept("state=x"), Err(LogoutError::StateMismatch));
    assert_eq!(pending.accept(""), Err(LogoutError::StateMissing));
    assert_eq!(pending.accept(&format!("state={right}&state={right}")), Err(LogoutError::StateMissing));
    assert_eq!(pending.accept("state=%zz"), Err(LogoutError::Malformed));
    assert_eq!(pending.accept(&format!("state={right}&x={}", "x".repeat(65536))), Err(LogoutError::Malformed));
    assert_eq!(pending.accept(&format!("state={right}&lang=en")), Ok(()));
    assert!(!format!("{pending:?}").contains(&right));
    let other = self::started().await;
    assert_eq!(pending.accept(&format!("state={}", state(&other))), Err(LogoutError::StateMismatch));
}

#[tokio::test]
async fn a_logout_without_a_return_accepts_none() {
    let (client, session) = session(&stage()).await;
    let started = client.logout(&session).begin().await.expect("a logout");
    assert_eq!(started.pending.accept("state="), Err(LogoutError::Unexpected));
}

#[tokio::test]
async fn what_cannot_work_is_told_before_the_browser_goes() {
    let without = Stage::new();
    let (client, session_there) = session(&without).await;
    let outcome = client.logout(&session_there).begin().await;
    assert!(matches!(outcome, Err(Error::NoEndpoint(Endpoint::EndSession))));

    let stage = stage();
    let (client, session) = session(&stage).await;
    for uri in ["", "http://app.example/", "javascript:alert(1)"] {
        let outcome = client.logout(&session).redirect_uri(uri).begin().await;
        assert!(matches!(outcome, Err(Error::Config(ConfigError::RedirectUri(_)))), "{uri}");
    }
    let metadata = |stage: &Stage| stage.with(|script| serde_json::from_value(script.metadata.clone()));
    let other = Client::builder(ISSUER, "other").http(stage.clone());
    let other = other.with_metadata(metadata(&stage).expect("metadata")).expect("a client");
    assert!(matches!(other.logout(&session).begin().await, Err(Error::OtherClient)));

    stage.with(|script| script.metadata["end_session_endpoint"] = json!("https://issuer.example/logout?state=1"));
    let (client, session) = self::session(&stage).await;
    let Err(Error::Discovery(error)) = client.logout(&session).begin().await else { panic!("a refusal") };
    let reason = AddressError::ReservedParameter;
    assert_eq!(error, DiscoveryError::Endpoint { name: "end_session_endpoint", reason });
}

#[tokio::test]
async fn the_mock_server_logs_the_user_out_and_sends_them_back() {
    let app = mock_idp::Client::public("app").redirect_uri(crate::idp::REDIRECT_URI);
    let idp = Idp::new(MockIdp::builder().client(app.post_logout_redirect_uri(GOODBYE)));
    let client = idp.client("app").discover().await.expect("a client");
    let session = idp.login(&client, &["openid"]).await;
    let started = client.logout(&session).redirect_uri(GOODBYE).begin().await.expect("a logout");
    let answer = idp.visit(&started.url).await;
    let location = answer.headers()["location"].to_str().expect("a URL");
    let (to, query) = location.split_once('?').expect("a query");
    assert_eq!(to, GOODBYE);
    started.pending.accept(query).expect("our own logout");

    let elsewhere =
        client.logout(&session).redirect_uri("https://app.example/other").begin().await.expect("a logout");
    idp.visit(&elsewhere.url).await;
    let refused = idp.mock().journal().iter().filter_map(|entry| entry.refusal.as_ref().map(|r| r.rule)).last();
    assert_eq!(refused, Some("oidc-logout-redirect-unregistered"));
}

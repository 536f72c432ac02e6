//! OpenID Connect Front-Channel Logout: requests that come through the user's browser.

use mock_idp::MockIdp;
use oauth_types::Params;
use pkce_client::FrontChannelError;
use serde_json::json;

use crate::idp::{Idp, REDIRECT_URI};
use crate::stage::{ISSUER, Stage};

#[tokio::test]
async fn a_request_names_this_server_and_a_session() {
    let stage = Stage::new();
    stage.claim("sid", json!("sid-1"));
    let client = stage.client();
    let session = stage.login(&client).await.expect("a session");
    let claims = session.claims().expect("claims");
    let judge = |query: &str| client.judge_frontchannel_logout(query);
    let logout = judge(&format!("own=1&iss={ISSUER}&sid=sid-1")).expect("a logout");
    assert_eq!(logout.session_id(), "sid-1");
    assert!(logout.concerns(claims));
    assert!(!judge(&format!("iss={ISSUER}&sid=sid-2")).expect("a logout").concerns(claims));
    assert_eq!(judge("iss=https://evil.example&sid=sid-1"), Err(FrontChannelError::Issuer));
    assert_eq!(judge(&format!("iss={ISSUER}/&sid=sid-1")), Err(FrontChannelError::Issuer));
    for query in ["", "sid=sid-1", "iss=&sid=sid-1", &format!("iss={ISSUER}&iss={ISSUER}&sid=sid-1")] {
        assert_eq!(judge(query), Err(FrontChannelError::Missing("iss")), "{query}");
    }
    for query in [format!("iss={ISSUER}"), format!("iss={ISSUER}&sid="), format!("iss={ISSUER}&sid=a&sid=b")] {
        assert_eq!(judge(&query), Err(FrontChannelError::Missing("sid")), "{query}");
    }
    assert_eq!(judge("iss=%zz"), Err(FrontChannelError::Malformed));
    assert_eq!(judge(&"x".repeat(65537)), Err(FrontChannelError::Malformed));
}

#[tokio::test]
async fn a_session_without_a_sid_is_never_meant() {
    let stage = Stage::new();
    let client = stage.client();
    let session = stage.login(&client).await.expect("a session");
    let logout = client.judge_frontchannel_logout(&format!("iss={ISSUER}&sid=x")).expect("a logout");
    assert!(!logout.concerns(session.claims().expect("claims")));
}

#[tokio::test]
async fn the_frame_of_the_mock_server_is_understood() {
    let app = mock_idp::Client::public("app").redirect_uri(REDIRECT_URI);
    let app = app.metadata("frontchannel_logout_uri", "http://127.0.0.1:9/out");
    let idp = Idp::new(MockIdp::builder().client(app));
    let client = idp.client("app").discover().await.expect("a client");
    let session = idp.login(&client, &["openid"]).await;
    let other = idp.login(&client, &["openid"]).await;
    let started = client.logout(&session).begin().await.expect("a logout");
    let page = String::from_utf8(idp.visit(&started.url).await.into_body().to_vec()).expect("a page");
    let (_, frame) = page.split_once("http://127.0.0.1:9/out?").expect("a frame");
    let query = frame.split('"').next().expect("its end").replace("&#38;", "&");
    assert!(Params::parse(&query).is_ok(), "{query}");
    let logout = client.judge_frontchannel_logout(&query).expect("a logout");
    assert!(logout.concerns(session.claims().expect("claims")));
    assert!(!logout.concerns(other.claims().expect("claims")));
}

//! OpenID Connect Session Management 1.0: a client finds out whether the login has changed.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use mock_idp::MockIdp;
use sha2::{Digest, Sha256};

use crate::browser::{Browser, asking, redeeming, with};
use crate::person::Person;

fn server() -> MockIdp {
    MockIdp::builder().on("check-session").in_process().expect("a server")
}

/// The state of a browser, by its cookie.
fn state(person: &Person<'_>) -> String {
    person.cookie("mock-idp-state").expect("a state").value
}

/// What a client is told of a state, computed as the page does it.
fn told(client: &str, state: &str, salt: &str) -> String {
    let hash = Sha256::digest(format!("{client} http://127.0.0.1:9 {state} {salt}"));
    format!("{}.{salt}", BASE64_URL_SAFE_NO_PAD.encode(hash))
}

#[tokio::test]
async fn a_client_is_told_a_state_that_its_frame_can_check() {
    let idp = server();
    let person = Person::new(&idp);
    let first = person.asks(&asking()).await.redirected();
    let (before, sent) = (state(&person), first.get("session_state").expect("a state"));
    let salt = sent.split_once('.').expect("a salt").1;
    assert_eq!(sent, told("public", &before, salt));
    let cookie = person.cookie("mock-idp-state").expect("a state");
    assert_eq!(cookie.attributes, " Path=/", "scripts read it");

    let second = person.asks(&with(asking(), "client_id", "confidential")).await.redirected();
    assert_eq!(state(&person), before, "nothing has changed");
    let other = second.get("session_state").expect("a state");
    assert_eq!(other, told("confidential", &before, other.split_once('.').expect("a salt").1));
    assert_ne!(other.split_once('.').map(|(_, salt)| salt), Some(salt));

    person.asks(&asking().with("prompt", "login")).await;
    let renewed = state(&person);
    assert_ne!(renewed, before, "somebody has logged in");
    let params = person.asks(&asking()).await.redirected();
    let tokens = Browser::new(&idp).token(&redeeming(params.get("code").expect("a code"))).await.tokens();
    person.opens(&format!("/logout?id_token_hint={}", tokens["id_token"].as_str().expect("a token"))).await;
    assert_ne!(state(&person), renewed, "somebody has logged out");
}

#[tokio::test]
async fn a_cookie_that_is_none_of_ours_is_replaced() {
    let idp = server();
    let person = Person::new(&idp);
    person.asks(&asking()).await;
    let mut cookie = person.cookie("mock-idp-state").expect("a state");
    cookie.value = "x".repeat(4_000);
    person.takes(cookie);
    person.asks(&asking()).await;
    assert_eq!(state(&person).len(), 22);
}

#[tokio::test]
async fn where_there_is_no_origin_nothing_is_told() {
    let client = mock_idp::Client::public("public").redirect_uri("com.example:/cb");
    let idp = MockIdp::builder().on("check-session").client(client).in_process().expect("a server");
    let answer = Browser::new(&idp).authorize(&with(asking(), "redirect_uri", "com.example:/cb")).await;
    let location = answer.location.expect("a redirect");
    assert!(location.contains("code=") && !location.contains("session_state"), "{location}");
}

#[tokio::test]
async fn its_page_may_be_framed_and_runs_one_script() {
    let idp = MockIdp::builder().on("check-session").issuer("https://idp.example").in_process().expect("a server");
    let browser = Browser::new(&idp);
    let page = browser.fetch("/check-session").await;
    assert_eq!((page.status, page.header("x-frame-options")), (200, None));
    let policy = page.header("content-security-policy").expect("a policy");
    let script =
        page.body.split_once("<script>").and_then(|(_, rest)| rest.split_once("</script>")).expect("a script").0;
    let hash = BASE64_STANDARD.encode(Sha256::digest(script));
    assert!(
        policy.contains(&format!("script-src 'sha256-{hash}'")) && !policy.contains("frame-ancestors"),
        "{policy}"
    );
    assert!(script.contains("startsWith(\"__Host-mock-idp-state=\")"));
    let person = Person::new(&idp);
    person.asks(&asking()).await;
    let cookie = person.cookie("__Host-mock-idp-state").expect("a state");
    assert_eq!(cookie.attributes, " Path=/; SameSite=None; Secure", "it is sent to a frame on another site");
}

#[tokio::test]
async fn it_is_on_when_it_is_asked_for() {
    let metadata =
        |idp: MockIdp| async move { Browser::new(&idp).fetch("/.well-known/openid-configuration").await.json() };
    let issuer = server().issuer().to_owned();
    assert_eq!(metadata(server()).await["check_session_iframe"], format!("{issuer}/check-session"));
    let off = MockIdp::builder().in_process().expect("a server");
    let person = Person::new(&off);
    assert_eq!(person.asks(&asking()).await.redirected().get("session_state"), None);
    assert!(person.cookie("mock-idp-state").is_none());
    assert_eq!(Browser::new(&off).fetch("/check-session").await.status, 404);
    assert_eq!(metadata(off).await.get("check_session_iframe"), None);
}

//! OpenID Connect Front-Channel Logout 1.0: the browser loads a page of every client of the session.

use mock_idp::{Client, MockIdp};
use serde_json::Value;

use crate::browser::{Browser, asking, decode, redeeming, with};
use crate::person::{Person, title};

fn server() -> MockIdp {
    let client =
        |id: &str, uri: &str| Client::public(id).any_loopback_redirect().metadata("frontchannel_logout_uri", uri);
    MockIdp::builder()
        .client(client("public", "https://public.example/out").post_logout_redirect_uri("https://public.example/bye"))
        .client(client("app", "https://app.example/out?from=idp"))
        .client(Client::public("deaf").any_loopback_redirect().post_logout_redirect_uri("https://deaf.example/bye"))
        .in_process()
        .expect("a server")
}

async fn log_in(idp: &MockIdp, person: &Person<'_>, client: &str) -> Value {
    let params = person.asks(&with(asking(), "client_id", client)).await.redirected();
    let redeems = with(redeeming(params.get("code").expect("a code")), "client_id", client);
    Browser::new(idp).token(&redeems).await.tokens()
}

#[tokio::test]
async fn every_client_of_a_session_is_loaded_in_a_frame() {
    let idp = server();
    let person = Person::new(&idp);
    log_in(&idp, &person, "app").await;
    let tokens = log_in(&idp, &person, "public").await;
    let hint = tokens["id_token"].as_str().expect("an ID token");
    let sid = decode(&tokens["id_token"]).1["sid"].as_str().expect("a sid").to_owned();
    let to = "https://public.example/bye";
    let page = person.opens(&format!("/logout?id_token_hint={hint}&post_logout_redirect_uri={to}&state=s")).await;
    assert_eq!((page.status, title(&page), page.location.as_deref()), (200, "You are logged out", None));
    let issuer = "http%3A%2F%2Fmock-idp.test";
    for uri in ["https://public.example/out?", "https://app.example/out?from=idp&#38;"] {
        let frame = format!("<iframe src=\"{uri}iss={issuer}&#38;sid={sid}\"");
        assert!(page.body.contains(&frame), "{frame} is not in {}", page.body);
    }
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.ends_with("; frame-src https://public.example https://app.example"), "{policy}");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(page.body.contains("<a id=\"continue\" href=\"https://public.example/bye?state=s\">"));
    assert!(page.body.contains("content=\"2; url=https://public.example/bye?state=s\""));
}

#[tokio::test]
async fn without_frames_the_browser_goes_on_at_once() {
    let idp = server();
    let person = Person::new(&idp);
    let tokens = log_in(&idp, &person, "deaf").await;
    let hint = tokens["id_token"].as_str().expect("an ID token");
    let to = "https://deaf.example/bye";
    let answer = person.opens(&format!("/logout?id_token_hint={hint}&post_logout_redirect_uri={to}")).await;
    assert_eq!((answer.status, answer.location.as_deref()), (303, Some(to)));
}

#[tokio::test]
async fn it_is_announced() {
    let metadata = Browser::new(&server()).fetch("/.well-known/openid-configuration").await.json();
    for name in ["frontchannel_logout_supported", "frontchannel_logout_session_supported"] {
        assert_eq!(metadata[name], true, "{name}");
    }
    let without =
        MockIdp::builder().without("OpenID Connect Front-Channel Logout 1.0").in_process().expect("a server");
    let metadata = Browser::new(&without).fetch("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata.get("frontchannel_logout_supported"), None);
}

//! Faults change what leaves the server, where and as often as they say, and nothing else.

use mock_idp::{Client, MockIdp};
use oauth_types::fault::{Edit, Fault, Point, Signature};
use serde_json::json;

use crate::browser::{Browser, REDIRECT_URI, asking, decode, redeeming};

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

#[tokio::test]
async fn an_authorization_response_is_edited() {
    let idp = server();
    let fault = Fault::always(Point::AuthorizationResponse, Edit::set("iss", "https://evil.example"))
        .and(Edit::remove("state"))
        .and(Edit::Repeat { name: "code".to_owned(), value: "other".to_owned() });
    let guard = idp.mount(fault);
    let params = Browser::new(&idp).authorize(&asking()).await.redirected();
    assert_eq!(params.get("iss"), Some("https://evil.example"));
    assert_eq!((params.get("state"), params.all("code").count()), (None, 2));
    assert_eq!(guard.fired(), 1);
    drop(guard);
    let params = Browser::new(&idp).authorize(&asking()).await.redirected();
    assert_eq!((params.get("iss"), params.get("state")), (Some(idp.issuer()), Some("st~4te")));
    let faults: Vec<u32> = idp.journal().iter().map(|entry| entry.faults).collect();
    assert_eq!(faults, [1, 0]);
}

#[tokio::test]
async fn a_token_is_edited_before_it_is_signed() {
    let idp = server();
    let fault = Fault::always(Point::IdToken, Edit::set("aud", json!(["other"])))
        .and(Edit::remove("nonce"))
        .and(Edit::set("at_hash", "wrong"))
        .and(Edit::JoseHeader { name: "kid".to_owned(), value: json!("unknown") });
    let _guard = idp.mount(fault);
    let tokens = Browser::new(&idp).log_in().await;
    let (header, claims) = decode(&tokens["id_token"]);
    assert_eq!(
        (&header["kid"], &claims["aud"], &claims["at_hash"]),
        (&json!("unknown"), &json!(["other"]), &json!("wrong"))
    );
    assert_eq!(claims.get("nonce"), None);
    assert_eq!(decode(&tokens["access_token"]).0["kid"], "mock-rs256");
}

#[tokio::test]
async fn a_token_is_signed_wrongly_on_request() {
    let idp = server();
    for (with, alg, length) in [
        (Signature::AlgNone, "none", 0),
        (Signature::Stripped, "RS256", 0),
        (Signature::Hs256PublicKey, "HS256", 43),
        (Signature::UnpublishedKey, "RS256", 342),
    ] {
        let _guard = idp.mount(Fault::always(Point::AccessToken, Edit::Sign { with }));
        let tokens = Browser::new(&idp).log_in().await;
        let token = tokens["access_token"].as_str().expect("a token");
        assert_eq!(decode(&tokens["access_token"]).0["alg"], alg, "{with:?}");
        assert_eq!(token.rsplit('.').next().map(str::len), Some(length), "{with:?}");
        let answer = Browser::new(&idp).userinfo(token).await;
        assert!(matches!(answer.status, 400 | 401), "{with:?}: the server does not believe its own lie");
    }
}

#[tokio::test]
async fn documents_and_answers_are_edited() {
    let idp = server();
    let browser = Browser::new(&idp);
    let _discovery = idp.mount(Fault::always(Point::Discovery, Edit::remove("code_challenge_methods_supported")));
    let _keys = idp.mount(Fault::always(Point::Jwks, Edit::set("keys", json!([]))));
    let _userinfo = idp.mount(Fault::always(Point::Userinfo, Edit::set("sub", "mallory")));
    let _token = idp.mount(Fault::always(Point::TokenResponse, Edit::set("expires_in", "3600")));
    let tokens = browser.log_in().await;
    assert_eq!(tokens["expires_in"], "3600");
    assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.json()["sub"], "mallory");
    assert_eq!(browser.fetch("/jwks").await.json(), json!({"keys": []}));
    let document = browser.fetch("/.well-known/openid-configuration").await.json();
    assert_eq!(document.get("code_challenge_methods_supported"), None);
}

#[tokio::test]
async fn the_wire_is_edited() {
    let idp = server();
    let browser = Browser::new(&idp);
    let redirect = Edit::Redirect { code: 307, location: "http://127.0.0.1:1/steal".to_owned() };
    let guard = idp.mount(Fault::always(Point::TokenResponse, redirect).once());
    let code = browser.code(&asking()).await;
    let answer = browser.token(&redeeming(&code)).await;
    assert_eq!((answer.status, answer.location.as_deref()), (307, Some("http://127.0.0.1:1/steal")));
    assert_eq!(answer.body, "");
    drop(guard);

    let fault = Fault::always(Point::TokenResponse, Edit::Status { code: 503 })
        .and(Edit::HttpHeader { name: "Retry-After".to_owned(), value: "7".to_owned() })
        .and(Edit::Body { content_type: "text/plain".to_owned(), text: "later".to_owned() });
    let _guard = idp.mount(fault);
    let answer = browser.token(&redeeming(&code)).await;
    assert_eq!((answer.status, answer.header("retry-after"), answer.body.as_str()), (503, Some("7"), "later"));
}

#[tokio::test]
async fn a_fault_acts_when_and_for_whom_it_says() {
    let other = Client::public("other").redirect_uri(REDIRECT_URI);
    let public = Client::public("public").redirect_uri(REDIRECT_URI);
    let idp = MockIdp::builder().client(public).client(other).in_process().expect("clients");
    let mut fault = Fault::always(Point::AuthorizationResponse, Edit::set("state", "x")).for_client("public");
    (fault.when.skip, fault.when.times) = (1, Some(2));
    let guard = idp.mount(fault);
    let browser = Browser::new(&idp);
    let mut states = Vec::new();
    for client in ["public", "other", "public", "public", "public"] {
        let asks = crate::browser::with(asking(), "client_id", client);
        states.push(browser.authorize(&asks).await.redirected().get("state").map(str::to_owned));
    }
    let edited: Vec<bool> = states.iter().map(|state| state.as_deref() == Some("x")).collect();
    assert_eq!(edited, [false, false, true, true, false]);
    assert_eq!(guard.fired(), 2);
    assert_eq!(browser.idp.tenant("acme").journal().len(), 0);
}

#[tokio::test]
async fn a_fault_of_one_tenant_does_not_touch_another() {
    let idp = server();
    let guard = idp.tenant("acme").mount(Fault::always(Point::AuthorizationResponse, Edit::remove("state")));
    assert_eq!(Browser::new(&idp).authorize(&asking()).await.redirected().get("state"), Some("st~4te"));
    let acme = Browser { idp: &idp, base: "/acme" };
    assert_eq!(acme.authorize(&asking()).await.redirected().get("state"), None);
    drop(guard);
}

#[tokio::test]
async fn a_fault_that_never_acted_fails_the_test() {
    let idp = server();
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        drop(idp.mount(Fault::always(Point::Jwks, Edit::remove("keys"))));
    }));
    let message = dropped.expect_err("it never acted");
    let message = message.downcast_ref::<String>().expect("a message");
    assert!(message.starts_with("the fault at Jwks never acted"), "{message}");
    idp.mount(Fault::always(Point::Jwks, Edit::remove("keys"))).unmount();
    assert!(Browser::new(&idp).fetch("/jwks").await.json().get("keys").is_some(), "both are gone");
}

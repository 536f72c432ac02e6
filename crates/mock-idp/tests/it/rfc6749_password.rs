//! RFC 6749 §4.3: a user's password, given to the client. Legacy.

use std::time::Duration;

use mock_idp::{Builder, Client, MockIdp, User};
use oauth_types::Params;
use serde_json::json;

use crate::browser::{Browser, basic, decode, refreshing, with, without};
use crate::refusals::{assert_quiet, assert_refused};

fn server(build: impl FnOnce(Builder) -> Builder) -> MockIdp {
    let builder = MockIdp::builder()
        .user(User::new("alice").claim("email", "alice@example.com").password("open sesame"))
        .user(User::new("bob"));
    let idp = build(builder).in_process().expect("a server");
    idp.clock().set(1_800_000_000);
    idp
}

fn asking() -> Params {
    [("grant_type", "password"), ("username", "alice"), ("password", "open sesame"), ("client_id", "public")]
        .into_iter()
        .collect()
}

#[tokio::test]
async fn a_password_is_a_grant_for_clients_that_are_not_new() {
    let idp = server(Builder::legacy);
    let browser = Browser::new(&idp);
    let tokens = browser.token(&asking().with("scope", "openid email")).await.tokens();
    let relaxations = idp.journal().pop().expect("an entry").relaxations;
    assert_eq!(relaxations, ["legacy"]);
    assert_eq!(tokens["scope"], "openid email");
    let claims = decode(&tokens["id_token"]).1;
    assert_eq!((&claims["sub"], &claims["auth_time"]), (&json!("alice"), &json!(1_800_000_000)));
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.json()["sub"], "alice");
    assert_eq!(browser.token(&refreshing(&tokens["refresh_token"])).await.status, 200);
    assert!(idp.journal().pop().expect("an entry").relaxations.is_empty(), "a refresh is no legacy");
    let by_mail = with(asking(), "username", "alice@example.com");
    assert_eq!(browser.token(&by_mail).await.status, 200);
    let body = without(asking(), "client_id").encode();
    let answer = browser.post("/token", body, Some(&basic("confidential", "secret"))).await;
    assert_eq!(decode(&answer.tokens()["access_token"]).1["client_id"], "confidential");
    let metadata = browser.fetch("/.well-known/openid-configuration").await.json();
    assert!(metadata["grant_types_supported"].as_array().expect("a list").contains(&json!("password")));
}

#[tokio::test]
async fn nobody_speaks_it_unless_it_is_asked_for() {
    for idp in [server(|builder| builder), server(|builder| builder.legacy().without("RFC 6749 password"))] {
        let browser = Browser::new(&idp);
        let answer = browser.token(&asking()).await;
        assert_refused(&idp, &answer, "rfc6749-grant-type-unsupported", "");
        assert_quiet(&idp, &answer, &["sesame"]);
        let metadata = browser.fetch("/.well-known/openid-configuration").await.json();
        assert!(!metadata["grant_types_supported"].as_array().expect("a list").contains(&json!("password")));
    }
    let once = Client::public("public").grant_types(["authorization_code"]);
    let idp = server(|builder| builder.legacy().client(once));
    let answer = Browser::new(&idp).token(&asking()).await;
    assert_refused(&idp, &answer, "rfc6749-grant-type-not-allowed", "");
}

#[tokio::test]
async fn a_wrong_password_gives_nothing() {
    let idp = server(Builder::legacy);
    let browser = Browser::new(&idp);
    for (params, rule) in [
        (with(asking(), "password", "open sesame "), "rfc6749-password-wrong"),
        (with(asking(), "password", "Open Sesame"), "rfc6749-password-wrong"),
        (with(asking(), "username", "carol"), "rfc6749-password-wrong"),
        (with(asking(), "username", "bob"), "rfc6749-password-wrong"),
        (with(asking(), "password", ""), "rfc6749-password-missing"),
        (without(asking(), "username"), "rfc6749-password-missing"),
        (asking().with("scope", "open\"id"), "rfc6749-scope-malformed"),
        (with(asking(), "client_id", "confidential"), "rfc6749-secret-missing"),
    ] {
        let answer = browser.token(&params).await;
        assert_refused(&idp, &answer, rule, "");
        assert_quiet(&idp, &answer, &["sesame", "Sesame"]);
    }
}

#[tokio::test]
async fn a_password_is_not_found_by_trying() {
    let idp = server(|builder| builder.legacy().amount("password-attempts", 3));
    let browser = Browser::new(&idp);
    for name in ["alice", "alice@example.com", "alice"] {
        let answer = browser.token(&with(with(asking(), "username", name), "password", "guess")).await;
        assert_refused(&idp, &answer, "rfc6749-password-wrong", "");
    }
    let answer = browser.token(&asking()).await;
    assert_eq!(answer.json()["error"], "invalid_grant");
    assert_refused(&idp, &answer, "rfc6749-password-tried-too-often", "");
    assert_quiet(&idp, &answer, &["sesame"]);
    let answer = browser.token(&with(asking(), "username", "bob")).await;
    assert_refused(&idp, &answer, "rfc6749-password-wrong", "");
    idp.clock().advance(Duration::from_secs(59));
    let answer = browser.token(&asking()).await;
    assert_refused(&idp, &answer, "rfc6749-password-tried-too-often", "");
    idp.clock().advance(Duration::from_secs(1));
    assert_eq!(browser.token(&asking()).await.status, 200);
}

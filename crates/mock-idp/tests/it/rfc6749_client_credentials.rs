//! RFC 6749 §4.4: a client asks for access on its own account.

use mock_idp::{Client, MockIdp};
use oauth_types::Params;
use serde_json::json;

use crate::browser::{Browser, basic, decode, with, without};
use crate::refusals::{assert_quiet, assert_refused};

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

fn asking() -> Params {
    [("grant_type", "client_credentials"), ("client_id", "confidential"), ("client_secret", "secret")]
        .into_iter()
        .collect()
}

#[tokio::test]
async fn a_client_gets_a_token_of_its_own() {
    let idp = server();
    idp.clock().set(1_800_000_000);
    let browser = Browser::new(&idp);
    let tokens = browser.token(&asking().with("scope", "read write")).await.tokens();
    assert_eq!((&tokens["token_type"], &tokens["scope"]), (&json!("Bearer"), &json!("read write")));
    assert_eq!((tokens.get("refresh_token"), tokens.get("id_token")), (None, None), "RFC 6749 4.4.3");
    let (header, claims) = decode(&tokens["access_token"]);
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("confidential"), &json!("confidential")));
    assert_eq!(claims.get("auth_time"), None);
    let metadata = browser.fetch("/.well-known/openid-configuration").await.json();
    assert!(metadata["grant_types_supported"].as_array().expect("a list").contains(&json!("client_credentials")));
}

#[tokio::test]
async fn it_may_say_who_it_is_in_a_header() {
    let idp = server();
    let body = Params::new().with("grant_type", "client_credentials").encode();
    let answer = Browser::new(&idp).post("/token", body, Some(&basic("confidential", "secret"))).await;
    assert_eq!(decode(&answer.tokens()["access_token"]).1["sub"], "confidential");
}

#[tokio::test]
async fn a_public_client_has_no_account() {
    let idp = server();
    let browser = Browser::new(&idp);
    let public = without(with(asking(), "client_id", "public"), "client_secret");
    let answer = browser.token(&public).await;
    assert_eq!(answer.status, 400);
    assert_refused(&idp, &answer, "rfc6749-client-credentials-public-client", "");
    let answer = browser.token(&without(asking(), "client_secret")).await;
    assert_refused(&idp, &answer, "rfc6749-secret-missing", "");
}

#[tokio::test]
async fn nobody_is_logged_in() {
    let idp = server();
    let browser = Browser::new(&idp);
    let answer = browser.token(&asking().with("scope", "read openid")).await;
    assert_refused(&idp, &answer, "oidc-openid-without-login", "authorization code");
    let tokens = browser.token(&asking().with("scope", "read")).await.tokens();
    assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 403);
    let plain = MockIdp::builder().without("OpenID Connect Core 1.0").in_process().expect("it can be left out");
    let answer = Browser::new(&plain).token(&asking().with("scope", "openid")).await;
    assert_eq!(answer.tokens()["scope"], "openid", "without OpenID Connect it is a scope like any other");
}

#[tokio::test]
async fn a_client_gets_the_scope_it_is_registered_for() {
    let client = Client::confidential("confidential", "secret").scope(["openid", "read", "write"]);
    let once = Client::confidential("once", "secret");
    let client = client.grant_types(["client_credentials"]);
    let idp = MockIdp::builder().client(client).client(once).in_process().expect("clients");
    let browser = Browser::new(&idp);
    assert_eq!(browser.token(&asking()).await.tokens()["scope"], "read write");
    assert_eq!(browser.token(&asking().with("scope", "write")).await.tokens()["scope"], "write");
    let answer = browser.token(&asking().with("scope", "read admin")).await;
    assert_refused(&idp, &answer, "rfc6749-scope-not-allowed", "admin");
    let answer = browser.token(&asking().with("scope", "read  write")).await;
    assert_refused(&idp, &answer, "rfc6749-scope-malformed", "");
    let answer = browser.token(&with(asking(), "client_id", "once")).await;
    assert_refused(&idp, &answer, "rfc6749-grant-type-not-allowed", "");
}

#[tokio::test]
async fn a_client_called_like_a_user_gets_nothing_that_could_be_theirs() {
    let client = Client::confidential("alice", "secret").any_grant_type();
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    let answer = Browser::new(&idp).token(&with(asking(), "client_id", "alice")).await;
    assert_refused(&idp, &answer, "rfc9700-client-called-like-a-user", "");
}

#[tokio::test]
async fn no_refusal_tells_a_secret() {
    let alice = Client::confidential("alice", "canary-secret").any_grant_type();
    let client = Client::confidential("confidential", "canary-secret").any_grant_type();
    let public = Client::public("public").any_grant_type();
    let idp = MockIdp::builder().client(client).client(alice).client(public).in_process().expect("clients");
    let browser = Browser::new(&idp);
    let good = with(asking(), "client_secret", "canary-secret");
    for params in [
        with(good.clone(), "client_id", "alice"),
        with(good.clone(), "client_id", "public"),
        with(without(good.clone(), "client_secret"), "client_id", "public").with("code", "canary-secret"),
        good.clone().with("scope", "openid"),
        good.with("scope", "canary-secret  "),
    ] {
        let answer = browser.token(&params).await;
        assert_ne!(answer.status, 200);
        assert_quiet(&idp, &answer, &["canary"]);
    }
}

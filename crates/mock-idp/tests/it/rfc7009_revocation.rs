//! RFC 7009: a client says that it needs its tokens no longer.

use mock_idp::{Builder, Client, MockIdp};
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, REDIRECT_URI, asking, basic, redeeming, refreshing, with, without};
use crate::refusals::{assert_quiet, assert_refused};

fn server(build: impl FnOnce(Builder) -> Builder) -> MockIdp {
    build(MockIdp::builder()).in_process().expect("a server")
}

fn revoking(token: &Value) -> Params {
    [("token", token.as_str().expect("a token")), ("client_id", "public")].into_iter().collect()
}

async fn revoke(browser: &Browser<'_>, params: &Params) -> Answer {
    browser.post("/revoke", params.encode(), None).await
}

async fn userinfo(browser: &Browser<'_>, tokens: &Value) -> u16 {
    browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status
}

#[tokio::test]
async fn with_a_refresh_token_everything_of_its_family_ends() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let (first, other) = (browser.log_in().await, browser.log_in().await);
    let second = browser.token(&refreshing(&first["refresh_token"])).await.tokens();
    let answer = revoke(&browser, &revoking(&second["refresh_token"])).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!((userinfo(&browser, &first).await, userinfo(&browser, &second).await), (401, 401));
    let answer = browser.token(&refreshing(&second["refresh_token"])).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-unknown", "revoked");
    assert_eq!(userinfo(&browser, &other).await, 200);
    assert_eq!(browser.token(&refreshing(&other["refresh_token"])).await.status, 200);
}

#[tokio::test]
async fn a_rotated_refresh_token_ends_its_family_too() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let first = browser.log_in().await;
    let second = browser.token(&refreshing(&first["refresh_token"])).await.tokens();
    assert_eq!(revoke(&browser, &revoking(&first["refresh_token"])).await.status, 200);
    assert_eq!(userinfo(&browser, &second).await, 401);
}

#[tokio::test]
async fn an_access_token_ends_alone() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let first = browser.log_in().await;
    let second = browser.token(&refreshing(&first["refresh_token"])).await.tokens();
    for _ in 0..2 {
        assert_eq!(revoke(&browser, &revoking(&first["access_token"])).await.status, 200);
    }
    assert_eq!((userinfo(&browser, &first).await, userinfo(&browser, &second).await), (401, 200));
    assert_eq!(browser.token(&refreshing(&second["refresh_token"])).await.status, 200);
}

#[tokio::test]
async fn an_access_token_may_end_its_grant() {
    let idp = server(|builder| builder.on("revoke-grant-with-access-token"));
    let browser = Browser::new(&idp);
    let first = browser.log_in().await;
    let second = browser.token(&refreshing(&first["refresh_token"])).await.tokens();
    assert_eq!(revoke(&browser, &revoking(&first["access_token"])).await.status, 200);
    assert_eq!((userinfo(&browser, &first).await, userinfo(&browser, &second).await), (401, 401));
    let answer = browser.token(&refreshing(&second["refresh_token"])).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-unknown", "revoked");
}

#[tokio::test]
async fn a_server_may_revoke_refresh_tokens_alone() {
    let idp = server(|builder| builder.on("access-tokens-not-revocable"));
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let answer = revoke(&browser, &revoking(&tokens["access_token"])).await;
    assert_eq!(answer.status, 400);
    assert_refused(&idp, &answer, "rfc7009-access-tokens-not-revocable", "");
    assert_eq!(userinfo(&browser, &tokens).await, 200);
    assert_eq!(revoke(&browser, &revoking(&tokens["refresh_token"])).await.status, 200);
    assert_eq!(userinfo(&browser, &tokens).await, 401);
}

#[tokio::test]
async fn what_is_no_token_is_revoked_already() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    for token in [json!("unknown"), json!("x".repeat(43)), json!("a.b.c"), tokens["id_token"].clone()] {
        assert_eq!(revoke(&browser, &revoking(&token)).await.status, 200);
    }
    let other = Browser { idp: &idp, base: "/acme" };
    assert_eq!(revoke(&other, &revoking(&tokens["refresh_token"])).await.status, 200, "of another issuer");
    assert_eq!(userinfo(&browser, &tokens).await, 200);
}

#[tokio::test]
async fn no_hint_is_wrong() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    for (name, hint) in [
        ("access_token", "refresh_token"),
        ("refresh_token", "access_token"),
        ("refresh_token", "urn:example:other"),
        ("refresh_token", ""),
    ] {
        let tokens = browser.log_in().await;
        let params = revoking(&tokens[name]).with("token_type_hint", hint);
        assert_eq!(revoke(&browser, &params).await.status, 200);
        assert_eq!(userinfo(&browser, &tokens).await, 401, "{name} {hint}");
    }
}

#[tokio::test]
async fn a_client_revokes_nothing_of_others() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let used = browser.log_in().await;
    browser.token(&refreshing(&used["refresh_token"])).await.tokens();
    for token in [&tokens["access_token"], &tokens["refresh_token"], &used["refresh_token"]] {
        let body = without(revoking(token), "client_id").encode();
        let answer = browser.post("/revoke", body, Some(&basic("confidential", "secret"))).await;
        assert_eq!(answer.status, 400);
        assert_refused(&idp, &answer, "rfc7009-token-of-another-client", "");
        assert_quiet(&idp, &answer, &[token.as_str().expect("a token")]);
    }
    assert_eq!(userinfo(&browser, &tokens).await, 200);
    assert_eq!(browser.token(&refreshing(&tokens["refresh_token"])).await.status, 200);
}

#[tokio::test]
async fn a_client_authenticates_as_at_the_token_endpoint() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let code = browser.code(&with(asking(), "client_id", "confidential")).await;
    let redeeming = with(redeeming(&code), "client_id", "confidential").with("client_secret", "secret");
    let tokens = browser.token(&redeeming).await.tokens();
    let params = with(revoking(&tokens["refresh_token"]), "client_id", "confidential");
    let answer = revoke(&browser, &params).await;
    assert_eq!(answer.status, 401);
    assert_refused(&idp, &answer, "rfc6749-secret-missing", "");
    let answer = revoke(&browser, &params.clone().with("client_secret", "canary-wrong")).await;
    assert_refused(&idp, &answer, "rfc6749-secret-wrong", "");
    assert_quiet(&idp, &answer, &["canary", tokens["refresh_token"].as_str().expect("a token")]);
    let answer = revoke(&browser, &without(revoking(&tokens["refresh_token"]), "client_id")).await;
    assert_refused(&idp, &answer, "rfc6749-token-client-id-missing", "");
    assert_eq!(userinfo(&browser, &tokens).await, 200);
    assert_eq!(revoke(&browser, &params.with("client_secret", "secret")).await.status, 200);
    assert_eq!(userinfo(&browser, &tokens).await, 401);
}

#[tokio::test]
async fn a_malformed_revocation_is_refused() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let good = revoking(&tokens["refresh_token"]);
    let answer = revoke(&browser, &without(good.clone(), "token")).await;
    assert_refused(&idp, &answer, "rfc7009-token-missing", "");
    let answer = revoke(&browser, &good.clone().with("token", "other")).await;
    assert_refused(&idp, &answer, "rfc6749-token-parameter-twice", "token");
    let answer = browser.post(&format!("/revoke?{}", good.encode()), good.encode(), None).await;
    assert_refused(&idp, &answer, "rfc6749-token-parameters-in-query", "token");
    let answer = browser.fetch(&format!("/revoke?{}", good.encode())).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    assert_quiet(&idp, &answer, &[tokens["refresh_token"].as_str().expect("a token")]);
    assert_eq!(userinfo(&browser, &tokens).await, 200);
}

#[tokio::test]
async fn the_metadata_says_where_and_how() {
    let idp = server(|builder| builder.client(Client::public("public").redirect_uri(REDIRECT_URI)));
    let metadata = Browser::new(&idp).fetch("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["revocation_endpoint"], format!("{}/revoke", idp.issuer()));
    let methods = &metadata["token_endpoint_auth_methods_supported"];
    assert_eq!(&metadata["revocation_endpoint_auth_methods_supported"], methods);
    assert_eq!(
        metadata.get("revocation_endpoint_auth_signing_alg_values_supported"),
        metadata.get("token_endpoint_auth_signing_alg_values_supported")
    );
    let without = server(|builder| builder.without("RFC 7009"));
    let browser = Browser::new(&without);
    let metadata = browser.fetch("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata.get("revocation_endpoint"), None);
    assert_eq!(revoke(&browser, &revoking(&json!("x"))).await.status, 404);
}

//! RFC 6749 §6: how long refresh tokens live, and how often they are used.

use std::sync::Arc;
use std::time::Duration;

use mock_idp::store::MemoryStore;
use mock_idp::{Builder, MockIdp};
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Browser, asking, redeeming, refreshing, with};
use crate::refusals::{assert_quiet, assert_refused};
use crate::signer::{Signer, posting, proven};

const DAY: u64 = 24 * 3600;

fn server(build: impl FnOnce(Builder) -> Builder) -> MockIdp {
    let idp = build(MockIdp::builder()).in_process().expect("a server");
    idp.clock().freeze();
    idp
}

fn pass(idp: &MockIdp, seconds: u64) {
    idp.clock().advance(Duration::from_secs(seconds));
}

fn relaxations(idp: &MockIdp) -> Vec<&'static str> {
    idp.journal().pop().expect("an entry").relaxations
}

/// As the confidential client.
fn confidential(params: Params) -> Params {
    with(with(params, "client_id", "confidential"), "client_secret", "secret")
}

async fn confidential_log_in(browser: &Browser<'_>) -> Value {
    let code = browser.code(&with(asking(), "client_id", "confidential")).await;
    browser.token(&confidential(redeeming(&code))).await.tokens()
}

#[tokio::test]
async fn a_refresh_token_ends_when_it_is_not_used() {
    let idp = server(|builder| builder.amount("refresh-idle-seconds", 10 * DAY));
    let browser = Browser::new(&idp);
    let mut token = browser.log_in().await["refresh_token"].clone();
    for _ in 0..5 {
        pass(&idp, 10 * DAY - 1);
        token = browser.token(&refreshing(&token)).await.tokens()["refresh_token"].clone();
    }
    pass(&idp, 10 * DAY);
    let answer = browser.token(&refreshing(&token)).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-expired", "0 seconds ago, not having been used");
}

#[tokio::test]
async fn a_family_ends_however_often_it_is_used() {
    let idp = server(|builder| builder.amount("refresh-absolute-seconds", 15 * DAY));
    let browser = Browser::new(&idp);
    let mut token = browser.log_in().await["refresh_token"].clone();
    for _ in 0..2 {
        pass(&idp, 7 * DAY);
        token = browser.token(&refreshing(&token)).await.tokens()["refresh_token"].clone();
    }
    pass(&idp, DAY - 1);
    let last = browser.token(&refreshing(&token)).await.tokens()["refresh_token"].clone();
    pass(&idp, 1);
    let answer = browser.token(&refreshing(&last)).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-expired", "Its family ended 0 seconds ago");
}

#[tokio::test]
async fn a_rotated_token_is_used_again_within_its_time_of_grace() {
    let idp = server(|builder| builder.amount("refresh-grace-seconds", 30));
    let browser = Browser::new(&idp);
    let first = browser.log_in().await["refresh_token"].clone();
    let second = browser.token(&refreshing(&first)).await.tokens();
    assert!(relaxations(&idp).is_empty(), "the first use needs no grace");
    pass(&idp, 29);
    let again = browser.token(&refreshing(&first)).await.tokens();
    assert_eq!(relaxations(&idp), ["refresh-grace-seconds"]);
    assert_ne!(again["refresh_token"], second["refresh_token"]);
    for tokens in [&second, &again] {
        assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 200);
    }
    pass(&idp, 1);
    let answer = browser.token(&refreshing(&first)).await;
    assert_refused(&idp, &answer, "rfc9700-refresh-token-replayed", "revoked");
    for tokens in [&second, &again] {
        let answer = browser.token(&refreshing(&tokens["refresh_token"])).await;
        assert_refused(&idp, &answer, "rfc6749-refresh-token-unknown", "revoked");
    }
}

#[tokio::test]
async fn grace_revives_nothing() {
    let idp = server(|builder| builder.amount("refresh-grace-seconds", 30).amount("refresh-idle-seconds", 20));
    let browser = Browser::new(&idp);
    let first = browser.log_in().await["refresh_token"].clone();
    browser.token(&refreshing(&first)).await.tokens();
    pass(&idp, 20);
    let answer = browser.token(&refreshing(&first)).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-expired", "");

    // The code is replayed: what came from it is revoked, grace or no grace.
    let code = browser.code(&asking()).await;
    let first = browser.token(&redeeming(&code)).await.tokens()["refresh_token"].clone();
    browser.token(&refreshing(&first)).await.tokens();
    assert_eq!(browser.token(&redeeming(&code)).await.status, 400);
    let answer = browser.token(&refreshing(&first)).await;
    assert_refused(&idp, &answer, "rfc9700-refresh-token-replayed", "revoked");
}

#[tokio::test]
async fn the_token_of_a_client_that_authenticates_may_stay() {
    let idp = server(|builder| builder.on("refresh-not-rotated").amount("refresh-idle-seconds", 10 * DAY));
    let browser = Browser::new(&idp);
    let first = confidential_log_in(&browser).await;
    let params = || confidential(refreshing(&first["refresh_token"]));
    for scope in ["openid", "openid email"] {
        pass(&idp, 10 * DAY - 1);
        let tokens = browser.token(&with(params(), "scope", scope)).await.tokens();
        assert_eq!((tokens.get("refresh_token"), &tokens["scope"]), (None, &json!(scope)));
        assert!(relaxations(&idp).is_empty());
    }
    pass(&idp, 10 * DAY);
    let answer = browser.token(&params()).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-expired", "not having been used");
}

#[tokio::test]
async fn the_token_of_a_public_client_is_rotated_nevertheless() {
    let idp = server(|builder| builder.on("refresh-not-rotated"));
    let browser = Browser::new(&idp);
    let first = browser.log_in().await["refresh_token"].clone();
    let second = browser.token(&refreshing(&first)).await.tokens();
    assert!(second["refresh_token"].is_string());
    let answer = browser.token(&refreshing(&first)).await;
    assert_refused(&idp, &answer, "rfc9700-refresh-token-replayed", "");
}

#[tokio::test]
async fn the_token_of_a_public_client_may_stay_if_it_is_bound_to_a_key() {
    let idp = server(|builder| builder.on("refresh-not-rotated"));
    let (browser, signer) = (Browser::new(&idp), Signer::new());
    let code = browser.code(&asking()).await;
    let redeems = proven(posting("/token", &redeeming(&code)), &signer.at_token(&idp));
    let first = browser.send(redeems).await.tokens();
    for _ in 0..2 {
        let refreshes = posting("/token", &refreshing(&first["refresh_token"]));
        let tokens = browser.send(proven(refreshes, &signer.at_token(&idp))).await.tokens();
        assert_eq!((tokens.get("refresh_token"), &tokens["token_type"]), (None, &json!("DPoP")));
    }
    let answer = browser.token(&refreshing(&first["refresh_token"])).await;
    assert_eq!(answer.json()["error"], "invalid_dpop_proof");
    let refreshes = posting("/token", &refreshing(&first["refresh_token"]));
    let answer = browser.send(proven(refreshes, &Signer::new().at_token(&idp))).await;
    assert_eq!(answer.status, 400, "another key");
}

#[tokio::test]
async fn what_a_refresh_token_is_bound_to_its_successor_is_bound_to() {
    let idp = server(|builder| builder);
    let (browser, signer) = (Browser::new(&idp), Signer::new());
    let code = browser.code(&asking()).await;
    let redeems = proven(posting("/token", &redeeming(&code)), &signer.at_token(&idp));
    let mut token = browser.send(redeems).await.tokens()["refresh_token"].clone();
    for _ in 0..3 {
        let answer = browser.token(&refreshing(&token)).await;
        assert_eq!(answer.json()["error"], "invalid_dpop_proof", "without the key it is worth nothing");
        let refreshes = proven(posting("/token", &refreshing(&token)), &signer.at_token(&idp));
        token = browser.send(refreshes).await.tokens()["refresh_token"].clone();
    }
}

#[tokio::test]
async fn what_was_rotated_before_is_a_replay() {
    let store = Arc::new(MemoryStore::new());
    let (rotating, staying) = (
        server(|builder| builder.store(store.clone())),
        server(|builder| builder.store(store.clone()).on("refresh-not-rotated")),
    );
    let browser = Browser::new(&rotating);
    let first = confidential_log_in(&browser).await;
    let params = || confidential(refreshing(&first["refresh_token"]));
    browser.token(&params()).await.tokens();
    let answer = Browser::new(&staying).token(&params()).await;
    assert_refused(&staying, &answer, "rfc9700-refresh-token-replayed", "revoked");
}

#[tokio::test]
async fn a_token_that_stays_is_good_for_what_was_authorized() {
    let idp = server(|builder| builder.on("refresh-not-rotated"));
    let browser = Browser::new(&idp);
    let asks = with(asking(), "client_id", "confidential").with("resource", "https://rs1.example");
    let code = browser.code(&asks).await;
    let tokens = browser.token(&confidential(redeeming(&code))).await.tokens();
    let params = || confidential(refreshing(&tokens["refresh_token"]));
    let answer = browser.token(&params().with("resource", "https://rs2.example")).await;
    assert_refused(&idp, &answer, "rfc8707-resource-not-authorized", "rs1");
    assert_eq!(browser.token(&params().with("resource", "https://rs1.example")).await.status, 200);
}

#[tokio::test]
async fn a_token_that_stays_ends_with_its_family() {
    let idp = server(|builder| builder.on("refresh-not-rotated").amount("refresh-absolute-seconds", DAY));
    let browser = Browser::new(&idp);
    let code = browser.code(&with(asking(), "client_id", "confidential")).await;
    let first = browser.token(&confidential(redeeming(&code))).await.tokens();
    let params = || confidential(refreshing(&first["refresh_token"]));
    pass(&idp, 10);
    assert_eq!(browser.token(&params()).await.status, 200);
    assert_eq!(browser.token(&confidential(redeeming(&code))).await.status, 400);
    let answer = browser.token(&params()).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-unknown", "");

    let second = confidential_log_in(&browser).await;
    pass(&idp, DAY);
    let answer = browser.token(&confidential(refreshing(&second["refresh_token"]))).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-expired", "family");
}

#[tokio::test]
async fn a_refresh_token_is_good_for_refreshing_alone() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let answer = browser.userinfo(tokens["refresh_token"].as_str().expect("a token")).await;
    assert_refused(&idp, &answer, "rfc6750-token-invalid", "It is a refresh token");
    let answer = browser.token(&refreshing(&tokens["access_token"])).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-unknown", "");
    let answer = browser.token(&redeeming(tokens["refresh_token"].as_str().expect("a token"))).await;
    assert_refused(&idp, &answer, "rfc6749-code-unknown", "");
    let code = browser.code(&asking()).await;
    let answer = browser.token(&refreshing(&json!(code))).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-unknown", "");
    let confidential = confidential_log_in(&browser).await;
    let bare = with(refreshing(&confidential["refresh_token"]), "client_id", "confidential");
    let answer = browser.token(&bare).await;
    assert_refused(&idp, &answer, "rfc6749-secret-missing", "");
    let secrets = [&tokens["refresh_token"], &tokens["access_token"], &confidential["refresh_token"]];
    assert_quiet(&idp, &answer, &secrets.map(|secret| secret.as_str().expect("a token")));
}

//! Who logs in without a page: by itself, or as the test said.

use std::time::Duration;

use mock_idp::{Client, MockIdp, User};
use oauth_types::Params;
use oauth_types::scenario::NextLogin;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, REDIRECT_URI, asking, decode, redeeming, with, without};
use crate::refusals::assert_refused;

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

/// The claims of the ID token that comes of `params`.
async fn claims(browser: &Browser<'_>, params: &Params) -> Value {
    decode(&browser.token(&redeeming(&browser.code(params).await)).await.tokens()["id_token"]).1
}

async fn refused(idp: &MockIdp, params: &Params, rule: &str, hint: &str) -> Answer {
    let answer = Browser::new(idp).authorize(params).await;
    assert_refused(idp, &answer, rule, hint);
    answer
}

#[tokio::test]
async fn automatic_login_satisfies_every_prompt() {
    let idp = server();
    let browser = Browser::new(&idp);
    idp.clock().set(2_000_000_000);
    for prompt in ["none", "login", "consent", "select_account", "login consent"] {
        let claims = claims(&browser, &asking().with("prompt", prompt).with("max_age", "0")).await;
        assert_eq!((&claims["sub"], &claims["auth_time"]), (&json!("alice"), &json!(2_000_000_000_u64)), "{prompt}");
        assert_eq!((claims.get("acr"), claims.get("amr")), (None, None), "nobody entered a password");
    }
    let params = asking().with("ui_locales", "de-CH fr").with("display", "touch").with("acr_values", "urn:a urn:b");
    assert_eq!(claims(&browser, &params).await["sub"], "alice");
}

#[tokio::test]
async fn somebody_new_registers_by_themselves() {
    let idp = server();
    let browser = Browser::new(&idp);
    let asks = with(asking(), "scope", "openid profile").with("prompt", "create").with("login_hint", "carol");
    let tokens = browser.token(&redeeming(&browser.code(&asks).await)).await.tokens();
    let (_, claims) = decode(&tokens["id_token"]);
    let userinfo = browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.json();
    assert_eq!(userinfo, json!({"sub": claims["sub"], "preferred_username": "carol"}));
    let again = browser.token(&redeeming(&browser.code(&asking().with("login_hint", "carol")).await)).await.tokens();
    assert_eq!(decode(&again["id_token"]).1["sub"], claims["sub"]);
    let other = browser.token(&redeeming(&browser.code(&asks).await)).await.tokens();
    assert_ne!(decode(&other["id_token"]).1["sub"], claims["sub"], "each of them is somebody else");
    let elsewhere = Browser { idp: &idp, base: "/acme" }.authorize(&asking().with("login_hint", "carol")).await;
    assert_eq!(elsewhere.redirected().get("error"), Some("access_denied"), "she registered at one tenant");
}

#[tokio::test]
async fn a_test_says_who_logs_in_next() {
    let idp = server();
    let browser = Browser::new(&idp);
    idp.clock().set(2_000_000_000);
    idp.next_login(NextLogin::user("bob").acr("urn:a").amr(["pwd", "otp"]).seconds_ago(100));
    idp.next_login(NextLogin::user("bob@example.com"));
    let first = claims(&browser, &asking()).await;
    assert_eq!((&first["sub"], &first["acr"]), (&json!("bob"), &json!("urn:a")));
    assert_eq!((&first["amr"], &first["auth_time"]), (&json!(["pwd", "otp"]), &json!(1_999_999_900_u64)));
    assert_eq!(claims(&browser, &asking().with("prompt", "none")).await["sub"], "bob");
    assert_eq!(claims(&browser, &asking()).await["sub"], "alice");
    idp.next_login(NextLogin::user("carol"));
    refused(&idp, &asking(), "oidc-login-hint-unknown", "The scripted login names nobody").await;
}

#[tokio::test]
async fn a_login_in_the_past_is_done_again_if_the_request_asks_for_it() {
    let idp = server();
    let browser = Browser::new(&idp);
    idp.clock().set(2_000_000_000);
    for (name, value, auth_time) in [
        ("max_age", "100", 1_999_999_900),
        ("max_age", "99", 2_000_000_000_u64),
        ("max_age", "0", 2_000_000_000),
        ("prompt", "login", 2_000_000_000),
        ("prompt", "consent", 1_999_999_900),
    ] {
        idp.next_login(NextLogin::default().seconds_ago(100));
        assert_eq!(claims(&browser, &asking().with(name, value)).await["auth_time"], auth_time, "{name}={value}");
    }
    let client = Client::public("public").any_loopback_redirect().metadata("default_max_age", 50);
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    idp.clock().set(2_000_000_000);
    idp.next_login(NextLogin::default().seconds_ago(100));
    assert_eq!(claims(&Browser::new(&idp), &asking()).await["auth_time"], 2_000_000_000_u64);
}

#[tokio::test]
async fn a_test_says_that_the_person_does_not_want_to() {
    let idp = server();
    idp.next_login(NextLogin::deny());
    let answer = refused(&idp, &asking(), "rfc6749-consent-denied", "").await;
    assert_eq!(answer.redirected().get("error"), Some("access_denied"));
    idp.next_login(NextLogin::cancel());
    let answer = refused(&idp, &asking(), "rfc6749-login-cancelled", "").await;
    assert_eq!(answer.redirected().get("state"), Some("st~4te"));
}

#[tokio::test]
async fn a_test_says_what_the_person_agrees_to() {
    let idp = server();
    let browser = Browser::new(&idp);
    idp.next_login(NextLogin::default().agreeing_to(["openid", "profile"]));
    let tokens = browser.token(&redeeming(&browser.code(&asking()).await)).await.tokens();
    assert_eq!(tokens["scope"], "openid");
    idp.next_login(NextLogin::default().agreeing_to(["profile"]));
    refused(&idp, &asking(), "rfc6749-consent-denied", "nothing was agreed to").await;
}

#[tokio::test]
async fn what_is_said_is_for_one_client_and_one_tenant() {
    let idp = server();
    let (root, acme) = (Browser::new(&idp), Browser { idp: &idp, base: "/acme" });
    idp.next_login(NextLogin::deny().for_client("confidential"));
    idp.tenant("acme").next_login(NextLogin::user("bob"));
    assert_eq!(claims(&root, &asking()).await["sub"], "alice");
    assert_eq!(claims(&acme, &asking()).await["sub"], "bob");
    let answer = root.authorize(&with(asking(), "client_id", "confidential")).await;
    assert_eq!(answer.redirected().get("error"), Some("access_denied"));
}

#[tokio::test]
async fn a_request_that_is_refused_does_not_use_up_what_was_said() {
    let idp = server();
    let browser = Browser::new(&idp);
    idp.next_login(NextLogin::user("bob"));
    assert_eq!(
        browser.authorize(&with(asking(), "scope", "a  b")).await.redirected().get("error"),
        Some("invalid_scope")
    );
    assert_eq!(claims(&browser, &asking()).await["sub"], "bob");
}

#[tokio::test]
async fn a_page_that_the_client_forbids_is_not_shown() {
    let idp = server();
    idp.next_login(NextLogin::pages());
    let answer = refused(&idp, &asking().with("prompt", "none"), "oidc-interaction-required", "").await;
    assert_eq!(answer.redirected().get("error"), Some("interaction_required"));
}

#[tokio::test]
async fn an_id_token_hint_says_who_it_has_to_be() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking().with("login_hint", "bob")).await;
    let tokens = browser.token(&redeeming(&code)).await.tokens();
    let hint = tokens["id_token"].as_str().expect("an ID token");
    let asks = asking().with("id_token_hint", hint).with("prompt", "none");
    assert_eq!(claims(&browser, &asks).await["sub"], "bob");
    idp.clock().advance(Duration::from_secs(400_000));
    assert_eq!(claims(&browser, &asks).await["sub"], "bob", "it may have expired");
    idp.next_login(NextLogin::user("alice"));
    let answer = refused(&idp, &asks, "oidc-id-token-hint-other-user", "").await;
    assert_eq!(answer.redirected().get("error"), Some("login_required"));
}

#[tokio::test]
async fn an_id_token_hint_is_a_token_of_ours_for_this_client() {
    let idp = server();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let hint = tokens["id_token"].as_str().expect("an ID token");
    let signed = hint.rsplit_once('.').expect("a signature").0;
    let none = format!("eyJhbGciOiJub25lIn0.{}.", hint.split('.').nth(1).expect("claims"));
    let asks = |hint: &str| asking().with("id_token_hint", hint).with("prompt", "none");
    let id = "oidc-id-token-hint-invalid";
    for (hint, said) in [
        (format!("{signed}.AAAA"), "not signed with a key"),
        (none, "no such algorithm"),
        ("a.b".to_owned(), "three parts"),
        ("a.b.c.d.e".to_owned(), "encrypted"),
        ("a.b.c".to_owned(), "not base64url"),
        (tokens["access_token"].as_str().expect("a token").to_owned(), "another kind"),
        ("a".repeat(20_000), "longer than"),
    ] {
        refused(&idp, &asks(&hint), id, said).await;
    }
    let other = with(asks(hint), "client_id", "confidential");
    refused(&idp, &other, id, "another client").await;
    let acme = Browser { idp: &idp, base: "/acme" };
    let answer = acme.authorize(&asks(hint)).await;
    assert_eq!(answer.redirected().get("error"), Some("invalid_request"));
    let refusal = idp.tenant("acme").journal().pop().and_then(|entry| entry.refusal).expect("a refusal");
    assert_eq!((refusal.rule, refusal.hint.as_deref()), (id, Some("Another issuer issued it")));
}

#[tokio::test]
async fn what_a_request_asks_of_the_login_is_well_formed() {
    let idp = server();
    refused(&idp, &asking().with("display", "hologram"), "oidc-display-unknown", "'hologram'").await;
    // Without openid as well: this server knows the parameter.
    let plain = without(asking(), "scope").with("prompt", "later");
    refused(&idp, &plain, "oidc-prompt-malformed", "'later'").await;
}

#[tokio::test]
async fn no_refusal_of_a_login_shows_a_secret() {
    let idp = MockIdp::builder()
        .client(Client::public("public").redirect_uri(REDIRECT_URI))
        .user(User::new("alice").password("canary-password"))
        .in_process()
        .expect("a server");
    let browser = Browser::new(&idp);
    let hint = format!("{}.canary", browser.log_in().await["id_token"].as_str().expect("a token"));
    let asks = asking().with("id_token_hint", &hint).with("display", "canary-display");
    let mut printed = format!("{idp:?}");
    for params in [asks.clone(), without(asks, "display")] {
        let answer = browser.authorize(&params).await;
        printed += answer.redirected().get("error_description").expect("a description");
    }
    for entry in idp.journal() {
        printed += &format!("{entry:?} {entry}");
    }
    printed += &format!("{:?}", User::new("alice").password("canary-password"));
    assert!(!printed.replace("canary-display", "").contains("canary"), "{printed}");
    assert!(!printed.contains(&hint), "{printed}");
}

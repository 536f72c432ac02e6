//! RFC 6749 §4.2: an access token in the fragment of a redirect. Legacy.

use mock_idp::{Builder, Client, MockIdp};
use oauth_types::Params;
use serde_json::json;

use crate::browser::{Browser, REDIRECT_URI, asking, decode, redeeming, with, without};
use crate::refusals::{assert_quiet, assert_refused};

fn server(build: impl FnOnce(Builder) -> Builder) -> MockIdp {
    build(MockIdp::builder()).in_process().expect("a server")
}

/// A request for a token at once.
fn at_once() -> Params {
    let bare = without(without(asking(), "code_challenge"), "code_challenge_method");
    with(bare, "response_type", "token")
}

#[tokio::test]
async fn a_token_comes_in_the_fragment() {
    let idp = server(Builder::legacy);
    let browser = Browser::new(&idp);
    let answer = browser.authorize(&at_once()).await;
    assert!(answer.location.as_deref().is_some_and(|to| to.starts_with(&format!("{REDIRECT_URI}#"))), "{answer:?}");
    assert_eq!(idp.journal().pop().expect("an entry").relaxations, ["legacy"]);
    let params = answer.redirected();
    assert_eq!((params.get("token_type"), params.get("expires_in")), (Some("Bearer"), Some("3600")));
    assert_eq!((params.get("scope"), params.get("state")), (Some("openid email"), Some("st~4te")));
    assert_eq!(params.get("iss"), Some(idp.issuer()));
    for absent in ["code", "refresh_token", "id_token"] {
        assert_eq!(params.get(absent), None, "RFC 6749 4.2.2");
    }
    let token = params.get("access_token").expect("a token");
    let claims = decode(&json!(token)).1;
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("alice"), &json!("public")));
    assert_eq!(browser.userinfo(token).await.json()["sub"], "alice");
}

#[tokio::test]
async fn a_token_may_come_in_a_form_and_never_in_the_query() {
    let idp = server(Builder::legacy);
    let browser = Browser::new(&idp);
    let answer = browser.authorize(&at_once().with("response_mode", "form_post")).await;
    assert!(answer.body.contains("name=\"access_token\""), "{}", answer.body);
    for kinds in ["token", "id_token", "code token"] {
        let params = with(asking(), "response_type", kinds).with("response_mode", "query");
        let answer = browser.authorize(&params).await;
        assert_refused(&idp, &answer, "oauth-response-mode-query-with-tokens", "");
    }
    let answer = browser.authorize(&at_once().with("response_mode", "query.jwt")).await;
    let refused = idp.journal().pop().and_then(|entry| entry.refusal).expect("a refusal");
    assert_eq!(refused.rule, "oauth-response-mode-query-with-tokens");
    assert_quiet(&idp, &answer, &["access_token="]);
}

#[tokio::test]
async fn nobody_speaks_it_unless_it_is_asked_for() {
    let metadata = async |idp: &MockIdp| Browser::new(idp).fetch("/.well-known/openid-configuration").await.json();
    let idp = server(|builder| builder);
    let answer = Browser::new(&idp).authorize(&at_once()).await;
    assert_refused(&idp, &answer, "rfc6749-response-type-unsupported", "code");
    let document = metadata(&idp).await;
    assert_eq!(document["response_types_supported"], json!(["code"]));
    assert!(!document["grant_types_supported"].as_array().expect("a list").contains(&json!("implicit")));

    let legacy = server(Builder::legacy);
    let document = metadata(&legacy).await;
    let expected =
        ["code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"];
    assert_eq!(document["response_types_supported"], json!(expected));
    let implicit = document["grant_types_supported"].as_array().expect("a list").iter();
    assert_eq!(implicit.filter(|own| **own == "implicit").count(), 1);

    let part = server(|builder| builder.legacy().without("RFC 6749 implicit"));
    let answer = Browser::new(&part).authorize(&at_once()).await;
    assert_refused(&part, &answer, "rfc6749-response-type-unsupported", "");
}

#[tokio::test]
async fn it_is_for_clients_that_are_registered_for_it() {
    let code = Client::public("public").redirect_uri(REDIRECT_URI);
    let idp = server(|builder| builder.legacy().client(code));
    let browser = Browser::new(&idp);
    for kinds in ["token", "code token"] {
        let answer = browser.authorize(&with(asking(), "response_type", kinds)).await;
        assert_refused(&idp, &answer, "rfc6749-code-grant-not-allowed", "implicit");
    }
    let implicit = Client::public("public").redirect_uri(REDIRECT_URI).grant_types(["implicit"]);
    let idp = server(|builder| builder.legacy().client(implicit));
    let browser = Browser::new(&idp);
    assert!(browser.authorize(&at_once()).await.redirected().get("access_token").is_some());
    for kinds in ["code", "code token"] {
        let answer = browser.authorize(&with(asking(), "response_type", kinds)).await;
        assert_refused(&idp, &answer, "rfc6749-code-grant-not-allowed", "authorization_code");
    }
    let answer = browser.token(&with(redeeming("x"), "grant_type", "implicit")).await;
    assert_refused(&idp, &answer, "rfc6749-grant-type-unsupported", "");
}

#[tokio::test]
async fn the_code_flow_is_what_it_was() {
    let idp = server(Builder::legacy);
    let browser = Browser::new(&idp);
    browser.log_in().await;
    assert!(idp.journal().iter().all(|entry| entry.relaxations.is_empty()));
    let answer = browser.authorize(&without(without(asking(), "code_challenge"), "code_challenge_method")).await;
    assert_refused(&idp, &answer, "rfc7636-challenge-missing", "");
}

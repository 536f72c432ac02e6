//! OpenID Connect Core §3.2 and §3.3: ID tokens in the authorization response. Legacy.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mock_idp::{Builder, MockIdp};
use oauth_types::Params;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::browser::{Browser, asking, redeeming, with, without};
use crate::flows::verify;
use crate::refusals::{assert_quiet, assert_refused};

fn server() -> MockIdp {
    MockIdp::builder().legacy().in_process().expect("a server")
}

fn asking_for(kinds: &str) -> Params {
    with(asking(), "response_type", kinds)
}

fn left_half(text: &str) -> Value {
    json!(BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16]))
}

#[tokio::test]
async fn an_answer_holds_what_its_type_says() {
    let idp = server();
    let browser = Browser::new(&idp);
    for (kinds, members) in [
        ("id_token", &["id_token"][..]),
        ("id_token token", &["access_token", "id_token"]),
        ("code id_token", &["code", "id_token"]),
        ("code token", &["code", "access_token"]),
        ("code id_token token", &["code", "access_token", "id_token"]),
        ("token id_token code", &["code", "access_token", "id_token"]),
    ] {
        let answer = browser.authorize(&asking_for(kinds)).await;
        assert!(answer.location.as_deref().is_some_and(|to| to.contains("/callback#")), "{kinds}");
        assert_eq!(idp.journal().pop().expect("an entry").relaxations, ["legacy"], "{kinds}");
        let params = answer.redirected();
        for member in ["code", "access_token", "id_token"] {
            assert_eq!(params.get(member).is_some(), members.contains(&member), "{kinds}: {member}");
        }
        assert_eq!(params.get("token_type").is_some(), members.contains(&"access_token"), "{kinds}");
        assert_eq!((params.get("state"), params.get("iss")), (Some("st~4te"), Some(idp.issuer())));
        assert_eq!(params.get("refresh_token"), None);
        let Some(token) = params.get("id_token") else { continue };
        let claims = verify(&browser, &json!(token)).await;
        assert_eq!((&claims["nonce"], &claims["aud"]), (&json!("n0nce"), &json!("public")));
        assert_eq!(claims.get("c_hash").cloned(), params.get("code").map(left_half), "{kinds}");
        assert_eq!(claims.get("at_hash").cloned(), params.get("access_token").map(left_half), "{kinds}");
    }
}

#[tokio::test]
async fn the_code_is_redeemed_as_any_other() {
    let idp = server();
    let browser = Browser::new(&idp);
    let params = browser.authorize(&asking_for("code id_token token")).await.redirected();
    let code = params.get("code").expect("a code");
    let answer = browser.token(&without(redeeming(code), "code_verifier")).await;
    assert_refused(&idp, &answer, "rfc7636-verifier-missing", "");
    let tokens = browser.token(&redeeming(code)).await.tokens();
    assert!(idp.journal().pop().expect("an entry").relaxations.is_empty());
    let front = verify(&browser, &json!(params.get("id_token").expect("a token"))).await;
    let back = verify(&browser, &tokens["id_token"]).await;
    for name in ["iss", "sub", "aud", "nonce", "auth_time"] {
        assert_eq!(front[name], back[name], "OpenID Connect Core 3.3.3.6: {name}");
    }
    let token = params.get("access_token").expect("a token");
    assert_eq!(browser.userinfo(token).await.status, 200);
    assert_eq!(browser.token(&redeeming(code)).await.status, 400);
    assert_eq!(browser.userinfo(token).await.status, 401, "a replayed code revokes what came with it, too");
}

#[tokio::test]
async fn a_code_still_needs_its_challenge() {
    let idp = server();
    let browser = Browser::new(&idp);
    for kinds in ["code id_token", "code token", "code id_token token"] {
        let bare = without(without(asking_for(kinds), "code_challenge"), "code_challenge_method");
        let answer = browser.authorize(&bare).await;
        assert!(answer.location.as_deref().is_some_and(|to| to.contains("/callback#error=")), "{answer:?}");
        assert_refused(&idp, &answer, "rfc7636-challenge-missing", "");
        assert_quiet(&idp, &answer, &["code=", "token="]);
    }
    for kinds in ["id_token", "id_token token"] {
        let bare = without(without(asking_for(kinds), "code_challenge"), "code_challenge_method");
        assert!(browser.authorize(&bare).await.redirected().get("id_token").is_some(), "{kinds}: there is no code");
    }
}

#[tokio::test]
async fn an_id_token_through_the_browser_has_a_nonce() {
    let idp = server();
    let browser = Browser::new(&idp);
    for kinds in ["id_token", "id_token token", "code id_token", "code id_token token"] {
        let answer = browser.authorize(&without(asking_for(kinds), "nonce")).await;
        assert_refused(&idp, &answer, "oidc-hybrid-nonce-missing", "");
        let answer = browser.authorize(&with(asking_for(kinds), "scope", "email")).await;
        assert_refused(&idp, &answer, "oidc-hybrid-openid-missing", "");
        assert!(idp.journal().pop().expect("an entry").relaxations.is_empty());
    }
    let params = without(with(asking_for("code token"), "scope", "email"), "nonce");
    assert!(browser.authorize(&params).await.redirected().get("access_token").is_some());
}

#[tokio::test]
async fn nobody_speaks_it_unless_it_is_asked_for() {
    let part = |builder: Builder| builder.legacy().without("OpenID Connect Core 1.0 hybrid");
    for idp in [MockIdp::builder(), part(MockIdp::builder())].map(|builder| builder.in_process().expect("a server")) {
        for kinds in ["id_token", "code id_token", "code token"] {
            let answer = Browser::new(&idp).authorize(&asking_for(kinds)).await;
            assert_refused(&idp, &answer, "rfc6749-response-type-unsupported", "");
        }
    }
}

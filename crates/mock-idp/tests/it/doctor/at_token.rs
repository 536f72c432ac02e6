//! Mistakes in a token request: codes, refresh tokens, grant types, and how the request is sent.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use oauth_types::Params;
use serde_json::json;

use super::{assert_silent, assert_told, server};
use crate::browser::{Browser, REDIRECT_URI, asking, redeeming, refreshing, with, without};
use crate::rfc8628_device;

#[tokio::test]
async fn a_code_that_is_wrong_is_told_why() {
    let idp = server();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let (code, other) = (browser.code(&asking()).await, browser.code(&asking()).await);
    let token = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    let bare = || without(redeeming(&code), "code");
    let (unknown, missing) = ("rfc6749-code-unknown", "rfc6749-code-missing");
    for (params, rule, words) in [
        (
            bare().with("code", format!("{code} ")),
            unknown,
            "white space around it; without that, it is the right one",
        ),
        (bare().with("code", format!("{code}\n")), unknown, "line end"),
        (bare().with("code", format!("\"{code}\"")), unknown, "quotation marks"),
        (bare().with("code", format!("{code}%3D")), unknown, "percent-encoded once too often"),
        (bare().with("code", &code[..40]), unknown, "was it cut?"),
        (bare().with("code", format!("{code}&state=x")), unknown, "characters that no handle"),
        (bare().with("code", format!("{code}xyz")), unknown, "something more at its end"),
        (bare().with("code", token("access_token")), unknown, "It is an access token"),
        (bare().with("code", token("id_token")), unknown, "It is an ID token"),
        (bare().with("code", token("refresh_token")), unknown, "It is a refresh token"),
        (bare().with("code", "undefined"), unknown, "undefined"),
        (bare().with("code", "x".repeat(43)), unknown, "did not issue it"),
        (with(bare(), "code_verifier", &code).with("code", "x".repeat(43)), unknown, "parameters are mixed up"),
        (bare().with("authorization_code", &*code), missing, "an authorization code in authorization_code"),
        (bare().with("Code", "x"), missing, "Code was sent"),
        (bare().with("code", ""), missing, "empty"),
        (bare().with("device_code", "x"), missing, "device_code was sent"),
    ] {
        let answer = browser.token(&params).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &[&code, &token("access_token"), &token("refresh_token"), &token("id_token")]);
    }
    // The same code at another issuer.
    let answer = Browser { idp: &idp, base: "/acme" }.token(&redeeming(&code)).await;
    let refused = idp.tenant("acme").journal().pop().and_then(|entry| entry.refusal).expect("a refusal");
    assert_eq!(refused.rule, "rfc6749-code-unknown");
    assert!(refused.hint.is_some_and(|hint| hint.contains("/acme, did not issue it")) && answer.status == 400);
    // The path of another server is that of a tenant here.
    let answer = Browser { idp: &idp, base: "/oauth2" }.token(&redeeming(&code)).await;
    assert!(answer.body.contains("/oauth2, a tenant of its own as any first segment"), "{}", answer.body);
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200, "the code is still good");
    assert_eq!(browser.token(&redeeming(&other)).await.status, 200);
}

#[tokio::test]
async fn a_code_that_was_right_once_is_told_when() {
    let idp = server();
    idp.clock().freeze();
    let browser = Browser::new(&idp);
    let (late, used) = (browser.code(&asking()).await, browser.code(&asking()).await);
    assert_eq!(browser.token(&redeeming(&used)).await.status, 200);
    idp.clock().advance(Duration::from_secs(75));
    let answer = browser.token(&redeeming(&late)).await;
    assert_told(&idp, &answer, "rfc6749-code-expired", "lived 60 seconds and ended 15 seconds ago");
    let answer = browser.token(&redeeming(&used)).await;
    assert_told(&idp, &answer, "rfc6749-code-replayed", "first used 75 seconds ago");
    let code = browser.code(&asking()).await;
    let other = with(with(redeeming(&code), "client_id", "confidential"), "client_secret", "secret");
    let answer = browser.token(&other).await;
    assert_told(&idp, &answer, "rfc6749-code-other-client", "issued to public, and this request is of confidential");
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200);
}

#[tokio::test]
async fn a_redirect_uri_of_a_token_request_that_differs_is_told_how() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let bare = || without(redeeming(&code), "redirect_uri");
    let (differs, missing) = ("rfc6749-token-redirect-uri-differs", "rfc6749-token-redirect-uri-missing");
    for (params, rule, words) in [
        (bare().with("redirect_uri", format!("{REDIRECT_URI}/")), differs, "trailing slash"),
        (bare().with("redirect_uri", REDIRECT_URI.replace(":9/", ":10/")), differs, "port alone: the listener"),
        (bare().with("redirect_uri", REDIRECT_URI.replace("127.0.0.1", "localhost")), differs, "localhost"),
        (bare().with("redirect_uri", REDIRECT_URI.to_uppercase()), differs, "upper and lower case"),
        (bare().with("redirect_uri", REDIRECT_URI.replace("http:", "https:")), differs, "scheme alone"),
        (bare().with("redirect_uri", format!("{REDIRECT_URI}?code=x")), differs, "query was added"),
        (bare().with("redirect_uri", REDIRECT_URI.replace("callback", "%63allback")), differs, "percent-encoding"),
        (bare().with("redirectUri", REDIRECT_URI), missing, "redirectUri was sent"),
        (bare().with("redirect_url", REDIRECT_URI), missing, "redirect_url was sent"),
        (bare().with("callback_url", REDIRECT_URI), missing, "callback_url was sent"),
    ] {
        let answer = browser.token(&params).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &[&code]);
    }
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200);
}

#[tokio::test]
async fn a_grant_type_that_is_nearly_right_is_told_how() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let bare = || without(redeeming(&code), "grant_type");
    let (unsupported, missing) = ("rfc6749-grant-type-unsupported", "rfc6749-grant-type-missing");
    for (params, rule, words) in [
        (bare().with("grant_type", "authorization-code"), unsupported, "Did you mean authorization_code?"),
        (bare().with("grant_type", "Authorization_Code"), unsupported, "Did you mean authorization_code?"),
        (bare().with("grant_type", "authorisation_code"), unsupported, "Did you mean authorization_code?"),
        (bare().with("grant_type", "code"), unsupported, "Did you mean authorization_code?"),
        (bare().with("grant_type", "refresh"), unsupported, "Did you mean refresh_token?"),
        (bare().with("grant_type", "client_credential"), unsupported, "Did you mean client_credentials?"),
        (bare().with("grant_type", "device_code"), unsupported, "urn:ietf:params:oauth:grant-type:device_code?"),
        (bare().with("grant_type", "jwt_bearer"), unsupported, "urn:ietf:params:oauth:grant-type:jwt-bearer?"),
        (bare().with("grantType", "authorization_code"), missing, "grantType was sent"),
        (bare().with("grant", "authorization_code"), missing, "grant was sent"),
    ] {
        let answer = browser.token(&params).await;
        assert_told(&idp, &answer, rule, words);
    }
    let never = with(redeeming(&code), "client_id", "web");
    let answer = browser.token(&with(never, "grant_type", "client_credentials")).await;
    assert_told(&idp, &answer, "rfc6749-grant-type-not-allowed", "authorization_code, refresh_token");
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200);
}

#[tokio::test]
async fn a_token_request_that_is_sent_otherwise_is_told_how() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let form = "application/x-www-form-urlencoded";
    let text = redeeming(&code).encode();
    let json = json!({"grant_type": "authorization_code", "code": code}).to_string();
    let post = |uri: &str, kind: &str, body: &str| {
        Request::post(uri).header("Content-Type", kind).body(Bytes::from(body.to_owned())).expect("a request")
    };
    let not_a_form = "rfc6749-token-request-not-a-form";
    let get = Request::get(format!("/token?{text}")).body(Bytes::new()).expect("a request");
    let bare = Request::get("/token").body(Bytes::new()).expect("a request");
    let untyped = Request::post("/token").body(Bytes::from(text.clone())).expect("a request");
    for (request, rule, words) in [
        (post("/token", "application/json", &json), not_a_form, "forms and not JSON"),
        (post("/token", "multipart/form-data; boundary=x", &text), not_a_form, "URLSearchParams"),
        (post("/token", "text/plain;charset=UTF-8", &text), not_a_form, "fetch says this"),
        (post("/token", &format!("{form}; charset=iso-8859-1"), &text), not_a_form, "charset is UTF-8"),
        (untyped, not_a_form, "no Content-Type"),
        (post("/token", form, &json), "rfc6749-token-client-id-missing", "The body is JSON"),
        (post("/token", form, ""), "rfc6749-token-client-id-missing", "no parameters"),
        (post(&format!("/token?{text}"), form, ""), "rfc6749-token-parameters-in-query", "queries end up in logs"),
        (post("/token", form, &format!("{text}&code=x")), "rfc6749-token-parameter-twice", "code occurs twice"),
        (post("/token", form, "a=100%"), "rfc6749-parameters-unreadable", "is written %25"),
        (get, "rfc6749-method-not-allowed", "in the body of a POST"),
        (bare, "rfc6749-method-not-allowed", "redirect by 301 or 302"),
    ] {
        let answer = browser.send(request).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &[&code]);
    }
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_that_is_wrong_is_told_why() {
    let idp = server();
    idp.clock().freeze();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    let code = browser.code(&asking()).await;
    let bare = || without(refreshing(&tokens["refresh_token"]), "refresh_token");
    let (unknown, missing) = ("rfc6749-refresh-token-unknown", "rfc6749-refresh-token-missing");
    let confidential = |params: Params| with(params, "client_id", "confidential").with("client_secret", "secret");
    let refresh = text("refresh_token");
    for (params, rule, words) in [
        (bare().with("refresh_token", text("access_token")), unknown, "It is an access token"),
        (bare().with("refresh_token", text("id_token")), unknown, "It is an ID token"),
        (bare().with("refresh_token", &*code), unknown, "It is an authorization code"),
        (bare().with("refresh_token", format!(" {refresh}")), unknown, "it is the right one"),
        (bare().with("refresh_token", &refresh[..20]), unknown, "was it cut?"),
        (bare().with("refresh_token", "None"), unknown, "has no value"),
        (bare().with("token", &*refresh), missing, "token was sent"),
        (bare().with("refreshToken", &*refresh), missing, "refreshToken was sent"),
        (
            confidential(bare().with("refresh_token", &*refresh)),
            "rfc6749-refresh-token-other-client",
            "issued to public",
        ),
        (
            bare().with("refresh_token", &*refresh).with("scope", "openid,email"),
            "rfc6749-refresh-scope-wider",
            "commas",
        ),
        (
            bare().with("refresh_token", &*refresh).with("scope", "openid  x"),
            "rfc6749-refresh-scope-malformed",
            "two spaces",
        ),
    ] {
        let answer = browser.token(&params).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &[&refresh, &code, &text("access_token")]);
    }
    assert_eq!(browser.token(&refreshing(&tokens["refresh_token"])).await.status, 200);
    idp.clock().advance(Duration::from_secs(30));
    let answer = browser.token(&refreshing(&tokens["refresh_token"])).await;
    assert_told(&idp, &answer, "rfc9700-refresh-token-replayed", "first used 30 seconds ago");
}

#[tokio::test]
async fn a_device_that_polls_with_something_else_is_told_with_what() {
    let idp = server();
    let browser = Browser::new(&idp);
    let begun = rfc8628_device::begin(&idp, &Params::new().with("client_id", "public")).await.tokens();
    let user_code = begun["user_code"].as_str().expect("a code");
    let polling = with(rfc8628_device::polling(&begun), "client_id", "public");
    let bare = || without(polling.clone(), "device_code");
    let device_code = polling.get("device_code").expect("a code");
    let confidential = with(polling.clone(), "client_id", "confidential").with("client_secret", "secret");
    let (unknown, missing) = ("rfc8628-device-code-unknown", "rfc8628-device-code-missing");
    for (params, rule, words) in [
        (bare().with("device_code", user_code), unknown, "It is a user_code"),
        (bare().with("device_code", format!("{device_code}\n")), unknown, "it is the right one"),
        (bare().with("code", device_code), missing, "code was sent"),
        (bare().with("user_code", user_code), missing, "user_code was sent"),
        (confidential, "rfc8628-device-code-other-client", "issued to public"),
    ] {
        let answer = browser.token(&params).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &[device_code]);
    }
    let answer = browser.token(&polling).await;
    assert_told(&idp, &answer, "rfc8628-pending", "go on polling");
    rfc8628_device::Person::look(&idp, &begun).await.decide(&begun, "approve").await;
    idp.clock().advance(Duration::from_secs(30));
    assert_eq!(browser.token(&polling).await.status, 200);
    idp.clock().freeze();
    idp.clock().advance(Duration::from_secs(9));
    let answer = browser.token(&polling).await;
    assert_told(&idp, &answer, "rfc8628-device-code-replayed", "seconds ago");
}

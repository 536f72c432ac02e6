//! Mistakes with access tokens, and with whatever else is sent in their place.

use bytes::Bytes;
use http::Request;
use oauth_types::Params;

use super::{assert_silent, assert_told, server};
use crate::browser::{Browser, asking, basic, redeeming, refreshing, with};

#[tokio::test]
async fn an_access_token_that_is_wrong_is_told_why() {
    let idp = server();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    let (token, refresh, id_token) = (text("access_token"), text("refresh_token"), text("id_token"));
    let other = Browser { idp: &idp, base: "/acme" }.log_in().await;
    let others = other["access_token"].as_str().expect("a token");
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let changed = format!("{signed}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]);
    let code = browser.code(&asking()).await;
    let (missing, malformed, invalid) = ("rfc6750-token-missing", "rfc6750-token-malformed", "rfc6750-token-invalid");
    let authorization = |value: &str| vec![("authorization", value.to_owned())];
    for (headers, rule, words) in [
        (vec![], missing, "no Authorization header"),
        (authorization(&token), missing, "write Bearer and a space"),
        (authorization(&basic("confidential", "secret")), missing, "Basic authenticates clients"),
        (authorization(&format!("Token {token}")), missing, "none of this server"),
        (authorization(&format!("Bearer: {token}")), missing, "one space, and nothing else"),
        (vec![("x-access-token", token.clone())], missing, "header x-access-token"),
        (authorization(&format!("Bearer Bearer {token}")), malformed, "Bearer is there twice"),
        (authorization("Bearer"), malformed, "no token after it"),
        (authorization(&format!("Bearer  {token}")), malformed, "white space"),
        (authorization(&format!("Bearer \"{token}\"")), malformed, "quotation marks"),
        (authorization("Bearer {\"access_token\":1}"), malformed, "whole token response"),
        (authorization(&format!("Bearer {refresh}")), invalid, "It is a refresh token"),
        (authorization(&format!("Bearer {id_token}")), invalid, "It is an ID token"),
        (authorization(&format!("Bearer {code}")), invalid, "It is an authorization code"),
        (authorization(&format!("Bearer {others}")), invalid, "an access token of http"),
        (authorization(&format!("Bearer {changed}")), invalid, "signature is not of this server"),
        (authorization(&format!("Bearer {signed}")), invalid, "was it cut?"),
        (authorization("Bearer undefined"), invalid, "undefined"),
        (authorization("Bearer null"), invalid, "has no value"),
    ] {
        let request =
            headers.iter().fold(Request::get("/userinfo"), |request, (name, value)| request.header(*name, value));
        let answer = browser.send(request.body(Bytes::new()).expect("a request")).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &[&token, &refresh, &id_token, others, &changed, &code]);
    }
    let in_query = browser.fetch(&format!("/userinfo?access_token={token}")).await;
    assert_told(&idp, &in_query, "rfc6750-token-in-query", "logs and histories");
    let body = Params::new().with("access_token", &*token).encode();
    let twice = browser.post("/userinfo", body, Some(&format!("Bearer {token}"))).await;
    assert_told(&idp, &twice, "rfc6750-token-twice", "more than one of the header");
    assert_eq!(browser.userinfo(&token).await.status, 200);

    let narrow = browser.code(&with(asking(), "scope", "read")).await;
    let narrow = browser.token(&redeeming(&narrow)).await.tokens();
    let answer = browser.userinfo(narrow["access_token"].as_str().expect("a token")).await;
    assert_told(&idp, &answer, "oidc-userinfo-scope-missing", "Its scope is 'read'");
    assert_eq!(browser.token(&refreshing(&tokens["refresh_token"])).await.status, 200);
    browser.token(&refreshing(&tokens["refresh_token"])).await;
    let answer = browser.userinfo(&token).await;
    assert_told(&idp, &answer, "rfc6750-token-invalid", "It was revoked");
}

#[tokio::test]
async fn a_token_that_is_shown_in_another_parameter_is_found() {
    let idp = server();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let token = tokens["access_token"].as_str().expect("a token");
    let own = || Params::new().with("client_id", "confidential").with("client_secret", "secret");
    for (path, rule) in [("/introspect", "rfc7662-token-missing"), ("/revoke", "rfc7009-token-missing")] {
        for (name, words) in [("access_token", "access_token was sent"), ("Token", "Token was sent")] {
            let answer = browser.post(path, own().with(name, token).encode(), None).await;
            assert_told(&idp, &answer, rule, words);
            assert_silent(&idp, &answer, &[token]);
        }
    }
    let answer = browser.post("/revoke", own().with("token", token).encode(), None).await;
    assert_told(&idp, &answer, "rfc7009-token-of-another-client", "issued to public");
    let answer = browser.post("/introspect", Params::new().with("client_id", "public").encode(), None).await;
    assert_told(&idp, &answer, "rfc7662-public-client", "Whoever asks is a resource");
    assert_eq!(browser.post("/introspect", own().with("token", token).encode(), None).await.status, 200);
}

#[tokio::test]
async fn a_pushed_request_that_is_referred_to_wrongly_is_told_why() {
    let idp = server();
    idp.clock().freeze();
    let browser = Browser::new(&idp);
    let push = async || {
        let answer = browser.post("/par", asking().encode(), None).await.json();
        answer["request_uri"].as_str().expect("a reference").to_owned()
    };
    let (uri, late) = (push().await, push().await);
    let referring = |uri: &str| Params::new().with("client_id", "public").with("request_uri", uri);
    let code = browser.code(&asking()).await;
    let unknown = "rfc9126-request-uri-unknown";
    for (params, rule, words) in [
        (referring(&uri[..uri.len() - 3]), unknown, "was it cut?"),
        (referring(&format!("{uri}\n")), unknown, "it is the right one"),
        (referring(&format!("urn:ietf:params:oauth:request_uri:{code}")), unknown, "It is an authorization code"),
        (with(referring(&uri), "client_id", "confidential"), "rfc9126-request-uri-other-client", "issued to public"),
    ] {
        let answer = browser.authorize(&params).await;
        assert_told(&idp, &answer, rule, words);
    }
    browser.code(&referring(&uri)).await;
    idp.clock().advance(std::time::Duration::from_secs(70));
    let answer = browser.authorize(&referring(&uri)).await;
    assert_told(&idp, &answer, "rfc9126-request-uri-reused", "first used 70 seconds ago");
    let answer = browser.authorize(&referring(&late)).await;
    assert_told(&idp, &answer, "rfc9126-request-uri-expired", "lived 60 seconds and ended 10 seconds ago");
    let answer = browser.post("/par", asking().with("request_uri", &*uri).encode(), None).await;
    assert_told(&idp, &answer, "rfc9126-request-uri-pushed", "answer to a pushed request");
}

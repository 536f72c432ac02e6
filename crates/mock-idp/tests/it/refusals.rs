//! Every rule is broken once, and the refusal names it, its section and the likely mistake.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::Request;
use mock_idp::{Client, MockIdp, Refused};
use oauth_types::Params;

use crate::browser::{
    Answer, Browser, CHALLENGE, REDIRECT_URI, VERIFIER, asking, basic, redeeming, refreshing, with, without,
};

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

/// The refusal of the last request.
fn last(idp: &MockIdp) -> Refused {
    idp.journal().pop().and_then(|entry| entry.refusal).expect("a refusal")
}

/// Checks that the last request broke `rule`, that the answer says so on the wire, and that it hints at `hint`.
pub(crate) fn assert_refused(idp: &MockIdp, answer: &Answer, rule: &str, hint: &str) {
    let refused = last(idp);
    assert_eq!(refused.rule, rule, "{answer:?}");
    let known = mock_idp::rules().into_iter().find(|known| known.id == rule).expect("a registered rule");
    let described = refused.hint.as_deref().unwrap_or("");
    assert!(described.contains(hint), "{rule}: {described:?} does not say {hint:?}");
    let told = match answer.location.as_deref() {
        Some(location) => Params::parse(location.split_once(['?', '#']).expect("parameters").1).expect("parameters"),
        None if answer.body.starts_with('{') => {
            let members = answer.json();
            let members = members.as_object().expect("an object").clone();
            members.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned())).collect()
        }
        None => {
            assert!(answer.body.contains(&format!("<code id=\"rule\">{rule}</code>")), "{}", answer.body);
            return;
        }
    };
    assert_eq!(told.get("error"), Some(known.error.as_str()), "{rule}");
    let description = told.get("error_description").expect("a description");
    assert!(description.contains(&known.place()), "{description}");
    let legal = |octet: u8| matches!(octet, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(description.bytes().all(legal), "RFC 6749 5.2: {description}");
    assert_eq!(told.get("error_uri"), Some(known.url().as_str()));
    assert_eq!((told.get("code"), told.get("access_token"), told.get("id_token")), (None, None, None));
}

/// Checks that none of `secrets` is in the answer, or in what the journal prints.
pub(crate) fn assert_quiet(idp: &MockIdp, answer: &Answer, secrets: &[&str]) {
    let told = format!("{answer:?}");
    let printed: String =
        idp.journal().iter().map(|entry| format!("{entry} {entry:?} {:?}", entry.refusal)).collect();
    for secret in secrets {
        assert!(!told.contains(secret), "the answer tells {secret}: {told}");
        assert!(!printed.contains(secret), "the journal prints {secret}");
    }
}

/// Refused on a page: nothing may be redirected.
async fn page(params: Params, rule: &str, hint: &str) {
    let idp = server();
    let answer = Browser::new(&idp).authorize(&params).await;
    assert_eq!((answer.status, answer.location.as_deref()), (400, None), "{rule}");
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    assert_refused(&idp, &answer, rule, hint);
}

/// Refused at the client's redirect URI, with its state and the server's issuer.
async fn redirected(params: Params, rule: &str, hint: &str) {
    let idp = server();
    let answer = Browser::new(&idp).authorize(&params).await;
    let told = answer.redirected();
    assert_eq!((told.get("iss"), told.get("state")), (Some(idp.issuer()), params.get("state")), "{rule}");
    assert_refused(&idp, &answer, rule, hint);
}

/// Refused at the token endpoint; the code is redeemed by its owner afterwards.
async fn at_token(change: impl FnOnce(Params) -> Params, rule: &str, hint: &str) {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let answer = browser.token(&change(redeeming(&code))).await;
    assert!(matches!(answer.status, 400 | 401), "{rule}: {}", answer.status);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_refused(&idp, &answer, rule, hint);
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200, "{rule}: the owner lost the code");
}

#[tokio::test]
async fn nothing_is_redirected_while_the_client_is_in_doubt() {
    page(without(asking(), "client_id"), "rfc6749-client-id-missing", "").await;
    page(with(asking(), "client_id", ""), "rfc6749-client-id-missing", "").await;
    page(with(asking(), "client_id", "Public"), "rfc6749-client-unknown", "public, confidential").await;
    page(without(asking(), "redirect_uri"), "rfc6749-redirect-uri-missing", "").await;
    page(asking().with("client_id", "public"), "rfc6749-authorization-parameter-twice", "client_id").await;
    let twice = asking().with("redirect_uri", "https://evil.example/cb");
    page(twice, "rfc6749-authorization-parameter-twice", "redirect_uri").await;
    let to = |uri| with(asking(), "redirect_uri", uri);
    page(to("https://evil.example/cb"), "rfc9700-redirect-uri-unregistered", "127.0.0.1").await;
    page(to("http://127.0.0.1:9/cb#x"), "rfc6749-redirect-uri-fragment", "").await;
    page(to("/cb"), "rfc6749-redirect-uri-malformed", "").await;
}

#[tokio::test]
async fn a_redirect_uri_that_is_nearly_right_is_compared_aloud() {
    let client = Client::public("public").redirect_uri("https://app.example/cb");
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    let browser = Browser::new(&idp);
    for (uri, hint) in [
        ("https://app.example/cb/", "trailing slash"),
        ("https://app.example/CB", "upper and lower case"),
        ("https://app.example/cc", "at character 22: 'b' is expected, 'c' was sent"),
    ] {
        let answer = browser.authorize(&with(asking(), "redirect_uri", uri)).await;
        assert_refused(&idp, &answer, "rfc9700-redirect-uri-unregistered", hint);
        assert_eq!(answer.location, None);
    }
}

#[tokio::test]
async fn an_authorization_request_that_breaks_a_rule_goes_back_to_the_client() {
    redirected(asking().with("nonce", "2"), "rfc6749-authorization-parameter-twice", "nonce").await;
    redirected(without(asking(), "response_type"), "rfc6749-response-type-missing", "").await;
    for value in ["token", "code id_token", "CODE", "code ", "none"] {
        redirected(with(asking(), "response_type", value), "rfc6749-response-type-unsupported", "").await;
    }
    for value in ["Query", "web_message", "JWT"] {
        let asks = with(asking(), "response_mode", value);
        redirected(asks, "oauth-response-mode-unsupported", "query, fragment, form_post").await;
    }
    redirected(with(asking(), "scope", "openid  email"), "rfc6749-scope-malformed", "").await;
    redirected(with(asking(), "scope", "op\"enid"), "rfc6749-scope-malformed", "").await;
    redirected(with(asking(), "login_hint", "carol"), "oidc-login-hint-unknown", "alice, bob").await;
    redirected(asking().with("max_age", "-1"), "oidc-max-age-malformed", "").await;
    redirected(asking().with("max_age", "1e3"), "oidc-max-age-malformed", "").await;
    redirected(asking().with("prompt", "none login"), "oidc-prompt-malformed", "combined").await;
    redirected(asking().with("prompt", "Login"), "oidc-prompt-malformed", "'Login'").await;
}

#[tokio::test]
async fn a_state_that_was_sent_twice_is_not_sent_back() {
    let idp = server();
    let answer = Browser::new(&idp).authorize(&asking().with("state", "other")).await;
    assert_eq!(answer.redirected().get("state"), None);
    assert_refused(&idp, &answer, "rfc6749-authorization-parameter-twice", "state");
}

#[tokio::test]
async fn pkce_is_demanded_of_every_client() {
    let bare = || without(without(asking(), "code_challenge"), "code_challenge_method");
    for client in ["public", "confidential"] {
        redirected(with(bare(), "client_id", client), "rfc7636-challenge-missing", "").await;
    }
    redirected(
        with(without(asking(), "code_challenge_method"), "code_challenge", ""),
        "rfc7636-challenge-missing",
        "",
    )
    .await;
    redirected(without(asking(), "code_challenge"), "rfc7636-method-without-challenge", "").await;
    redirected(without(asking(), "code_challenge_method"), "rfc7636-method-omitted", "S256").await;
    redirected(with(asking(), "code_challenge_method", ""), "rfc7636-method-omitted", "").await;
    redirected(with(asking(), "code_challenge_method", "plain"), "rfc7636-plain", "--plain").await;
    for method in ["s256", "PLAIN", "S512", "none", "S256 ", " S256", "S256\0", "S256,plain"] {
        redirected(with(asking(), "code_challenge_method", method), "rfc7636-method-unknown", "").await;
    }
    let twice = |name| asking().with(name, "S256");
    redirected(twice("code_challenge"), "rfc6749-authorization-parameter-twice", "code_challenge").await;
    redirected(twice("code_challenge_method"), "rfc6749-authorization-parameter-twice", "code_challenge_method")
        .await;
}

#[tokio::test]
async fn a_challenge_in_the_wrong_encoding_is_recognised() {
    let hex = "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3";
    let of_hex = "MTNkMzFlOTYxYTFhZDhlYzJmMTZiMTBjNGM5ODJlMDg3NmE4NzhhZDZkZjE0NDU2NmVlMTg5NGFjYjcwZjljMw";
    for (challenge, hint) in [
        (format!("{CHALLENGE}="), "padding"),
        (CHALLENGE.replace('-', "+"), "base64"),
        (hex.to_owned(), "hex"),
        (of_hex.to_owned(), "hex"),
        (CHALLENGE.replace("-cM", "-cN"), ""),
        ("short".to_owned(), "43"),
    ] {
        redirected(with(asking(), "code_challenge", &challenge), "rfc7636-challenge-malformed", hint).await;
    }
}

#[tokio::test]
async fn a_verifier_that_does_not_fit_is_explained() {
    let verifier = |value: &'static str| move |params| with(params, "code_verifier", value);
    at_token(|params| without(params, "code_verifier"), "rfc7636-verifier-missing", "keep the code_verifier").await;
    at_token(verifier(""), "rfc7636-verifier-missing", "").await;
    at_token(verifier("short"), "rfc7636-verifier-malformed", "fewer than 43").await;
    at_token(verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX+"), "rfc7636-verifier-malformed", "unreserved")
        .await;
    at_token(verifier(CHALLENGE), "rfc7636-verifier-wrong", "both are the same").await;
    at_token(verifier("DbJFTjEz4cvp-Mb92k27UHBuju1P1R_Ww1GfwfoeJxK"), "rfc7636-verifier-wrong", "case").await;
    let stranger = "2SmKENwv1c1g3PjqRGqwTiZqNfgYY1OZ0vOsQ0lHfOE";
    at_token(verifier(stranger), "rfc7636-verifier-wrong", "belongs to no code_challenge").await;
    at_token(|params| params.with("code_verifier", VERIFIER), "rfc6749-token-parameter-twice", "code_verifier").await;
}

#[tokio::test]
async fn a_verifier_of_another_pending_flow_is_recognised() {
    let idp = server();
    let browser = Browser::new(&idp);
    // The verifier "aaa…" and its challenge (vector v-43-min).
    let other = "ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA";
    browser.code(&with(asking(), "code_challenge", other)).await;
    let code = browser.code(&asking()).await;
    let answer = browser.token(&with(redeeming(&code), "code_verifier", &"a".repeat(43))).await;
    assert_refused(&idp, &answer, "rfc7636-verifier-wrong", "another pending flow");
}

#[tokio::test]
async fn a_token_request_that_breaks_a_rule_is_refused() {
    at_token(|params| without(params, "grant_type"), "rfc6749-grant-type-missing", "").await;
    for grant in ["password", "authorization_code refresh_token", "Authorization_Code", "urn:example:other"] {
        at_token(|params| with(params, "grant_type", grant), "rfc6749-grant-type-unsupported", "refresh_token").await;
    }
    at_token(|params| without(params, "code"), "rfc6749-code-missing", "").await;
    at_token(|params| with(params, "code", "a b"), "rfc6749-code-unknown", "characters").await;
    at_token(|params| with(params, "code", "abc"), "rfc6749-code-unknown", "cut").await;
    at_token(|params| with(params, "code", VERIFIER), "rfc6749-code-unknown", "did not issue it").await;
    at_token(|params| params.with("code", "2"), "rfc6749-token-parameter-twice", "code").await;
    at_token(|params| without(params, "redirect_uri"), "rfc6749-token-redirect-uri-missing", "").await;
    let other_port = "http://127.0.0.1:10/callback";
    let rule = "rfc6749-token-redirect-uri-differs";
    at_token(|params| with(params, "redirect_uri", other_port), rule, "port alone").await;
    at_token(|params| with(params, "redirect_uri", &format!("{REDIRECT_URI}x")), rule, "at character 28").await;
    at_token(|params| with(params, "grant_type", "refresh_token"), "rfc6749-refresh-token-missing", "").await;
}

#[tokio::test]
async fn a_code_belongs_to_its_client() {
    at_token(
        |params| with(with(params, "client_id", "confidential"), "client_secret", "secret"),
        "rfc6749-code-other-client",
        "",
    )
    .await;
}

#[tokio::test]
async fn a_code_lives_for_a_minute() {
    let idp = server();
    idp.clock().freeze();
    let browser = Browser::new(&idp);
    let (late, later) = (browser.code(&asking()).await, browser.code(&asking()).await);
    idp.clock().advance(Duration::from_secs(59));
    assert_eq!(browser.token(&redeeming(&late)).await.status, 200);
    idp.clock().advance(Duration::from_secs(1));
    let answer = browser.token(&redeeming(&later)).await;
    assert_refused(&idp, &answer, "rfc6749-code-expired", "lived 60 seconds and ended 0 seconds ago");
    let answer = browser.token(&redeeming(&late)).await;
    assert_refused(&idp, &answer, "rfc6749-code-replayed", "revoked");
    idp.clock().advance(Duration::from_secs(100_000));
    for _ in 0..2_000 {
        browser.code(&asking()).await;
    }
    let answer = browser.token(&redeeming(&late)).await;
    assert_refused(&idp, &answer, "rfc6749-code-unknown", "has forgotten it");
}

#[tokio::test]
async fn client_authentication_is_checked() {
    let secret = |params: Params, id, secret| with(with(params, "client_id", id), "client_secret", secret);
    at_token(|params| without(params, "client_id"), "rfc6749-token-client-id-missing", "").await;
    at_token(|params| with(params, "client_id", "who"), "rfc6749-token-client-unknown", "public").await;
    at_token(|params| with(params, "client_id", "confidential"), "rfc6749-secret-missing", "").await;
    at_token(|params| secret(params, "confidential", "Secret"), "rfc6749-secret-wrong", "not that").await;
    at_token(|params| secret(params, "confidential", "secret "), "rfc6749-secret-wrong", "white space").await;
    at_token(|params| secret(params, "public", "secret"), "rfc6749-secret-of-public-client", "").await;
}

#[tokio::test]
async fn basic_authentication_is_checked() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&with(asking(), "client_id", "confidential")).await;
    let body = without(redeeming(&code), "client_id");
    for (header, rule, hint) in [
        (basic("confidential", "wrong"), "rfc6749-secret-wrong", ""),
        (basic("confidential", ""), "rfc6749-secret-wrong", "empty"),
        (basic("", "secret"), "rfc6749-basic-malformed", "empty"),
        (basic("who", "secret"), "rfc6749-token-client-unknown", ""),
        (basic("confidential", "100%"), "rfc6749-basic-malformed", "%25"),
        ("Basic !".to_owned(), "rfc6749-basic-malformed", "base64"),
        ("Basic Y29uZmlkZW50aWFs".to_owned(), "rfc6749-basic-malformed", "colon"),
        ("Basic //79".to_owned(), "rfc6749-basic-malformed", "UTF-8"),
        ("Bearer abc".to_owned(), "rfc6749-basic-malformed", "scheme"),
    ] {
        let answer = browser.post("/token", body.encode(), Some(&header)).await;
        assert_eq!(answer.status, 401, "{header}");
        assert!(answer.header("www-authenticate").is_some_and(|value| value.starts_with("Basic ")));
        assert_refused(&idp, &answer, rule, hint);
    }
    let right = basic("confidential", "secret");
    let twice = body.clone().with("client_secret", "secret").encode();
    let answer = browser.post("/token", twice, Some(&right)).await;
    assert_refused(&idp, &answer, "rfc6749-two-authentication-methods", "client_secret_basic and client_secret_post");
    let other = body.clone().with("client_id", "public").encode();
    let answer = browser.post("/token", other, Some(&right)).await;
    assert_refused(&idp, &answer, "rfc6749-client-ids-differ", "");
    assert_eq!(browser.post("/token", body.encode(), Some(&right)).await.status, 200);
}

#[tokio::test]
async fn refreshing_is_checked() {
    let idp = server();
    idp.clock().freeze();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let params = || refreshing(&tokens["refresh_token"]);
    let other = with(with(params(), "client_id", "confidential"), "client_secret", "secret");
    for (params, rule, hint) in [
        (with(params(), "refresh_token", "unknown"), "rfc6749-refresh-token-unknown", ""),
        (with(params(), "refresh_token", ""), "rfc6749-refresh-token-missing", ""),
        (other, "rfc6749-refresh-token-other-client", ""),
        (with(params(), "scope", "openid admin"), "rfc6749-refresh-scope-wider", "admin"),
        (with(params(), "scope", "openid  "), "rfc6749-refresh-scope-malformed", ""),
    ] {
        let answer = browser.token(&params).await;
        assert_refused(&idp, &answer, rule, hint);
    }
    let next = browser.token(&params()).await.tokens();
    let answer = browser.token(&params()).await;
    assert_refused(&idp, &answer, "rfc9700-refresh-token-replayed", "revoked");
    let answer = browser.token(&refreshing(&next["refresh_token"])).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-unknown", "revoked");

    let tokens = browser.log_in().await;
    idp.clock().advance(Duration::from_secs(30 * 24 * 3600));
    let answer = browser.token(&refreshing(&tokens["refresh_token"])).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-expired", "0 seconds ago");
}

#[tokio::test]
async fn a_client_gets_what_it_is_registered_for() {
    let narrow = Client::public("public").redirect_uri(REDIRECT_URI).scope(["openid"]);
    let no_refresh = Client::public("once").redirect_uri(REDIRECT_URI).grant_types(["authorization_code"]);
    let no_code = Client::public("never").redirect_uri(REDIRECT_URI).grant_types(["refresh_token"]);
    let idp = MockIdp::builder().client(narrow).client(no_refresh).client(no_code).in_process().expect("clients");
    let browser = Browser::new(&idp);
    let answer = browser.authorize(&asking()).await;
    assert_refused(&idp, &answer, "rfc6749-scope-not-allowed", "email");
    let answer = browser.authorize(&with(asking(), "client_id", "never")).await;
    assert_refused(&idp, &answer, "rfc6749-code-grant-not-allowed", "");
    let answer = browser.token(&with(redeeming("x"), "client_id", "never")).await;
    assert_refused(&idp, &answer, "rfc6749-grant-type-not-allowed", "");
    let code = browser.code(&with(asking(), "client_id", "once")).await;
    let tokens = browser.token(&with(redeeming(&code), "client_id", "once")).await.tokens();
    assert_eq!(tokens.get("refresh_token"), None);
}

#[tokio::test]
async fn a_protected_resource_challenges() {
    let idp = server();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    let request = |uri: &str, headers: &[&str]| {
        let request =
            headers.iter().fold(Request::get(uri), |request, value| request.header("Authorization", *value));
        request.body(Bytes::new()).expect("a request")
    };
    let bearer = format!("Bearer {token}");
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let altered = format!("Bearer {signed}.{other}{}", &signature[1..]);
    let id_token = format!("Bearer {}", tokens["id_token"].as_str().expect("a token"));
    let in_query = format!("/userinfo?access_token={token}");
    for (request, status, rule) in [
        (request("/userinfo", &[]), 401, "rfc6750-token-missing"),
        (request("/userinfo", &[&basic("confidential", "secret")]), 401, "rfc6750-token-missing"),
        (request("/userinfo", &["Bearer"]), 400, "rfc6750-token-malformed"),
        (request("/userinfo", &["Bearer a b"]), 400, "rfc6750-token-malformed"),
        (request("/userinfo", &[&bearer, &bearer]), 400, "rfc6750-token-twice"),
        (request(&in_query, &[]), 400, "rfc6750-token-in-query"),
        (request("/userinfo", &["Bearer abc"]), 401, "rfc6750-token-invalid"),
        (request("/userinfo", &[&altered]), 401, "rfc6750-token-invalid"),
        (request("/userinfo", &[&id_token]), 401, "rfc6750-token-invalid"),
    ] {
        let answer = browser.send(request).await;
        assert_eq!(answer.status, status, "{rule}");
        let challenge = answer.header("www-authenticate").expect("a challenge").to_owned();
        assert_eq!(challenge.contains("error="), rule != "rfc6750-token-missing", "RFC 6750 3.1: {challenge}");
        assert_refused(&idp, &answer, rule, "");
    }
    let body = Params::new().with("access_token", &*token).encode();
    let answer = browser.post("/userinfo", body, Some(&bearer)).await;
    assert_refused(&idp, &answer, "rfc6750-token-twice", "");

    let code = browser.code(&with(asking(), "scope", "read")).await;
    let tokens = browser.token(&redeeming(&code)).await.tokens();
    let answer = browser.userinfo(tokens["access_token"].as_str().expect("a token")).await;
    assert_eq!(answer.status, 403);
    assert_refused(&idp, &answer, "oidc-userinfo-scope-missing", "read");

    idp.clock().advance(Duration::from_secs(3_700));
    let answer = browser.userinfo(&token).await;
    assert_refused(&idp, &answer, "rfc6750-token-invalid", "expired");
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_refused() {
    let idp = server();
    let browser = Browser::new(&idp);
    let form = "application/x-www-form-urlencoded";
    let post = |uri: &str, content_type: Option<&str>, body: Bytes| {
        let request =
            content_type.into_iter().fold(Request::post(uri), |request, kind| request.header("Content-Type", kind));
        request.body(body).expect("a request")
    };
    let code = browser.code(&asking()).await;
    let body = Bytes::from(redeeming(&code).encode());
    let json = Bytes::from_static(b"{\"grant_type\":\"authorization_code\"}");
    for (request, status, rule, hint) in [
        (post("/token", Some("application/json"), json.clone()), 400, "rfc6749-token-request-not-a-form", "json"),
        (post("/token", Some("text/plain"), body.clone()), 400, "rfc6749-token-request-not-a-form", "text/plain"),
        (post("/token", None, body.clone()), 400, "rfc6749-token-request-not-a-form", "no Content-Type"),
        (
            post("/token?a=b&code=c", Some(form), body.clone()),
            400,
            "rfc6749-token-parameters-in-query",
            "code; queries",
        ),
        (post("/token?a=b", Some(form), "a=c".into()), 400, "rfc6749-token-parameters-in-query", "a; queries"),
        (post("/token", Some(form), Bytes::from_static(b"a=%zz")), 400, "rfc6749-parameters-unreadable", "octet 2"),
        (post("/token", Some(form), Bytes::from_static(b"a=%E9")), 400, "rfc6749-parameters-unreadable", "UTF-8"),
        (post("/token", Some(form), Bytes::from_static(b"a=\xE9")), 400, "rfc6749-parameters-unreadable", "UTF-8"),
        (post("/token", Some(form), "a&".repeat(300).into()), 400, "rfc6749-parameters-unreadable", "256"),
        (post("/token", Some(form), vec![b'a'; 65_537].into()), 413, "rfc6749-parameters-unreadable", "65536"),
        (post("/authorize?a=b", Some(form), body.clone()), 400, "rfc6749-authorization-query-and-body", ""),
        (post("/authorize?a=b", None, Bytes::new()), 400, "rfc6749-authorization-query-and-body", ""),
    ] {
        let answer = browser.send(request).await;
        assert_eq!(answer.status, status, "{rule} {hint}");
        assert_refused(&idp, &answer, rule, hint);
    }
    let gzip = Request::post("/token").header("Content-Type", form).header("Content-Encoding", "gzip");
    let answer = browser.send(gzip.body(body.clone()).expect("a request")).await;
    assert_eq!(answer.status, 415);
    assert_refused(&idp, &answer, "rfc6749-parameters-unreadable", "compressed");
    let utf8 = format!("{form}; charset=UTF-8");
    // What is not recognized is ignored.
    let answer = browser.send(post("/token?client-request-id=1", Some(&utf8), body)).await;
    assert_eq!(answer.status, 200, "the code is still good");
}

#[tokio::test]
async fn methods_and_paths_are_exact() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    for (method, path, allow) in [
        ("GET", "/token", "POST"),
        ("PUT", "/token", "POST"),
        ("HEAD", "/authorize", "GET, POST"),
        ("POST", "/jwks", "GET, HEAD"),
        ("DELETE", "/userinfo", "GET, POST"),
    ] {
        let uri = format!("{path}?{}", redeeming(&code).encode());
        let request = Request::builder().method(method).uri(uri).header("X-HTTP-Method-Override", "POST");
        let answer = browser.send(request.body(Bytes::new()).expect("a request")).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{method} {path}");
        assert_refused(&idp, &answer, "rfc6749-method-not-allowed", "");
    }
    for path in [
        "/token/",
        "//token",
        "/token;x",
        "/TOKEN",
        "/",
        "/acme",
        "/acme/",
        "/a/b/token",
        "/%2e%2e/token",
        "/.x/token",
        "/token/token",
    ] {
        let answer = browser.post(path, redeeming(&code).encode(), None).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_refused(&idp, &answer, "rfc8414-no-such-path", "/authorize /token");
        assert_eq!(idp.journal().last().map(|entry| entry.path.to_string()).as_deref(), Some(path));
    }
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200, "none of these spent the code");
}

#[test]
fn rules_are_listed_once_and_can_be_looked_up() {
    let rules = mock_idp::rules();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), rules.len(), "an id is used twice");
    for rule in rules {
        assert!(rule.url().starts_with("https://"), "{}", rule.id);
        assert!(!rule.says.ends_with('.') && rule.says.is_ascii(), "{}", rule.id);
    }
    assert!(mock_idp::documents().iter().any(|document| document.name == "RFC 7636"));
}

#[tokio::test]
async fn a_client_authenticates_by_its_own_method() {
    let client = Client::confidential("web", "s3cret").redirect_uri(REDIRECT_URI);
    let client = client.token_endpoint_auth_method("client_secret_basic");
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    let browser = Browser::new(&idp);
    let code = browser.code(&with(asking(), "client_id", "web")).await;
    let redeeming = with(redeeming(&code), "client_id", "web");
    let answer = browser.token(&redeeming.clone().with("client_secret", "s3cret")).await;
    assert_refused(&idp, &answer, "rfc7591-other-authentication-method", "client_secret_basic");
    let basic = format!("Basic {}", BASE64_STANDARD.encode("web:s3cret"));
    assert_eq!(browser.post("/token", redeeming.encode(), Some(&basic)).await.status, 200);
}

#[tokio::test]
async fn secrets_can_be_switched_off() {
    let idp = MockIdp::builder().on("strong-client-authentication").in_process().expect("a switch");
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let answer = browser.token(&redeeming(&code)).await;
    assert_refused(&idp, &answer, "rfc8414-authentication-method-unsupported", "none");
    let metadata = browser.fetch("/.well-known/openid-configuration").await.json();
    let methods = metadata["token_endpoint_auth_methods_supported"].as_array().expect("methods").clone();
    assert!(methods.contains(&"private_key_jwt".into()) && !methods.contains(&"none".into()), "{methods:?}");
}

#[tokio::test]
async fn a_user_who_is_gone_has_no_claims() {
    let store = Arc::new(mock_idp::store::MemoryStore::new());
    let with = |user| MockIdp::builder().store(store.clone()).user(mock_idp::User::new(user)).in_process();
    let (before, after) = (with("alice").expect("a server"), with("bob").expect("a server"));
    let tokens = Browser::new(&before).log_in().await;
    let answer = Browser::new(&after).userinfo(tokens["access_token"].as_str().expect("a token")).await;
    assert_eq!(answer.status, 401);
    assert_refused(&after, &answer, "oidc-userinfo-user-gone", "");
}

#[tokio::test]
async fn a_choice_that_nobody_leaves_is_an_error() {
    use mock_idp::StartError::Choice;
    let error = MockIdp::builder().on("pkce-optionl").in_process().expect_err("a misspelt switch");
    assert!(matches!(&error, Choice { name, known } if name == "pkce-optionl" && known.contains("pkce-optional")));
    let error = MockIdp::builder().amount("no-such-seconds", 1).in_process().expect_err("no such amount");
    assert!(matches!(&error, Choice { name, .. } if name == "no-such-seconds"));
    assert!(mock_idp::switches().iter().any(|switch| switch.name == "plain" && switch.relaxes));
}

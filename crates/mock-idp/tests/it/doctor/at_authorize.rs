//! Mistakes in an authorization request, and what the page says that is shown for some of them.

use oauth_types::Params;

use super::{APP, assert_told, server};
use crate::browser::{Browser, asking, with, without};

/// Mistakes with the redirect URI of `web`.
const REDIRECTS: &[(&str, &str, &str)] = &[
    ("https://app.example/cb/?from=idp&v=1", "rfc9700-redirect-uri-unregistered", "character 23"),
    ("https://app.example/cb?from=idp&v=1/", "rfc9700-redirect-uri-unregistered", "trailing slash"),
    ("https://APP.example/cb?from=idp&v=1", "rfc9700-redirect-uri-unregistered", "upper and lower case"),
    ("http://app.example/cb?from=idp&v=1", "rfc9700-redirect-uri-unregistered", "scheme alone: https is expected"),
    ("https://app.example:443/cb?from=idp&v=1", "rfc9700-redirect-uri-unregistered", "port 443"),
    ("https://app.example:8443/cb?from=idp&v=1", "rfc9700-redirect-uri-unregistered", "port alone"),
    ("https://www.app.example/cb?from=idp&v=1", "rfc9700-redirect-uri-unregistered", "www."),
    ("https://staging.example/cb?from=idp&v=1", "rfc9700-redirect-uri-unregistered", "host alone"),
    ("https://app.example/%63b?from=idp&v=1", "rfc9700-redirect-uri-unregistered", "percent-encoding"),
    ("https://app.example/cb?v=1&from=idp", "rfc9700-redirect-uri-unregistered", "order of the query"),
    ("https://app.example/cb", "rfc9700-redirect-uri-unregistered", "query is missing"),
    ("https://app.example/cb?from=idp&v=1&state=x", "rfc9700-redirect-uri-unregistered", "query alone"),
    ("https://app.example/cb?from=idp&v=1#top", "rfc6749-redirect-uri-fragment", "never reaches a server"),
    ("https%3A%2F%2Fapp.example%2Fcb", "rfc6749-redirect-uri-malformed", "once too often"),
    ("app.example/cb", "rfc6749-redirect-uri-malformed", "no scheme"),
    ("/cb", "rfc6749-redirect-uri-malformed", "path"),
    (" https://app.example/cb", "rfc6749-redirect-uri-malformed", "white space"),
    ("undefined", "rfc6749-redirect-uri-malformed", "undefined"),
];

#[tokio::test]
async fn a_redirect_uri_that_is_nearly_right_is_told_how() {
    let idp = server();
    let browser = Browser::new(&idp);
    let web = |uri: &str| with(with(asking(), "client_id", "web"), "redirect_uri", uri);
    for (uri, rule, words) in REDIRECTS {
        let answer = browser.authorize(&web(uri)).await;
        assert_eq!((answer.status, answer.location.as_deref()), (400, None), "{uri}");
        assert_told(&idp, &answer, rule, words);
    }
    let answer = browser.authorize(&web(APP)).await;
    assert!(answer.location.is_some_and(|to| to.starts_with(APP) && to.contains("&code=")));

    let wild = with(with(asking(), "client_id", "wild"), "redirect_uri", "https://one.app.example/cb");
    let answer = browser.authorize(&wild).await;
    assert_told(&idp, &answer, "rfc9700-redirect-uri-unregistered", "asterisk");
    let none = with(asking(), "client_id", "none");
    let answer = browser.authorize(&none).await;
    assert_told(&idp, &answer, "rfc9700-redirect-uri-unregistered", "No redirect URI is registered");
    let answer = browser.authorize(&without(none, "redirect_uri")).await;
    assert_told(&idp, &answer, "rfc6749-redirect-uri-missing", "None is registered");
    let loopback = with(asking(), "redirect_uri", "https://127.0.0.1:9/callback");
    let answer = browser.authorize(&loopback).await;
    assert_told(&idp, &answer, "rfc9700-redirect-uri-unregistered", "http on 127.0.0.1");
}

#[tokio::test]
async fn a_client_that_is_misnamed_is_told_how() {
    let idp = server();
    let browser = Browser::new(&idp);
    let (missing, unknown) = ("rfc6749-client-id-missing", "rfc6749-client-unknown");
    let bare = || without(asking(), "client_id");
    for (params, rule, words) in [
        (bare().with("clientId", "public"), missing, "clientId was sent"),
        (bare().with("client-id", "public"), missing, "client-id was sent"),
        (bare().with("app_id", "public"), missing, "app_id was sent"),
        (bare().with("client_id", ""), missing, "empty"),
        (Params::new(), missing, "no parameters"),
        (bare().with("client_id", "Public"), unknown, "Did you mean public?"),
        (bare().with("client_id", "pubilc"), unknown, "Did you mean public?"),
        (bare().with("client_id", "public\n"), unknown, "line end"),
        (bare().with("client_id", "\"public\""), unknown, "quotation marks"),
        (bare().with("client_id", "secret"), unknown, "swapped"),
        (bare().with("client_id", "${CLIENT_ID}"), unknown, "placeholder"),
        (bare().with("client_id", "null"), unknown, "has no value"),
    ] {
        let answer = browser.authorize(&params).await;
        assert_told(&idp, &answer, rule, words);
    }
    browser.code(&asking()).await;
}

#[tokio::test]
async fn a_parameter_of_an_authorization_request_that_is_nearly_right_is_told_how() {
    let idp = server();
    let browser = Browser::new(&idp);
    let changed = |name: &str, value: &str| with(asking(), name, value);
    let typed = "rfc6749-response-type-unsupported";
    for (params, rule, words) in [
        (changed("response_type", "Code"), typed, "Did you mean code?"),
        (changed("response_type", "authorization_code"), typed, "grant_type"),
        (changed("response_type", "code,id_token"), typed, "Supported: code"),
        (
            without(asking(), "response_type").with("responseType", "code"),
            "rfc6749-response-type-missing",
            "responseType",
        ),
        (
            without(asking(), "response_type").with("grant_type", "x"),
            "rfc6749-response-type-missing",
            "grant_type was",
        ),
        (changed("response_mode", "form-post"), "oauth-response-mode-unsupported", "Did you mean form_post?"),
        (changed("scope", "openid,email;profile  x"), "rfc6749-scope-malformed", "not by commas"),
        (changed("scope", "openid  email"), "rfc6749-scope-malformed", "two spaces"),
        (changed("scope", " openid"), "rfc6749-scope-malformed", "white space"),
        (changed("scope", "[\"openid\"]"), "rfc6749-scope-malformed", "JSON"),
        (changed("prompt", "selectAccount"), "oidc-prompt-malformed", "Did you mean select_account?"),
        (changed("prompt", "none login"), "oidc-prompt-malformed", "cannot be combined"),
        (changed("max_age", "60s"), "oidc-max-age-malformed", "no unit"),
        (changed("max_age", "-1"), "oidc-max-age-malformed", "Leave it out"),
        (changed("login_hint", "carol"), "oidc-login-hint-unknown", "alice, bob"),
        (changed("id_token_hint", "e30.e30.e30"), "oidc-id-token-hint-invalid", "header has no"),
        (asking().with("state", "2"), "rfc6749-authorization-parameter-twice", "state occurs twice"),
    ] {
        let answer = browser.authorize(&params).await;
        assert_eq!(answer.redirected().get("code"), None);
        assert_told(&idp, &answer, rule, words);
    }
    let commas = with(with(with(asking(), "client_id", "web"), "redirect_uri", APP), "scope", "openid,email");
    let answer = browser.authorize(&commas).await;
    assert_told(&idp, &answer, "rfc6749-scope-not-allowed", "not by commas");
    browser.code(&asking()).await;
}

#[tokio::test]
async fn an_access_token_is_no_hint() {
    let idp = server();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    let answer = browser.authorize(&asking().with("id_token_hint", text("access_token"))).await;
    assert_told(&idp, &answer, "oidc-id-token-hint-invalid", "another kind: an access token");
    super::assert_silent(&idp, &answer, &[&text("access_token")]);
    browser.code(&asking().with("id_token_hint", text("id_token"))).await;
}

#[tokio::test]
async fn the_page_says_what_is_asked_for_and_what_was_sent() {
    let idp = server();
    let params = with(with(asking(), "client_id", "web"), "redirect_uri", "https://app.example/cb").with("<b>", "x");
    let answer = Browser::new(&idp).authorize(&params).await;
    for part in [
        "<p id=\"says\">The redirect_uri has to be a registered one",
        "<code id=\"error\">invalid_request</code>",
        "<a id=\"document\" href=\"https://www.rfc-editor.org/rfc/rfc9700#section-2.1\">",
        "<dt>Likely mistake</dt><dd id=\"hint\">The nearest registered one is",
        "<code id=\"rule\">rfc9700-redirect-uri-unregistered</code>",
        "<code>client_id</code>, <code>redirect_uri</code>, <code>scope</code>, <code>state</code>",
        "<code>a parameter whose name has 3 octets</code>",
    ] {
        assert!(answer.body.contains(part), "{part} is not on the page: {}", answer.body);
    }
    for value in ["n0nce", "st~4te", "openid email", crate::browser::CHALLENGE] {
        assert!(!answer.body.contains(value), "the page shows {value}");
    }
    let answer = Browser::new(&idp).fetch("/authorize").await;
    assert!(answer.body.contains("<dd id=\"sent\">nothing</dd>"), "{}", answer.body);
    let posted = Browser::new(&idp).post("/authorize", "cliend_id=x".to_owned(), None).await;
    assert!(posted.body.contains("<dd id=\"sent\"><code>cliend_id</code></dd>"), "{}", posted.body);
    assert_told(&idp, &posted, "rfc6749-client-id-missing", "cliend_id was sent");
}

//! Mistakes in paths, in the metadata of clients, and when logging out.

use bytes::Bytes;
use http::Request;
use mock_idp::{Client, MockIdp};
use oauth_types::Params;
use serde_json::{Value, json};

use super::{assert_told, server};
use crate::browser::{Browser, REDIRECT_URI};

#[tokio::test]
async fn a_path_of_another_server_is_told_its_name_here() {
    let idp = server();
    let browser = Browser::new(&idp);
    for (path, words) in [
        ("/oauth/v2/token", "Did you mean /token?"),
        ("/oauth2/default/v1/token", "Did you mean /token?"),
        ("/oauth2/v1/token", "Did you mean /token?"),
        ("/as/token.oauth2", "Did you mean /token?"),
        ("/token/", "Did you mean /token?"),
        ("//token", "Did you mean /token?"),
        ("/Token", "Did you mean /token?"),
        ("/oauth2/default/v1/authorize", "Did you mean /authorize?"),
        ("/realms/acme/protocol/openid-connect/auth", "Did you mean /authorize?"),
        ("/realms/acme/protocol/openid-connect/certs", "Did you mean /jwks?"),
        ("/.well-known/jwks.json", "Did you mean /jwks?"),
        ("/.well-known/openid-configuration/", "Did you mean /.well-known/openid-configuration?"),
        ("/.well-known/openid_configuration", "Did you mean /.well-known/openid-configuration?"),
        ("/idp/userinfo.openid", "Did you mean /userinfo?"),
        ("/oauth/introspection", "Did you mean /introspect?"),
        ("/oauth2/revocation", "Did you mean /revoke?"),
        ("/connect/endsession", "Did you mean /logout?"),
        ("/connect/registration", "Did you mean /register?"),
        ("/authorise", "Did you mean /authorize?"),
    ] {
        let answer = browser.fetch(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_told(&idp, &answer, "rfc8414-no-such-path", words);
    }
    let answer = browser.fetch("/favicon.ico").await;
    assert_eq!(answer.status, 404);
    let hint = idp.journal().pop().and_then(|entry| entry.refusal?.hint).expect("a hint");
    assert!(!hint.contains("Did you mean"), "{hint}");
    assert_eq!(browser.fetch("/.well-known/openid-configuration").await.status, 200);
}

#[tokio::test]
async fn client_metadata_that_is_nearly_right_is_told_how() {
    let idp = server();
    let browser = Browser::new(&idp);
    let register = async |metadata: Value, kind: &str| {
        let request = Request::post("/register").header("Content-Type", kind);
        browser.send(request.body(Bytes::from(metadata.to_string())).expect("a request")).await
    };
    let json = "application/json";
    let uris = |uri: &str| json!({"redirect_uris": [uri]});
    let malformed = "rfc7591-redirect-uri-malformed";
    for (metadata, kind, rule, words) in [
        (json!({"redirect_uri": REDIRECT_URI}), json, "rfc7591-redirect-uris-missing", "the name is redirect_uris"),
        (uris("app.example/cb"), json, malformed, "no scheme"),
        (uris("/cb"), json, malformed, "It is a path"),
        (uris("https://app.example/cb#x"), json, malformed, "fragment"),
        (uris("http://app.example/cb"), json, "rfc7591-redirect-uri-insecure", "is http"),
        (json!({"redirect_uris": REDIRECT_URI}), json, "rfc7591-metadata-malformed", "redirect_uris"),
        (uris(REDIRECT_URI), "text/plain", "rfc7591-not-json", "application/json"),
    ] {
        let answer = register(metadata, kind).await;
        assert_told(&idp, &answer, rule, words);
    }
    assert_eq!(register(uris(REDIRECT_URI), json).await.status, 201);
}

#[tokio::test]
async fn a_logout_that_is_nearly_right_is_told_how() {
    let bye = "https://app.example/bye";
    let public = Client::public("public").redirect_uri(REDIRECT_URI).post_logout_redirect_uri(bye);
    let idp = MockIdp::builder().client(public).client(Client::public("bare")).in_process().expect("clients");
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    let leaving = |client: &str, to: &str| {
        let params = Params::new().with("client_id", client).with("post_logout_redirect_uri", to);
        format!("/logout?{}", params.encode())
    };
    let hinting = |client: &str, hint: &str| {
        format!("/logout?{}", Params::new().with("client_id", client).with("id_token_hint", hint).encode())
    };
    let unregistered = "oidc-logout-redirect-unregistered";
    let hint = "oidc-logout-hint-invalid";
    for (path, rule, words) in [
        (leaving("public", "https://app.example/bye/"), unregistered, "trailing slash"),
        (leaving("public", "http://app.example/bye"), unregistered, "scheme alone"),
        (leaving("public", REDIRECT_URI), unregistered, "among redirect_uris alone"),
        (leaving("bare", bye), unregistered, "None is registered"),
        (leaving("Public", bye), "oidc-logout-client-unknown", "Did you mean public?"),
        (hinting("public", &text("access_token")), hint, "another kind: an access token"),
        (hinting("bare", &text("id_token")), "oidc-logout-client-differs", "issued to public"),
    ] {
        let answer = browser.fetch(&path).await;
        assert_told(&idp, &answer, rule, words);
    }
    assert_eq!(browser.fetch(&leaving("public", bye)).await.status, 303);
}

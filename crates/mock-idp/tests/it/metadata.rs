//! The metadata document says exactly what is on.

use http::Request;
use mock_idp::{MockIdp, StartError};
use oauth_types::ProviderMetadata;
use serde_json::json;

use crate::browser::{Browser, asking, with};

async fn metadata(idp: &MockIdp, path: &str) -> serde_json::Value {
    let answer = Browser::new(idp).fetch(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

#[tokio::test]
async fn the_document_is_found_in_every_form() {
    let idp = MockIdp::builder().issuer("https://idp.example").in_process().expect("an issuer");
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        assert_eq!(metadata(&idp, path).await["issuer"], "https://idp.example");
        for tenant in [format!("{path}/acme"), format!("/acme{path}")] {
            let document = metadata(&idp, &tenant).await;
            assert_eq!(document["issuer"], "https://idp.example/acme", "{tenant}");
            assert_eq!(document["token_endpoint"], "https://idp.example/acme/token", "{tenant}");
        }
    }
}

#[tokio::test]
async fn it_can_be_read_by_a_client() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let document = metadata(&idp, "/.well-known/openid-configuration").await;
    let read: ProviderMetadata = serde_json::from_value(document).expect("a metadata document");
    assert_eq!(read.code_challenge_methods_supported.as_deref(), Some(&["S256".to_owned()][..]));
    assert!(read.authorization_response_iss_parameter_supported);
    assert_eq!(read.response_types_supported, ["code"]);
}

#[tokio::test]
async fn a_document_that_is_left_out_is_not_advertised_and_not_spoken() {
    let idp = MockIdp::builder()
        .without("RFC 9207")
        .without("RFC 8414")
        .without("OAuth 2.0 Form Post Response Mode")
        .without("OpenID Connect Core 1.0")
        .without("JARM")
        .in_process()
        .expect("these can be left out");
    let document = metadata(&idp, "/.well-known/openid-configuration").await;
    assert_eq!(document.get("authorization_response_iss_parameter_supported"), None);
    assert_eq!(document["response_modes_supported"], json!(["query", "fragment"]));
    assert_eq!(document.get("userinfo_endpoint"), None);
    let browser = Browser::new(&idp);
    assert_eq!(browser.authorize(&asking()).await.redirected().get("iss"), None);
    let answer = browser.authorize(&with(asking(), "response_mode", "form_post")).await;
    assert_eq!(answer.redirected().get("error"), Some("invalid_request"));
    for path in ["/.well-known/oauth-authorization-server", "/userinfo", "/acme/userinfo"] {
        assert_eq!(browser.fetch(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn without_pkce_nothing_is_verified_and_nothing_is_claimed() {
    let idp = MockIdp::builder().without("RFC 7636").in_process().expect("it can be left out");
    let document = metadata(&idp, "/.well-known/openid-configuration").await;
    assert_eq!(document.get("code_challenge_methods_supported"), None);
    let tokens = Browser::new(&idp).log_in().await;
    assert_eq!(tokens["token_type"], "Bearer");
}

#[tokio::test]
async fn what_cannot_be_left_out_is_an_error() {
    for name in ["RFC 6749", "RFC 9068", "RFC 0000"] {
        let error = MockIdp::builder().without(name).in_process().expect_err("it cannot be left out");
        assert!(matches!(&error, StartError::Without { name: own, .. } if own == name), "{error}");
    }
}

#[tokio::test]
async fn every_advertised_endpoint_answers() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let document = metadata(&idp, "/acme/.well-known/openid-configuration").await;
    for (name, value) in document.as_object().expect("an object") {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let request = Request::get(value.as_str().expect("a URL")).body(bytes::Bytes::new()).expect("a request");
            assert_ne!(Browser::new(&idp).send(request).await.status, 404, "{name}");
        }
    }
}

#[tokio::test]
async fn scripts_may_read_everything_but_the_authorization_endpoint() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let browser = Browser::new(&idp);
    for path in ["/.well-known/openid-configuration", "/jwks", "/userinfo", "/token"] {
        assert_eq!(browser.fetch(path).await.header("access-control-allow-origin"), Some("*"), "{path}");
        let request = Request::options(path).body(bytes::Bytes::new()).expect("a request");
        let preflight = browser.send(request).await;
        assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, Some("*")), "{path}");
        assert!(preflight.header("access-control-allow-headers").is_some_and(|list| list.contains("authorization")));
    }
    let request = Request::options("/authorize").body(bytes::Bytes::new()).expect("a request");
    for answer in [browser.authorize(&asking()).await, browser.send(request).await] {
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

#[tokio::test]
async fn an_unusable_description_is_refused_at_start() {
    use mock_idp::{Client, User};
    let builder = MockIdp::builder;
    for issuer in ["127.0.0.1", "http://a/", "https://a?b", "https://a#b", "ftp://a", "https://"] {
        assert!(matches!(builder().issuer(issuer).in_process(), Err(StartError::Issuer(_))), "{issuer}");
    }
    for uri in ["/cb", "https://a/cb#x", "javascript:alert(1)"] {
        let error = builder().client(Client::public("a").redirect_uri(uri)).in_process().expect_err("unusable");
        assert!(matches!(error, StartError::RedirectUri { .. }), "{uri}");
    }
    let twice = builder().client(Client::public("a")).client(Client::confidential("a", "b")).in_process();
    assert!(matches!(twice, Err(StartError::ClientTwice(id)) if id == "a"));
    let twice = builder().user(User::new("a")).user(User::new("a")).in_process();
    assert!(matches!(twice, Err(StartError::UserTwice(id)) if id == "a"));
}

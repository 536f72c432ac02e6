//! OAuth Client ID Metadata Document: a client that nobody registered says itself who it is, at the URL it is called by.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{Request, Response};
use mock_idp::outbound::{Outbound, OutboundError};
use mock_idp::store::BoxFuture;
use mock_idp::{Builder, MockIdp};
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, REDIRECT_URI, asking, redeeming, refreshing, with};
use crate::refusals::{assert_quiet, assert_refused};
use crate::signer::Signer;

const URL: &str = "https://app.example/client.json";

/// The web: what is at which URL, and what was asked for.
#[derive(Debug, Default)]
struct Web {
    pages: Mutex<HashMap<String, Response<Bytes>>>,
    asked: Mutex<Vec<String>>,
}

impl Outbound for Web {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, OutboundError>> {
        let url = request.uri().to_string();
        let page = self.pages.lock().expect("no panic").get(&url).cloned();
        self.asked.lock().expect("no panic").push(url);
        Box::pin(std::future::ready(page.ok_or(OutboundError::TimedOut)))
    }
}

/// A server, and the web it looks into.
struct Stage {
    idp: MockIdp,
    web: Arc<Web>,
}

impl Stage {
    fn new(build: impl FnOnce(Builder) -> Builder) -> Self {
        let web = Arc::new(Web::default());
        let idp = build(MockIdp::builder().outbound(web.clone())).in_process().expect("a server");
        Self { idp, web }
    }

    fn serve(&self, url: &str, status: u16, headers: &[(&str, &str)], body: impl ToString) {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let response = response.body(Bytes::from(body.to_string())).expect("a response");
        self.web.pages.lock().expect("no panic").insert(url.to_owned(), response);
    }

    /// Serves a document that may be kept for so many seconds.
    fn publish(&self, document: &Value, seconds: u32) {
        let kept = format!("max-age={seconds}");
        let url = document["client_id"].as_str().unwrap_or(URL);
        self.serve(
            url,
            200,
            &[(CONTENT_TYPE.as_str(), "application/json"), (CACHE_CONTROL.as_str(), &kept)],
            document,
        );
    }

    fn browser(&self) -> Browser<'_> {
        Browser::new(&self.idp)
    }

    fn asked(&self) -> usize {
        self.web.asked.lock().expect("no panic").len()
    }

    /// An authorization request of the client at `url`, which is refused on a page; and its token request.
    async fn refuses(&self, url: &str, rule: &str, hint: &str) {
        let answer = self.browser().authorize(&with(asking(), "client_id", url)).await;
        assert_eq!((answer.status, answer.location.as_deref()), (400, None), "{url}");
        assert_refused(&self.idp, &answer, rule, hint);
        let answer = self.browser().token(&with(redeeming("c0de"), "client_id", url)).await;
        assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")), "{url}");
        assert_refused(&self.idp, &answer, rule, hint);
        assert_quiet(&self.idp, &answer, &["c0de", "canary"]);
    }
}

fn document() -> Value {
    json!({
        "client_id": URL,
        "client_name": "An app",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    })
}

fn with_member(name: &str, value: Value) -> Value {
    let mut document = document();
    document[name] = value;
    document
}

fn asking_as(url: &str) -> Params {
    with(asking(), "client_id", url)
}

async fn log_in(stage: &Stage) -> Answer {
    let code = stage.browser().code(&asking_as(URL)).await;
    stage.browser().token(&with(redeeming(&code), "client_id", URL)).await
}

#[tokio::test]
async fn a_client_is_found_by_its_url() {
    let stage = Stage::new(|builder| builder);
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        let metadata = stage.browser().fetch(path).await.json();
        assert_eq!(metadata["client_id_metadata_document_supported"], true, "{path}");
    }
    stage.publish(&document(), 60);
    let tokens = log_in(&stage).await.tokens();
    assert_eq!(crate::browser::decode(&tokens["access_token"]).1["client_id"], URL);
    assert_eq!(stage.idp.journal().pop().and_then(|entry| entry.client_id).as_deref(), Some(URL));
    let again = with(refreshing(&tokens["refresh_token"]), "client_id", URL);
    assert_eq!(stage.browser().token(&again).await.status, 200);
    let answer = stage.browser().authorize(&with(asking_as(URL), "redirect_uri", "https://evil.example/cb")).await;
    assert_refused(&stage.idp, &answer, "rfc9700-redirect-uri-unregistered", "");

    let without = Stage::new(|builder| builder.without("OAuth Client ID Metadata Document"));
    without.publish(&document(), 60);
    without.refuses_as_unknown().await;
}

impl Stage {
    async fn refuses_as_unknown(&self) {
        let answer = self.browser().authorize(&asking_as(URL)).await;
        assert_refused(&self.idp, &answer, "rfc6749-client-unknown", "");
        let metadata = self.browser().fetch("/.well-known/oauth-authorization-server").await.json();
        assert_eq!((metadata.get("client_id_metadata_document_supported"), self.asked()), (None, 0));
    }
}

#[tokio::test]
async fn a_document_is_kept_for_as_long_as_it_says() {
    let stage = Stage::new(|builder| builder);
    stage.publish(&document(), 60);
    log_in(&stage).await.tokens();
    assert_eq!(stage.asked(), 1, "once for both requests");
    stage.idp.clock().advance(Duration::from_secs(60));
    stage.publish(&with_member("redirect_uris", json!(["https://app.example/cb"])), 0);
    for asked in [2, 3] {
        let answer = stage.browser().authorize(&asking_as(URL)).await;
        assert_refused(&stage.idp, &answer, "rfc9700-redirect-uri-unregistered", "");
        assert_eq!(stage.asked(), asked, "it may not be kept");
    }
    stage.publish(&document(), 1_000_000);
    log_in(&stage).await.tokens();
    assert_eq!(stage.asked(), 4);
    stage.idp.clock().advance(Duration::from_secs(86_399));
    log_in(&stage).await.tokens();
    assert_eq!(stage.asked(), 4);
    stage.idp.clock().advance(Duration::from_secs(1));
    log_in(&stage).await.tokens();
    assert_eq!(stage.asked(), 5, "a day is the most");
}

#[tokio::test]
async fn what_is_wrong_is_not_kept() {
    let stage = Stage::new(|builder| builder);
    let json = [("content-type", "application/json"), ("cache-control", "max-age=60")];
    stage.serve(URL, 404, &json, document());
    stage.refuses(URL, "cimd-not-fetched", "404").await;
    stage.publish(&with_member("client_secret", json!("canary")), 60);
    stage.refuses(URL, "cimd-shared-secret", "client_secret").await;
    stage.publish(&document(), 60);
    log_in(&stage).await.tokens();
}

#[tokio::test]
async fn a_url_of_a_client_is_of_https_with_a_path() {
    let stage = Stage::new(|builder| builder);
    for (url, hint) in [
        ("https://app.example", "no path"),
        ("https://app.example/", "no path"),
        ("https://joe:passw0rd@app.example/a", "password"),
        ("https://app.example/a#b", "fragment"),
        ("https://app.example/a/../b", "dots"),
    ] {
        let answer = stage.browser().authorize(&asking_as(url)).await;
        assert_eq!((answer.status, answer.location.as_deref()), (400, None), "{url}");
        assert_refused(&stage.idp, &answer, "cimd-url-malformed", hint);
        assert!(!answer.body.contains("passw0rd"));
    }
    stage.refuses("https://app.example", "cimd-url-malformed", "no path").await;
    stage.refuses("http://app.example/a", "cimd-url-not-https", "").await;
    stage.refuses("http://127.0.0.1:81/a", "cimd-url-not-https", "").await;
    assert_eq!(stage.asked(), 0, "nobody was asked");
}

#[tokio::test]
async fn http_on_loopback_is_a_relaxation() {
    const LOCAL: &str = "http://127.0.0.1:81/client";
    let stage = Stage::new(|builder| builder.on("client-id-metadata-http"));
    stage.publish(&with_member("client_id", json!(LOCAL)), 60);
    stage.browser().code(&asking_as(LOCAL)).await;
    assert!(stage.idp.journal().pop().is_some_and(|entry| entry.relaxations == ["client-id-metadata-http"]));
    stage.refuses("http://app.example/a", "cimd-url-not-https", "").await;
    stage.publish(&document(), 60);
    stage.browser().code(&asking_as(URL)).await;
    assert!(stage.idp.journal().pop().is_some_and(|entry| entry.relaxations.is_empty()));
}

#[tokio::test]
async fn a_document_that_does_not_come_is_named() {
    let stage = Stage::new(|builder| builder);
    stage.refuses(URL, "cimd-not-fetched", "no whole answer").await;
    stage.refuses("https://10.0.0.1/client", "cimd-not-fetched", "private address").await;
    for (status, kind, body, hint) in [
        (201, "application/json", document().to_string(), "201"),
        (500, "application/json", document().to_string(), "500"),
        (200, "text/html", document().to_string(), "content type"),
        (200, "application/json", "canary".to_owned(), "not a JSON object"),
        (200, "application/json", "[]".to_owned(), "not a JSON object"),
    ] {
        stage.serve(URL, status, &[("content-type", kind)], body);
        stage.refuses(URL, "cimd-not-fetched", hint).await;
    }
    stage.serve(URL, 200, &[("content-type", "application/cimd+json; charset=utf-8")], document());
    log_in(&stage).await.tokens();
}

#[tokio::test]
async fn a_document_that_breaks_a_rule_is_refused() {
    let stage = Stage::new(|builder| builder);
    let without = |name: &str| {
        let mut document = document();
        document.as_object_mut().expect("an object").remove(name);
        document
    };
    let own = json!({"keys": [{"kty": "oct", "k": "canary"}]});
    for (document, rule, hint) in [
        (without("client_id"), "cimd-client-id-differs", "no client_id"),
        (with_member("client_id", json!(format!("{URL}/"))), "cimd-client-id-differs", "trailing slash"),
        (with_member("client_id", json!("https://evil.example/a")), "cimd-client-id-differs", "differ at"),
        (with_member("client_secret", json!("canary")), "cimd-shared-secret", "has client_secret"),
        (with_member("client_secret_expires_at", json!(0)), "cimd-shared-secret", "client_secret_expires_at"),
        (
            with_member("token_endpoint_auth_method", json!("client_secret_basic")),
            "cimd-shared-secret",
            "needs a secret",
        ),
        (
            with_member("token_endpoint_auth_method", json!("client_secret_jwt")),
            "cimd-shared-secret",
            "needs a secret",
        ),
        (with_member("jwks", own), "cimd-shared-secret", "not public"),
        (without("redirect_uris"), "cimd-redirect-uris-missing", ""),
        (with_member("redirect_uris", json!([])), "cimd-redirect-uris-missing", ""),
        (with_member("redirect_uris", json!("https://app.example/cb")), "cimd-metadata-refused", "redirect_uris"),
        (with_member("redirect_uris", json!(["javascript:alert(1)"])), "cimd-metadata-refused", "redirect_uris"),
        (with_member("token_endpoint_auth_method", json!(7)), "cimd-metadata-refused", "token_endpoint_auth_method"),
        (with_member("grant_types", json!([7])), "cimd-metadata-refused", "grant_types"),
        (with_member("id_token_signed_response_alg", json!("none")), "cimd-metadata-refused", "alg"),
        (with_member("dpop_bound_access_tokens", json!("yes")), "cimd-metadata-refused", "RFC 9449"),
    ] {
        let json = [("content-type", "application/json")];
        stage.serve(URL, 200, &json, &document);
        stage.refuses(URL, rule, hint).await;
    }
}

#[tokio::test]
async fn a_client_may_authenticate_with_a_key_that_it_publishes() {
    let (stage, key) = (Stage::new(|builder| builder), Signer::new());
    let mut document = with_member("token_endpoint_auth_method", json!("private_key_jwt"));
    document["jwks"] = key.jwks("one");
    stage.publish(&document, 60);
    let code = stage.browser().code(&asking_as(URL)).await;
    let redeeming = with(redeeming(&code), "client_id", URL);
    let answer = stage.browser().token(&redeeming).await;
    assert_refused(&stage.idp, &answer, "rfc7591-other-authentication-method", "private_key_jwt");
    let assertion = key.sign(&key.assertion(&stage.idp, URL));
    let signed = redeeming
        .with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        .with("client_assertion", &assertion);
    let answer = stage.browser().token(&signed).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_quiet(&stage.idp, &stage.browser().fetch("/userinfo").await, &[&assertion, &code]);
}

#[tokio::test]
async fn a_client_may_narrow_what_it_asks_for() {
    let stage = Stage::new(|builder| builder);
    stage.publish(&with_member("scope", json!("openid")), 60);
    let answer = stage.browser().authorize(&asking_as(URL)).await;
    assert_eq!(answer.location.as_deref().map(|to| to.starts_with(REDIRECT_URI)), Some(true));
    assert_refused(&stage.idp, &answer, "rfc6749-scope-not-allowed", "");
}

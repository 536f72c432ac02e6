//! RFC 7591: a client introduces itself, is judged by every document, and is a client from then on.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use mock_idp::clock::Clock;
use mock_idp::{Client, MockIdp};
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, REDIRECT_URI, asking, redeeming, with};
use crate::person::Person;
use crate::refusals::{assert_quiet, assert_refused};

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

/// What a client with one redirect URI registers.
pub(crate) fn introducing() -> Value {
    json!({ "redirect_uris": [REDIRECT_URI] })
}

/// `metadata` with `changes` put into it; null takes a member out.
pub(crate) fn changed(mut metadata: Value, changes: Value) -> Value {
    let members = metadata.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object").clone() {
        match value {
            Value::Null => drop(members.remove(&name)),
            value => drop(members.insert(name, value)),
        }
    }
    metadata
}

pub(crate) async fn register(idp: &MockIdp, metadata: &Value) -> Answer {
    send(idp, "application/json", metadata.to_string()).await
}

/// Registers what is fine.
pub(crate) async fn registered(idp: &MockIdp, metadata: &Value) -> Value {
    let answer = register(idp, metadata).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

/// Registers what breaks `rule`.
pub(crate) async fn refused(metadata: Value, rule: &str, hint: &str) {
    let idp = server();
    let answer = register(&idp, &metadata).await;
    assert_eq!(answer.status, 400, "{metadata}");
    assert_refused(&idp, &answer, rule, hint);
}

async fn send(idp: &MockIdp, kind: &str, body: String) -> Answer {
    let request = Request::post("/register").header(CONTENT_TYPE, kind).body(Bytes::from(body)).expect("a request");
    Browser::new(idp).send(request).await
}

pub(crate) fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

fn of(params: Params, client: &Value) -> Params {
    let params = with(params, "client_id", text(client, "client_id"));
    match client["client_secret"].as_str() {
        Some(secret) if params.get("grant_type").is_some() => with(params, "client_secret", secret),
        _ => params,
    }
}

#[tokio::test]
async fn a_registered_client_logs_its_user_in() {
    let idp = server();
    let browser = Browser::new(&idp);
    let metadata = changed(introducing(), json!({ "token_endpoint_auth_method": "client_secret_post" }));
    let client = registered(&idp, &metadata).await;
    let code = browser.code(&of(asking(), &client)).await;
    let answer = browser.token(&of(redeeming(&code), &client)).await;
    assert!(answer.tokens()["id_token"].is_string());
    let code = browser.code(&of(asking(), &client)).await;
    let answer = browser.token(&with(of(redeeming(&code), &client), "client_secret", "guessed")).await;
    assert_refused(&idp, &answer, "rfc6749-secret-wrong", "");
}

#[tokio::test]
async fn the_answer_says_all_that_was_registered() {
    let idp = server();
    idp.clock().freeze();
    let metadata = json!({
        "redirect_uris": [REDIRECT_URI, "https://app.example/cb", "com.example.app:/cb"],
        "client_name": "App", "client_name#ja-Jpan-JP": "\u{30af}", "client_uri": "https://app.example/",
        "contacts": ["a@app.example"], "scope": "openid email", "software_id": "x", "further": { "a": [1] },
    });
    let client = registered(&idp, &metadata).await;
    for (name, value) in metadata.as_object().expect("an object") {
        assert_eq!(&client[name], value);
    }
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(client["grant_types"], json!(["authorization_code"]));
    assert_eq!(client["response_types"], json!(["code"]));
    let issued = client["client_id_issued_at"].as_u64().expect("a time");
    assert_eq!(issued, idp.clock().now());
    assert_eq!(client["client_secret_expires_at"], issued + 30 * 24 * 3600);
    assert_eq!(text(&client, "client_secret").len(), 43);
    let other = registered(&idp, &metadata).await;
    assert_ne!(client["client_id"], other["client_id"]);
    assert_ne!(client["client_secret"], other["client_secret"]);
}

#[tokio::test]
async fn a_client_without_a_secret_gets_none() {
    let idp = server();
    let client = registered(&idp, &changed(introducing(), json!({ "token_endpoint_auth_method": "none" }))).await;
    assert_eq!((client.get("client_secret"), client.get("client_secret_expires_at")), (None, None));
    let browser = Browser::new(&idp);
    let code = browser.code(&of(asking(), &client)).await;
    assert_eq!(browser.token(&of(redeeming(&code), &client)).await.status, 200);
}

#[tokio::test]
async fn a_client_that_nobody_is_redirected_to_needs_no_redirect_uri() {
    let idp = MockIdp::builder().on("registration-of-any-grant").in_process().expect("nothing can fail");
    let metadata = json!({
        "grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_post", "scope": "a",
    });
    let client = registered(&idp, &metadata).await;
    assert_eq!(client["response_types"], json!([]));
    let asks: Params = [("grant_type", "client_credentials")].into_iter().collect();
    assert_eq!(Browser::new(&idp).token(&of(asks, &client)).await.tokens()["scope"], "a");
}

#[tokio::test]
async fn a_stranger_gets_no_grant_in_which_no_user_is_asked() {
    let idp = server();
    let metadata = changed(introducing(), json!({ "grant_types": ["authorization_code", "client_credentials"] }));
    let answer = register(&idp, &metadata).await;
    assert_eq!(answer.json()["error"], "invalid_client_metadata");
    assert_refused(&idp, &answer, "rfc7591-grant-of-a-stranger", "client_credentials");
}

#[tokio::test]
async fn a_registration_ends_after_its_time() {
    let idp = MockIdp::builder().amount("registration-seconds", 60).in_process().expect("nothing can fail");
    idp.clock().freeze();
    let browser = Browser::new(&idp);
    let client = registered(&idp, &introducing()).await;
    idp.clock().advance(Duration::from_secs(59));
    browser.code(&of(asking(), &client)).await;
    idp.clock().advance(Duration::from_secs(1));
    let answer = browser.authorize(&of(asking(), &client)).await;
    assert_refused(&idp, &answer, "rfc6749-client-unknown", "");
}

#[tokio::test]
async fn a_client_is_known_to_the_tenant_it_registered_at() {
    let idp = server();
    let client = registered(&idp, &introducing()).await;
    let answer = Browser { idp: &idp, base: "/acme" }.authorize(&of(asking(), &client)).await;
    assert_eq!((answer.status, answer.location.as_deref()), (400, None));
    assert_eq!(Browser::new(&idp).authorize(&of(asking(), &client)).await.status, 302);
}

#[tokio::test]
async fn the_metadata_name_the_endpoint_as_long_as_it_is_there() {
    let idp = server();
    let fetch = async |idp: &MockIdp| Browser::new(idp).fetch("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(fetch(&idp).await["registration_endpoint"], format!("{}/register", idp.issuer()));
    let without = MockIdp::builder().without("RFC 7591").in_process().expect("nothing can fail");
    assert_eq!(fetch(&without).await.get("registration_endpoint"), None);
    assert_eq!(register(&without, &introducing()).await.status, 404);
}

#[tokio::test]
async fn what_is_not_one_object_of_json_is_refused() {
    let idp = server();
    for (kind, body, hint) in [
        ("text/json", "{}", "application/json"),
        ("application/jsonx", "{}", "application/json"),
        ("application/json", "", "not JSON"),
        ("application/json", "{\"a\":1,}", "not JSON"),
        ("application/json", "[]", "no object"),
        ("application/json", "{\"redirect_uris\":[],\"redirect_uris\":[]}", "twice"),
    ] {
        let answer = send(&idp, kind, body.to_owned()).await;
        assert_eq!(answer.status, 400);
        assert_refused(&idp, &answer, "rfc7591-not-json", hint);
    }
    let body = introducing().to_string();
    assert_eq!(send(&idp, "Application/JSON; charset=utf-8", body).await.status, 201);
    let form = Browser::new(&idp).post("/register", "a=b".to_owned(), None).await;
    assert_refused(&idp, &form, "rfc7591-not-json", "application/json");
    assert_eq!(send(&idp, "application/json", format!("\"{}\"", "a".repeat(70_000))).await.status, 413);
}

#[tokio::test]
async fn a_member_of_the_wrong_type_is_refused() {
    for (changes, hint) in [
        (json!({ "redirect_uris": REDIRECT_URI }), "redirect_uris has to be an array"),
        (json!({ "scope": "a  b" }), "scope"),
        (json!({ "contacts": "a@a.example" }), "contacts"),
        (json!({ "contacts": [1] }), "contacts"),
        (json!({ "response_types": "code" }), "response_types"),
        (json!({ "client_name": "" }), "client_name"),
        (json!({ "client_name#": "a" }), "language"),
        (json!({ "client_name#a_b": "a" }), "language"),
        (json!({ "software_version": 1 }), "software_version"),
        (json!({ "logo_uri": "/logo.png" }), "logo_uri"),
        (json!({ "tos_uri#de": "javascript:alert(1)" }), "tos_uri"),
        (json!({ "jwks_uri": 1 }), "jwks_uri"),
        (json!({ "jwks_uri": "http://10.0.0.1/jwks" }), "a private address"),
        (json!({ "id_token_signed_response_alg": "none" }), "id_token_signed_response_alg"),
    ] {
        refused(changed(introducing(), changes), "rfc7591-metadata-malformed", hint).await;
    }
    let idp = server();
    let null = format!("{{\"redirect_uris\":[\"{REDIRECT_URI}\"],\"logo_uri\":null}}");
    let answer = send(&idp, "application/json", null).await;
    assert_refused(&idp, &answer, "rfc7591-metadata-malformed", "logo_uri is null");
}

#[tokio::test]
async fn a_redirect_uri_leads_to_the_client_and_nowhere_else() {
    let one = |uri: &str| json!({ "redirect_uris": ["https://app.example/cb", uri] });
    for (uri, rule, hint) in [
        ("/cb", "rfc7591-redirect-uri-malformed", "redirect_uris[1] is no absolute URI"),
        ("https://app.example/c b", "rfc7591-redirect-uri-malformed", "absolute"),
        ("https://app.example/cb#", "rfc7591-redirect-uri-malformed", "fragment"),
        ("javascript:alert(1)", "rfc7591-redirect-uri-insecure", "browser"),
        ("https://*.app.example/cb", "rfc7591-redirect-uri-insecure", "wildcard"),
        ("data:text/html,a", "rfc7591-redirect-uri-insecure", "browser"),
        ("http://app.example/cb", "rfc7591-redirect-uri-insecure", "is http"),
        ("HTTP://app.example/cb", "rfc7591-redirect-uri-insecure", "is http"),
        ("http://127.0.0.1.evil.example/cb", "rfc7591-redirect-uri-insecure", "is http"),
    ] {
        refused(one(uri), rule, hint).await;
    }
    refused(json!({}), "rfc7591-redirect-uris-missing", "authorization_code").await;
    refused(json!({ "redirect_uris": [] }), "rfc7591-redirect-uris-missing", "").await;
    let idp = server();
    for uri in ["http://[::1]/cb", "http://localhost:80/cb", "com.example.app:/cb", "https://other.example/cb"] {
        registered(&idp, &one(uri)).await;
    }
}

#[tokio::test]
async fn grant_types_and_response_types_go_together() {
    for (changes, hint) in [
        (json!({ "grant_types": ["refresh_token"], "response_types": ["code"] }), "lacks authorization_code"),
        (json!({ "grant_types": ["authorization_code"], "response_types": [] }), "no response type has code"),
        (json!({ "response_types": ["code", "token"] }), "lacks implicit"),
        (json!({ "response_types": ["code id_token"] }), "lacks implicit"),
        (json!({ "grant_types": ["authorization_code", "implicit"] }), "no response type has token or id_token"),
    ] {
        refused(changed(introducing(), changes), "rfc7591-types-inconsistent", hint).await;
    }
}

#[tokio::test]
async fn what_the_server_does_not_support_is_not_registered() {
    for (changes, hint) in [
        (json!({ "token_endpoint_auth_method": "client_secret" }), "client_secret_basic"),
        (json!({ "grant_types": ["authorization_code", "urn:example:other"] }), "authorization_code"),
        (json!({ "response_types": ["code", "other"] }), "response type"),
    ] {
        refused(changed(introducing(), changes), "rfc7591-metadata-unsupported", hint).await;
    }
}

#[tokio::test]
async fn the_server_alone_names_a_client() {
    for name in ["client_id", "client_secret", "client_secret_expires_at", "registration_access_token"] {
        let own = changed(introducing(), json!({ name: "s3cr3t-of-mine" }));
        let idp = server();
        let answer = register(&idp, &own).await;
        assert_refused(&idp, &answer, "rfc7591-member-of-the-server", name);
        assert_quiet(&idp, &answer, &["s3cr3t-of-mine"]);
    }
}

#[tokio::test]
async fn a_software_statement_is_trusted_of_nobody() {
    let statement = |text: &str| changed(introducing(), json!({ "software_statement": text }));
    refused(statement("e30"), "rfc7591-software-statement-invalid", "").await;
    let idp = server();
    let token = Browser::new(&idp).log_in().await["id_token"].as_str().expect("a JWT").to_owned();
    let answer = register(&idp, &statement(&token)).await;
    assert_refused(&idp, &answer, "rfc7591-software-statement-unapproved", "leave software_statement out");
    assert_quiet(&idp, &answer, &[&token]);
}

#[tokio::test]
async fn a_client_uses_the_response_types_it_registered() {
    for (own, answered) in [(json!(["id_token"]), false), (json!(["id_token", "code"]), true)] {
        let client = Client::public("public").redirect_uri(REDIRECT_URI).metadata("response_types", own);
        let idp = MockIdp::builder().client(client).in_process().expect("a client");
        let answer = Browser::new(&idp).authorize(&asking()).await;
        assert_eq!(answer.redirected().get("code").is_some(), answered);
        if !answered {
            assert_refused(&idp, &answer, "rfc7591-response-type-unregistered", "response_types");
        }
    }
}

#[tokio::test]
async fn an_initial_access_token_can_be_asked_for() {
    let founder = Client::confidential("founder", "secret").grant_types(["client_credentials"]);
    let builder = MockIdp::builder().client(founder).on("registration-needs-token");
    let idp = builder.in_process().expect("nothing can fail");
    let browser = Browser::new(&idp);
    let answer = register(&idp, &introducing()).await;
    assert_eq!((answer.status, answer.header("www-authenticate").is_some()), (401, true));
    assert_refused(&idp, &answer, "rfc6750-token-missing", "");
    for (scope, status) in [("other", 403), ("register", 201)] {
        let asks: Params = [
            ("grant_type", "client_credentials"),
            ("scope", scope),
            ("client_id", "founder"),
            ("client_secret", "secret"),
        ]
        .into_iter()
        .collect();
        let token = text(&browser.token(&asks).await.tokens(), "access_token").to_owned();
        let request = Request::post("/register").header(CONTENT_TYPE, "application/json");
        let request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        let request = request.body(Bytes::from(introducing().to_string())).expect("a request");
        let answer = browser.send(request).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        if status == 403 {
            assert_refused(&idp, &answer, "rfc7591-initial-token-scope", "register");
            assert!(answer.header("www-authenticate").is_some_and(|told| told.contains("scope=\"register\"")));
            assert_quiet(&idp, &answer, &[&token]);
        }
    }
}

#[tokio::test]
async fn every_document_judges_its_own_members() {
    for (changes, rule, hint) in [
        (json!({ "backchannel_token_delivery_mode": "push" }), "ciba-client-metadata", "poll and ping"),
        (json!({ "authorization_details_types": ["other"] }), "rfc9396-client-metadata", ""),
        (json!({ "authorization_signed_response_alg": "none" }), "jarm-client-metadata", ""),
        (json!({ "require_pushed_authorization_requests": "yes" }), "rfc9126-client-metadata", ""),
        (json!({ "dpop_bound_access_tokens": 1 }), "rfc9449-metadata-malformed", ""),
        (json!({ "introspection_signed_response_alg": "none" }), "rfc9701-algorithm-unsupported", ""),
        (
            json!({ "jwks": { "keys": [] }, "jwks_uri": "https://app.example/jwks" }),
            "rfc7523-client-metadata",
            "both",
        ),
        (json!({ "token_endpoint_auth_method": "private_key_jwt" }), "rfc7523-client-metadata", "needs jwks"),
    ] {
        refused(changed(introducing(), changes), rule, hint).await;
    }
}

/// RFC 9700 §4.11.2: a link to a client that anybody may have registered leads nowhere by itself.
#[tokio::test]
async fn a_client_that_registered_itself_gets_no_error_before_somebody_has_logged_in() {
    let idp = MockIdp::builder()
        .on("login-pages")
        .client(Client::public("public").redirect_uri(REDIRECT_URI).scope(["openid"]))
        .in_process()
        .expect("a server");
    let metadata = changed(introducing(), json!({"scope": "openid", "token_endpoint_auth_method": "none"}));
    let client_id = registered(&idp, &metadata).await["client_id"].as_str().expect("an id").to_owned();
    let wrong = |client_id: &str| with(with(asking(), "client_id", client_id), "scope", "openid payments");
    let silent = with(with(asking(), "client_id", &client_id), "scope", "openid").with("prompt", "none");
    let broken = wrong(&client_id).with("request", "no.object");

    for (asks, rule) in [
        (&wrong(&client_id), "rfc6749-scope-not-allowed"),
        (&silent, "oidc-login-required"),
        (&broken, "rfc9101-request-object-malformed"),
    ] {
        let page = Person::new(&idp).asks(asks).await;
        assert_eq!((page.status, page.location.as_deref()), (400, None), "{rule}");
        assert_refused(&idp, &page, rule, "");
    }
    let own = Person::new(&idp).asks(&wrong("public")).await;
    assert_eq!(own.redirected().get("error"), Some("invalid_scope"), "whoever runs the server has looked at it");

    let person = Person::new(&idp);
    person.logs_in(&with(with(asking(), "client_id", &client_id), "scope", "openid"), "alice").await;
    let told = person.asks(&wrong(&client_id)).await;
    assert_eq!(told.redirected().get("error"), Some("invalid_scope"), "somebody has logged in here");
}

#[tokio::test]
async fn a_client_that_registered_itself_may_be_told_of_errors_at_once() {
    let idp = MockIdp::builder().on("login-pages").on("redirect-for-strangers").in_process().expect("a server");
    let metadata = changed(introducing(), json!({"scope": "openid", "token_endpoint_auth_method": "none"}));
    let client_id = registered(&idp, &metadata).await["client_id"].as_str().expect("an id").to_owned();
    let asks = with(with(asking(), "client_id", &client_id), "scope", "openid").with("prompt", "none");
    let told = Person::new(&idp).asks(&asks).await;
    assert_eq!(told.redirected().get("error"), Some("login_required"));
    assert_eq!(idp.journal().pop().expect("an entry").relaxations, ["redirect-for-strangers"]);
}

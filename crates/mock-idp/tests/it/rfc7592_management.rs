//! RFC 7592: a registration is read, replaced and deleted by whoever holds its token, and by nobody else.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use mock_idp::MockIdp;
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, asking, redeeming, with};
use crate::refusals::{assert_quiet, assert_refused};
use crate::rfc7591_registration::{changed, introducing, register, registered, text};

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

/// A request of the client at the place it was told.
async fn manage(idp: &MockIdp, client: &Value, method: Method, body: Option<&Value>) -> Answer {
    manage_with(idp, client, method, (body, Some(text(client, "registration_access_token")))).await
}

async fn manage_with(
    idp: &MockIdp,
    client: &Value,
    method: Method,
    (body, token): (Option<&Value>, Option<&str>),
) -> Answer {
    let uri = text(client, "registration_client_uri").strip_prefix(idp.issuer()).expect("below the issuer");
    let mut request = Request::builder().method(method).uri(uri).header(CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = body.map(Value::to_string).unwrap_or_default();
    Browser::new(idp).send(request.body(Bytes::from(body)).expect("a request")).await
}

/// The update of a client that sends back what it has to.
fn updating(client: &Value, changes: Value) -> Value {
    changed(changed(introducing(), json!({ "client_id": client["client_id"] })), changes)
}

fn as_client(client: &Value) -> Params {
    with(asking(), "client_id", text(client, "client_id"))
}

#[tokio::test]
async fn a_client_reads_its_registration() {
    let idp = server();
    let client = registered(&idp, &changed(introducing(), json!({ "client_name": "App" }))).await;
    for _ in 0..2 {
        let answer = manage(&idp, &client, Method::GET, None).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
        assert_eq!(answer.json(), client);
    }
}

#[tokio::test]
async fn an_update_replaces_all_metadata_and_nothing_else() {
    let idp = server();
    let client = registered(&idp, &changed(introducing(), json!({ "client_name": "App", "scope": "a" }))).await;
    let other = json!({ "redirect_uris": ["http://127.0.0.1:9/other"], "client_secret": client["client_secret"] });
    let answer = manage(&idp, &client, Method::PUT, Some(&updating(&client, other))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let told = answer.json();
    assert_eq!((told.get("client_name"), told.get("scope")), (None, None));
    assert_eq!(told["redirect_uris"], json!(["http://127.0.0.1:9/other"]));
    for name in ["client_id", "client_secret", "client_id_issued_at", "registration_access_token"] {
        assert_eq!(told[name], client[name], "{name}");
    }
    assert_eq!(manage(&idp, &client, Method::GET, None).await.json(), told);
    let answer = Browser::new(&idp).authorize(&as_client(&client)).await;
    assert_refused(&idp, &answer, "rfc9700-redirect-uri-unregistered", "");
}

#[tokio::test]
async fn a_secret_comes_and_goes_with_the_method_that_needs_it() {
    let idp = server();
    let client = registered(&idp, &introducing()).await;
    let public = updating(&client, json!({ "token_endpoint_auth_method": "none" }));
    let told = manage(&idp, &client, Method::PUT, Some(&public)).await.json();
    assert_eq!(told.get("client_secret"), None);
    let told = manage(&idp, &client, Method::PUT, Some(&updating(&client, json!({})))).await.json();
    assert_ne!(text(&told, "client_secret"), text(&client, "client_secret"));
}

#[tokio::test]
async fn an_update_is_judged_like_a_registration() {
    let idp = server();
    let client = registered(&idp, &introducing()).await;
    let secret = text(&client, "client_secret").to_owned();
    for (changes, rule, hint) in [
        (json!({ "client_id": null }), "rfc7592-client-id-differs", "no client_id"),
        (json!({ "client_id": "other" }), "rfc7592-client-id-differs", "another client"),
        (json!({ "client_secret": "my-own-choice" }), "rfc7592-secret-differs", "choose"),
        (json!({ "client_secret": 1 }), "rfc7592-secret-differs", "choose"),
        (json!({ "client_id_issued_at": 1 }), "rfc7592-member-of-the-server", "client_id_issued_at"),
        (json!({ "registration_access_token": "a" }), "rfc7592-member-of-the-server", "registration_access_token"),
        (json!({ "redirect_uris": [] }), "rfc7591-redirect-uris-missing", ""),
        (json!({ "grant_types": ["other"], "response_types": [] }), "rfc7591-metadata-unsupported", ""),
        (json!({ "backchannel_token_delivery_mode": "push" }), "ciba-client-metadata", ""),
    ] {
        let answer = manage(&idp, &client, Method::PUT, Some(&updating(&client, changes))).await;
        assert_eq!(answer.status, 400, "{rule}");
        assert_refused(&idp, &answer, rule, hint);
        assert_quiet(&idp, &answer, &[&secret, "my-own-choice", text(&client, "registration_access_token")]);
    }
    assert_eq!(manage(&idp, &client, Method::GET, None).await.json(), client);
}

#[tokio::test]
async fn nobody_else_manages_a_registration() {
    let idp = server();
    let (client, other) = (registered(&idp, &introducing()).await, registered(&idp, &introducing()).await);
    let gone =
        changed(client.clone(), json!({ "registration_client_uri": format!("{}/client?client_id=a", idp.issuer()) }));
    let nobody = changed(client.clone(), json!({ "registration_client_uri": format!("{}/client", idp.issuer()) }));
    let update = updating(&client, json!({}));
    let own = text(&client, "registration_access_token");
    let others = text(&other, "registration_access_token");
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        for (at, token, hint) in [
            (&client, None, "Authorization: Bearer"),
            (&client, Some("wrong"), "another client"),
            (&client, Some(others), "another client"),
            (&gone, Some(own), "known no longer"),
            (&nobody, Some(own), "names no client"),
        ] {
            let answer = manage_with(&idp, at, method.clone(), (Some(&update), token)).await;
            assert_eq!(answer.status, 401, "{method} {hint}");
            assert!(answer.header("www-authenticate").is_some_and(|told| told.contains("invalid_token")));
            assert_refused(&idp, &answer, "rfc7592-token-wrong", hint);
            assert_quiet(&idp, &answer, &[own, others]);
        }
    }
    assert_eq!(manage(&idp, &client, Method::GET, None).await.json(), client);
}

#[tokio::test]
async fn a_deleted_client_is_gone_with_its_codes() {
    let idp = server();
    let browser = Browser::new(&idp);
    let public = changed(introducing(), json!({ "token_endpoint_auth_method": "none" }));
    let client = registered(&idp, &public).await;
    let code = browser.code(&as_client(&client)).await;
    let answer = manage(&idp, &client, Method::DELETE, None).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    let answer = browser.token(&with(redeeming(&code), "client_id", text(&client, "client_id"))).await;
    assert_refused(&idp, &answer, "rfc6749-token-client-unknown", "");
    let answer = browser.authorize(&as_client(&client)).await;
    assert_refused(&idp, &answer, "rfc6749-client-unknown", "");
    for method in [Method::GET, Method::DELETE] {
        let answer = manage(&idp, &client, method, None).await;
        assert_refused(&idp, &answer, "rfc7592-token-wrong", "known no longer");
    }
}

#[tokio::test]
async fn without_management_nothing_is_said_of_it() {
    let idp = MockIdp::builder().without("RFC 7592").in_process().expect("nothing can fail");
    let client = register(&idp, &introducing()).await.json();
    assert!(client["client_id"].is_string());
    assert_eq!((client.get("registration_access_token"), client.get("registration_client_uri")), (None, None));
    assert_eq!(Browser::new(&idp).fetch("/client?client_id=a").await.status, 404);
}

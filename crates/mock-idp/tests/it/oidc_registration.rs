//! OpenID Connect Dynamic Client Registration 1.0: what it asks of a client beyond RFC 7591.

use mock_idp::MockIdp;
use serde_json::{Value, json};

use crate::rfc7591_registration::{changed, introducing, refused, registered};

fn at(uri: &str, changes: Value) -> Value {
    changed(json!({ "redirect_uris": [uri] }), changes)
}

#[tokio::test]
async fn a_native_client_is_redirected_to_its_own_machine() {
    let native = |uri: &str| at(uri, json!({ "application_type": "native" }));
    let idp = MockIdp::builder().in_process().expect("nothing can fail");
    for uri in ["http://127.0.0.1/cb", "http://localhost:1/cb", "com.example.app:/cb"] {
        registered(&idp, &native(uri)).await;
    }
    refused(native("https://app.example/cb"), "oidc-registration-redirect-uri", "redirect_uris[0]").await;
    registered(&idp, &at("https://app.example/cb", json!({ "application_type": "web" }))).await;
}

#[tokio::test]
async fn a_web_client_with_the_implicit_grant_is_on_the_web() {
    let implicit = json!({ "grant_types": ["implicit"], "response_types": ["id_token token"] });
    let rule = "oidc-registration-redirect-uri";
    for uri in ["http://127.0.0.1/cb", "https://localhost/cb", "https://localhost:8443/cb", "com.example.app:/cb"] {
        refused(at(uri, implicit.clone()), rule, "redirect_uris[0] of a web client").await;
    }
}

#[tokio::test]
async fn a_member_with_another_value_is_refused() {
    for (changes, hint) in [
        (json!({ "application_type": "desktop" }), "web or native"),
        (json!({ "application_type": 1 }), "web or native"),
        (json!({ "initiate_login_uri": "http://app.example/" }), "https"),
        (json!({ "initiate_login_uri": true }), "https"),
    ] {
        refused(changed(introducing(), changes), "oidc-registration-metadata", hint).await;
    }
    let idp = MockIdp::builder().in_process().expect("nothing can fail");
    registered(&idp, &changed(introducing(), json!({ "initiate_login_uri": "https://app.example/login" }))).await;
}

#[tokio::test]
async fn a_sector_that_nobody_looks_at_is_no_sector() {
    let sector = json!({ "sector_identifier_uri": "https://other.example/uris" });
    refused(changed(introducing(), sector), "oidc-registration-sector-unverified", "leave it out").await;
}

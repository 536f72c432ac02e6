//! RFC 9701: introspection with a signed answer.

use bytes::Bytes;
use http::Request;
use mock_idp::jose::Jwe;
use mock_idp::{Client, MockIdp};
use oauth_types::fault::{Edit, Fault, Point};
use oauth_types::{ContentEncryption, KeyManagement, Params};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, REDIRECT_URI, basic, decode};
use crate::flows::verify;
use crate::oidc_claims::keys;
use crate::refusals::assert_refused;

const SIGNED: &str = "application/token-introspection+jwt";

fn server() -> MockIdp {
    let idp = MockIdp::builder()
        .client(Client::public("public").redirect_uri(REDIRECT_URI))
        .client(Client::confidential("rs", "secret"))
        .client(Client::confidential("es", "secret").metadata("introspection_signed_response_alg", "ES256"));
    let idp = idp.in_process().expect("clients");
    idp.clock().set(1_800_000_000);
    idp
}

async fn ask(browser: &Browser<'_>, client: &str, token: &str, accept: &[&str]) -> Answer {
    let request = Request::post("/introspect")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Authorization", basic(client, "secret"));
    let request = accept.iter().fold(request, |request, range| request.header("Accept", *range));
    let body = Params::new().with("token", token).encode();
    browser.send(request.body(Bytes::from(body)).expect("a request")).await
}

async fn token(browser: &Browser<'_>) -> String {
    browser.log_in().await["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn the_answer_is_signed_for_whoever_asks_for_that() {
    let idp = server();
    let browser = Browser::new(&idp);
    let token = token(&browser).await;
    let plain = ask(&browser, "rs", &token, &[]).await.json();
    let answer = ask(&browser, "rs", &token, &[SIGNED]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(SIGNED)));
    let jwt = json!(answer.body);
    assert_eq!(decode(&jwt).0["typ"], "token-introspection+jwt");
    assert_eq!(decode(&jwt).0["alg"], "RS256");
    let claims = verify(&browser, &jwt).await;
    let expected = json!({"iss": idp.issuer(), "aud": "rs", "iat": 1_800_000_000, "token_introspection": plain});
    assert_eq!(claims, expected);
    assert_eq!(plain["active"], true);
}

#[tokio::test]
async fn a_client_chooses_the_algorithm() {
    let idp = server();
    let browser = Browser::new(&idp);
    let jwt = json!(ask(&browser, "es", &token(&browser).await, &[SIGNED]).await.body);
    assert_eq!(decode(&jwt).0["alg"], "ES256");
    assert_eq!(verify(&browser, &jwt).await["aud"], "es");
}

#[tokio::test]
async fn the_answer_is_encrypted_for_whoever_is_registered_for_that() {
    let (key, set) = keys();
    let client = Client::confidential("rs", "secret")
        .metadata("jwks", set)
        .metadata("introspection_encrypted_response_alg", "ECDH-ES")
        .metadata("introspection_encrypted_response_enc", "A256GCM");
    let public = Client::public("public").redirect_uri(REDIRECT_URI);
    let idp = MockIdp::builder().client(client).client(public).in_process().expect("clients");
    let browser = Browser::new(&idp);
    let token = token(&browser).await;
    let answer = ask(&browser, "rs", &token, &[SIGNED]).await;
    assert_eq!(answer.header("content-type"), Some(SIGNED));
    let jwe = Jwe::parse(&answer.body).expect("an encrypted answer");
    assert_eq!((jwe.algorithm(), jwe.encryption()), (KeyManagement::EcdhEs, ContentEncryption::A256Gcm));
    let signed = String::from_utf8(jwe.decrypt(&key).expect("the content")).expect("text");
    assert_eq!(verify(&browser, &json!(signed)).await["token_introspection"]["active"], true);
    let plain = ask(&browser, "rs", &token, &[]).await.json();
    assert_eq!(plain["active"], true, "plain JSON was asked for");
}

#[tokio::test]
async fn of_a_dead_token_nothing_is_said() {
    let idp = server();
    let browser = Browser::new(&idp);
    let jwt = json!(ask(&browser, "rs", "unknown", &[SIGNED]).await.body);
    assert_eq!(verify(&browser, &jwt).await["token_introspection"], json!({"active": false}));
}

#[tokio::test]
async fn the_form_is_negotiated() {
    let idp = server();
    let browser = Browser::new(&idp);
    let token = token(&browser).await;
    let both = format!("application/json;q=0.5, {SIGNED}");
    let parameter = format!("{SIGNED} ; v=1; q=0.9");
    let upper = SIGNED.to_uppercase();
    let alike = format!("application/json, {SIGNED}");
    for accept in [&[both.as_str()][..], &[&parameter], &[&upper], &[&alike], &["text/html", SIGNED]] {
        assert_eq!(ask(&browser, "rs", &token, accept).await.header("content-type"), Some(SIGNED), "{accept:?}");
    }
    let never = format!("{SIGNED};q=0");
    let less = format!("application/json, {SIGNED};q=0.5");
    for accept in [&["*/*"][..], &["application/json"], &[&never], &[&less], &["application/jwt"], &[]] {
        let answer = ask(&browser, "rs", &token, accept).await;
        assert_eq!(answer.header("content-type"), Some("application/json"), "{accept:?}");
        assert_eq!(answer.json()["active"], true);
    }
}

#[tokio::test]
async fn a_refusal_is_not_signed() {
    let idp = server();
    let browser = Browser::new(&idp);
    let answer = ask(&browser, "rs", "", &[SIGNED]).await;
    assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/json")));
    assert_refused(&idp, &answer, "rfc7662-token-missing", "");
}

#[tokio::test]
async fn it_cannot_be_taken_for_an_access_token() {
    let idp = server();
    let browser = Browser::new(&idp);
    let jwt = ask(&browser, "rs", &token(&browser).await, &[SIGNED]).await.body;
    let claims: Value = decode(&json!(jwt)).1;
    assert_eq!((claims.get("sub"), claims.get("exp"), claims.get("scope")), (None, None, None));
    let answer = browser.userinfo(&jwt).await;
    assert_refused(&idp, &answer, "rfc6750-token-invalid", "");
    assert_eq!(ask(&browser, "rs", &jwt, &[]).await.json(), json!({"active": false}));
}

#[tokio::test]
async fn a_fault_edits_its_claims() {
    let idp = server();
    let browser = Browser::new(&idp);
    let token = token(&browser).await;
    let guard = idp.mount(Fault::always(Point::IntrospectionToken, Edit::set("aud", "other")));
    let jwt = json!(ask(&browser, "rs", &token, &[SIGNED]).await.body);
    assert_eq!(verify(&browser, &jwt).await["aud"], "other");
    guard.unmount();
}

#[tokio::test]
async fn the_metadata_lists_the_algorithms() {
    let metadata = async |idp: MockIdp| Browser::new(&idp).fetch("/.well-known/openid-configuration").await.json();
    let document = metadata(server()).await;
    let algorithms = document["introspection_signing_alg_values_supported"].as_array().expect("a list");
    assert!(algorithms.contains(&json!("RS256")) && algorithms.contains(&json!("ES256")));
    for (name, value) in [("encryption_alg", "ECDH-ES"), ("encryption_enc", "A256GCM")] {
        let known = &document[format!("introspection_{name}_values_supported")];
        assert!(known.as_array().expect("a list").contains(&json!(value)), "{known}");
    }
    for name in ["RFC 9701", "RFC 7662"] {
        let document = metadata(MockIdp::builder().without(name).in_process().expect("optional")).await;
        assert_eq!(document.get("introspection_signing_alg_values_supported"), None, "{name}");
    }
    let idp = MockIdp::builder().without("RFC 9701").in_process().expect("optional");
    let browser = Browser::new(&idp);
    let answer = ask(&browser, "confidential", &token(&browser).await, &[SIGNED]).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

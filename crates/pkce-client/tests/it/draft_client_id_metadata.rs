//! OAuth Client ID Metadata Document: a client that nobody has registered says who it is at a URL.

use std::sync::Arc;

use bytes::Bytes;
use mock_idp::outbound::{Outbound, OutboundError};
use mock_idp::store::BoxFuture;
use mock_idp::{MockIdp, Profile};
use pkce_client::{
    Algorithm, Client, ClientDocument, ClientMetadata, ConfigError, Error, ProviderMetadata, SigningKey,
};
use serde_json::{Value, json};

use crate::idp::{Idp, REDIRECT_URI};
use crate::stage::{ES256, ISSUER, Stage, asked};

const URL: &str = "https://app.example/client.json";

/// The web, with one page.
#[derive(Debug)]
pub(crate) struct Page(pub(crate) String);

impl Outbound for Page {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, OutboundError>> {
        assert_eq!(request.uri(), URL);
        let response = http::Response::builder().header("content-type", "application/json");
        let response = response.body(Bytes::from(self.0.clone())).expect("a response");
        Box::pin(std::future::ready(Ok(response)))
    }
}

fn document() -> ClientDocument {
    ClientDocument::new(URL, ClientMetadata::web("App", REDIRECT_URI)).expect("a document")
}

fn serving(document: &ClientDocument) -> Idp {
    Idp::new(MockIdp::builder().profile(Profile::Mcp).outbound(Arc::new(Page(document.to_json()))))
}

#[tokio::test]
async fn a_server_reads_who_the_client_is() {
    let document = document();
    let idp = serving(&document);
    let builder = Client::documented(idp.mock().issuer(), &document).http(idp.clone()).clock(idp.clone());
    let client = builder.discover().await.expect("a client");
    assert_eq!(client.client_id(), URL);
    let session = idp.login(&client, &[]).await;
    session.refresh().await.expect("it may refresh");
}

#[tokio::test]
async fn a_client_with_keys_signs_who_it_is() {
    let key = SigningKey::from_pem(Algorithm::Es256, ES256).expect("a key").with_kid("mine");
    let metadata = ClientMetadata::web("App", REDIRECT_URI).key(&key);
    let document = ClientDocument::new(URL, metadata).expect("a document");
    let idp = serving(&document);
    let builder = || Client::documented(idp.mock().issuer(), &document).http(idp.clone()).clock(idp.clone());
    idp.login(&builder().private_key_jwt(key).discover().await.expect("a client"), &[]).await;
    let error = builder().discover().await.expect_err("the key is not named");
    assert!(matches!(error, Error::Config(ConfigError::AuthMethodOwed(method)) if method == "private_key_jwt"));
}

#[test]
fn the_document_says_what_the_client_is() {
    let said: Value = serde_json::from_str(&document().to_json()).expect("JSON");
    let expected = json!({
        "client_id": URL, "client_name": "App", "application_type": "web", "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "token_endpoint_auth_method": "none"
    });
    assert_eq!(said, expected);
    let native = ClientDocument::new(URL, ClientMetadata::native("CLI")).expect("a document");
    let said: Value = serde_json::from_str(&native.to_json()).expect("JSON");
    assert_eq!(said["redirect_uris"], json!(["http://127.0.0.1/callback"]));
    assert_eq!((native.url(), &said["application_type"]), (URL, &json!("native")));
}

#[test]
fn what_cannot_be_served_or_used_is_no_document() {
    let refused = |url: &str, metadata| ClientDocument::new(url, metadata).expect_err("it is unusable");
    let web = || ClientMetadata::web("App", REDIRECT_URI);
    assert_eq!(refused("http://app.example/client.json", web()), ConfigError::DocumentUrl);
    assert_eq!(refused("https://app.example", web()), ConfigError::DocumentUrl);
    assert_eq!(refused(URL, ClientMetadata::service("Job")), ConfigError::NoRedirectUri);
    let secret = web().other("client_secret", json!("published"));
    assert_eq!(refused(URL, secret), ConfigError::ReservedParameter("client_secret".to_owned()));
}

#[tokio::test]
async fn a_server_that_does_not_read_documents_gets_no_url() {
    let stage = Stage::new();
    let made = |said: Value| {
        let mut metadata = stage.with(|script| script.metadata.clone());
        metadata["client_id_metadata_document_supported"] = said;
        let metadata: ProviderMetadata = serde_json::from_value(metadata).expect("metadata");
        Client::documented(ISSUER, &document()).http(stage.clone()).with_metadata(metadata)
    };
    for said in [Value::Null, json!(false), json!("true")] {
        let error = made(said).expect_err("it does not read them");
        let member = "client_id_metadata_document_supported";
        assert!(matches!(error, Error::Config(ConfigError::NotOffered { member: named, .. }) if named == member));
    }
    let started = made(json!(true)).expect("a client").login().begin().await.expect("a login");
    assert_eq!(asked(&started).get("client_id"), Some(URL));
}

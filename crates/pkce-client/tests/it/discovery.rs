//! Metadata: where they are looked for, and which are refused.

use pkce_client::{
    AddressError, Algorithm, Client, ClientBuilder, ConfigError, Defect, DiscoveryError, Endpoint, Error,
    IssuerDifference, JsonError, ProviderMetadata,
};
use serde_json::{Value, json};

use crate::stage::{CLIENT_ID, ISSUER, Stage, asked, metadata, response};

fn judged(builder: ClientBuilder, metadata: Value) -> Result<Client, Error> {
    builder.with_metadata(serde_json::from_value::<ProviderMetadata>(metadata).expect("metadata"))
}

fn changed(name: &str, value: Value) -> Value {
    let mut metadata = metadata(ISSUER);
    match value {
        Value::Null => drop(metadata.as_object_mut().expect("an object").remove(name)),
        value => metadata[name] = value,
    }
    metadata
}

fn refused(name: &str, value: Value) -> DiscoveryError {
    match judged(Stage::new().builder(), changed(name, value)) {
        Err(Error::Discovery(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn config(builder: ClientBuilder, metadata: Value) -> ConfigError {
    match judged(builder, metadata) {
        Err(Error::Config(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_openid_address_is_asked_first() {
    let stage = Stage::new();
    let client = stage.builder().discover().await.expect("a client");
    assert_eq!((client.issuer(), client.client_id()), (ISSUER, CLIENT_ID));
    let addresses: Vec<_> = stage.seen(Endpoint::Discovery).into_iter().map(|seen| seen.uri).collect();
    assert_eq!(addresses, ["https://issuer.example/.well-known/openid-configuration"]);
}

#[tokio::test]
async fn the_address_of_rfc_8414_is_asked_second() {
    let stage = Stage::new();
    let issuer = "https://issuer.example/tenant";
    stage.with(|script| script.metadata = metadata(issuer));
    stage.instead(|seen| seen.uri.ends_with("openid-configuration").then(|| Ok(response(404, "text/html", ""))));
    Client::builder(issuer, CLIENT_ID).http(stage.clone()).discover().await.expect("a client");
    let addresses: Vec<_> = stage.seen(Endpoint::Discovery).into_iter().map(|seen| seen.uri).collect();
    let expected = [
        "https://issuer.example/tenant/.well-known/openid-configuration",
        "https://issuer.example/.well-known/oauth-authorization-server/tenant",
    ];
    assert_eq!(addresses, expected);
}

#[tokio::test]
async fn both_addresses_may_be_empty() {
    let stage = Stage::new();
    stage.answer(Endpoint::Discovery, 404, "text/html", "");
    let error = stage.builder().discover().await.expect_err("a refusal");
    assert!(matches!(error, Error::Discovery(DiscoveryError::NotFound { openid: 404, oauth: 404 })), "{error:?}");
}

#[tokio::test]
async fn defective_documents_are_named() {
    let stage = Stage::new();
    let defect = async |status, content_type, body| {
        stage.answer(Endpoint::Discovery, status, content_type, body);
        match stage.builder().discover().await {
            Err(Error::Protocol { endpoint: Endpoint::Discovery, defect }) => defect,
            other => panic!("{other:?}"),
        }
    };
    let json = "application/json";
    assert_eq!(defect(302, json, "").await, Defect::Redirect(302));
    assert_eq!(defect(500, json, "").await, Defect::Status(500));
    assert_eq!(defect(200, "text/html", "<html>").await, Defect::ContentType);
    assert_eq!(defect(200, json, "<html>").await, Defect::Json(JsonError::Malformed));
    let twice = r#"{"issuer":"https://issuer.example","issuer":"https://evil.example"}"#;
    assert_eq!(defect(200, json, twice).await, Defect::Json(JsonError::DuplicateMember));
    assert_eq!(defect(200, json, "{}").await, Defect::Metadata);
    let wrong_type = r#"{"issuer":"https://issuer.example","code_challenge_methods_supported":"S256"}"#;
    assert_eq!(defect(200, json, wrong_type).await, Defect::Metadata);
}

#[test]
fn another_issuer_is_refused_and_the_difference_named() {
    let difference = |issuer: &str| match refused("issuer", json!(issuer)) {
        DiscoveryError::Issuer(difference) => difference,
        other => panic!("{other:?}"),
    };
    assert_eq!(difference("https://issuer.example/"), IssuerDifference::TrailingSlash);
    assert_eq!(difference("https://Issuer.example"), IssuerDifference::Case);
    assert_eq!(difference("http://issuer.example"), IssuerDifference::Scheme);
    assert_eq!(difference("https://issuer.example:443"), IssuerDifference::DefaultPort);
    assert_eq!(difference("https://issuer.example/{tenantid}/v2.0"), IssuerDifference::Template);
    assert_eq!(difference("https://evil.example"), IssuerDifference::Other);
    let shown = refused("issuer", json!("https://issuer.example/")).to_string();
    assert!(shown.contains("slash"), "{shown}");
}

#[tokio::test]
async fn s256_must_be_announced_unless_the_caller_knows_better() {
    for methods in [Value::Null, json!([]), json!(["plain"]), json!(["s256"])] {
        assert_eq!(refused("code_challenge_methods_supported", methods), DiscoveryError::PkceNotAdvertised);
    }
    let plain_only = changed("code_challenge_methods_supported", json!(["plain"]));
    let client = judged(Stage::new().builder().allow_unadvertised_pkce(), plain_only).expect("a client");
    let started = client.login().begin().await.expect("a login");
    assert_eq!(asked(&started).get("code_challenge_method"), Some("S256"));
}

#[test]
fn endpoints_are_safe_to_send_to() {
    let names = ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"];
    let reasons = [
        ("http://issuer.example/x", AddressError::Insecure),
        ("http://169.254.169.254/x", AddressError::Insecure),
        ("http://localhost/x", AddressError::Insecure),
        ("http://127.0.0.1/x", AddressError::LoopbackFromAfar),
        ("javascript:alert(1)", AddressError::NotAUrl),
        ("file:///etc/passwd", AddressError::NotAUrl),
        ("a://x$(calc)", AddressError::Insecure),
        ("--flag", AddressError::NotAUrl),
        ("https://issuer.example/x#y", AddressError::Fragment),
        ("https://u@issuer.example/x", AddressError::Userinfo),
    ];
    for name in names {
        for (address, reason) in reasons {
            assert_eq!(refused(name, json!(address)), DiscoveryError::Endpoint { name, reason }, "{address}");
        }
    }
    let reason = AddressError::ReservedParameter;
    let speaking = refused("authorization_endpoint", json!("https://issuer.example/authorize?redirect_uri=x"));
    assert_eq!(speaking, DiscoveryError::Endpoint { name: "authorization_endpoint", reason });
}

#[test]
fn two_endpoints_are_needed() {
    for name in ["authorization_endpoint", "token_endpoint"] {
        assert_eq!(refused(name, Value::Null), DiscoveryError::Missing(name));
    }
}

#[test]
fn a_local_server_may_use_http() {
    let issuer = "http://127.0.0.1:8080";
    let builder = || Client::builder(issuer, CLIENT_ID).http(Stage::new());
    assert!(judged(builder(), metadata(issuer)).is_ok());
    let issuer = "http://localhost:8080";
    let builder = || Client::builder(issuer, CLIENT_ID).http(Stage::new());
    assert_eq!(config(builder(), metadata(issuer)), ConfigError::Issuer(AddressError::Insecure));
    assert!(judged(builder().allow_http_localhost(), metadata(issuer)).is_ok());
}

#[test]
fn a_secret_is_sent_as_named_or_not_at_all() {
    let offering = |methods: Value| changed("token_endpoint_auth_methods_supported", methods);
    let builder = || Stage::new().builder();
    let only_post = offering(json!(["client_secret_post"]));
    assert_eq!(config(builder().secret("x"), only_post.clone()), ConfigError::AuthMethod("client_secret_basic"));
    assert!(judged(builder().secret_in_body("x"), only_post).is_ok());
    assert_eq!(
        config(builder().secret_in_body("x"), offering(Value::Null)),
        ConfigError::AuthMethod("client_secret_post")
    );
    assert!(judged(builder().secret("x"), offering(Value::Null)).is_ok());
    assert!(judged(builder(), offering(json!(["private_key_jwt"]))).is_ok());
}

#[test]
fn what_the_caller_says_is_checked() {
    let of = |issuer: &str, client_id: &str| Client::builder(issuer, client_id).http(Stage::new());
    let refused = |builder| config(builder, metadata(ISSUER));
    assert_eq!(refused(of("http://issuer.example", CLIENT_ID)), ConfigError::Issuer(AddressError::Insecure));
    assert_eq!(refused(of("https://issuer.example?x", CLIENT_ID)), ConfigError::Issuer(AddressError::Query));
    assert_eq!(refused(of("issuer.example", CLIENT_ID)), ConfigError::Issuer(AddressError::NotAUrl));
    assert_eq!(refused(of(ISSUER, "")), ConfigError::ClientId);
    assert_eq!(refused(of(ISSUER, "a\nb")), ConfigError::ClientId);
    let redirect = |uri: &str| refused(of(ISSUER, CLIENT_ID).redirect_uri(uri));
    assert_eq!(redirect("http://app.example/cb"), ConfigError::RedirectUri(AddressError::Insecure));
    assert_eq!(redirect("/cb"), ConfigError::RedirectUri(AddressError::NotAUrl));
    assert_eq!(refused(of(ISSUER, CLIENT_ID).loopback_path("cb")), ConfigError::LoopbackPath);
    assert_eq!(refused(of(ISSUER, CLIENT_ID).loopback_path("/c b")), ConfigError::LoopbackPath);
    assert_eq!(refused(of(ISSUER, CLIENT_ID).id_token_algorithms([])), ConfigError::NoAlgorithm);
    for unknown in [Algorithm::Es512, Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        let allowed = of(ISSUER, CLIENT_ID).id_token_algorithms([Algorithm::Rs256, unknown]);
        assert_eq!(refused(allowed), ConfigError::Algorithm(unknown));
    }
}

#[tokio::test]
async fn metadata_are_fixed_for_the_life_of_the_client() {
    let stage = Stage::new();
    let client = stage.builder().discover().await.expect("a client");
    stage.with(|script| script.metadata["token_endpoint"] = json!("https://evil.example/token"));
    stage.login(&client).await.expect("a session");
    assert_eq!(stage.seen(Endpoint::Token)[0].uri, "https://issuer.example/token");
    assert_eq!(stage.seen(Endpoint::Discovery).len(), 1);
}

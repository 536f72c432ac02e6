//! RFC 8705: clients that are known by their certificates.

use pkce_client::{ClientBuilder, ConfigError, Endpoint, Error};
use serde_json::{Value, json};

use crate::stage::{CLIENT_ID, Stage, response};

const BOUND: &str = "tls_client_certificate_bound_access_tokens";

type Way = fn(ClientBuilder) -> ClientBuilder;

const WAYS: [(&str, Way); 2] =
    [("tls_client_auth", ClientBuilder::mtls), ("self_signed_tls_client_auth", ClientBuilder::mtls_self_signed)];

fn stage(method: &str, aliases: Value) -> Stage {
    let stage = Stage::new();
    stage.with(|script| {
        script.metadata["token_endpoint_auth_methods_supported"] = json!([method]);
        script.metadata["pushed_authorization_request_endpoint"] = json!("https://issuer.example/par");
        script.metadata["mtls_endpoint_aliases"] = aliases;
    });
    stage.instead(|seen| {
        let body = r#"{"request_uri": "urn:one", "expires_in": 60}"#;
        (seen.endpoint == Endpoint::PushedAuthorization).then(|| Ok(response(201, "application/json", body)))
    });
    stage
}

/// Where a whole session was sent.
async fn addresses(stage: &Stage, builder: ClientBuilder) -> Vec<String> {
    let client = stage.client_of(builder);
    let started = client.login().scopes(["openid"]).begin().await.expect("a login");
    let pushed = stage.seen(Endpoint::PushedAuthorization).pop();
    let query = match &pushed {
        Some(pushed) => {
            stage.with(|script| script.nonce = pushed.params.get("nonce").map(str::to_owned));
            let state = pushed.params.get("state").expect("a state");
            format!("code=c&iss={}&state={state}", crate::stage::ISSUER)
        }
        None => {
            stage.visit(&started);
            crate::stage::callback_query(&started, &[])
        }
    };
    let callback = pkce_client::Callback::from_query(&query).expect("parameters");
    let session = client.finish(started.pending, callback).await.expect("a session");
    session.userinfo().await.expect("userinfo");
    session.refresh().await.expect("a refresh");
    let seen = stage.seen.lock().expect("no test panics while it holds the journal");
    seen.iter().map(|seen| seen.uri.clone()).collect()
}

#[tokio::test]
async fn a_client_says_its_name_and_nothing_more() {
    for (method, way) in WAYS {
        let stage = stage(method, json!({}));
        let client = stage.client_of(way(stage.builder()));
        stage.login(&client).await.expect("a session");
        let seen = stage.seen(Endpoint::Token).pop().expect("a request");
        assert_eq!(seen.params.get("client_id"), Some(CLIENT_ID));
        assert_eq!((seen.authorization, seen.params.get("client_secret")), (None, None));
    }
}

#[tokio::test]
async fn endpoints_for_certificates_are_asked_by_those_who_have_one() {
    let aliases = json!({
        "token_endpoint": "https://mtls.issuer.example/token",
        "userinfo_endpoint": "https://mtls.issuer.example/userinfo",
        "pushed_authorization_request_endpoint": "https://mtls.issuer.example/par",
        "jwks_uri": "https://mtls.issuer.example/jwks",
    });
    for (method, way) in WAYS {
        let stage = stage(method, aliases.clone());
        let expected =
            ["par", "token", "userinfo", "token"].map(|path| format!("https://mtls.issuer.example/{path}"));
        let mut addresses = addresses(&stage, way(stage.builder()).pushed_requests()).await;
        addresses.retain(|address| address != "https://issuer.example/jwks");
        assert_eq!(addresses, expected);
    }
    let stage = stage("client_secret_basic", aliases);
    stage.with(|script| script.metadata[BOUND] = json!(true));
    for builder in [stage.builder(), stage.builder().secret("s3cret")] {
        let addresses = addresses(&stage, builder.certificate_bound_tokens()).await;
        let elsewhere = |address: &&String| address.starts_with("https://mtls.issuer.example/");
        assert_eq!(addresses.iter().filter(elsewhere).count(), 3, "{addresses:?}");
        stage.seen.lock().expect("no test panics while it holds the journal").clear();
    }
    let addresses = addresses(&stage, stage.builder().secret("s3cret")).await;
    assert!(addresses.iter().all(|address| address.starts_with("https://issuer.example/")), "{addresses:?}");
}

#[tokio::test]
async fn an_endpoint_without_another_address_is_where_it_always_is() {
    let stage = stage("tls_client_auth", json!({"token_endpoint": "https://mtls.issuer.example/token"}));
    let addresses = addresses(&stage, stage.builder().mtls()).await;
    assert_eq!(addresses[0], "https://mtls.issuer.example/token");
    assert!(addresses.contains(&"https://issuer.example/userinfo".to_owned()), "{addresses:?}");
}

#[tokio::test]
async fn a_method_that_is_not_offered_is_not_used() {
    for ((method, way), (offered, _)) in WAYS.into_iter().zip(WAYS.into_iter().rev()) {
        let stage = stage(offered, json!({}));
        let metadata = stage.with(|script| serde_json::from_value(script.metadata.clone()).expect("metadata"));
        let made = way(stage.builder()).with_metadata(metadata);
        assert!(
            matches!(made, Err(Error::Config(ConfigError::AuthMethod(missing))) if missing == method),
            "{made:?}"
        );
    }
}

#[tokio::test]
async fn an_address_for_certificates_is_judged_like_any_other() {
    for alias in [json!("http://mtls.issuer.example/token"), json!("http://127.0.0.1/token"), json!(7)] {
        let stage = stage("tls_client_auth", json!({"token_endpoint": alias}));
        let metadata = stage.with(|script| serde_json::from_value(script.metadata.clone()).expect("metadata"));
        let made = stage.builder().mtls().with_metadata(metadata);
        assert!(matches!(made, Err(Error::Discovery(_))), "{made:?}");
    }
}

#[tokio::test]
async fn a_server_that_binds_nothing_to_certificates_is_not_asked_to() {
    for says in [json!(null), json!(false), json!("true")] {
        let stage = stage("client_secret_basic", json!({}));
        stage.with(|script| script.metadata[BOUND] = says);
        let metadata = stage.with(|script| serde_json::from_value(script.metadata.clone()).expect("metadata"));
        let made = stage.builder().certificate_bound_tokens().with_metadata(metadata);
        assert!(matches!(made, Err(Error::Unsupported(_))), "{made:?}");
    }
}

#[cfg(feature = "reqwest")]
mod over_tls {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use mock_idp::MockIdp;
    use mock_idp::tls::{Certificate, Credential, Subject, Tls};
    use pkce_client::{Callback, Client, FinishError, ReqwestTransport, ReqwestTransportBuilder, Session, Started};

    use super::*;
    use crate::mock_idp::REDIRECT_URI;

    async fn start(client: mock_idp::Client) -> MockIdp {
        let client = client.any_loopback_redirect();
        MockIdp::builder().tls(Tls::generated()).client(client).start().await.expect("a server")
    }

    async fn issuing() -> MockIdp {
        let client = mock_idp::Client::public("web").token_endpoint_auth_method("tls_client_auth");
        start(client.metadata("tls_client_auth_san_dns", "web.example").metadata(BOUND, true)).await
    }

    fn subject() -> Subject {
        Subject::named("web").dns("web.example")
    }

    fn trusting(idp: &MockIdp) -> ReqwestTransportBuilder {
        ReqwestTransport::builder().roots_pem(idp.ca_pem().expect("generated"))
    }

    fn showing(idp: &MockIdp, shown: &Credential) -> ReqwestTransport {
        let builder = trusting(idp).identity_pem(&shown.certificate_pem, shown.key_pem.clone());
        builder.build().expect("a transport")
    }

    fn builder(idp: &MockIdp, transport: ReqwestTransport) -> ClientBuilder {
        Client::builder(idp.issuer(), "web").redirect_uri(REDIRECT_URI).http(transport)
    }

    async fn login(idp: &MockIdp, client: &Client) -> Result<Session, FinishError> {
        let Started { url, pending } = client.login().scopes(["openid"]).begin().await.expect("a login");
        let request = http::Request::get(url.as_str()).body(Default::default()).expect("a request");
        let answer = idp.call(request).await;
        let location = answer.headers().get("location").expect("a redirect").to_str().expect("a URL");
        let query = location.split_once('?').expect("a query").1;
        client.finish(pending, Callback::from_query(query).expect("parameters")).await
    }

    #[tokio::test]
    async fn a_certificate_says_who_the_client_is_and_what_tokens_are_bound_to() {
        let idp = issuing().await;
        let shown = idp.client_certificate(&subject()).expect("a certificate");
        let client = builder(&idp, showing(&idp, &shown)).mtls().discover().await.expect("a client");
        let session = login(&idp, &client).await.expect("a session");
        session.userinfo().await.expect("userinfo");
        session.refresh().await.expect("a refresh");
        let request =
            || http::Request::get(format!("{}/userinfo", idp.issuer())).body(Vec::new()).expect("a request");
        assert_eq!(session.send(request()).await.expect("an answer").status(), 200);
        // The token is worth nothing on another connection.
        let mut stolen = request();
        session.authorize(&mut stolen).await.expect("a token");
        let ca = reqwest::Certificate::from_pem(idp.ca_pem().expect("generated").as_bytes()).expect("a certificate");
        let thief = reqwest::Client::builder().no_proxy().tls_certs_only([ca]).build().expect("a client");
        let stolen = reqwest::Request::try_from(stolen).expect("a request");
        assert_eq!(thief.execute(stolen).await.expect("an answer").status(), 401);
    }

    #[tokio::test]
    async fn a_registered_certificate_says_who_the_client_is() {
        let own = subject().self_signed().expect("a certificate");
        let der = own.presented().leaf_der().to_vec();
        let read = Certificate::parse(&der).expect("a certificate");
        // The key is one of P-256: its point is what the structure ends with.
        let (x, y) = read.public_key().split_at(read.public_key().len() - 32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(&x[x.len() - 32..]), URL_SAFE_NO_PAD.encode(y));
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "x5c": [STANDARD.encode(&der)]});
        let known = mock_idp::Client::public("web").token_endpoint_auth_method("self_signed_tls_client_auth");
        let idp = start(known.metadata("jwks", json!({"keys": [jwk]}))).await;
        let client = builder(&idp, showing(&idp, &own)).mtls_self_signed().discover().await.expect("a client");
        login(&idp, &client).await.expect("a session").refresh().await.expect("a refresh");
        let other = subject().self_signed().expect("a certificate");
        let client = builder(&idp, showing(&idp, &other)).mtls_self_signed().discover().await.expect("a client");
        let error = login(&idp, &client).await.expect_err("a refusal");
        assert!(
            matches!(&error, FinishError::Failed(Error::OAuth { error, .. }) if error.code() == "invalid_client")
        );
    }

    #[tokio::test]
    async fn without_its_certificate_the_client_is_nobody() {
        let idp = issuing().await;
        let transport = trusting(&idp).build().expect("a transport");
        let client = builder(&idp, transport).mtls().discover().await.expect("a client");
        let error = login(&idp, &client).await.expect_err("a refusal");
        assert!(
            matches!(&error, FinishError::Failed(Error::OAuth { error, .. }) if error.code() == "invalid_client")
        );
        // The default transport has none to show, and that is known before anybody is asked.
        let error = Client::builder(idp.issuer(), "web").mtls().discover().await.expect_err("no client");
        assert!(matches!(error, Error::Config(ConfigError::NoIdentity)), "{error:?}");
        let error = Client::builder(idp.issuer(), "web").mtls_self_signed().discover().await.expect_err("no client");
        assert!(matches!(error, Error::Config(ConfigError::NoIdentity)), "{error:?}");
    }

    #[tokio::test]
    async fn tokens_of_a_public_client_are_bound_to_its_certificate() {
        let idp = start(mock_idp::Client::public("web").metadata(BOUND, true)).await;
        let [own, other] = [0; 2].map(|_| subject().self_signed().expect("a certificate"));
        let of = |shown| builder(&idp, showing(&idp, shown)).certificate_bound_tokens();
        let session = login(&idp, &of(&own).discover().await.expect("a client")).await.expect("a session");
        session.refresh().await.expect("a refresh");
        session.userinfo().await.expect("userinfo");
        let thief = of(&other).discover().await.expect("a client");
        let mut stolen =
            http::Request::get(format!("{}/userinfo", idp.issuer())).body(Vec::new()).expect("a request");
        session.authorize(&mut stolen).await.expect("a token");
        let shown = showing(&idp, &other);
        let request = |endpoint, request| pkce_client::HttpRequest {
            endpoint,
            request,
            timeout: std::time::Duration::from_secs(10),
            max_body: endpoint.max_body(),
        };
        let answer = pkce_client::HttpClient::send(&shown, request(Endpoint::Userinfo, stolen)).await;
        assert_eq!(answer.expect("an answer").status(), 401);
        login(&idp, &thief).await.expect("a session of its own").userinfo().await.expect("userinfo");

        let error = Client::builder(idp.issuer(), "web").certificate_bound_tokens().discover().await;
        assert!(matches!(error, Err(Error::Config(ConfigError::NoIdentity))), "{error:?}");
    }

    #[tokio::test]
    async fn a_server_that_nobody_vouches_for_is_not_asked() {
        let (idp, other) = (issuing().await, issuing().await);
        for transport in [ReqwestTransport::builder(), trusting(&other)] {
            let transport = transport.build().expect("a transport");
            let error = builder(&idp, transport).discover().await.expect_err("no client");
            assert!(matches!(error, Error::Transport { endpoint: Endpoint::Discovery, .. }), "{error:?}");
        }
        for transport in [trusting(&other).roots_pem(idp.ca_pem().expect("generated")), trusting(&idp)] {
            builder(&idp, transport.build().expect("a transport")).discover().await.expect("a client");
        }
    }

    #[tokio::test]
    async fn what_is_no_certificate_or_no_key_makes_no_transport() {
        let idp = issuing().await;
        let [one, other] = [0; 2].map(|_| idp.client_certificate(&subject()).expect("a certificate"));
        let (certificate, key) = (one.certificate_pem.as_str(), one.key_pem.expose());
        for roots in ["", "no certificate", key] {
            let error = ReqwestTransport::builder().roots_pem(roots).build().expect_err("no transport");
            assert_eq!(error, ConfigError::Roots, "{roots}");
        }
        for (chain, key) in [
            ("", key),
            (certificate, ""),
            (certificate, certificate),
            (certificate, other.key_pem.expose()),
            ("x", "y"),
        ] {
            let error = ReqwestTransport::builder().identity_pem(chain, key).build().expect_err("no transport");
            assert_eq!(error, ConfigError::Identity, "{chain}");
        }
        ReqwestTransport::builder().identity_pem(certificate, key).build().expect("a transport");
        // Whether the chain or the key ends its last line does not matter.
        ReqwestTransport::builder().identity_pem(certificate.trim(), key.trim()).build().expect("a transport");
    }
}

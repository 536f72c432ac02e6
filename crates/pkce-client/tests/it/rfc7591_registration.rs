//! RFC 7591: a client introduces itself, and is told who it is.

use http::Method;
use mock_idp::{MockIdp, Profile};
use pkce_client::{
    Algorithm, Client, ClientBuilder, ClientMetadata, ConfigError, Defect, Endpoint, Error, JsonError, OAuthError,
    Registration, RegistrationError, RegistrationRequest, SealKey, SigningKey, StoreError, SystemDice,
    TransportError,
};
use serde_json::{Value, json};

use crate::idp::{Idp, REDIRECT_URI};
use crate::stage::{ES256, ISSUER, REDIRECT_URI as WEB, START, Stage, callback, metadata, response};

/// A server that registers as it is asked to, but for `changes`; null takes a member out.
pub(crate) fn registering(stage: &Stage, changes: Value) {
    stage.with(|script| {
        script.metadata["registration_endpoint"] = json!(format!("{ISSUER}/register"));
        let methods = script.metadata["token_endpoint_auth_methods_supported"].as_array_mut().expect("an array");
        methods.push("none".into());
    });
    stage.instead(move |seen| {
        (seen.endpoint == Endpoint::Registration && seen.method == Method::POST).then(|| {
            let mut answer = seen.json.clone();
            answer["client_id"] = "given".into();
            for (name, value) in changes.as_object().expect("an object") {
                match value {
                    Value::Null => drop(answer.as_object_mut().expect("an object").remove(name)),
                    value => answer[name] = value.clone(),
                }
            }
            Ok(response(201, "application/json", answer.to_string()))
        })
    });
}

pub(crate) fn stranger(stage: &Stage) -> ClientBuilder {
    Client::unregistered(ISSUER).http(stage.clone()).clock(stage.clock.clone())
}

fn web() -> ClientMetadata {
    ClientMetadata::web("App", WEB)
}

async fn refusal(changes: Value) -> Error {
    let stage = Stage::new();
    registering(&stage, changes);
    stranger(&stage).register(web()).await.expect_err("it is another registration")
}

#[tokio::test]
async fn a_client_registers_and_logs_a_user_in() {
    let idp = Idp::new(MockIdp::builder().profile(Profile::Mcp));
    for methods in ["none", "client_secret_basic", "client_secret_post"] {
        let builder = Client::unregistered(idp.mock().issuer()).http(idp.clone()).clock(idp.clone());
        let builder = match methods {
            "client_secret_basic" => builder.secret("not known yet"),
            "client_secret_post" => builder.secret_in_body("not known yet"),
            _ => builder,
        };
        let metadata = ClientMetadata::web("App", REDIRECT_URI).contact("a@app.example").software("app", "1");
        let (client, registration) = builder.register(metadata).await.expect("a client");
        assert_eq!((registration.method(), registration.issuer()), (methods, idp.mock().issuer()));
        assert_eq!(registration.metadata()["client_name"], "App");
        assert_eq!(registration.metadata()["software_id"], "app");
        assert_eq!(client.client_id(), registration.client_id());
        let session = idp.login(&client, &[]).await;
        session.refresh().await.expect("it may refresh");

        let kept = Registration::from_exposed_json(registration.expose_json().expose()).expect("a registration");
        let again = Client::registered(&kept).http(idp.clone()).clock(idp.clone()).discover().await;
        idp.login(&again.expect("a client"), &[]).await;
    }
}

#[tokio::test]
async fn a_client_registers_the_key_it_signs_with() {
    let idp = Idp::new(MockIdp::builder().profile(Profile::Mcp));
    let key = SigningKey::from_pem(Algorithm::Es256, ES256).expect("a key").with_kid("mine");
    let builder = Client::unregistered(idp.mock().issuer()).http(idp.clone()).clock(idp.clone());
    let metadata = ClientMetadata::web("App", REDIRECT_URI).key(&key);
    let registered = builder.private_key_jwt(key.clone()).register(metadata).await;
    let (client, registration) = registered.expect("a client");
    idp.login(&client, &[]).await;
    assert_eq!(registration.method(), "private_key_jwt");

    let builder = || Client::registered(&registration).http(idp.clone()).clock(idp.clone());
    let error = builder().discover().await.expect_err("there is no key");
    assert!(matches!(error, Error::Config(ConfigError::AuthMethodOwed(method)) if method == "private_key_jwt"));
    idp.login(&builder().private_key_jwt(key).discover().await.expect("a client"), &[]).await;
}

#[tokio::test]
async fn an_initial_access_token_and_a_software_statement_are_shown() {
    let stage = Stage::new();
    registering(&stage, json!({"software_statement": "vouched"}));
    let request = RegistrationRequest::new(web()).initial_access_token("initial").software_statement("vouched");
    let (_, registration) = stranger(&stage).register(request).await.expect("a client");
    let seen = stage.seen(Endpoint::Registration);
    assert_eq!((seen.len(), seen[0].uri.as_str()), (1, "https://issuer.example/register"));
    assert_eq!(seen[0].authorization.as_deref(), Some("Bearer initial"));
    assert_eq!(seen[0].json["software_statement"], "vouched");
    assert!(!format!("{registration:?} {}", registration.expose_json().expose()).contains("vouched"));

    let request = RegistrationRequest::new(web()).initial_access_token("two\r\nlines");
    let error = stranger(&stage).register(request).await.expect_err("it does not fit into a header");
    assert!(matches!(error, Error::Config(ConfigError::Token)));
    assert_eq!(stage.seen(Endpoint::Registration).len(), 1, "and nothing is sent");
    stranger(&stage).register(web()).await.expect("a client");
    assert_eq!(stage.seen(Endpoint::Registration)[1].authorization, None);
}

#[tokio::test]
async fn what_a_client_says_of_itself_is_sent_as_it_was_said() {
    let stage = Stage::new();
    registering(&stage, json!({}));
    let metadata = ClientMetadata::native("CLI")
        .scopes(["read", "write"])
        .client_uri("https://app.example")
        .other("dpop_bound_access_tokens", json!(true));
    let (client, registration) = stranger(&stage).loopback_path("/back").register(metadata).await.expect("a client");
    let sent = json!({
        "application_type": "native", "client_name": "CLI", "client_uri": "https://app.example",
        "dpop_bound_access_tokens": true, "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": ["http://127.0.0.1/back"], "response_types": ["code"], "scope": "read write",
        "token_endpoint_auth_method": "none"
    });
    assert_eq!(stage.seen(Endpoint::Registration)[0].json, sent);
    assert_eq!(
        (client.client_id(), registration.redirect_uris()),
        ("given", &["http://127.0.0.1/back".to_owned()][..])
    );

    stranger(&stage).secret("s").register(ClientMetadata::service("Job")).await.expect_err("it gets no secret");
    let sent = &stage.seen(Endpoint::Registration)[1].json;
    assert_eq!((&sent["grant_types"], &sent["response_types"]), (&json!(["client_credentials"]), &json!([])));
    assert_eq!((&sent["application_type"], sent.get("redirect_uris")), (&json!("web"), None));
}

#[tokio::test]
async fn the_way_to_authenticate_is_one_that_the_server_offers() {
    let wanted = async |methods: Value, metadata: ClientMetadata| {
        let stage = Stage::new();
        registering(&stage, json!({"client_secret": "given-secret"}));
        stage.with(|script| match methods {
            Value::Null => {
                drop(script.metadata.as_object_mut().map(|all| all.remove("token_endpoint_auth_methods_supported")))
            }
            methods => script.metadata["token_endpoint_auth_methods_supported"] = methods,
        });
        stranger(&stage).register(metadata).await.map(|(_, registration)| registration.method().to_owned())
    };
    assert_eq!(wanted(json!(["client_secret_post", "none"]), web()).await.expect("a client"), "none");
    assert_eq!(
        wanted(json!(["client_secret_post", "none"]), ClientMetadata::service("Job")).await.expect("a client"),
        "client_secret_post"
    );
    assert_eq!(wanted(json!(["client_secret_post"]), web()).await.expect("a client"), "client_secret_post");
    assert_eq!(wanted(Value::Null, web()).await.expect("a client"), "client_secret_basic");
    let error = wanted(json!(["private_key_jwt"]), web()).await.expect_err("there is no key");
    assert!(matches!(error, Error::Config(ConfigError::AuthMethod("client_secret_basic"))));
}

#[tokio::test]
async fn a_server_registers_what_was_asked_for_or_nothing() {
    for (member, value) in [
        ("redirect_uris", json!(["https://elsewhere.example/cb"])),
        ("redirect_uris", json!([WEB, "https://elsewhere.example/cb"])),
        ("redirect_uris", json!([])),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("grant_types", json!(["client_credentials"])),
        ("response_types", json!(["token"])),
    ] {
        let error = refusal(json!({member: value, "client_secret": "s"})).await;
        assert!(
            matches!(error, Error::Registration(RegistrationError::Differs(name)) if name == member),
            "{error:?}"
        );
    }
    for (member, value) in [
        ("client_id", json!("")),
        ("client_id", json!("a\nb")),
        ("client_id", json!(7)),
        ("redirect_uris", json!("https://app.example")),
        ("client_secret", json!(1)),
        ("client_secret_expires_at", json!(-1)),
        ("client_secret_expires_at", json!("soon")),
        ("registration_client_uri", json!(["x"])),
    ] {
        let error = refusal(json!({member: value})).await;
        assert!(matches!(error, Error::Protocol { defect: Defect::Member(name), .. } if name == member), "{error:?}");
    }
    let error = refusal(json!({"client_id": null})).await;
    assert!(matches!(error, Error::Protocol { defect: Defect::Missing("client_id"), .. }));
}

#[tokio::test]
async fn what_the_server_does_not_say_is_as_it_was_asked() {
    let stage = Stage::new();
    let silent = json!({
        "redirect_uris": null, "token_endpoint_auth_method": null, "grant_types": null, "response_types": null,
        "client_secret": "not asked for", "client_secret_expires_at": 0
    });
    registering(&stage, silent);
    let (client, registration) = stranger(&stage).register(web()).await.expect("a client");
    assert_eq!((registration.method(), registration.redirect_uris()), ("none", &[WEB.to_owned()][..]));
    stage.claim("aud", json!("given"));
    let started = client.login().scopes(["openid"]).begin().await.expect("it comes back there");
    stage.visit(&started);
    let callback = callback(&started, &[]);
    client.finish(started.pending, callback).await.expect("a session");
    let seen = &stage.seen(Endpoint::Token)[0];
    assert_eq!((seen.authorization.as_ref(), seen.params.get("client_secret")), (None, None));
    assert!(!registration.expose_json().expose().contains("not asked for"));
}

#[tokio::test]
async fn a_secret_is_not_sent_once_it_has_expired() {
    let stage = Stage::new();
    registering(&stage, json!({"client_secret": "given-secret", "client_secret_expires_at": START + 100}));
    stage.with(|script| script.metadata["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic"]));
    let (client, registration) = stranger(&stage).register(web()).await.expect("a client");
    stage.claim("aud", json!("given"));
    let session = stage.login(&client).await.expect("a session");
    assert!(stage.seen(Endpoint::Token)[0].authorization.as_ref().is_some_and(|value| value.starts_with("Basic ")));
    session.refresh().await.expect("it is still good");
    assert_eq!((registration.secret_expires_at(), registration.is_expired(START + 99)), (Some(START + 100), false));
    stage.clock.advance(100);
    assert!(registration.is_expired(START + 100));
    let error = session.refresh().await.expect_err("it has expired");
    assert!(matches!(error, Error::Registration(RegistrationError::Expired)));
    assert_eq!(stage.seen(Endpoint::Token).len(), 2);
}

#[tokio::test]
async fn a_secret_is_missed_where_it_is_needed() {
    let stage = Stage::new();
    registering(&stage, json!({}));
    stage.with(|script| script.metadata["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic"]));
    let error = stranger(&stage).register(web()).await.expect_err("there is no secret");
    assert!(matches!(error, Error::Protocol { defect: Defect::Missing("client_secret"), .. }));
}

#[tokio::test]
async fn a_refusal_is_told_and_nothing_is_sent_twice() {
    for (status, content_type, body) in [
        (400, "application/json", r#"{"error":"invalid_redirect_uri"}"#),
        (401, "application/json", r#"{"error":"invalid_token"}"#),
        (200, "application/json", r#"{"client_id":"x"}"#),
        (307, "text/plain", ""),
        (201, "text/html", r#"{"client_id":"x"}"#),
        (201, "application/json", r#"{"client_id":"x","client_id":"y"}"#),
    ] {
        let stage = Stage::new();
        registering(&stage, json!({}));
        stage.answer(Endpoint::Registration, status, content_type, body);
        let error = stranger(&stage).register(web()).await.expect_err("it is refused");
        let code = |error: &OAuthError| error.code().to_owned();
        match error {
            Error::OAuth { error, .. } if status == 400 => assert_eq!(code(&error), "invalid_redirect_uri"),
            Error::OAuth { error, .. } if status == 401 => assert_eq!(code(&error), "invalid_token"),
            Error::Protocol { defect: Defect::Status(200), .. } if status == 200 => {}
            Error::Protocol { defect: Defect::Redirect(307), .. } if status == 307 => {}
            Error::Protocol { defect: Defect::ContentType, .. } if content_type == "text/html" => {}
            Error::Protocol { defect: Defect::Json(JsonError::DuplicateMember), .. } => {}
            error => panic!("{status} {body}: {error:?}"),
        }
        assert_eq!(stage.seen(Endpoint::Registration).len(), 1);
    }
    let stage = Stage::new();
    registering(&stage, json!({"more": "x".repeat(300 * 1024)}));
    let error = stranger(&stage).register(web()).await.expect_err("it is too large");
    assert!(matches!(error, Error::Transport { source: TransportError::TooLarge { .. }, .. }));
}

#[tokio::test]
async fn what_the_caller_says_is_judged_before_anything_is_sent() {
    let stage = Stage::new();
    let refused = async |builder: ClientBuilder, metadata: ClientMetadata| match builder
        .register(metadata)
        .await
        .expect_err("it is unusable")
    {
        Error::Config(error) => error,
        error => panic!("{error:?}"),
    };
    let config = refused(stranger(&stage), ClientMetadata::web("App", "http://app.example/cb")).await;
    assert!(matches!(config, ConfigError::RedirectUri(_)));
    let config = refused(stranger(&stage), web().other("client_secret", json!("mine"))).await;
    assert_eq!(config, ConfigError::ReservedParameter("client_secret".to_owned()));
    let config = refused(stranger(&stage), web().scopes(["a b"])).await;
    assert_eq!(config, ConfigError::Scope);
    let config = refused(stranger(&stage).redirect_uri("https://app.example/other"), web()).await;
    assert_eq!(config, ConfigError::UnregisteredRedirectUri("https://app.example/other".to_owned()));
    assert!(stage.seen(Endpoint::Registration).is_empty());
    let error = stranger(&stage).register(web()).await.expect_err("nobody can register there");
    assert!(matches!(error, Error::NoEndpoint(Endpoint::Registration)));
}

#[tokio::test]
async fn a_registration_is_kept_without_being_shown() {
    let stage = Stage::new();
    let management = json!({"client_secret": "canary-1", "registration_client_uri": "https://issuer.example/r", "registration_access_token": "canary-2"});
    registering(&stage, management);
    stage.with(|script| script.metadata["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]));
    let (_, registration) = stranger(&stage).register(web()).await.expect("a client");
    assert!(
        registration.is_managed() && !format!("{registration:?} {:?}", registration.metadata()).contains("canary")
    );
    let key = SealKey::generate(&SystemDice).expect("randomness");
    let sealed = registration.to_sealed(&key).expect("it is short");
    assert!(!sealed.contains("canary"));
    let opened = Registration::from_sealed(&key, &sealed).expect("the same key");
    assert_eq!(opened.expose_json(), registration.expose_json());
    let other = SealKey::generate(&SystemDice).expect("randomness");
    assert!(matches!(Registration::from_sealed(&other, &sealed), Err(StoreError::Sealed(_))));
    for text in ["", "{}", r#"{"format":2}"#] {
        assert!(matches!(Registration::from_exposed_json(text), Err(StoreError::Format)), "{text}");
    }
    let cut = registration.expose_json().expose().replace("\"canary-2\"", "null");
    assert!(matches!(Registration::from_exposed_json(&cut), Err(StoreError::Format)));
}

#[tokio::test]
async fn metadata_that_change_after_registration_are_not_heard() {
    let stage = Stage::new();
    registering(&stage, json!({}));
    let (client, _) = stranger(&stage).register(web()).await.expect("a client");
    stage.with(|script| script.metadata = metadata("https://elsewhere.example"));
    let started = client.login().begin().await.expect("a login");
    assert!(started.url.as_str().starts_with("https://issuer.example/authorize"));
    assert_eq!(stage.seen(Endpoint::Discovery).len(), 1, "the metadata are fetched once");
}

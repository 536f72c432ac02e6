//! RFC 7523: clients that sign who they are.

use jsonwebtoken::DecodingKey;
use pkce_client::{Algorithm, ClientBuilder, ConfigError, Endpoint, Error, SigningKey};
use serde_json::{Value, json};

use crate::signed::{Read, public, read};
use crate::stage::{CLIENT_ID, ES256, ISSUER, START, Seen, Stage};

const SECRET: &str = "a-secret-of-thirty-two-characters";
const LISTED: &str = "token_endpoint_auth_signing_alg_values_supported";

/// A server that takes assertions.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.with(|script| {
        script.metadata["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt", "client_secret_jwt"]);
    });
    stage
}

fn key() -> SigningKey {
    SigningKey::from_pem(Algorithm::Es256, ES256).expect("a key").with_kid("k1")
}

fn public_half() -> DecodingKey {
    public(&Value::Object(key().public_jwk()))
}

#[track_caller]
fn assertion(seen: &Seen, key: &DecodingKey) -> Read {
    let kind = seen.params.get("client_assertion_type");
    assert_eq!(kind, Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
    assert_eq!(seen.params.get("client_id"), Some(CLIENT_ID));
    assert_eq!((seen.params.get("client_secret"), &seen.authorization), (None, &None));
    read(seen.params.get("client_assertion").expect("an assertion"), key)
}

#[track_caller]
fn refused(stage: &Stage, builder: ClientBuilder) -> ConfigError {
    let metadata = stage.with(|script| serde_json::from_value(script.metadata.clone()).expect("metadata"));
    match builder.with_metadata(metadata) {
        Err(Error::Config(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn complaint_24_a_client_signs_who_it_is_for_the_issuer_alone() {
    let stage = stage();
    stage.login(&stage.client_of(stage.builder().private_key_jwt(key()))).await.expect("a session");
    let seen = stage.seen(Endpoint::Token).pop().expect("a request");
    let Read { header, mut claims } = assertion(&seen, &public_half());
    assert_eq!(header, json!({"typ": "client-authentication+jwt", "alg": "ES256", "kid": "k1"}));
    let jti = claims.as_object_mut().and_then(|claims| claims.remove("jti")).expect("a jti");
    assert_eq!(jti.as_str().map(str::len), Some(43));
    let expected = json!({"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": ISSUER, "iat": START, "exp": START + 60});
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn a_client_signs_who_it_is_with_its_secret_and_does_not_send_it() {
    let stage = stage();
    stage.login(&stage.client_of(stage.builder().client_secret_jwt(SECRET))).await.expect("a session");
    let seen = stage.seen(Endpoint::Token).pop().expect("a request");
    let Read { header, claims } = assertion(&seen, &DecodingKey::from_secret(SECRET.as_bytes()));
    assert_eq!(header, json!({"typ": "client-authentication+jwt", "alg": "HS256"}));
    assert_eq!((&claims["aud"], &claims["exp"]), (&json!(ISSUER), &json!(START + 60)));
    assert!(!seen.params.encode().contains(SECRET));
}

#[tokio::test]
async fn every_request_has_an_assertion_of_its_own_by_the_clock_of_the_client() {
    let stage = stage();
    stage.with(|script| {
        script.metadata["pushed_authorization_request_endpoint"] = json!("https://issuer.example/par");
    });
    stage.instead(|seen| {
        let body = r#"{"request_uri": "urn:one", "expires_in": 60}"#;
        let pushed = crate::stage::response(201, "application/json", body);
        (seen.endpoint == Endpoint::PushedAuthorization).then_some(Ok(pushed))
    });
    let client = stage.client_of(stage.builder().private_key_jwt(key()).pushed_requests());
    let started = client.login().begin().await.expect("a login");
    stage.clock.advance(30);
    let pushed = stage.seen(Endpoint::PushedAuthorization).pop().expect("a pushed request");
    let query = format!("code=c&iss={ISSUER}&state={}", pushed.params.get("state").expect("a state"));
    let callback = pkce_client::Callback::from_query(&query).expect("parameters");
    let session = client.finish(started.pending, callback).await.expect("a session");
    session.refresh().await.expect("a refresh");
    let all = [vec![pushed], stage.seen(Endpoint::Token)].concat();
    let read: Vec<Read> = all.iter().map(|seen| assertion(seen, &public_half())).collect();
    assert_eq!(read.iter().map(|read| &read.claims["iat"]).collect::<Vec<_>>(), [START, START + 30, START + 30]);
    assert!(read.iter().all(|read| read.claim("aud") == ISSUER));
    assert!(read[0].claim("jti") != read[1].claim("jti") && read[1].claim("jti") != read[2].claim("jti"));
}

#[tokio::test]
async fn a_method_that_is_not_offered_is_not_used() {
    let stage = Stage::new();
    let error = refused(&stage, stage.builder().private_key_jwt(key()));
    assert_eq!(error, ConfigError::AuthMethod("private_key_jwt"));
    let error = refused(&stage, stage.builder().client_secret_jwt(SECRET));
    assert_eq!(error, ConfigError::AuthMethod("client_secret_jwt"));
}

#[tokio::test]
async fn an_algorithm_that_others_are_listed_in_place_of_is_not_used() {
    let stage = stage();
    let list = |words: Value| stage.with(|script| script.metadata[LISTED] = words);
    let not_listed = |algorithm| ConfigError::SigningAlgorithm { algorithm, member: LISTED };
    list(json!(["HS256", "PS256"]));
    assert_eq!(refused(&stage, stage.builder().private_key_jwt(key())), not_listed(Algorithm::Es256));
    stage.client_of(stage.builder().client_secret_jwt(SECRET));
    list(json!(["ES256"]));
    assert_eq!(refused(&stage, stage.builder().client_secret_jwt(SECRET)), not_listed(Algorithm::Hs256));
    stage.client_of(stage.builder().private_key_jwt(key()));
    list(json!("ES256"));
    assert_eq!(refused(&stage, stage.builder().private_key_jwt(key())), not_listed(Algorithm::Es256));
}

#[tokio::test]
async fn a_short_secret_signs_nothing_and_nobody_is_asked() {
    let stage = stage();
    for (secret, outcome) in [("", false), (&SECRET[..31], false), (&SECRET[..32], true)] {
        let made = stage.builder().client_secret_jwt(secret).discover().await;
        let short = matches!(made, Err(Error::Config(ConfigError::ShortSecret)));
        assert_eq!((made.is_ok(), short), (outcome, !outcome), "{secret}");
    }
    assert_eq!(stage.seen(Endpoint::Discovery).len(), 1);
}

#[tokio::test]
async fn no_randomness_means_no_assertion() {
    struct Empty(std::sync::atomic::AtomicU8);
    impl pkce_client::Dice for Empty {
        fn fill(&self, octets: &mut [u8]) -> Result<(), pkce_client::NoEntropy> {
            octets.fill(7);
            // What the login draws is had; what the assertion draws is not.
            match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0..=2 => Ok(()),
                _ => Err(pkce_client::NoEntropy),
            }
        }
    }
    let stage = stage();
    let client = stage.client_of(stage.builder().private_key_jwt(key()).dice(Empty(0.into())));
    let started = client.login().begin().await.expect("a login");
    let callback = crate::stage::callback(&started, &[]);
    let Err(pkce_client::FinishError::Failed(Error::Entropy(_))) = client.finish(started.pending, callback).await
    else {
        panic!("no entropy")
    };
    assert!(stage.seen(Endpoint::Token).is_empty());
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn the_mock_server_takes_assertions_of_every_algorithm() {
    use std::sync::Arc;

    use mock_idp::MockIdp;

    use crate::mock_idp::{REDIRECT_URI, Shared, login};
    use crate::stage::{EDDSA, RS256};

    let read = |algorithm, pem| SigningKey::from_pem(algorithm, pem).expect("a key").with_kid("k1");
    let keys = [
        key(),
        read(Algorithm::Rs256, RS256),
        read(Algorithm::Ps256, RS256),
        read(Algorithm::EdDsa, EDDSA),
        SigningKey::generate(&pkce_client::SystemDice).expect("a key"),
    ];
    for key in keys {
        let jwks = json!({"keys": [key.public_jwk()]});
        let known = mock_idp::Client::with_keys("web", jwks).any_loopback_redirect();
        let idp = MockIdp::builder().client(known).start().await.expect("a server");
        let builder = pkce_client::Client::builder(idp.issuer(), "web").redirect_uri(REDIRECT_URI);
        let client = builder.private_key_jwt(key.clone()).discover().await.expect("a client");
        let session = login(&client).await.unwrap_or_else(|error| panic!("{key:?}: {error}"));
        session.refresh().await.expect("a refresh");
    }
    let clock = Arc::new(mock_idp::clock::AdjustableClock::new());
    let known = mock_idp::Client::confidential("web", SECRET).token_endpoint_auth_method("client_secret_jwt");
    let idp = MockIdp::builder().clock(Arc::clone(&clock)).client(known.any_loopback_redirect());
    let idp = idp.start().await.expect("a server");
    let builder = || pkce_client::Client::builder(idp.issuer(), "web").redirect_uri(REDIRECT_URI);
    let client = builder().client_secret_jwt(SECRET).clock(Shared(clock)).discover().await.expect("a client");
    login(&client).await.expect("a session");
    let other = builder().client_secret_jwt("another-secret-of-32-characters!");
    assert!(login(&other.discover().await.expect("a client")).await.is_err());
}

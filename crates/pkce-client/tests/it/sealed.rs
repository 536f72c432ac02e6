//! Logins that are sealed: they survive the process, and nothing else opens or changes them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pkce_client::{
    Client, ConfigError, Dice, Endpoint, Error, FinishError, JwtError, NoEntropy, Pending, RejectReason, SealError,
    SealKey, Started, SystemDice,
};
use serde_json::json;

use crate::stage::{CLIENT_ID, ISSUER, START, Stage, asked, callback, metadata};

fn key() -> SealKey {
    SealKey::new([7; 32])
}

/// What a login is refused with when it is opened.
fn refused(client: &Client, key: &SealKey, sealed: &str) -> SealError {
    Pending::from_sealed(client, key, sealed).map(drop).expect_err("a refusal")
}

/// Complaint 17: how are `state` and verifier kept between two requests?
#[tokio::test]
async fn complaint_17_a_sealed_login_is_finished_by_another_process() {
    let stage = Stage::new();
    let Started { url, pending } = stage.begin(&stage.client()).await;
    let (flow, expires_at) = (pending.lookup_key(), pending.expires_at());
    let sealed = pending.into_sealed(&key());
    assert!(
        sealed.len() < 2000 && sealed.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
    );
    let verifier = stage.seen(Endpoint::Token).len();

    let another = stage.client();
    let pending = Pending::from_sealed(&another, &key(), &sealed).expect("the login");
    assert_eq!((pending.lookup_key(), pending.expires_at()), (flow, expires_at));
    let started = Started { url, pending };
    let response = callback(&started, &[]);
    let session = another.finish(started.pending, response).await.expect("a session");
    assert_eq!(session.claims().expect("claims").subject(), "alice");
    assert_eq!(stage.seen(Endpoint::Token).len(), verifier + 1);
}

#[tokio::test]
async fn everything_the_response_is_held_against_is_sealed() {
    let stage = Stage::new();
    let reopened = async |client: &Client| {
        let login =
            client.login().scopes(["openid"]).max_age(Duration::from_secs(60)).resource("https://api.example/");
        let Started { url, pending } = login.begin().await.expect("a login");
        let pending = Pending::from_sealed(client, &key(), &pending.into_sealed(&key())).expect("the login");
        let started = Started { url, pending };
        stage.visit(&started);
        started
    };
    let client = stage.client();
    for (changes, reason) in [
        ([("state", "x")], RejectReason::StateMismatch),
        ([("iss", "https://evil.example")], RejectReason::IssuerMismatch),
        ([("iss", "")], RejectReason::IssuerMissing),
    ] {
        let started = reopened(&client).await;
        let response = callback(&started, &changes);
        assert_eq!(started.pending.accept(response).expect_err("a rejection").reason, reason);
    }
    let started = reopened(&client).await;
    let response = callback(&started, &[]);
    stage.claim("auth_time", json!(START - 3600));
    let Err(FinishError::Failed(Error::IdToken(error))) = client.finish(started.pending, response).await else {
        panic!("an ID token that is refused")
    };
    assert!(matches!(error, JwtError::TooOld { .. }), "{error}");
    let sent = stage.seen(Endpoint::Token).pop().expect("a request");
    assert_eq!(sent.params.get("resource"), Some("https://api.example/"));
    let started = reopened(&client).await;
    let response = callback(&started, &[]);
    stage.claim("auth_time", json!(START));
    stage.claim("nonce", json!("another"));
    let Err(FinishError::Failed(Error::IdToken(error))) = client.finish(started.pending, response).await else {
        panic!("an ID token that is refused")
    };
    assert_eq!(error, JwtError::Nonce);
}

#[tokio::test]
async fn a_sealed_login_shows_nothing() {
    let stage = Stage::new();
    let started = stage.begin(&stage.client()).await;
    let state = asked(&started).get("state").expect("a state").to_owned();
    let sealed = started.pending.into_sealed(&key());
    let octets = URL_SAFE_NO_PAD.decode(&sealed).expect("base64url");
    for text in [state.as_str(), ISSUER, CLIENT_ID, "verifier"] {
        assert!(!octets.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
    let pending = Pending::from_sealed(&stage.client(), &key(), &sealed).expect("the login");
    assert_ne!(pending.into_sealed(&key()), sealed, "a login that was opened is sealed anew");
}

#[tokio::test]
async fn a_login_that_is_handed_back_is_sealed_again() {
    let stage = Stage::new();
    let client = stage.client();
    let started = stage.begin(&client).await;
    let (forged, right) = (callback(&started, &[("state", "x")]), callback(&started, &[]));
    let sealed = started.pending.into_sealed(&key());
    let pending = Pending::from_sealed(&client, &key(), &sealed).expect("the login");
    let Err(FinishError::Rejected(rejected)) = client.finish(pending, forged).await else { panic!("a rejection") };
    let sealed = rejected.pending.into_sealed(&key());
    let pending = Pending::from_sealed(&client, &key(), &sealed).expect("the login");
    assert!(client.finish(pending, right).await.is_ok());
}

/// Complaint 19: a "state mismatch" of which nobody can tell why.
#[tokio::test]
async fn complaint_19_each_reason_not_to_open_a_login_is_told_apart() {
    let stage = Stage::new();
    let client = stage.client();
    let sealed = stage.begin(&client).await.pending.into_sealed(&key());
    assert_eq!(refused(&client, &SealKey::new([8; 32]), &sealed), SealError::UnknownKey);
    let mut octets = URL_SAFE_NO_PAD.decode(&sealed).expect("base64url");
    let last = octets.len() - 1;
    octets[last] ^= 1;
    assert_eq!(refused(&client, &key(), &URL_SAFE_NO_PAD.encode(&octets)), SealError::Tampered);
    octets[0] = 2;
    assert_eq!(refused(&client, &key(), &URL_SAFE_NO_PAD.encode(&octets)), SealError::Version);
    assert_eq!(refused(&client, &key(), "{}"), SealError::Malformed);
    assert_eq!(refused(&client, &key(), &"A".repeat(200_000)), SealError::TooLong);

    let other_id = stage.client_of(Client::builder(ISSUER, "other").http(stage.clone()).clock(stage.clock.clone()));
    let elsewhere = "https://other.example";
    let metadata = serde_json::from_value(metadata(elsewhere)).expect("metadata");
    let other_server = Client::builder(elsewhere, CLIENT_ID).http(stage.clone()).clock(stage.clock.clone());
    let other_server = other_server.with_metadata(metadata).expect("a client");
    for other in [&other_id, &other_server] {
        assert_eq!(refused(other, &key(), &sealed), SealError::OtherClient);
    }
    stage.clock.advance(15 * 60 - 1);
    assert!(Pending::from_sealed(&client, &key(), &sealed).is_ok());
    stage.clock.advance(1);
    assert_eq!(refused(&client, &key(), &sealed), SealError::Expired);
}

#[tokio::test]
async fn a_rotated_key_opens_the_logins_of_the_old_one() {
    let stage = Stage::new();
    let client = stage.client();
    let sealed = stage.begin(&client).await.pending.into_sealed(&key());
    let new = SealKey::generate(&SystemDice).expect("a key");
    assert_eq!(refused(&client, &new, &sealed), SealError::UnknownKey);
    let new = new.and_opens(&key());
    assert!(Pending::from_sealed(&client, &new, &sealed).is_ok());
    let sealed = stage.begin(&client).await.pending.into_sealed(&new);
    assert_eq!(refused(&client, &key(), &sealed), SealError::UnknownKey, "the old key seals nothing any more");
}

#[tokio::test]
async fn nothing_is_opened_without_randomness() {
    struct Broken;
    impl Dice for Broken {
        fn fill(&self, _octets: &mut [u8]) -> Result<(), NoEntropy> {
            Err(NoEntropy)
        }
    }
    let stage = Stage::new();
    let sealed = stage.begin(&stage.client()).await.pending.into_sealed(&key());
    let broken = stage.client_of(stage.builder().dice(Broken));
    assert_eq!(refused(&broken, &key(), &sealed), SealError::Entropy(NoEntropy));
    assert!(matches!(broken.login().begin().await, Err(Error::Entropy(NoEntropy))));
}

#[tokio::test]
async fn the_longest_login_can_be_sealed_and_opened() {
    let stage = Stage::new();
    let client = stage.client();
    let begin = async |length: usize| client.login().scopes(["s".repeat(length)]).begin().await;
    let Started { pending, .. } = begin(32_000).await.expect("a login");
    let sealed = pending.into_sealed(&key());
    assert!(Pending::from_sealed(&client, &key(), &sealed).is_ok());
    assert!(matches!(begin(33_000).await, Err(Error::Config(ConfigError::TooLong))));
}

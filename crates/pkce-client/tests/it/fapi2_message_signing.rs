//! FAPI 2.0 Message Signing against the mock server: signed requests, pushed, and signed responses.

use mock_idp::{Client as Registered, MockIdp, Profile};
use oauth_types::fault::{Edit, Fault, Point};
use oauth_types::scenario::NextLogin;
use pkce_client::{
    Algorithm, Callback, ClientBuilder, ConfigError, Error, FinishError, Pending, RejectReason, SealKey, SigningKey,
    Started, SystemDice,
};
use serde_json::json;

use crate::idp::{Idp, REDIRECT_URI};

/// A server of that profile, and a client that has a key for everything.
struct Bank {
    idp: Idp,
    key: SigningKey,
}

impl Bank {
    fn open(on: &[&str]) -> Self {
        let key = SigningKey::generate(&SystemDice).expect("a key").with_kid("k1");
        let known = Registered::with_keys("web", json!({"keys": [key.public_jwk()]}));
        let known = known.redirect_uri(REDIRECT_URI).any_grant_type();
        let builder = MockIdp::builder().profile(Profile::Fapi2MessageSigning).client(known);
        let idp = Idp::new(on.iter().fold(builder, |builder, choice| builder.on(*choice)));
        Self { idp, key }
    }

    fn unsigned(&self) -> ClientBuilder {
        let builder = self.idp.client("web").id_token_algorithms([Algorithm::Ps256]);
        builder.private_key_jwt(self.key.clone()).dpop(self.key.clone()).signed_responses()
    }

    fn customer(&self) -> ClientBuilder {
        self.unsigned().signed_requests(self.key.clone())
    }
}

#[tokio::test]
async fn a_whole_login_is_signed_both_ways_and_survives_the_process() {
    let bank = Bank::open(&[]);
    let key = SealKey::generate(&SystemDice).expect("a key");
    let client = bank.customer().discover().await.expect("a client");
    let Started { url, pending } = client.login().scopes(["openid"]).begin().await.expect("a login");
    let asked: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(asked, ["client_id", "request_uri"]);
    let pushed = bank.idp.mock().journal().iter().find(|entry| entry.path == "/par").expect("a request").clone();
    assert!(pushed.params.get("request").is_some() && pushed.params.get("state").is_none());

    let sealed = pending.into_sealed(&key);
    let query = bank.idp.query(&url).await;
    assert!(query.starts_with("response=") && !query.contains('&'), "{query}");

    let client = bank.customer().discover().await.expect("another process");
    let pending = Pending::from_sealed(&client, &key, &sealed).expect("the login");
    let callback = Callback::from_query(&query).expect("parameters");
    let session = client.finish(pending, callback).await.expect("a session");
    session.userinfo().await.expect("userinfo");
    session.refresh().await.expect("new tokens");
    bank.idp.assert_strict();
}

#[tokio::test]
async fn a_pushed_request_that_is_repeated_for_a_nonce_is_taken() {
    let bank = Bank::open(&["dpop-nonce-required"]);
    let client = bank.customer().discover().await.expect("a client");
    let Started { url, pending } = client.login().scopes(["openid"]).begin().await.expect("a login");
    let pushed = bank.idp.mock().journal().iter().filter(|entry| entry.path == "/par").count();
    assert_eq!(pushed, 2);
    client.finish(pending, bank.idp.callback(&url).await).await.expect("a session");
}

#[tokio::test]
async fn an_unsigned_request_is_not_made() {
    let error = Bank::open(&[]).unsigned().discover().await.expect_err("no client");
    assert!(matches!(error, Error::Config(ConfigError::SignedRequestsRequired)), "{error}");
}

#[tokio::test]
async fn a_response_is_not_talked_down() {
    let bank = Bank::open(&[]);
    let client = bank.customer().discover().await.expect("a client");
    let Started { url, pending } = client.login().scopes(["openid"]).begin().await.expect("a login");
    let answer = bank.idp.callback(&url).await;
    // What an attacker knows who sees the response, put in the open.
    let forged = Callback::from_query("code=injected&state=known&iss=https://idp.example").expect("parameters");
    let Err(FinishError::Rejected(rejected)) = client.finish(pending, forged).await else { panic!("a rejection") };
    assert_eq!(rejected.reason, RejectReason::NotSigned);
    client.finish(rejected.pending, answer).await.expect("the login is unharmed");

    for (name, edit) in [("iss", Edit::set("iss", "https://evil.example")), ("aud", Edit::set("aud", "other"))] {
        let Started { url, pending } = client.login().scopes(["openid"]).begin().await.expect("a login");
        let mounted = bank.idp.mock().mount(Fault::always(Point::ResponseToken, edit));
        let answer = bank.idp.callback(&url).await;
        drop(mounted);
        let Err(FinishError::Rejected(rejected)) = client.finish(pending, answer).await else { panic!("{name}") };
        assert!(matches!(rejected.reason, RejectReason::Signature(_)), "{name}: {}", rejected.reason);
    }
}

#[tokio::test]
async fn a_refusal_is_signed_too() {
    let bank = Bank::open(&[]);
    let client = bank.customer().discover().await.expect("a client");
    let Started { url, pending } = client.login().scopes(["openid"]).begin().await.expect("a login");
    bank.idp.mock().next_login(NextLogin::deny());
    let outcome = client.finish(pending, bank.idp.callback(&url).await).await;
    let Err(FinishError::Rejected(rejected)) = outcome else { panic!("a rejection") };
    let RejectReason::Denied(error) = rejected.reason else { panic!("a denial, not {}", rejected.reason) };
    assert_eq!(error.code(), "access_denied");
}

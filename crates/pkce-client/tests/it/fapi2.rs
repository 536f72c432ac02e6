//! FAPI 2.0 Security Profile against the mock server: pushed requests, keys in place of secrets, bound tokens.

use std::sync::Arc;
use std::time::Duration;

use mock_idp::clock::AdjustableClock;
use mock_idp::{MockIdp, Profile};
use oauth_types::fault::{Edit, Fault, Point};
use pkce_client::{
    Algorithm, Client, ClientBuilder, Defect, Error, FinishError, Session, SigningKey, SystemDice, TokenType,
};
use serde_json::json;

use crate::mock_idp::{REDIRECT_URI, Shared, authorize, login};

/// A server of that profile, whose client has keys.
struct Bank {
    idp: MockIdp,
    key: SigningKey,
    clock: Arc<AdjustableClock>,
}

impl Bank {
    /// With these choices besides.
    async fn open(on: &[&str]) -> Self {
        let key = SigningKey::generate(&SystemDice).expect("a key").with_kid("k1");
        let jwks = json!({"keys": [key.public_jwk()]});
        let clock = Arc::new(AdjustableClock::new());
        let known = mock_idp::Client::with_keys("web", jwks).any_loopback_redirect().any_grant_type();
        let builder = MockIdp::builder().profile(Profile::Fapi2).clock(Arc::clone(&clock)).client(known);
        let builder = on.iter().fold(builder, |builder, choice| builder.on(*choice));
        Self { idp: builder.start().await.expect("a server"), key, clock }
    }

    /// A client that has no keys yet.
    fn customer(&self) -> ClientBuilder {
        let builder = Client::builder(self.idp.issuer(), "web").redirect_uri(REDIRECT_URI);
        builder.clock(Shared(Arc::clone(&self.clock))).id_token_algorithms([Algorithm::Ps256])
    }

    async fn client(&self) -> Client {
        let builder = self.customer().private_key_jwt(self.key.clone()).dpop_with_new_key();
        builder.discover().await.expect("a client")
    }

    /// How often `path` was asked, and what was answered.
    fn asked(&self, path: &str) -> Vec<u16> {
        self.idp.journal().iter().filter(|entry| entry.path == path).map(|entry| entry.status).collect()
    }

    fn uri(&self, path: &str) -> String {
        format!("{}{path}", self.idp.issuer())
    }
}

async fn userinfo(bank: &Bank, session: &Session) -> u16 {
    let request = http::Request::get(bank.uri("/userinfo")).body(Vec::new()).expect("a request");
    session.send(request).await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn a_whole_login_is_pushed_signed_and_bound() {
    let bank = Bank::open(&[]).await;
    let session = login(&bank.client().await).await.expect("a session");
    session.userinfo().await.expect("userinfo");
    let first = session.access_token().await.expect("a token");
    session.refresh().await.expect("a refresh");
    assert_ne!(session.access_token().await.expect("a token"), first);
    session.userinfo().await.expect("userinfo");
    assert_eq!(userinfo(&bank, &session).await, 200);
    assert_eq!((bank.asked("/par"), bank.asked("/token")), (vec![201], vec![200, 200]));
    assert_eq!(bank.asked("/userinfo"), [200, 200, 200]);
}

#[tokio::test]
async fn a_server_may_ask_for_nonces_everywhere() {
    let bank = Bank::open(&["dpop-nonce-required"]).await;
    let session = login(&bank.client().await).await.expect("a session");
    session.userinfo().await.expect("userinfo");
    session.refresh().await.expect("a refresh");
    session.userinfo().await.expect("userinfo");
    assert_eq!((bank.asked("/par"), bank.asked("/token")), (vec![400, 201], vec![200, 200]));
    assert_eq!(bank.asked("/userinfo"), [401, 200, 200]);
    // Nonces grow old. The answers that say so bring new ones.
    bank.clock.advance(Duration::from_secs(3600));
    session.userinfo().await.expect("userinfo");
    assert_eq!(bank.asked("/token")[2..], [400, 200]);
    assert_eq!(bank.asked("/userinfo")[3..], [401, 200]);
    assert_eq!(userinfo(&bank, &session).await, 200);
}

#[tokio::test]
async fn a_key_outlives_the_client() {
    let bank = Bank::open(&[]).await;
    let key = SigningKey::generate(&SystemDice).expect("a key");
    let builder = || bank.customer().private_key_jwt(bank.key.clone()).dpop(key.clone());
    let first = builder().discover().await.expect("a client");
    let started = first.login().scopes(["openid"]).begin().await.expect("a login");
    let callback = authorize(started.url).await;
    let second = builder().discover().await.expect("a client");
    second.finish(started.pending, callback).await.expect("the code is bound to the key, not to the client");

    let started = first.login().scopes(["openid"]).begin().await.expect("a login");
    let callback = authorize(started.url).await;
    let Err(FinishError::Failed(Error::OAuth { error, .. })) =
        bank.client().await.finish(started.pending, callback).await
    else {
        panic!("a refusal")
    };
    assert_eq!(error.code(), "invalid_grant");
}

#[tokio::test]
async fn a_bound_token_is_not_taken_for_another() {
    let bank = Bank::open(&[]).await;
    let client = bank.client().await;
    let lie = Fault::always(Point::TokenResponse, Edit::set("token_type", "Bearer"));
    let mounted = bank.idp.mount(lie);
    let Err(FinishError::Failed(Error::Protocol { defect, .. })) = login(&client).await else { panic!("a refusal") };
    assert_eq!(defect, Defect::TokenType(TokenType::Dpop));
    drop(mounted);
    let lie = Fault::always(Point::Discovery, Edit::remove("dpop_signing_alg_values_supported"));
    let _mounted = bank.idp.mount(lie);
    let error = bank.customer().private_key_jwt(bank.key.clone()).dpop_with_new_key().discover().await;
    assert!(matches!(error, Err(Error::Config(_))), "{error:?}");
}

#[tokio::test]
async fn who_does_not_prove_anything_gets_nothing() {
    let bank = Bank::open(&[]).await;
    let bare = bank.customer().private_key_jwt(bank.key.clone()).discover().await.expect("a client");
    let error = login(&bare).await.expect_err("a refusal");
    let FinishError::Failed(Error::OAuth { error, .. }) = error else { panic!("{error:?}") };
    assert_eq!(error.code(), "invalid_request");
    let stranger = SigningKey::generate(&SystemDice).expect("a key").with_kid("k1");
    let stranger = bank.customer().private_key_jwt(stranger).dpop_with_new_key().discover().await.expect("a client");
    let error = stranger.login().begin().await.expect_err("a refusal");
    let Error::OAuth { error, .. } = error else { panic!("{error:?}") };
    assert_eq!(error.code(), "invalid_client");
}

#[tokio::test]
async fn a_public_client_is_bound_too() {
    let idp = MockIdp::builder().on("dpop-nonce-required").start().await.expect("a server");
    let builder = || Client::builder(idp.issuer(), "public").redirect_uri(REDIRECT_URI);
    for builder in [builder().dpop_with_new_key().pushed_requests(), builder().dpop_with_new_key()] {
        let session = login(&builder.discover().await.expect("a client")).await.expect("a session");
        for _ in 0..2 {
            session.userinfo().await.expect("userinfo");
            session.refresh().await.expect("a refresh");
        }
    }
}

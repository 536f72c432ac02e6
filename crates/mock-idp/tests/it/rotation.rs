//! Keys that are announced, used and retired while clients are logged in (OpenID Connect Core §10.1.1).

use std::borrow::Cow;
use std::sync::Arc;

use mock_idp::MockIdp;
use mock_idp::jose::{Jws, PublicKeys};
use mock_idp::keys::{KeyError, Keys, RotatingKeys};
use oauth_types::Algorithm;
use serde_json::Value;

use crate::browser::{Browser, decode};

fn server() -> (MockIdp, Arc<RotatingKeys>) {
    let keys = Arc::new(RotatingKeys::new());
    let idp = MockIdp::builder().keys(Arc::<RotatingKeys>::clone(&keys)).in_process().expect("a server");
    (idp, keys)
}

async fn published(browser: &Browser<'_>) -> Vec<String> {
    let keys = browser.fetch("/jwks").await.json();
    let kid = |jwk: &Value| (jwk["alg"] == "RS256").then(|| jwk["kid"].as_str().expect("a kid").to_owned());
    keys["keys"].as_array().expect("keys").iter().filter_map(kid).collect()
}

async fn userinfo(browser: &Browser<'_>, tokens: &Value) -> u16 {
    browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status
}

fn kid(tokens: &Value) -> (Value, Value) {
    (decode(&tokens["id_token"]).0["kid"].clone(), decode(&tokens["access_token"]).0["kid"].clone())
}

#[tokio::test]
async fn tokens_name_the_key_that_signs_and_live_as_long_as_it_is_published() {
    let (idp, keys) = server();
    let browser = Browser::new(&idp);
    let before = browser.log_in().await;
    assert_eq!(kid(&before), ("mock-rs256".into(), "mock-rs256".into()));

    keys.announce().expect("the next keys");
    assert_eq!(published(&browser).await, ["mock-rs256", "mock-rs256-2"]);
    assert_eq!(kid(&browser.log_in().await), kid(&before), "announced keys are not used");

    keys.rotate().expect("they are announced");
    let after = browser.log_in().await;
    assert_eq!(kid(&after), ("mock-rs256-2".into(), "mock-rs256-2".into()));
    assert_eq!((userinfo(&browser, &before).await, userinfo(&browser, &after).await), (200, 200));

    keys.retire().expect("the former keys");
    assert_eq!(published(&browser).await, ["mock-rs256-2"]);
    assert_eq!((userinfo(&browser, &before).await, userinfo(&browser, &after).await), (401, 200));
}

/// Keys that are rotated each time a token has named one of them, and before it is signed.
#[derive(Debug)]
struct Hasty(RotatingKeys);

impl Keys for Hasty {
    fn algorithms(&self) -> &[Algorithm] {
        self.0.algorithms()
    }

    fn kid(&self, algorithm: Algorithm) -> Option<Cow<'static, str>> {
        let kid = self.0.kid(algorithm);
        self.0.announce().and_then(|()| self.0.rotate()).expect("a rotation");
        kid
    }

    fn sign_as(&self, kid: Option<&str>, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.0.sign_as(kid, algorithm, message)
    }

    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &str) -> bool {
        self.0.verify(algorithm, message, signature)
    }

    fn published(&self) -> Vec<Value> {
        self.0.published()
    }

    fn forge(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.0.forge(algorithm, message)
    }

    fn public_pem(&self, algorithm: Algorithm) -> String {
        self.0.public_pem(algorithm)
    }
}

#[tokio::test]
async fn a_token_is_signed_by_the_key_it_names_although_keys_were_rotated_in_between() {
    let idp = MockIdp::builder().keys(Arc::new(Hasty(RotatingKeys::new()))).in_process().expect("a server");
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    assert_ne!(kid(&tokens).0, kid(&tokens).1);
    let keys = PublicKeys::read(browser.fetch("/jwks").await.body.as_bytes()).expect("a key set");
    for name in ["id_token", "access_token"] {
        let token = Jws::parse(tokens[name].as_str().expect("a token")).expect("a token");
        assert_eq!(token.verify(&keys, Algorithm::SIGNING), Ok(()), "{name}");
    }
}

#[tokio::test]
async fn whoever_holds_the_server_rotates_its_keys() {
    let idp = MockIdp::builder().in_process().expect("a server");
    idp.keys().announce().and_then(|()| idp.keys().rotate()).expect("a rotation");
    assert_eq!(kid(&Browser::new(&idp).log_in().await).0, "mock-rs256-2");
}

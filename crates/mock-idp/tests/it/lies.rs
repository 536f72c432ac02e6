//! Lies about signatures, keys and claims, in detail. The catalogue has the whole list.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Request;
use mock_idp::jose::{Jws, PublicKey, PublicKeys};
use mock_idp::keys::FixedKeys;
use mock_idp::{Builder, Client, MockIdp};
use oauth_types::fault::{Edit, Fault, KeySet, Point, Signature, catalogue};
use oauth_types::{Algorithm, Secret};
use serde_json::{Value, json};

use crate::browser::{Browser, REDIRECT_URI, asking, basic, decode, redeeming, with};

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

fn started(builder: Builder) -> MockIdp {
    builder.in_process().expect("a server")
}

async fn keys(browser: &Browser<'_>) -> PublicKeys {
    PublicKeys::read(browser.fetch("/jwks").await.body.as_bytes()).expect("a key set")
}

fn text(token: &Value) -> &str {
    token.as_str().expect("a token")
}

fn signature(token: &Value) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text(token).rsplit('.').next().expect("a signature")).expect("base64url")
}

async fn id_token(idp: &MockIdp, with: Signature) -> Value {
    let _guard = idp.mount(Fault::always(Point::IdToken, Edit::sign(with)));
    Browser::new(idp).log_in().await["id_token"].take()
}

#[tokio::test]
async fn the_public_key_is_the_secret_of_a_confused_client() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let idp = started(MockIdp::builder().alg(algorithm));
        let token = id_token(&idp, Signature::Hs256PublicKey).await;
        let (signed, _) = text(&token).rsplit_once('.').expect("a signature");
        let key = hmac::Key::new(hmac::HMAC_SHA256, idp.keys().public_pem(algorithm).as_bytes());
        assert!(hmac::verify(&key, signed.as_bytes(), &signature(&token)).is_ok(), "{algorithm}");
        assert_eq!(decode(&token).0["alg"], "HS256", "{algorithm}");
    }
}

#[tokio::test]
async fn one_bit_is_wrong_whatever_the_algorithm() {
    for algorithm in Algorithm::SIGNING {
        let idp = started(MockIdp::builder().alg(*algorithm));
        let keys = keys(&Browser::new(&idp)).await;
        let token = id_token(&idp, Signature::Corrupted).await;
        let (header, _) = decode(&token);
        assert_eq!(header["alg"], algorithm.as_str());
        let jws = Jws::parse(text(&token)).expect("a token");
        assert!(jws.verify(&keys, Algorithm::SIGNING).is_err(), "{algorithm}");
        let mut right = signature(&token);
        *right.last_mut().expect("an octet") ^= 1;
        let (signed, _) = text(&token).rsplit_once('.').expect("a signature");
        let right = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(right));
        assert_eq!(Jws::parse(&right).expect("a token").verify(&keys, Algorithm::SIGNING), Ok(()), "{algorithm}");
    }
}

#[tokio::test]
async fn a_token_brings_along_the_key_it_is_signed_with() {
    for algorithm in Algorithm::SIGNING {
        let idp = started(MockIdp::builder().alg(*algorithm));
        let token = id_token(&idp, Signature::EmbeddedKey).await;
        let (header, _) = decode(&token);
        let key = PublicKey::parse(&header["jwk"]).expect("a public key");
        let jws = Jws::parse(text(&token)).expect("a token");
        assert_eq!(jws.verify_with(&key, &[*algorithm]), Ok(()), "{algorithm}");
        assert!(jws.verify(&keys(&Browser::new(&idp)).await, Algorithm::SIGNING).is_err(), "{algorithm}");
        assert!(header["jwk"].get("d").is_none());
    }
}

#[tokio::test]
async fn zeros_claim_to_be_of_a_key_for_elliptic_curves() {
    let idp = server();
    let token = id_token(&idp, Signature::Zero).await;
    let (header, _) = decode(&token);
    assert_eq!((&header["alg"], &header["kid"]), (&json!("ES256"), &json!(idp.keys().kid(Algorithm::Es256))));
    assert_eq!(signature(&token), [0; 64]);
}

#[tokio::test]
async fn a_token_with_the_clients_secret_lies_as_well() {
    let secret = "a secret of at least thirty-two octets";
    let client = Client::confidential("hs", secret).redirect_uri(REDIRECT_URI);
    let idp = started(MockIdp::builder().client(client.id_token_signed_response_alg(Algorithm::Hs256)));
    let browser = Browser::new(&idp);
    let log_in = async || {
        let code = browser.code(&with(asking(), "client_id", "hs")).await;
        let mut form = redeeming(&code);
        form.remove("client_id");
        let tokens = browser.post("/token", form.encode(), Some(&basic("hs", secret))).await.tokens();
        tokens["id_token"].clone()
    };
    let keyed = |token: &Value| {
        let jws = Jws::parse(text(token)).expect("a token");
        jws.verify_secret(&Secret::new(secret), &[Algorithm::Hs256])
    };
    assert_eq!(keyed(&log_in().await), Ok(()));
    for lie in [Signature::Corrupted, Signature::UnpublishedKey] {
        let _guard = idp.mount(Fault::always(Point::IdToken, Edit::sign(lie)));
        let token = log_in().await;
        assert!(keyed(&token).is_err() && decode(&token).0["alg"] == "HS256", "{lie:?}");
    }
    for (lie, algorithm) in [
        (Signature::EmbeddedKey, "RS256"),
        (Signature::Hs256PublicKey, "HS256"),
        (Signature::WeakKey, "RS256"),
        (Signature::AlgNone, "none"),
    ] {
        let _guard = idp.mount(Fault::always(Point::IdToken, Edit::sign(lie)));
        assert_eq!(decode(&log_in().await).0["alg"], algorithm, "{lie:?}");
    }
}

#[tokio::test]
async fn the_server_believes_none_of_its_lies() {
    let idp = server();
    let browser = Browser::new(&idp);
    for lie in [
        Signature::AlgNone,
        Signature::Hs256PublicKey,
        Signature::Stripped,
        Signature::Corrupted,
        Signature::UnpublishedKey,
        Signature::EmbeddedKey,
        Signature::Zero,
        Signature::WeakKey,
    ] {
        let guard = idp.mount(Fault::always(Point::AccessToken, Edit::sign(lie)));
        let token = browser.log_in().await["access_token"].take();
        assert!(matches!(browser.userinfo(text(&token)).await.status, 400 | 401), "{lie:?}");
        drop(guard);
    }
}

#[tokio::test]
async fn keys_are_replaced_just_before_a_token_is_signed() {
    for retire in [false, true] {
        let idp = server();
        let browser = Browser::new(&idp);
        let guard = idp.mount(Fault::always(Point::IdToken, Edit::RotateKeys { retire }).once());
        let tokens = browser.log_in().await;
        drop(guard);
        // The access token is signed first, and by the former key.
        assert_eq!(decode(&tokens["access_token"]).0["kid"], "mock-rs256");
        assert_eq!(decode(&tokens["id_token"]).0["kid"], "mock-rs256-2");
        let userinfo = browser.userinfo(text(&tokens["access_token"])).await.status;
        assert_eq!(userinfo, if retire { 401 } else { 200 });
        let jws = Jws::parse(text(&tokens["id_token"])).expect("a token");
        assert_eq!(jws.verify(&keys(&browser).await, &[Algorithm::Rs256]), Ok(()));
    }
}

#[tokio::test]
async fn keys_are_replaced_again_and_again() {
    let idp = server();
    let browser = Browser::new(&idp);
    let _guard = idp.mount(Fault::always(Point::IdToken, Edit::RotateKeys { retire: true }));
    for number in 2..=5 {
        let tokens = browser.log_in().await;
        assert_eq!(decode(&tokens["id_token"]).0["kid"], format!("mock-rs256-{number}"));
        let jws = Jws::parse(text(&tokens["id_token"])).expect("a token");
        assert_eq!(jws.verify(&keys(&browser).await, &[Algorithm::Rs256]), Ok(()));
    }
}

#[tokio::test]
async fn announced_keys_are_the_next_ones() {
    let idp = server();
    idp.keys().announce().expect("the next keys");
    let _guard = idp.fault(catalogue::SIGNING_KEY_ROTATION_JUST_BEFORE_SIGNING);
    assert_eq!(decode(&Browser::new(&idp).log_in().await["id_token"]).0["kid"], "mock-rs256-2");
}

#[tokio::test]
async fn keys_that_cannot_be_replaced_are_a_failure_that_says_so() {
    let idp = started(MockIdp::builder().keys(Arc::new(FixedKeys)));
    let browser = Browser::new(&idp);
    let _keys = idp.fault(catalogue::SIGNING_KEY_ROTATION);
    let answer = browser.fetch("/jwks").await;
    assert_eq!(
        (answer.status, answer.json()["error_description"].as_str()),
        (500, Some("The keys could not be rotated"))
    );
    let failure = idp.journal().pop().expect("an entry").failure;
    assert_eq!(failure.as_deref(), Some("the keys cannot be rotated: these keys are fixed"));
    let _token = idp.fault(catalogue::SIGNING_KEY_ROTATION_JUST_BEFORE_SIGNING);
    let code = browser.code(&asking()).await;
    assert_eq!(browser.token(&redeeming(&code)).await.status, 500);
}

#[tokio::test]
async fn a_weak_key_is_published_as_long_as_somebody_signs_with_it() {
    let idp = server();
    let browser = Browser::new(&idp);
    let weak = async || browser.fetch("/jwks").await.body.contains("mock-weak-rs256");
    assert!(!weak().await);
    let guard = idp.fault(catalogue::SIG_WEAK_KEY.fault().once());
    assert!(weak().await, "before it signs");
    browser.log_in().await;
    assert!(weak().await, "after it signed");
    drop(guard);
    assert!(!weak().await);
}

#[tokio::test]
async fn one_name_for_every_key_hides_the_right_one_behind_a_wrong_one() {
    let idp = server();
    let browser = Browser::new(&idp);
    let token = browser.log_in().await["id_token"].take();
    let right = browser.fetch("/jwks").await.json()["keys"].take();
    let _guard = idp.mount(Fault::always(Point::Jwks, Edit::Keys { with: KeySet::DuplicateKid }));
    let keys = browser.fetch("/jwks").await.json()["keys"].take();
    let keys = keys.as_array().expect("keys");
    assert!(keys.iter().all(|key| key["kid"] == "mock-rs256"), "{keys:?}");
    let verdict = |key: &Value| {
        let jws = Jws::parse(text(&token)).expect("a token");
        jws.verify_with(&PublicKey::parse(key).expect("a key"), &[Algorithm::Rs256]).is_ok()
    };
    assert_eq!((verdict(&keys[0]), &keys[0]["alg"]), (false, &json!("RS256")));
    assert!(verdict(&keys[1]) && keys[1] == right[0]);
}

/// Somewhere that tokens and documents say claims.
struct Place {
    at: Point,
    claims: &'static [&'static str],
}

const PLACES: &[Place] = &[
    Place {
        at: Point::IdToken,
        claims: &["iss", "aud", "sub", "exp", "iat", "auth_time", "nonce", "at_hash", "sid"],
    },
    Place { at: Point::AccessToken, claims: &["iss", "aud", "sub", "exp", "iat", "client_id", "jti", "scope"] },
    Place { at: Point::Userinfo, claims: &["sub", "email", "email_verified"] },
    Place { at: Point::UserinfoToken, claims: &["iss", "aud", "sub"] },
    Place { at: Point::Introspection, claims: &["active", "iss", "aud", "sub", "exp", "iat", "client_id", "scope"] },
    Place { at: Point::IntrospectionToken, claims: &["iss", "aud", "iat", "token_introspection"] },
    Place { at: Point::ResponseToken, claims: &["iss", "aud", "exp", "code", "state"] },
];

/// The claims that a client sees there.
async fn said(browser: &Browser<'_>, at: Point) -> Value {
    let log_in = async |client: &str| {
        let code = browser.code(&with(asking(), "client_id", client)).await;
        browser.token(&with(redeeming(&code), "client_id", client)).await.tokens()
    };
    let introspected = async |accept: &str| {
        let token = log_in("public").await["access_token"].take();
        let request = Request::post("/introspect").header("Authorization", basic("rs", "secret"));
        let request = request.header("Accept", accept).header("Content-Type", "application/x-www-form-urlencoded");
        browser.send(request.body(Bytes::from(format!("token={}", text(&token)))).expect("a request")).await.body
    };
    let read = |text: &str| serde_json::from_str(text).expect("JSON");
    match at {
        Point::IdToken => decode(&log_in("public").await["id_token"]).1,
        Point::AccessToken => decode(&log_in("public").await["access_token"]).1,
        Point::Userinfo => read(&browser.userinfo(text(&log_in("public").await["access_token"])).await.body),
        Point::UserinfoToken => {
            let answer = browser.userinfo(text(&log_in("signed").await["access_token"])).await;
            decode(&json!(answer.body)).1
        }
        Point::Introspection => read(&introspected("application/json").await),
        Point::IntrospectionToken => decode(&json!(introspected("application/token-introspection+jwt").await)).1,
        Point::ResponseToken => {
            let answer = browser.authorize(&asking().with("response_mode", "jwt")).await;
            decode(&json!(answer.redirected().get("response"))).1
        }
        other => panic!("nothing is said at {other:?}"),
    }
}

#[tokio::test]
async fn row_8_every_claim_is_wrong_or_missing_or_of_the_wrong_type_or_too_much() {
    let idp = started(
        MockIdp::builder()
            .client(Client::public("public").redirect_uri(REDIRECT_URI))
            .client(Client::confidential("rs", "secret"))
            .client(
                Client::public("signed").redirect_uri(REDIRECT_URI).metadata("userinfo_signed_response_alg", "RS256"),
            ),
    );
    let browser = Browser::new(&idp);
    for Place { at, claims } in PLACES {
        let right = said(&browser, *at).await;
        let edits = claims
            .iter()
            .flat_map(|name| [(*name, Some(json!("wrong"))), (*name, None), (*name, Some(json!([1, {}])))]);
        let extra = [("x-extra", Some(json!({"a": 1})))];
        for (name, value) in edits.chain(extra) {
            assert_eq!(right.get(name).is_some(), name != "x-extra", "{at:?}: {name}");
            let edit = value.clone().map_or_else(|| Edit::remove(name), |value| Edit::set(name, value));
            let guard = idp.fault(Fault::always(*at, edit));
            let told = said(&browser, *at).await;
            assert_eq!(told.get(name), value.as_ref(), "{at:?}: {name}");
            let kept = claims.iter().filter(|other| **other != name && right[**other] != told[**other]);
            let fresh = ["jti", "code", "at_hash", "sid", "exp", "iat", "auth_time", "token_introspection"];
            assert_eq!(
                kept.filter(|other| !fresh.contains(other)).count(),
                0,
                "{at:?}: {name}: nothing else changes"
            );
            drop(guard);
        }
    }
}

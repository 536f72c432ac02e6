//! The key set: which keys are used, and when it is fetched again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm as Jws;
use pkce_client::{Client, Defect, Endpoint, Error, FinishError, JsonError, JwtError};
use serde_json::{Value, json};

use crate::stage::{Stage, UNPUBLISHED, callback, jwk, rsa};

async fn failed(stage: &Stage, client: &Client) -> Error {
    match stage.login(client).await {
        Err(FinishError::Failed(error)) => error,
        other => panic!("{other:?}"),
    }
}

async fn refused(stage: &Stage, client: &Client) -> JwtError {
    match failed(stage, client).await {
        Error::IdToken(error) => error,
        other => panic!("{other:?}"),
    }
}

/// Another key signs from now on; `published` or not.
fn rotate(stage: &Stage, published: bool) {
    let key = rsa(UNPUBLISHED);
    stage.with(|script| {
        if published {
            script.jwks = json!({"keys": [jwk(&key, Jws::RS256, "two")]});
        }
        script.header["kid"] = json!("two");
        script.key = key;
    });
}

fn fetched(stage: &Stage) -> usize {
    stage.seen(Endpoint::Jwks).len()
}

#[tokio::test]
async fn keys_are_fetched_once_and_kept_for_five_minutes() {
    let stage = Stage::new();
    let client = stage.client();
    stage.login(&client).await.expect("a session");
    stage.clock.advance(299);
    stage.login(&client).await.expect("a session");
    assert_eq!(fetched(&stage), 1);
    stage.clock.advance(1);
    stage.login(&client).await.expect("a session");
    assert_eq!(fetched(&stage), 2);
}

#[tokio::test]
async fn a_withdrawn_key_stops_working() {
    let stage = Stage::new();
    let client = stage.client();
    stage.login(&client).await.expect("a session");
    stage.with(|script| script.jwks = json!({"keys": []}));
    stage.clock.advance(300);
    assert_eq!(refused(&stage, &client).await, JwtError::UnknownKey);
}

#[tokio::test]
async fn complaint_04_a_new_key_is_found_at_once() {
    let stage = Stage::new();
    let client = stage.client();
    stage.login(&client).await.expect("a session");
    rotate(&stage, true);
    stage.login(&client).await.expect("a session");
    assert_eq!(fetched(&stage), 2);
}

#[tokio::test]
async fn a_new_key_is_found_without_a_key_id() {
    let stage = Stage::new();
    let client = stage.client();
    stage.login(&client).await.expect("a session");
    rotate(&stage, true);
    stage.with(|script| script.header = json!({"alg": "RS256"}));
    stage.login(&client).await.expect("a session");
    assert_eq!(fetched(&stage), 2);
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_once_a_minute() {
    let stage = Stage::new();
    let client = stage.client();
    rotate(&stage, false);
    for _ in 0..20 {
        assert_eq!(refused(&stage, &client).await, JwtError::UnknownKey);
    }
    assert_eq!(fetched(&stage), 2);
    stage.clock.advance(60);
    assert_eq!(refused(&stage, &client).await, JwtError::UnknownKey);
    assert_eq!(fetched(&stage), 3);
}

#[tokio::test]
async fn a_new_key_is_found_after_others_were_looked_for() {
    let stage = Stage::new();
    let client = stage.client();
    stage.login(&client).await.expect("a session");
    for number in 0..5 {
        stage.with(|script| script.header["kid"] = json!(format!("nobody-{number}")));
        assert_eq!(refused(&stage, &client).await, JwtError::UnknownKey);
    }
    assert_eq!(fetched(&stage), 6);
    rotate(&stage, true);
    stage.login(&client).await.expect("a session");
    assert_eq!(fetched(&stage), 7);
}

#[tokio::test]
async fn a_thousand_unknown_keys_are_not_looked_for() {
    let stage = Stage::new();
    let client = stage.client();
    stage.login(&client).await.expect("a session");
    for number in 0..1000 {
        stage.with(|script| script.header["kid"] = json!(format!("nobody-{number}")));
        assert_eq!(refused(&stage, &client).await, JwtError::UnknownKey);
    }
    assert_eq!(fetched(&stage), 11);
    stage.clock.advance(6);
    rotate(&stage, true);
    stage.login(&client).await.expect("a session");
    assert_eq!(fetched(&stage), 12);
}

#[tokio::test]
async fn many_logins_fetch_the_keys_once() {
    let stage = Stage::new();
    let client = stage.client();
    // All get the same nonce, because the server remembers one.
    let mut logins = Vec::new();
    for _ in 0..8 {
        logins.push(stage.begin(&client).await);
    }
    stage.gate.send_replace(Some(Endpoint::Jwks));
    let mut tasks = tokio::task::JoinSet::new();
    for started in logins {
        let (client, response) = (client.clone(), callback(&started, &[]));
        tasks.spawn(async move { client.finish(started.pending, response).await.is_ok() });
    }
    stage.arrived(Endpoint::Token, 8).await;
    stage.arrived(Endpoint::Jwks, 1).await;
    stage.gate.send_replace(None);
    let finished = tasks.join_all().await;
    assert_eq!((finished.len(), finished.into_iter().filter(|ok| *ok).count()), (8, 1));
    assert_eq!(fetched(&stage), 1);
}

#[tokio::test]
async fn complaint_05_bad_keys_do_not_spoil_the_good_one() {
    let stage = Stage::new();
    let right = stage.with(|script| script.jwks["keys"][0].clone());
    let changed = |name: &str, value: Value| {
        let mut key = right.clone();
        key[name] = value;
        key
    };
    let unusable = [
        changed("use", json!("enc")),
        changed("alg", json!("PS256")),
        changed("kty", json!("oct")),
        changed("kty", json!("EC")),
        changed("key_ops", json!(["sign"])),
        changed("kid", json!("other")),
        changed("kid", json!(["one"])),
        changed("n", json!("!")),
        json!({"kty": "OKP", "crv": "Ed448", "x": "AA", "kid": "one"}),
        json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "one"}),
        json!("no key"),
    ];
    for key in &unusable {
        stage.with(|script| script.jwks = json!({"keys": [key]}));
        assert_eq!(refused(&stage, &stage.client()).await, JwtError::UnknownKey, "{key}");
    }
    let mut all = unusable.to_vec();
    all.push(changed("key_ops", json!(["verify"])));
    stage.with(|script| script.jwks = json!({"keys": all}));
    stage.login(&stage.client()).await.expect("bad keys do not spoil the good one");
}

#[tokio::test]
async fn several_fitting_keys_are_not_tried_in_turn() {
    let stage = Stage::new();
    stage.with(|script| {
        let other = jwk(&rsa(UNPUBLISHED), Jws::RS256, "two");
        script.jwks["keys"].as_array_mut().expect("keys").push(other);
        script.header = json!({"alg": "RS256"});
    });
    assert_eq!(refused(&stage, &stage.client()).await, JwtError::AmbiguousKey);
}

#[tokio::test]
async fn weak_keys_are_refused() {
    let stage = Stage::new();
    let right = stage.with(|script| script.jwks["keys"][0].clone());
    let modulus =
        |octets: &[u8]| json!({"kty": "RSA", "kid": "one", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode(octets)});
    let exponent = |octets: &[u8]| {
        let mut key = right.clone();
        key["e"] = URL_SAFE_NO_PAD.encode(octets).into();
        key
    };
    let weak = [
        modulus(&[0xff; 128]),
        modulus(&[&[0; 128][..], &[0xff; 128]].concat()),
        modulus(&[&[0x7f][..], &[0xff; 255]].concat()),
        modulus(&[0xff; 2048]),
        modulus(&[]),
        exponent(&[1]),
        exponent(&[3]),
        exponent(&[1, 0, 0]),
    ];
    for key in weak {
        stage.with(|script| script.jwks = json!({"keys": [key]}));
        assert_eq!(refused(&stage, &stage.client()).await, JwtError::WeakKey, "{key}");
    }
}

#[tokio::test]
async fn hostile_key_ids_are_only_compared() {
    let stage = Stage::new();
    for kid in ["../../../dev/null", "' OR 1=1 --", "\u{0}", &"x".repeat(100_000)] {
        stage.with(|script| script.header["kid"] = json!(kid));
        assert_eq!(refused(&stage, &stage.client()).await, JwtError::UnknownKey);
    }
    for kid in [json!({}), json!(["one"]), json!(1)] {
        stage.with(|script| script.header["kid"] = kid);
        assert_eq!(refused(&stage, &stage.client()).await, JwtError::Header("kid"));
    }
}

#[tokio::test]
async fn a_defective_key_set_is_named() {
    let stage = Stage::new();
    let defect = async |answer: (u16, &'static str)| {
        stage.answer(Endpoint::Jwks, answer.0, "application/json", answer.1);
        match failed(&stage, &stage.client()).await {
            Error::Protocol { endpoint: Endpoint::Jwks, defect } => defect,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(defect((302, "")).await, Defect::Redirect(302));
    assert_eq!(defect((500, "")).await, Defect::Status(500));
    assert_eq!(defect((200, "<html>")).await, Defect::Json(JsonError::Malformed));
    assert_eq!(defect((200, "{}")).await, Defect::Missing("keys"));
    assert_eq!(defect((200, r#"{"keys":{}}"#)).await, Defect::Member("keys"));
    let many = json!({"keys": vec![json!({}); 257]}).to_string().leak();
    assert_eq!(defect((200, many)).await, Defect::TooManyKeys);
}

#[tokio::test]
async fn a_server_without_keys_is_named() {
    let stage = Stage::new();
    stage.with(|script| script.metadata.as_object_mut().expect("an object").remove("jwks_uri"));
    assert!(matches!(failed(&stage, &stage.client()).await, Error::NoEndpoint(Endpoint::Jwks)));
}

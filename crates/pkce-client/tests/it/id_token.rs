//! One test for each rule of ID tokens. Nothing of a response with a wrong one is used.

use std::time::Duration;

use jsonwebtoken::{Algorithm as Jws, EncodingKey};
use pkce_client::{
    Algorithm, Client, ConfigError, Endpoint, Error, FinishError, IssuerDifference, JsonError, JwtError,
};
use serde_json::{Value, json};

use crate::stage::{CLIENT_ID, EDDSA, ES256, ISSUER, PS256, START, Stage, UNPUBLISHED, callback, jwk, rsa};

async fn refused_by(stage: &Stage, client: &Client) -> JwtError {
    match stage.login(client).await {
        Err(FinishError::Failed(Error::IdToken(error))) => error,
        other => panic!("{other:?}"),
    }
}

async fn refused(stage: &Stage) -> JwtError {
    refused_by(stage, &stage.client()).await
}

async fn refused_claim(name: &str, value: Value) -> JwtError {
    let stage = Stage::new();
    stage.claim(name, value);
    refused(&stage).await
}

async fn refused_header(name: &str, value: Value) -> JwtError {
    let stage = Stage::new();
    stage.with(|script| script.header[name] = value);
    refused(&stage).await
}

async fn refused_edit(edit: fn(String) -> String) -> JwtError {
    let stage = Stage::new();
    stage.with(|script| script.edit = Some(edit));
    refused(&stage).await
}

#[tokio::test]
async fn it_has_three_segments_with_content() {
    assert_eq!(refused_edit(|token| token.rsplit_once('.').expect("dots").0.to_owned()).await, JwtError::NotCompact);
    assert_eq!(
        refused_edit(|token| format!("{}.", token.rsplit_once('.').expect("dots").0)).await,
        JwtError::NotCompact
    );
    assert_eq!(refused_edit(|token| format!("{token}.a.b")).await, JwtError::NotCompact);
    assert_eq!(refused_edit(|_| String::new()).await, JwtError::NotCompact);
    assert_eq!(refused_edit(|_| r#"{"payload":"e30","signature":"e30"}"#.to_owned()).await, JwtError::NotCompact);
    assert_eq!(refused_edit(|_| "..".to_owned()).await, JwtError::NotCompact);
}

#[tokio::test]
async fn its_segments_are_canonical_base64url() {
    assert_eq!(refused_edit(|token| format!("{token}=")).await, JwtError::NotBase64Url);
    assert_eq!(refused_edit(|token| format!("{token}\n")).await, JwtError::NotBase64Url);
    assert_eq!(refused_edit(|token| format!("{token}%3D")).await, JwtError::NotBase64Url);
    // 256 octets end in one character of which four bits are unused.
    let malleable = |mut token: String| {
        let last = token.pop().expect("a signature");
        let next = char::from(u8::try_from(last).expect("ASCII") + 1);
        token.push(next);
        token
    };
    assert_eq!(refused_edit(malleable).await, JwtError::NotBase64Url);
}

#[tokio::test]
async fn its_algorithm_is_one_the_client_allows() {
    for alg in ["none", "None", "nOnE", "HS256", "RS512", "ES256", "rs256", ""] {
        assert_eq!(refused_header("alg", json!(alg)).await, JwtError::Algorithm, "{alg}");
    }
    assert_eq!(refused_header("alg", json!(["RS256"])).await, JwtError::Header("alg"));
    let stage = Stage::new();
    stage.with(|script| script.header = json!({"kid": "one"}));
    assert_eq!(refused(&stage).await, JwtError::Header("alg"));
}

#[tokio::test]
async fn a_public_key_is_no_secret_and_metadata_allow_nothing() {
    let stage = Stage::new();
    stage.with(|script| {
        script.metadata["id_token_signing_alg_values_supported"] = json!(["none", "HS256"]);
        let modulus = script.jwks["keys"][0]["n"].as_str().expect("a modulus").to_owned();
        (script.key, script.alg) = (EncodingKey::from_secret(modulus.as_bytes()), Jws::HS256);
        script.header["alg"] = json!("HS256");
    });
    assert_eq!(refused(&stage).await, JwtError::Algorithm);
}

#[tokio::test]
async fn other_algorithms_are_allowed_by_name() {
    let cases = [
        (rsa(PS256), Jws::PS256, Algorithm::Ps256),
        (EncodingKey::from_ec_pem(ES256.as_bytes()).expect("a key"), Jws::ES256, Algorithm::Es256),
        (EncodingKey::from_ed_pem(EDDSA.as_bytes()).expect("a key"), Jws::EdDSA, Algorithm::EdDsa),
    ];
    for (key, jws, algorithm) in cases {
        let stage = Stage::new();
        stage.with(|script| {
            script.jwks["keys"].as_array_mut().expect("keys").push(jwk(&key, jws, "two"));
            script.header = json!({"alg": algorithm.as_str(), "kid": "two"});
            (script.key, script.alg) = (key, jws);
        });
        assert_eq!(refused(&stage).await, JwtError::Algorithm);
        let client = stage.client_of(stage.builder().id_token_algorithms([algorithm]));
        stage.login(&client).await.expect("a session");
        let malformed = |token: String| format!("{}.{}", token.rsplit_once('.').expect("dots").0, "A".repeat(86));
        stage.with(|script| script.edit = Some(malformed));
        assert_eq!(refused_by(&stage, &client).await, JwtError::Signature, "{algorithm}");
    }
}

#[tokio::test]
async fn it_is_of_the_right_type() {
    for typ in ["at+jwt", "logout+jwt", "dpop+jwt", "application/at+jwt", ""] {
        assert_eq!(refused_header("typ", json!(typ)).await, JwtError::Type, "{typ}");
    }
    assert_eq!(refused_header("typ", json!(1)).await, JwtError::Header("typ"));
}

#[tokio::test]
async fn critical_extensions_are_not_understood() {
    assert_eq!(refused_header("crit", json!(["b64"])).await, JwtError::Critical);
    assert_eq!(refused_header("crit", json!([])).await, JwtError::Critical);
}

#[tokio::test]
async fn it_does_not_bring_its_own_key() {
    for name in ["jwk", "jku", "x5c", "x5u"] {
        assert_eq!(refused_header(name, json!("https://evil.example/key")).await, JwtError::EmbeddedKey(name));
    }
}

#[tokio::test]
async fn its_signature_is_of_the_published_key() {
    let stage = Stage::new();
    stage.with(|script| script.key = rsa(UNPUBLISHED));
    assert_eq!(refused(&stage).await, JwtError::Signature);
    let other_payload = |token: String| {
        let mut segments: Vec<_> = token.split('.').map(str::to_owned).collect();
        segments[1] = segments[1].replacen('I', "J", 1);
        segments.join(".")
    };
    assert_eq!(refused_edit(other_payload).await, JwtError::Signature);
    let empty = |token: String| format!("{}.AAAA", token.rsplit_once('.').expect("dots").0);
    assert_eq!(refused_edit(empty).await, JwtError::Signature);
}

#[tokio::test]
async fn header_and_claims_are_unambiguous_json() {
    let stage = Stage::new();
    let client = stage.client();
    let header = r#"{"alg":"RS256","kid":"one"}"#;
    let cases = [
        (header, r#"{"sub":"alice","sub":"mallory"}"#, JsonError::DuplicateMember),
        (r#"{"alg":"none","alg":"RS256"}"#, "{}", JsonError::DuplicateMember),
        (header, "[]", JsonError::NotAnObject),
        (header, "{}x", JsonError::Malformed),
        ("x", "{}", JsonError::Malformed),
    ];
    for (header, claims, error) in cases {
        let token = stage.with(|script| crate::stage::sign(header, claims, &script.key, Jws::RS256));
        stage.member("id_token", json!(token));
        assert_eq!(refused_by(&stage, &client).await, JwtError::Json(error), "{header} {claims}");
    }
}

#[tokio::test]
async fn required_claims_are_there() {
    for name in ["iss", "sub", "aud", "exp", "iat"] {
        assert_eq!(refused_claim(name, Value::Null).await, JwtError::Missing(name));
    }
    let stage = Stage::new();
    let started = stage.begin(&stage.client()).await;
    stage.with(|script| script.nonce = None);
    let response = callback(&started, &[]);
    let outcome = stage.client().finish(started.pending, response).await;
    assert!(matches!(outcome, Err(FinishError::Failed(Error::IdToken(JwtError::Missing("nonce"))))), "{outcome:?}");
}

#[tokio::test]
async fn a_malformed_claim_is_not_an_absent_one() {
    for name in ["exp", "iat", "nbf", "auth_time"] {
        for value in [json!("never"), json!(1.5), json!(-1), json!(true), json!([1]), json!({}), json!("1700000000")]
        {
            assert_eq!(refused_claim(name, value.clone()).await, JwtError::Malformed(name), "{name}: {value}");
        }
    }
    for name in ["iss", "sub", "azp", "nonce", "at_hash"] {
        for value in [json!(1), json!(["x"]), json!(false)] {
            assert_eq!(refused_claim(name, value.clone()).await, JwtError::Malformed(name), "{name}: {value}");
        }
    }
    for value in [json!([]), json!({}), json!(1), json!([1]), json!([CLIENT_ID, null])] {
        assert_eq!(refused_claim("aud", value.clone()).await, JwtError::Malformed("aud"), "{value}");
    }
    let stage = Stage::new();
    stage.with(|script| script.claims["nbf"] = Value::Null);
    assert_eq!(refused(&stage).await, JwtError::Malformed("nbf"));
}

#[tokio::test]
async fn it_is_of_exactly_this_issuer() {
    for issuer in ["https://evil.example", "https://issuer", "https://issuer.example/x", ""] {
        assert_eq!(refused_claim("iss", json!(issuer)).await, JwtError::Issuer, "{issuer}");
    }
    for (issuer, difference) in [
        ("https://issuer.example/", IssuerDifference::TrailingSlash),
        ("https://ISSUER.example", IssuerDifference::Case),
        ("http://issuer.example", IssuerDifference::Scheme),
        ("https://issuer.example:443", IssuerDifference::DefaultPort),
    ] {
        assert_eq!(refused_claim("iss", json!(issuer)).await, JwtError::IssuerNearly(difference), "{issuer}");
    }
}

#[tokio::test]
async fn complaint_09_it_is_for_this_client_and_whom_it_trusts() {
    for audience in [json!("other"), json!(["other"]), json!("ap"), json!("app2"), json!("APP")] {
        assert_eq!(refused_claim("aud", audience.clone()).await, JwtError::Audience, "{audience}");
    }
    let both = json!([CLIENT_ID, "api"]);
    assert_eq!(refused_claim("aud", both.clone()).await, JwtError::UntrustedAudience("api".to_owned()));
    assert_eq!(refused_claim("azp", json!("other")).await, JwtError::AuthorizedParty);
    let stage = Stage::new();
    stage.claim("aud", both);
    let client = stage.client_of(stage.builder().trusted_audiences(["api"]));
    stage.login(&client).await.expect("a session");
    stage.claim("azp", json!("api"));
    assert_eq!(refused_by(&stage, &client).await, JwtError::AuthorizedParty);
}

#[tokio::test]
async fn complaint_06_it_is_valid_now_give_or_take_the_leeway() {
    let accepted = async |name: &str, value: u64| {
        let stage = Stage::new();
        stage.claim(name, json!(value));
        stage.login(&stage.client()).await.expect("a session");
    };
    let (now, exp) = (START, START - 60);
    assert_eq!(refused_claim("exp", json!(exp)).await, JwtError::Expired { exp, now });
    accepted("exp", exp + 1).await;
    let late = START + 61;
    assert_eq!(refused_claim("nbf", json!(late)).await, JwtError::NotYetValid { nbf: late, now });
    accepted("nbf", late - 1).await;
    assert_eq!(refused_claim("iat", json!(late)).await, JwtError::IssuedInFuture { iat: late, now });
    accepted("iat", late - 1).await;
    assert_eq!(refused_claim("exp", json!(0)).await, JwtError::Expired { exp: 0, now });
}

#[tokio::test]
async fn the_leeway_is_at_most_five_minutes() {
    let stage = Stage::new();
    let client = stage.client_of(stage.builder().leeway(Duration::from_secs(86_400)));
    stage.claim("exp", json!(START - 299));
    stage.login(&client).await.expect("a session");
    let (exp, now) = (START - 300, START);
    stage.claim("exp", json!(exp));
    assert_eq!(refused_by(&stage, &client).await, JwtError::Expired { exp, now });
}

#[tokio::test]
async fn complaint_10_a_server_without_nonces_is_named() {
    let stage = Stage::new();
    let forgetful = async |client: &Client| {
        let started = stage.begin(client).await;
        stage.with(|script| script.nonce = None);
        let response = callback(&started, &[]);
        client.finish(started.pending, response).await
    };
    let Err(FinishError::Failed(Error::IdToken(error))) = forgetful(&stage.client()).await else {
        panic!("a failure")
    };
    assert_eq!(error, JwtError::Missing("nonce"));
    let client = stage.client_of(stage.builder().allow_missing_nonce());
    forgetful(&client).await.expect("a session");
    stage.claim("nonce", json!("other"));
    assert_eq!(refused_by(&stage, &client).await, JwtError::Nonce);
    let neither = stage.builder().allow_missing_nonce().allow_unadvertised_pkce();
    let error = neither.discover().await.expect_err("a refusal");
    assert!(matches!(error, Error::Config(ConfigError::NeitherNonceNorPkce)), "{error:?}");
}

#[tokio::test]
async fn its_nonce_is_that_of_the_login() {
    assert_eq!(refused_claim("nonce", json!("other")).await, JwtError::Nonce);
    assert_eq!(refused_claim("nonce", json!("")).await, JwtError::Nonce);
    let stage = Stage::new();
    let client = stage.client();
    stage.login(&client).await.expect("a session");
    let earlier = stage.with(|script| script.id_token());
    stage.member("id_token", json!(earlier));
    assert_eq!(refused_by(&stage, &client).await, JwtError::Nonce);
}

#[tokio::test]
async fn its_subject_is_a_short_text() {
    assert_eq!(refused_claim("sub", json!("")).await, JwtError::Malformed("sub"));
    assert_eq!(refused_claim("sub", json!("x".repeat(256))).await, JwtError::Malformed("sub"));
    assert_eq!(refused_claim("sub", json!("a\u{0}b")).await, JwtError::Malformed("sub"));
    let stage = Stage::new();
    stage.claim("sub", json!("x".repeat(255)));
    stage.login(&stage.client()).await.expect("a session");
}

#[tokio::test]
async fn its_access_token_hash_is_checked_when_there() {
    for hash in ["", "x", "AAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(refused_claim("at_hash", json!(hash)).await, JwtError::AccessTokenHash);
    }
    // The example of OpenID Connect Core §A.3.
    let stage = Stage::new();
    stage.member("access_token", json!("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"));
    stage.claim("at_hash", json!("77QmUPtjPfzWtF2AnpK9RQ"));
    stage.login(&stage.client()).await.expect("a session");
}

#[tokio::test]
async fn the_access_token_hash_of_ed25519_is_half_of_sha_512() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let stage = Stage::new();
    let key = EncodingKey::from_ed_pem(EDDSA.as_bytes()).expect("a key");
    let half = &sha2::Sha512::digest("at-1")[..32];
    stage.claim("at_hash", json!(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(half)));
    stage.with(|script| {
        script.jwks = json!({"keys": [jwk(&key, Jws::EdDSA, "one")]});
        script.header["alg"] = json!("EdDSA");
        (script.key, script.alg) = (key, Jws::EdDSA);
    });
    let client = stage.client_of(stage.builder().id_token_algorithms([Algorithm::EdDsa]));
    stage.login(&client).await.expect("a session");
}

#[tokio::test]
async fn a_requested_age_is_enforced() {
    let stage = Stage::new();
    let client = stage.client();
    let login = async || {
        let login = client.login().scopes(["openid"]).max_age(Duration::from_secs(100));
        let started = login.begin().await.expect("a login");
        stage.visit(&started);
        let response = callback(&started, &[]);
        client.finish(started.pending, response).await
    };
    let refused = async || match login().await {
        Err(FinishError::Failed(Error::IdToken(error))) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused().await, JwtError::Missing("auth_time"));
    let auth_time = START - 161;
    stage.claim("auth_time", json!(auth_time));
    assert_eq!(refused().await, JwtError::TooOld { auth_time, now: START });
    stage.claim("auth_time", json!(auth_time + 1));
    login().await.expect("a session");
}

#[tokio::test]
async fn nothing_of_a_response_with_a_wrong_id_token_is_used() {
    let stage = Stage::new();
    stage.claim("iss", json!(format!("{ISSUER}/")));
    assert_eq!(refused(&stage).await, JwtError::IssuerNearly(IssuerDifference::TrailingSlash));
    assert!(stage.seen(Endpoint::Userinfo).is_empty());
    assert_eq!(stage.seen(Endpoint::Token).len(), 1);
}

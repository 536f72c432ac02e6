//! ID tokens that came by another way than a login of the client: one test for each rule of their own.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm as Jws;
use mock_idp::MockIdp;
use oauth_types::Params;
use pkce_client::{Client, Endpoint, Error, IdClaims, JwtError};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::idp::{Idp, REDIRECT_URI};
use crate::stage::{CLIENT_ID, ISSUER, START, Stage, UNPUBLISHED, rsa, sign};

const NONCE: &str = "drawn-for-this-sign-in";

/// A token of the server as somebody shows it, with this in place of a claim; `null` takes it out.
fn shown(stage: &Stage, changes: &[(&str, Value)]) -> String {
    stage.with(|script| {
        let mut claims = script.claims.clone();
        claims["nonce"] = NONCE.into();
        for (name, value) in changes {
            match value {
                Value::Null => drop(claims.as_object_mut().expect("claims").remove(*name)),
                value => claims[*name] = value.clone(),
            }
        }
        sign(&script.header.to_string(), &claims.to_string(), &script.key, Jws::RS256)
    })
}

#[track_caller]
fn error(outcome: Result<IdClaims, Error>) -> JwtError {
    match outcome {
        Err(Error::IdToken(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn left_half(text: &str) -> Value {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16]).into()
}

#[tokio::test]
async fn a_token_with_the_nonce_of_this_sign_in_says_who_it_is() {
    let stage = Stage::new();
    let claims = stage.client().id_token(shown(&stage, &[])).nonce(NONCE).verify().await.expect("claims");
    assert_eq!((claims.issuer(), claims.subject()), (ISSUER, "alice"));
    assert_eq!(claims.get::<Vec<String>>("groups"), Ok(Some(vec!["a".to_owned()])));
    assert_eq!((stage.seen(Endpoint::Jwks).len(), stage.seen(Endpoint::Token).len()), (1, 0));
}

#[tokio::test]
async fn the_nonce_is_the_one_that_was_sent() {
    let stage = Stage::new();
    // Whatever its own logins may lack: no code verifier ties this token to one.
    for client in [stage.client(), stage.client_of(stage.builder().allow_missing_nonce())] {
        let judged = async |nonce: Value, sent: &str| {
            client.id_token(shown(&stage, &[("nonce", nonce)])).nonce(sent).verify().await
        };
        assert_eq!(error(judged(json!("another"), NONCE).await), JwtError::Nonce);
        assert_eq!(error(judged(Value::Null, NONCE).await), JwtError::Missing("nonce"));
        assert_eq!(error(judged(json!(7), NONCE).await), JwtError::Malformed("nonce"));
        // A session that never drew one is not the session of a token without one.
        assert_eq!(error(judged(json!(""), "").await), JwtError::Nonce);
        assert_eq!(error(judged(Value::Null, "").await), JwtError::Missing("nonce"));
    }
}

#[tokio::test]
async fn a_token_without_nonce_is_taken_where_that_is_said() {
    let stage = Stage::new();
    let client = stage.client();
    let bare = shown(&stage, &[("nonce", Value::Null)]);
    client.id_token(bare).without_nonce().verify().await.expect("claims");
    let outcome = client.id_token(shown(&stage, &[])).without_nonce().verify().await;
    assert_eq!(error(outcome), JwtError::Nonce);
}

#[tokio::test]
async fn every_rule_of_id_tokens_holds() {
    let stage = Stage::new();
    let client = stage.client();
    let now = START;
    for (change, wanted) in [
        (("iss", json!("https://evil.example")), JwtError::Issuer),
        (("aud", json!("other")), JwtError::Audience),
        (("aud", json!([CLIENT_ID, "api"])), JwtError::UntrustedAudience("api".to_owned())),
        (("azp", json!("other")), JwtError::AuthorizedParty),
        (("exp", json!(START - 60)), JwtError::Expired { exp: START - 60, now }),
        (("iat", json!(START + 61)), JwtError::IssuedInFuture { iat: START + 61, now }),
        (("nbf", json!(START + 61)), JwtError::NotYetValid { nbf: START + 61, now }),
        (("sub", Value::Null), JwtError::Missing("sub")),
        (("at_hash", json!(1)), JwtError::Malformed("at_hash")),
    ] {
        let outcome = client.id_token(shown(&stage, std::slice::from_ref(&change))).nonce(NONCE).verify().await;
        assert_eq!(error(outcome), wanted, "{change:?}");
    }
    let judged = async |token: String| error(client.id_token(token).nonce(NONCE).verify().await);
    let whole = shown(&stage, &[]);
    assert_eq!(judged(whole.replace('.', "")).await, JwtError::NotCompact);
    assert_eq!(judged("a".repeat(1024 * 1024 + 1)).await, JwtError::TooLong);
    stage.with(|script| script.key = rsa(UNPUBLISHED));
    assert_eq!(judged(shown(&stage, &[])).await, JwtError::Signature);
    stage.with(|script| script.header["typ"] = "at+jwt".into());
    assert_eq!(judged(shown(&stage, &[])).await, JwtError::Type);
}

#[tokio::test]
async fn what_came_beside_it_is_named_in_it() {
    let stage = Stage::new();
    let client = stage.client();
    let hashes = [("at_hash", left_half("at-9")), ("c_hash", left_half("code-9"))];
    let whole = shown(&stage, &hashes);
    let check = |token: &str| client.id_token(token).nonce(NONCE);
    check(&whole).access_token("at-9").code("code-9").verify().await.expect("claims");
    check(&whole).verify().await.expect("hashes of what did not arrive here");
    assert_eq!(error(check(&whole).access_token("at-8").verify().await), JwtError::AccessTokenHash);
    assert_eq!(error(check(&whole).code("code-8").verify().await), JwtError::CodeHash);
    let bare = shown(&stage, &[]);
    assert_eq!(error(check(&bare).access_token("at-9").verify().await), JwtError::Missing("at_hash"));
    assert_eq!(error(check(&bare).code("code-9").verify().await), JwtError::Missing("c_hash"));
}

#[tokio::test]
async fn more_can_be_asked_of_the_login() {
    let stage = Stage::new();
    let client = stage.client();
    let token = shown(&stage, &[("auth_time", json!(START - 100)), ("acr", json!("high"))]);
    let check = |token: &str| client.id_token(token).nonce(NONCE);
    let hour = Duration::from_secs(3600);
    check(&token).max_age(hour).require_acr(["low", "high"]).subject("alice").verify().await.expect("claims");
    let outcome = check(&token).max_age(Duration::from_secs(10)).verify().await;
    assert_eq!(error(outcome), JwtError::TooOld { auth_time: START - 100, now: START });
    assert_eq!(error(check(&token).require_acr(["higher"]).verify().await), JwtError::Acr);
    assert_eq!(error(check(&token).subject("bob").verify().await), JwtError::Subject);
    let bare = shown(&stage, &[]);
    assert_eq!(error(check(&bare).max_age(hour).verify().await), JwtError::Missing("auth_time"));
    assert_eq!(error(check(&bare).require_acr(["high"]).verify().await), JwtError::Missing("acr"));
}

#[tokio::test]
async fn nothing_of_it_is_shown() {
    let stage = Stage::new();
    let client = stage.client();
    let token = shown(&stage, &[]);
    let received = client.id_token(token.as_str());
    assert_eq!(format!("{received:?}"), "ReceivedIdToken { .. }");
    let check = received.nonce(NONCE).access_token("at-9").code("code-9").subject("alice");
    assert_eq!(format!("{check:?}"), "IdTokenCheck { .. }");
}

/// What a frontend hands over after a sign-in of its own at the mock server, with this nonce.
async fn signed_in(idp: &Idp, client: &Client, nonce: &str) -> Params {
    let mut url: Url =
        client.metadata().authorization_endpoint.as_deref().expect("an endpoint").parse().expect("a URL");
    let params = Params::new()
        .with("response_type", "code id_token token")
        .with("client_id", client.client_id())
        .with("redirect_uri", REDIRECT_URI)
        .with("scope", "openid")
        .with("state", "state")
        .with("nonce", nonce)
        .with("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        .with("code_challenge_method", "S256");
    url.set_query(Some(&params.encode()));
    let answer = idp.visit(&url).await;
    let location = answer.headers().get("location").unwrap_or_else(|| panic!("a redirect, not {answer:?}"));
    let (_, fragment) = location.to_str().expect("a URL").split_once('#').expect("a fragment");
    Params::parse(fragment).expect("parameters")
}

#[tokio::test]
async fn a_sign_in_of_somebody_else_at_the_mock_server_is_verified() {
    let idp = Idp::new(MockIdp::builder().legacy());
    let client = idp.client("public").discover().await.expect("a client");
    let handed = signed_in(&idp, &client, NONCE).await;
    let said = |name: &str| handed.get(name).unwrap_or_else(|| panic!("no {name}: {handed:?}")).to_owned();
    let check = || client.id_token(said("id_token")).nonce(NONCE);
    let claims = check().access_token(said("access_token")).code(said("code")).verify().await.expect("claims");
    assert_eq!((claims.issuer(), claims.subject()), (client.issuer(), "alice"));
    // Tokens of two sign-ins, put side by side.
    let other = signed_in(&idp, &client, "another").await;
    let stranger = |name: &str| other.get(name).expect("a member").to_owned();
    assert_eq!(error(check().access_token(stranger("access_token")).verify().await), JwtError::AccessTokenHash);
    assert_eq!(error(check().code(stranger("code")).verify().await), JwtError::CodeHash);
    assert_eq!(error(client.id_token(stranger("id_token")).nonce(NONCE).verify().await), JwtError::Nonce);
    let elsewhere = idp.client("confidential").discover().await.expect("a client");
    assert_eq!(error(elsewhere.id_token(said("id_token")).nonce(NONCE).verify().await), JwtError::Audience);
}

//! JARM: authorization responses in signed tokens, and none that are not.

use mock_idp::{MockIdp, Profile};
use oauth_types::fault::{Edit, Fault, Point, Signature};
use pkce_client::{
    Algorithm, Callback, Client, ConfigError, Endpoint, Error, FinishError, JwtError, JwtKind, Pending, RejectReason,
    SealKey, Started,
};
use serde_json::{Value, json};

use crate::idp::Idp;
use crate::stage::{CLIENT_ID, ISSUER, START, Stage, asked, callback, sign};

fn stage() -> Stage {
    let stage = Stage::new();
    stage.with(|script| script.metadata["response_modes_supported"] = json!(["query", "jwt"]));
    stage
}

fn client(stage: &Stage) -> Client {
    stage.client_of(stage.builder().signed_responses())
}

/// The claims of the right response to a login.
fn claims(started: &Started) -> Value {
    let state = asked(started).get("state").expect("a state").to_owned();
    json!({"iss": ISSUER, "aud": CLIENT_ID, "exp": START + 600, "code": "code-1", "state": state})
}

fn token(stage: &Stage, claims: &Value) -> String {
    stage.with(|script| sign(&script.header.to_string(), &claims.to_string(), &script.key, script.alg))
}

fn carrying(token: &str) -> Callback {
    Callback::from_query(&format!("response={token}")).expect("parameters")
}

/// Why a response is rejected whose claims are changed. The right one is taken after it.
async fn rejected(stage: &Stage, change: impl FnOnce(&mut Value)) -> RejectReason {
    let client = client(stage);
    let started = stage.begin(&client).await;
    let right = claims(&started);
    let mut wrong = right.clone();
    change(&mut wrong);
    let wrong = carrying(&token(stage, &wrong));
    let Err(FinishError::Rejected(rejected)) = client.finish(started.pending, wrong).await else {
        panic!("a rejection")
    };
    assert!(stage.seen(Endpoint::Token).is_empty(), "nothing was sent");
    let right = carrying(&token(stage, &right));
    client.finish(rejected.pending, right).await.expect("the login is unharmed");
    stage.seen.lock().expect("a journal").clear();
    rejected.reason
}

#[tokio::test]
async fn a_signed_response_is_asked_for_opened_and_redeemed() {
    let stage = stage();
    let client = client(&stage);
    let started = stage.begin(&client).await;
    assert_eq!(asked(&started).get("response_mode"), Some("jwt"));
    let response = carrying(&token(&stage, &claims(&started)));
    assert_eq!(response.lookup_key(), Some(started.pending.lookup_key()), "it is found by the state inside");
    client.finish(started.pending, response).await.expect("a session");
    assert_eq!(stage.seen(Endpoint::Token).pop().expect("a request").params.get("code"), Some("code-1"));
}

#[tokio::test]
async fn a_response_that_is_not_signed_is_not_taken_where_a_signed_one_was_asked_for() {
    let stage = stage();
    let client = client(&stage);
    let started = stage.begin(&client).await;
    let right = carrying(&token(&stage, &claims(&started)));
    let (plain, denied) = (callback(&started, &[]), callback(&started, &[("error", "access_denied")]));
    let Err(FinishError::Rejected(first)) = client.finish(started.pending, plain).await else {
        panic!("a rejection")
    };
    assert_eq!(first.reason, RejectReason::NotSigned);
    let Err(FinishError::Rejected(second)) = client.finish(first.pending, denied).await else {
        panic!("a rejection")
    };
    assert_eq!(second.reason, RejectReason::NotSigned, "not even to be denied");
    client.finish(second.pending, right).await.expect("the login is unharmed");
}

#[tokio::test]
async fn a_signed_response_is_not_taken_where_none_was_asked_for() {
    let stage = stage();
    let client = stage.client();
    let started = stage.begin(&client).await;
    assert_eq!(asked(&started).get("response_mode"), None);
    let token = token(&stage, &claims(&started));
    let state = asked(&started).get("state").expect("a state").to_owned();
    let pending = started.pending;
    let Err(FinishError::Rejected(first)) = client.finish(pending, carrying(&token)).await else {
        panic!("rejected")
    };
    assert_eq!(first.reason, RejectReason::StateMissing);
    let both = format!("response={token}&state={state}&iss={ISSUER}&code=code-1");
    let rejected = first.pending.accept(Callback::from_query(&both).expect("parameters")).expect_err("a rejection");
    assert_eq!(rejected.reason, RejectReason::Mode);
}

#[tokio::test]
async fn accept_alone_takes_no_token_that_was_not_opened() {
    let stage = stage();
    let client = client(&stage);
    let started = stage.begin(&client).await;
    let token = token(&stage, &claims(&started));
    let rejected = started.pending.accept(carrying(&token)).expect_err("a rejection");
    assert_eq!(rejected.reason, RejectReason::NotOpened);
    assert!(stage.seen(Endpoint::Jwks).is_empty());
    let opened = client.open(&rejected.pending, carrying(&token)).await.expect("a valid token");
    let accepted = rejected.pending.accept(opened).expect("accepted");
    client.redeem(accepted).await.expect("a session");
}

#[tokio::test]
async fn what_came_beside_the_token_does_not_count() {
    let stage = stage();
    let client = client(&stage);
    let started = stage.begin(&client).await;
    let token = token(&stage, &claims(&started));
    let text = format!("response={token}&code=injected&state=other&iss=https://evil.example&error=access_denied");
    let response = Callback::from_query(&text).expect("parameters");
    client.finish(started.pending, response).await.expect("a session");
    assert_eq!(stage.seen(Endpoint::Token).pop().expect("a request").params.get("code"), Some("code-1"));
}

#[tokio::test]
async fn every_claim_about_the_token_is_judged() {
    let of = |name: &'static str, value: Value| {
        move |claims: &mut Value| match value {
            Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
            value => claims[name] = value,
        }
    };
    let cases = [
        ("iss", json!("https://evil.example"), JwtError::Issuer),
        ("iss", json!(null), JwtError::Missing("iss")),
        ("aud", json!("other"), JwtError::Audience),
        ("aud", json!(null), JwtError::Missing("aud")),
        ("aud", json!([CLIENT_ID, "other"]), JwtError::Audience),
        ("aud", json!([]), JwtError::Malformed("aud")),
        ("exp", json!(null), JwtError::Missing("exp")),
        ("exp", json!(START - 60), JwtError::Expired { exp: START - 60, now: START }),
        ("exp", json!("soon"), JwtError::Malformed("exp")),
        ("nbf", json!(START + 61), JwtError::NotYetValid { nbf: START + 61, now: START }),
        ("code", json!(1), JwtError::Malformed("code")),
        ("error", json!({}), JwtError::Malformed("error")),
    ];
    for (name, value, error) in cases {
        let reason = rejected(&stage(), of(name, value.clone())).await;
        assert_eq!(reason, RejectReason::Signature(error), "{name}: {value}");
    }
    assert_eq!(rejected(&stage(), of("state", json!("x"))).await, RejectReason::StateMismatch);
    assert_eq!(rejected(&stage(), of("state", json!(null))).await, RejectReason::StateMissing);
    assert_eq!(rejected(&stage(), of("state", json!(["a"]))).await, RejectReason::StateMissing);
    assert_eq!(rejected(&stage(), of("code", json!(null))).await, RejectReason::CodeMissing);
    let RejectReason::Denied(error) = rejected(&stage(), of("error", json!("access_denied"))).await else {
        panic!("a denial")
    };
    assert_eq!(error.code(), "access_denied");
}

#[tokio::test]
async fn a_token_that_somebody_else_made_is_not_believed() {
    let stage = stage();
    let client = client(&stage);
    let started = stage.begin(&client).await;
    let right = token(&stage, &claims(&started));
    let (signed, _) = right.rsplit_once('.').expect("a signature");
    let header = |header: Value| {
        let claims = claims(&started).to_string();
        stage.with(|script| sign(&header.to_string(), &claims, &script.key, script.alg))
    };
    let forged = [
        (format!("{signed}.AAAA"), JwtError::Signature),
        ("x".to_owned(), JwtError::NotCompact),
        (format!("{right}.a.b"), JwtError::NotCompact),
        (header(json!({"alg": "none", "kid": "one"})), JwtError::Algorithm),
        (header(json!({"alg": "PS256", "kid": "one"})), JwtError::Algorithm),
        (header(json!({"alg": "RS256", "kid": "one", "typ": "at+jwt"})), JwtError::Type),
        (header(json!({"alg": "RS256", "kid": "two"})), JwtError::UnknownKey),
    ];
    for (token, expected) in forged {
        match client.open(&started.pending, carrying(&token)).await.expect_err("a forgery") {
            Error::Jwt { kind: JwtKind::AuthorizationResponse, error } => assert_eq!(error, expected, "{token}"),
            other => panic!("{token}: {other}"),
        }
    }
    client.finish(started.pending, carrying(&right)).await.expect("a session");
}

#[tokio::test]
async fn a_token_is_shown_nowhere() {
    let stage = stage();
    let client = client(&stage);
    let started = stage.begin(&client).await;
    let mut wrong = claims(&started);
    wrong["iss"] = json!("https://canary.example");
    let token = token(&stage, &wrong);
    let response = carrying(&token);
    let mut shown = format!("{response:?}");
    let error = client.open(&started.pending, carrying(&token)).await.expect_err("a wrong issuer");
    shown += &format!("{error} {error:?}");
    let failed = client.finish(started.pending, response).await.expect_err("a wrong issuer");
    shown += &format!("{failed} {failed:?}");
    let parts = token.split('.').chain(["code-1", "canary", wrong["state"].as_str().expect("a state")]);
    for part in parts {
        assert!(!shown.contains(part), "{part}: {shown}");
    }
}

#[tokio::test]
async fn whoever_does_not_know_the_state_causes_no_request() {
    let stage = stage();
    let client = client(&stage);
    let mut pending = stage.begin(&client).await.pending;
    let stranger = claims(&stage.begin(&client).await);
    let mut stateless = stranger.clone();
    stateless.as_object_mut().expect("an object").remove("state");
    for (token, reason) in [
        (token(&stage, &stranger), RejectReason::StateMismatch),
        (token(&stage, &stateless), RejectReason::StateMissing),
        ("a.b.c".to_owned(), RejectReason::Signature(JwtError::NotBase64Url)),
    ] {
        let Err(FinishError::Rejected(rejected)) = client.finish(pending, carrying(&token)).await else {
            panic!("a rejection")
        };
        assert_eq!(rejected.reason, reason);
        pending = rejected.pending;
    }
    assert!(stage.seen(Endpoint::Jwks).is_empty());
}

#[tokio::test]
async fn a_login_is_handed_back_if_the_keys_cannot_be_had() {
    let stage = stage();
    let client = client(&stage);
    let started = stage.begin(&client).await;
    let token = token(&stage, &claims(&started));
    stage.answer(Endpoint::Jwks, 503, "text/plain", "");
    let failed = client.finish(started.pending, carrying(&token)).await;
    let Err(FinishError::Rejected(rejected)) = failed else { panic!("a rejection") };
    assert_eq!(rejected.reason, RejectReason::NoKeys);
    assert!(matches!(client.open(&rejected.pending, carrying(&token)).await, Err(Error::Protocol { .. })));
    stage.with(|script| script.instead = None);
    client.finish(rejected.pending, carrying(&token)).await.expect("a session");
}

#[tokio::test]
async fn a_token_for_a_login_of_another_client_or_time_is_not_opened() {
    let stage = stage();
    let client = client(&stage);
    let started = stage.begin(&client).await;
    let token = token(&stage, &claims(&started));
    let other = stage.client_of(Client::builder(ISSUER, "other").http(stage.clone()).signed_responses());
    assert!(matches!(other.open(&started.pending, carrying(&token)).await, Err(Error::OtherClient)));
    stage.clock.advance(15 * 60);
    let Err(FinishError::Rejected(late)) = client.finish(started.pending, carrying(&token)).await else {
        panic!("a rejection")
    };
    assert_eq!(late.reason, RejectReason::Expired);
    assert!(stage.seen(Endpoint::Jwks).is_empty(), "nobody is asked about a login that is over");
}

#[tokio::test]
async fn a_sealed_login_still_wants_a_signed_response() {
    let stage = stage();
    let (client, key) = (client(&stage), SealKey::new([1; 32]));
    let Started { url, pending } = stage.begin(&client).await;
    // Opened by a client that asks for none itself.
    let pending = Pending::from_sealed(&stage.client(), &key, &pending.into_sealed(&key)).expect("the login");
    let started = Started { url, pending };
    let plain = callback(&started, &[]);
    assert_eq!(started.pending.accept(plain).expect_err("a rejection").reason, RejectReason::NotSigned);
}

#[tokio::test]
async fn a_server_that_does_not_offer_it_is_not_asked() {
    for (modes, word) in [
        (json!(null), None),
        (json!(["query", "fragment"]), None),
        (json!(["query.jwt"]), Some("query.jwt")),
        (json!(["query.jwt", "jwt"]), Some("jwt")),
    ] {
        let stage = Stage::new();
        stage.with(|script| script.metadata["response_modes_supported"] = modes.clone());
        let metadata = stage.with(|script| serde_json::from_value(script.metadata.clone()).expect("metadata"));
        match (stage.builder().signed_responses().with_metadata(metadata), word) {
            (Ok(client), Some(_)) => {
                let started = client.login().begin().await.expect("a login");
                assert_eq!(asked(&started).get("response_mode"), word);
            }
            (Err(Error::Config(ConfigError::NotOffered { value, member })), None) => {
                assert_eq!((value.as_str(), member), ("jwt", "response_modes_supported"));
            }
            (other, _) => panic!("{modes}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_mock_server_signs_its_responses() {
    let idp = Idp::new(MockIdp::builder());
    let client = idp.client("public").signed_responses().discover().await.expect("a client");
    let Started { url, pending } = client.login().scopes(["openid"]).begin().await.expect("a login");
    let callback = idp.callback(&url).await;
    assert_eq!(callback.lookup_key(), Some(pending.lookup_key()));
    let session = client.finish(pending, callback).await.expect("a session");
    assert_eq!(session.claims().expect("claims").subject(), "alice");
    idp.assert_strict();

    let Started { url, pending } = client.login().scopes(["openid"]).begin().await.expect("a login");
    let fault = Fault::always(Point::ResponseToken, Edit::Sign { with: Signature::Corrupted });
    let mounted = idp.mock().mount(fault);
    let Err(FinishError::Rejected(rejected)) = client.finish(pending, idp.callback(&url).await).await else {
        panic!("a rejection")
    };
    drop(mounted);
    assert_eq!(rejected.reason, RejectReason::Signature(JwtError::Signature));
}

#[tokio::test]
async fn an_error_comes_signed_too() {
    let idp = Idp::new(MockIdp::builder().profile(Profile::Oidc));
    let client = idp.client("public").signed_responses().discover().await.expect("a client");
    let Started { url, pending } = client.login().scopes(["openid"]).begin().await.expect("a login");
    idp.mock().next_login(oauth_types::scenario::NextLogin::deny());
    let Err(FinishError::Rejected(rejected)) = client.finish(pending, idp.callback(&url).await).await else {
        panic!("a rejection")
    };
    let RejectReason::Denied(error) = rejected.reason else { panic!("a denial, not {}", rejected.reason) };
    assert_eq!(error.code(), "access_denied");
    let other = idp.client("public").signed_responses().id_token_algorithms([Algorithm::Es256]);
    let other = other.discover().await.expect("a client");
    let Started { url, pending } = other.login().begin().await.expect("a login");
    let Err(FinishError::Rejected(rejected)) = other.finish(pending, idp.callback(&url).await).await else {
        panic!("a rejection")
    };
    assert_eq!(rejected.reason, RejectReason::Signature(JwtError::Algorithm));
}

//! RFC 9449: tokens that are bound to a key.

use std::collections::BTreeSet;

use pkce_client::{
    Algorithm, Callback, Client, ConfigError, Defect, Endpoint, Error, FinishError, NoEntropy, Session, SigningKey,
    TokenType,
};
use serde_json::{Value, json};

use crate::signed::{Read, hashed, public, read};
use crate::stage::{Answer, ES256, ISSUER, START, Seen, Stage, asked, asked_by, callback, response};

const LISTED: &str = "dpop_signing_alg_values_supported";
const RESOURCE: &str = "https://api.example/things?page=2";
const ASKING: &str = r#"{"error": "use_dpop_nonce"}"#;
const CHALLENGE: &str = r#"DPoP error="use_dpop_nonce", error_description="a nonce is needed""#;

fn key() -> SigningKey {
    SigningKey::from_pem(Algorithm::Es256, ES256).expect("a key").with_kid("k1")
}

/// A server that binds tokens to keys.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.with(|script| {
        script.metadata[LISTED] = json!(["ES256"]);
        script.metadata["token_endpoint"] = json!("https://issuer.example/token?tenant=1");
        script.members["token_type"] = json!("DPoP");
    });
    stage
}

fn client(stage: &Stage) -> Client {
    stage.client_of(stage.builder().dpop(key()))
}

async fn session(stage: &Stage) -> Session {
    stage.login(&client(stage)).await.expect("a session")
}

/// The proof of a request, which is right for it.
#[track_caller]
fn proof(seen: &Seen) -> Read {
    let mut proofs = seen.headers.get_all("dpop").iter();
    let (Some(one), None) = (proofs.next(), proofs.next()) else { panic!("not one proof: {:?}", seen.headers) };
    assert!(one.is_sensitive());
    let text = one.to_str().expect("ASCII");
    let header = text.split('.').next().expect("a header");
    let header = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header);
    let header: Value = serde_json::from_slice(&header.expect("base64url")).expect("JSON");
    let read = read(text, &public(&header["jwk"]));
    assert_eq!(
        (read.claim("htm"), read.claim("htu")),
        (seen.method.as_str(), seen.uri.split('?').next().expect("one"))
    );
    read
}

fn proofs(stage: &Stage, endpoint: Endpoint) -> Vec<Read> {
    stage.seen(endpoint).iter().map(proof).collect()
}

/// The nonces of the proofs; empty where there is none.
fn nonces(stage: &Stage, endpoint: Endpoint) -> Vec<String> {
    let nonce = |proof: &Read| proof.claims["nonce"].as_str().unwrap_or_default().to_owned();
    proofs(stage, endpoint).iter().map(nonce).collect()
}

fn with(mut answer: http::Response<Vec<u8>>, headers: &[(&'static str, &str)]) -> http::Response<Vec<u8>> {
    for (name, value) in headers {
        answer.headers_mut().append(*name, value.parse().expect("a header"));
    }
    answer
}

/// Gives these answers at `endpoint`, one after the other, and after them what the server always answers.
fn answers(stage: &Stage, endpoint: Endpoint, answers: Vec<http::Response<Vec<u8>>>) {
    let mut answers = answers.into_iter();
    stage.instead(move |seen: &Seen| -> Option<Answer> {
        if seen.endpoint == endpoint { answers.next().map(Ok) } else { None }
    });
}

fn asking_for(nonce: &str) -> http::Response<Vec<u8>> {
    with(response(400, "application/json", ASKING), &[("dpop-nonce", nonce)])
}

fn challenging_for(nonce: &str) -> http::Response<Vec<u8>> {
    with(response(401, "text/plain", ""), &[("dpop-nonce", nonce), ("www-authenticate", CHALLENGE)])
}

fn request(to: &str) -> http::Request<Vec<u8>> {
    http::Request::put(to).header("dpop", "of-another-request").body(Vec::new()).expect("a request")
}

#[tokio::test]
async fn tokens_are_asked_for_with_a_proof() {
    let stage = stage();
    stage.clock.advance(7);
    let client = client(&stage);
    let started = stage.begin(&client).await;
    assert_eq!(asked(&started).get("dpop_jkt"), Some(key().thumbprint().as_str()));
    let callback = callback(&started, &[]);
    client.finish(started.pending, callback).await.expect("a session");
    let Read { header, mut claims } = proofs(&stage, Endpoint::Token).pop().expect("a proof");
    let jwk = key().public_jwk();
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": jwk["x"], "y": jwk["y"]});
    assert_eq!(header, json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}));
    let jti = claims.as_object_mut().and_then(|claims| claims.remove("jti")).expect("a jti");
    assert_eq!(jti.as_str().map(str::len), Some(43));
    assert_eq!(claims, json!({"htm": "POST", "htu": "https://issuer.example/token", "iat": START + 7}));
}

#[tokio::test]
async fn a_token_is_shown_with_a_proof_for_it_and_for_the_request() {
    let stage = stage();
    let session = session(&stage).await;
    for to in [RESOURCE, RESOURCE, "https://api.example/"] {
        session.send(request(to)).await.expect("an answer");
    }
    session.userinfo().await.expect("userinfo");
    let shown = [stage.seen(Endpoint::Resource), stage.seen(Endpoint::Userinfo)].concat();
    assert!(shown.iter().all(|seen| seen.authorization.as_deref() == Some("DPoP at-1")));
    let proofs: Vec<Read> = shown.iter().map(proof).collect();
    assert!(proofs.iter().all(|proof| proof.claim("ath") == hashed("at-1")));
    let htm: Vec<_> = proofs.iter().map(|proof| proof.claim("htm")).collect();
    assert_eq!(htm, ["PUT", "PUT", "PUT", "GET"]);
    assert_eq!(proofs[0].claim("htu"), "https://api.example/things");
    let drawn: BTreeSet<_> = proofs.iter().map(|proof| proof.claim("jti")).collect();
    assert_eq!(drawn.len(), 4);
    for endpoint in [Endpoint::Discovery, Endpoint::Jwks] {
        assert!(stage.seen(endpoint).iter().all(|seen| !seen.headers.contains_key("dpop")), "{endpoint}");
    }
}

#[tokio::test]
async fn a_request_that_is_sent_in_another_way_is_proven_too() {
    let stage = stage();
    let session = session(&stage).await;
    let mut own = request(RESOURCE);
    session.authorize(&mut own).await.expect("a token");
    let seen = |own: &http::Request<Vec<u8>>| Seen {
        method: own.method().clone(),
        uri: own.uri().to_string(),
        headers: own.headers().clone(),
        ..stage.seen(Endpoint::Token).pop().expect("a request")
    };
    assert_eq!(proof(&seen(&own)).claim("ath"), hashed("at-1"));
    assert_eq!(own.headers()["authorization"], "DPoP at-1");

    let uri = RESOURCE.parse().expect("a URI");
    assert!(session.heed(&uri, &challenging_for("n1")));
    session.authorize(&mut own).await.expect("a token");
    assert_eq!(proof(&seen(&own)).claim("nonce"), "n1");
    let given = with(response(200, "text/plain", ""), &[("dpop-nonce", "n2")]);
    assert!(!session.heed(&uri, &given) && !session.heed(&uri, &response(200, "text/plain", "")));
    session.authorize(&mut own).await.expect("a token");
    assert_eq!(proof(&seen(&own)).claim("nonce"), "n2");

    let plain = Stage::new();
    let session = plain.login(&plain.client()).await.expect("a session");
    assert!(!session.heed(&uri, &challenging_for("n1")));
}

#[tokio::test]
async fn a_bearer_token_in_place_of_a_bound_one_is_refused() {
    let stage = stage();
    let session = session(&stage).await;
    stage.member("token_type", json!("Bearer"));
    let refused = |error: &Error| {
        matches!(error, Error::Protocol { defect: Defect::TokenType(TokenType::Dpop), endpoint: Endpoint::Token })
    };
    let error = session.refresh().await.expect_err("a refusal");
    assert!(refused(&error), "{error:?}");
    stage.member("token_type", json!("dpop"));
    session.refresh().await.expect("case does not matter");
    stage.member("token_type", json!("Bearer"));
    let Err(FinishError::Failed(error)) = stage.login(&client(&stage)).await else { panic!("a refusal") };
    assert!(refused(&error), "{error:?}");
    stage.member("token_type", json!("DPoP"));
    let Err(FinishError::Failed(error)) = stage.login(&stage.client()).await else { panic!("a refusal") };
    assert!(matches!(error, Error::Protocol { defect: Defect::TokenType(TokenType::Bearer), .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_does_not_take_the_proofs_is_no_server_for_them() {
    let stage = stage();
    for listed in [json!(null), json!([]), json!(["PS256", "EdDSA"]), json!("ES256")] {
        stage.with(|script| script.metadata[LISTED] = listed.clone());
        for builder in [stage.builder().dpop(key()), stage.builder().dpop_with_new_key()] {
            let metadata = stage.with(|script| serde_json::from_value(script.metadata.clone()).expect("metadata"));
            let Err(Error::Config(error)) = builder.with_metadata(metadata) else { panic!("{listed}") };
            let expected = ConfigError::SigningAlgorithm { algorithm: Algorithm::Es256, member: LISTED };
            assert_eq!(error, expected, "{listed}");
        }
    }
}

#[tokio::test]
async fn a_key_is_drawn_once_for_a_client() {
    struct Empty;
    impl pkce_client::Dice for Empty {
        fn fill(&self, _octets: &mut [u8]) -> Result<(), NoEntropy> {
            Err(NoEntropy)
        }
    }
    let stage = stage();
    let mut keys = BTreeSet::new();
    for _ in 0..2 {
        let client = stage.client_of(stage.builder().dpop_with_new_key());
        let first = asked(&client.login().begin().await.expect("a login"));
        let second = asked(&client.login().begin().await.expect("a login"));
        assert_eq!(first.get("dpop_jkt"), second.get("dpop_jkt"));
        keys.insert(first.get("dpop_jkt").expect("a thumbprint").to_owned());
        stage.login(&client).await.expect("a session");
        let header = proofs(&stage, Endpoint::Token).pop().expect("a proof").header;
        let thumbprint =
            format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, header["jwk"]["x"], header["jwk"]["y"]);
        assert_eq!(first.get("dpop_jkt"), Some(hashed(&thumbprint).as_str()));
    }
    assert_eq!(keys.len(), 2);
    let metadata = stage.with(|script| serde_json::from_value(script.metadata.clone()).expect("metadata"));
    let made = stage.builder().dpop_with_new_key().dice(Empty).with_metadata(metadata);
    assert!(matches!(made, Err(Error::Entropy(_))), "{made:?}");
}

#[tokio::test]
async fn a_login_may_not_name_another_key() {
    let stage = stage();
    let error = client(&stage).login().param("dpop_jkt", "another").begin().await.expect_err("a refusal");
    assert!(matches!(error, Error::Config(ConfigError::ReservedParameter(name)) if name == "dpop_jkt"));
}

#[tokio::test]
async fn the_token_endpoint_may_ask_for_a_nonce_once() {
    let stage = stage();
    answers(&stage, Endpoint::Token, vec![asking_for("n1")]);
    let session = session(&stage).await;
    assert_eq!(nonces(&stage, Endpoint::Token), ["", "n1"]);
    let [first, second] = &stage.seen(Endpoint::Token)[..] else { panic!("two requests") };
    assert_eq!(first.params, second.params);
    assert_ne!(proof(first).claim("jti"), proof(second).claim("jti"));
    session.refresh().await.expect("a refresh");
    assert_eq!(nonces(&stage, Endpoint::Token), ["", "n1", "n1"]);
    let keys: Vec<Read> = proofs(&stage, Endpoint::Token);
    assert!(keys.iter().all(|proof| proof.header["jwk"] == keys[0].header["jwk"]));
}

#[tokio::test]
async fn a_request_that_is_repeated_is_authenticated_anew() {
    let stage = stage();
    stage.with(|script| {
        script.metadata["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt"]);
    });
    answers(&stage, Endpoint::Token, vec![asking_for("n1")]);
    let client = stage.client_of(stage.builder().dpop(key()).private_key_jwt(key()));
    stage.login(&client).await.expect("a session");
    let assertions: BTreeSet<_> = stage
        .seen(Endpoint::Token)
        .iter()
        .map(|seen| seen.params.get("client_assertion").expect("an assertion").to_owned())
        .collect();
    assert_eq!(assertions.len(), 2);
}

#[tokio::test]
async fn a_loop_of_nonces_ends_with_the_second() {
    let stage = stage();
    answers(&stage, Endpoint::Token, ["n1", "n2", "n3", "n4"].map(asking_for).into());
    let Err(FinishError::Failed(Error::OAuth { error, .. })) = stage.login(&client(&stage)).await else {
        panic!("a refusal")
    };
    assert_eq!(error.code(), "use_dpop_nonce");
    assert_eq!(nonces(&stage, Endpoint::Token), ["", "n1"]);
}

#[tokio::test]
async fn nothing_else_is_a_reason_to_send_a_code_again() {
    let nonce = ("dpop-nonce", "n1");
    let long = "n".repeat(513);
    let json = |status, body: &'static str| response(status, "application/json", body);
    for (answer, what) in [
        (json(400, ASKING), "no nonce"),
        (with(json(400, ASKING), &[nonce, ("dpop-nonce", "n2")]), "two nonces"),
        (with(json(400, ASKING), &[("dpop-nonce", "a b")]), "a malformed nonce"),
        (with(json(400, ASKING), &[("dpop-nonce", &long)]), "a long nonce"),
        (with(json(401, ASKING), &[nonce]), "another status"),
        (with(json(200, ASKING), &[nonce]), "a success"),
        (with(json(500, ASKING), &[nonce]), "a failure"),
        (with(json(400, r#"{"error": "invalid_grant"}"#), &[nonce]), "another error"),
        (with(json(400, r#"{"error": ["use_dpop_nonce"]}"#), &[nonce]), "no error code"),
        (with(json(400, ""), &[nonce]), "no error"),
        (with(json(401, ""), &[nonce, ("www-authenticate", CHALLENGE)]), "the challenge of a resource"),
    ] {
        let stage = stage();
        answers(&stage, Endpoint::Token, vec![answer]);
        assert!(stage.login(&client(&stage)).await.is_err(), "{what}");
        assert_eq!(stage.seen(Endpoint::Token).len(), 1, "{what}");
    }
    let stage = Stage::new();
    answers(&stage, Endpoint::Token, vec![asking_for("n1")]);
    assert!(stage.login(&stage.client()).await.is_err());
    assert_eq!(stage.seen(Endpoint::Token).len(), 1, "a client without proofs");
}

#[tokio::test]
async fn complaint_21_the_newest_nonce_of_any_answer_is_used() {
    let stage = stage();
    let session = session(&stage).await;
    let mut given = ["n1", "", "n2", "n3"].into_iter();
    stage.instead(move |seen| {
        (seen.endpoint == Endpoint::Resource).then(|| {
            let nonce = given.next().unwrap_or_default();
            let headers = [("dpop-nonce", nonce)];
            let status = if nonce == "n2" { 500 } else { 200 };
            Ok(with(response(status, "text/plain", ""), if nonce.is_empty() { &[] } else { &headers }))
        })
    });
    for _ in 0..5 {
        session.send(request(RESOURCE)).await.expect("an answer");
    }
    assert_eq!(nonces(&stage, Endpoint::Resource), ["", "n1", "n1", "n2", "n3"]);
}

#[tokio::test]
async fn a_nonce_is_for_the_server_that_gave_it() {
    let stage = stage();
    let session = session(&stage).await;
    stage.instead(|seen| {
        (seen.endpoint == Endpoint::Resource).then(|| {
            let host = seen.uri.split('/').nth(2).expect("a host");
            Ok(with(response(200, "text/plain", ""), &[("dpop-nonce", host)]))
        })
    });
    let (one, other) = ("https://one.example/a", "https://one.example:8443/b");
    for to in [one, other, ISSUER, "https://one.example/c", other, ISSUER] {
        session.send(request(to)).await.expect("an answer");
    }
    let expected = ["", "", "", "one.example", "one.example:8443", "issuer.example"];
    assert_eq!(nonces(&stage, Endpoint::Resource), expected);
    // §9: the authorization server is another one, even at the same origin; UserInfo is a resource.
    session.refresh().await.expect("a refresh");
    session.userinfo().await.expect("userinfo");
    assert_eq!(nonces(&stage, Endpoint::Token), ["", ""]);
    assert_eq!(nonces(&stage, Endpoint::Userinfo), ["issuer.example"]);
}

#[tokio::test]
async fn a_resource_may_ask_for_a_nonce_once() {
    for endpoint in [Endpoint::Resource, Endpoint::Userinfo] {
        let stage = stage();
        let session = session(&stage).await;
        answers(&stage, endpoint, vec![challenging_for("n1")]);
        match endpoint {
            Endpoint::Userinfo => drop(session.userinfo().await.expect("userinfo")),
            _ => assert_eq!(session.send(request(RESOURCE)).await.expect("an answer").status(), 200),
        }
        assert_eq!(nonces(&stage, endpoint), ["", "n1"], "{endpoint}");
        assert_eq!(stage.seen(Endpoint::Token).len(), 1, "the token was not at fault");
    }
}

#[tokio::test]
async fn a_resource_that_always_asks_is_not_heard_twice() {
    let stage = stage();
    let session = session(&stage).await;
    answers(&stage, Endpoint::Resource, ["n1", "n2", "n3"].map(challenging_for).into());
    assert_eq!(session.send(request(RESOURCE)).await.expect("an answer").status(), 401);
    assert_eq!(nonces(&stage, Endpoint::Resource), ["", "n1"]);
    answers(&stage, Endpoint::Userinfo, ["n1", "n2", "n3"].map(challenging_for).into());
    assert!(matches!(session.userinfo().await, Err(Error::Protocol { defect: Defect::Status(401), .. })));
    assert_eq!(stage.seen(Endpoint::Userinfo).len(), 2);
}

#[tokio::test]
async fn nothing_else_is_a_reason_to_ask_a_resource_again() {
    let nonce = ("dpop-nonce", "n1");
    let refusal = |status, challenge, nonces: &[_]| {
        with(with(response(status, "application/json", ASKING), nonces), &[("www-authenticate", challenge)])
    };
    for (answer, what) in [
        (refusal(401, CHALLENGE, &[]), "no nonce"),
        (refusal(400, CHALLENGE, &[nonce]), "another status"),
        (refusal(401, r#"Bearer error="use_dpop_nonce""#, &[nonce]), "another scheme"),
        (refusal(401, r#"DPoP error="invalid_dpop_proof""#, &[nonce]), "another error"),
        (refusal(401, r#"DPoP algs="ES256""#, &[nonce]), "no error"),
        (refusal(401, r#"DPoP error="use_dpop_nonce", error="x""#, &[nonce]), "two errors"),
    ] {
        let stage = stage();
        let session = session(&stage).await;
        answers(&stage, Endpoint::Resource, vec![answer]);
        assert!(session.send(request(RESOURCE)).await.expect("an answer").status().is_client_error());
        assert_eq!(stage.seen(Endpoint::Resource).len(), 1, "{what}");
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_its_successor_proven() {
    let stage = stage();
    let session = session(&stage).await;
    stage.member("access_token", json!("at-2"));
    let refusal = with(response(401, "text/plain", ""), &[("www-authenticate", r#"DPoP error="invalid_token""#)]);
    answers(&stage, Endpoint::Resource, vec![challenging_for("n1"), refusal]);
    assert_eq!(session.send(request(RESOURCE)).await.expect("an answer").status(), 200);
    let ath: Vec<_> = proofs(&stage, Endpoint::Resource).iter().map(|proof| proof.claim("ath").to_owned()).collect();
    assert_eq!(ath, [hashed("at-1"), hashed("at-1"), hashed("at-2")]);
    assert_eq!(nonces(&stage, Endpoint::Resource), ["", "n1", "n1"]);
}

#[tokio::test]
async fn a_pushed_request_is_proven_and_names_the_key() {
    let stage = stage();
    stage.with(|script| {
        script.metadata["pushed_authorization_request_endpoint"] = json!("https://issuer.example/par");
    });
    let pushed = response(201, "application/json", r#"{"request_uri": "urn:one", "expires_in": 60}"#);
    answers(&stage, Endpoint::PushedAuthorization, vec![asking_for("n1"), with(pushed, &[("dpop-nonce", "n2")])]);
    let client = stage.client_of(stage.builder().dpop(key()).pushed_requests());
    let started = client.login().begin().await.expect("a login");
    assert_eq!(asked_by(&started.url).get("dpop_jkt"), None);
    assert_eq!(nonces(&stage, Endpoint::PushedAuthorization), ["", "n1"]);
    let pushed = stage.seen(Endpoint::PushedAuthorization).pop().expect("a request");
    assert_eq!(pushed.params.get("dpop_jkt"), Some(key().thumbprint().as_str()));
    assert_eq!(proof(&pushed).claims.get("ath"), None);
    let query = format!("code=c&iss={ISSUER}&state={}", pushed.params.get("state").expect("a state"));
    client.finish(started.pending, Callback::from_query(&query).expect("parameters")).await.expect("a session");
    assert_eq!(nonces(&stage, Endpoint::Token), ["n2"]);
}

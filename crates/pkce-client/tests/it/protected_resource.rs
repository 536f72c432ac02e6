//! Requests to a protected resource: their tokens, their proofs (RFC 9449 §4.3, §7), their certificates (RFC 8705 §3).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Method, StatusCode};
use jsonwebtoken::{Algorithm as Jws, EncodingKey};
use mock_idp::MockIdp;
use pkce_client::{
    Access, AccessError, Algorithm, BoxFuture, Client, ConfigError, Denied, JwtError, MemoryProofs, ProofError,
    ProofStore, ProofStoreError, ProtectedResource, ResourceRequest, Secret, SigningKey, SystemDice, TimedNonces,
};
use serde_json::{Value, json};

use crate::idp::{Idp, REDIRECT_URI};
use crate::signed::hashed;
use crate::stage::{EDDSA, ES256, ISSUER, RS256, START, Stage, jwk, response, rsa, sign};

const API: &str = "https://api.example";
const URL: &str = "https://api.example/things?page=2";
const CERTIFICATE: &[u8] = b"the certificate, in DER";

fn key() -> SigningKey {
    SigningKey::from_pem(Algorithm::Es256, ES256).expect("a key")
}

fn es256() -> EncodingKey {
    EncodingKey::from_ec_pem(ES256.as_bytes()).expect("a key")
}

/// A token that is bound to this.
fn token(cnf: &Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "sub": "alice", "aud": API, "client_id": "somebody", "iat": START, "exp": START + 600,
        "jti": "jti-1", "scope": "read write"
    });
    if !cnf.is_null() {
        claims["cnf"] = cnf.clone();
    }
    let header = json!({"alg": "RS256", "kid": "one", "typ": "at+jwt"});
    sign(&header.to_string(), &claims.to_string(), &rsa(RS256), Jws::RS256)
}

fn to_key() -> Value {
    json!({"jkt": key().thumbprint()})
}

fn to_certificate() -> Value {
    json!({"x5t#S256": hashed(std::str::from_utf8(CERTIFICATE).expect("text"))})
}

/// A proof that is right for a GET of [`URL`] with a token, but for these changes; `null` takes a member out.
struct Proof {
    header: Value,
    claims: Value,
    key: EncodingKey,
    alg: Jws,
}

impl Proof {
    fn of(token: &str) -> Self {
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk(&es256(), Jws::ES256, "k")});
        let claims = json!({
            "jti": "proof-1", "htm": "GET", "htu": "https://api.example/things", "iat": START, "ath": hashed(token)
        });
        Self { header, claims, key: es256(), alg: Jws::ES256 }
    }

    fn claim(mut self, name: &str, value: Value) -> Self {
        put(&mut self.claims, name, value);
        self
    }

    fn header(mut self, name: &str, value: Value) -> Self {
        put(&mut self.header, name, value);
        self
    }

    fn text(&self) -> String {
        sign(&self.header.to_string(), &self.claims.to_string(), &self.key, self.alg)
    }
}

fn put(object: &mut Value, name: &str, value: Value) {
    let object = object.as_object_mut().expect("an object");
    match value {
        Value::Null => drop(object.remove(name)),
        value => drop(object.insert(name.to_owned(), value)),
    }
}

fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in all {
        headers.append(*name, value.parse().expect("a header"));
    }
    headers
}

async fn with(api: &ProtectedResource, headers: &HeaderMap) -> Result<Access, Denied> {
    api.verify(&ResourceRequest::new(&Method::GET, URL, headers)).await
}

async fn bearer(api: &ProtectedResource, token: &str) -> Result<Access, Denied> {
    with(api, &headers(&[("authorization", &format!("Bearer {token}"))])).await
}

async fn proven(api: &ProtectedResource, token: &str, proof: &Proof) -> Result<Access, Denied> {
    with(api, &headers(&[("authorization", &format!("DPoP {token}")), ("dpop", &proof.text())])).await
}

fn resource() -> (Stage, ProtectedResource) {
    let stage = Stage::new();
    let api = ProtectedResource::new(stage.client(), API);
    (stage, api)
}

#[track_caller]
fn proof_error(outcome: Result<Access, Denied>) -> ProofError {
    match outcome.expect_err("a refusal").into_error() {
        AccessError::Proof(error) => error,
        other => panic!("{other:?}"),
    }
}

/// What is answered: the status, the challenges.
fn answered(denied: &Denied) -> (u16, Vec<String>) {
    let headers = denied.headers();
    let challenges =
        headers.get_all("www-authenticate").iter().map(|value| value.to_str().expect("ASCII").to_owned());
    (denied.status().as_u16(), challenges.collect())
}

#[tokio::test]
async fn a_bearer_token_has_its_access() {
    let (_, api) = resource();
    let access = bearer(&api, &token(&json!(null))).await.expect("access");
    assert_eq!((access.subject(), access.client_id()), (Some("alice"), Some("somebody")));
    assert_eq!((access.expires_at(), access.is_bound()), (Some(START + 600), false));
    assert_eq!(access.get::<String>("jti"), Ok(Some("jti-1".to_owned())));
    assert!(access.has_scope("read") && access.require_scope("write").is_ok() && access.headers().is_empty());
    let denied = access.require_scope("admin").expect_err("a refusal");
    let challenge = r#"Bearer error="insufficient_scope", scope="admin""#;
    assert_eq!(answered(&denied), (403, vec![challenge.to_owned()]));
    let denied = access.require_scope("a\", realm=\"b").expect_err("a refusal");
    assert_eq!(answered(&denied), (403, vec![r#"Bearer error="insufficient_scope""#.to_owned()]));
    assert!(!format!("{access:?}").contains("alice"));
}

#[tokio::test]
async fn a_refusal_says_what_could_be_done() {
    let (_, api) = resource();
    let denied = with(&api, &HeaderMap::new()).await.expect_err("a refusal");
    let algs = r#"DPoP algs="ES256 PS256 EdDSA Ed25519""#;
    assert_eq!(answered(&denied), (401, vec![algs.to_owned(), "Bearer".to_owned()]));
    let denied = with(&api, &headers(&[("authorization", "Basic YTpi")])).await.expect_err("a refusal");
    assert!(matches!(denied.error(), AccessError::NoToken));
    let denied = bearer(&api, "opaque").await.expect_err("a refusal");
    assert!(matches!(denied.error(), AccessError::Token(JwtError::NotCompact)));
    assert_eq!(answered(&denied), (401, vec![r#"Bearer error="invalid_token""#.to_owned()]));
    let bound = api.clone().require_bound_tokens();
    let denied = with(&bound, &HeaderMap::new()).await.expect_err("a refusal");
    assert_eq!(answered(&denied), (401, vec![algs.to_owned()]));
    let denied = bearer(&bound, &token(&json!(null))).await.expect_err("a refusal");
    assert!(matches!(denied.error(), AccessError::Unbound));
}

#[tokio::test]
async fn a_token_is_shown_in_one_way() {
    let (_, api) = resource();
    let token = token(&json!(null));
    let shown = format!("Bearer {token}");
    for all in [
        &[("authorization", shown.as_str()), ("authorization", shown.as_str())][..],
        &[("authorization", "Bearer")],
        &[("authorization", "Bearer  ")],
        &[("authorization", "Bearer a b")],
        &[("authorization", "Bearer a,b")],
        &[("authorization", "Bearer \"a\"")],
    ] {
        let denied = with(&api, &headers(all)).await.expect_err("a refusal");
        assert!(matches!(denied.error(), AccessError::Request(_)), "{all:?}: {denied:?}");
        assert_eq!(denied.status(), StatusCode::BAD_REQUEST);
    }
    let shown = headers(&[("authorization", &shown)]);
    for query in ["access_token=x", "a=b&access%5Ftoken=x"] {
        let url = format!("{API}/?{query}");
        let denied = api.verify(&ResourceRequest::new(&Method::GET, &url, &shown)).await.expect_err("a refusal");
        assert!(matches!(denied.error(), AccessError::Request(_)), "{denied:?}");
    }
    let denied = api.verify(&ResourceRequest::new(&Method::GET, "/things", &shown)).await.expect_err("a refusal");
    assert!(matches!(denied.error(), AccessError::Address));
    assert_eq!(answered(&denied), (500, vec![]));
}

#[tokio::test]
async fn a_bound_token_has_access_with_its_proof() {
    let (_, api) = resource();
    let token = token(&to_key());
    let access = proven(&api, &token, &Proof::of(&token)).await.expect("access");
    assert!(access.is_bound() && access.require_scope("read").is_ok());
    let denied = access.require_scope("admin").expect_err("a refusal");
    assert!(answered(&denied).1[0].starts_with(r#"DPoP error="insufficient_scope", scope="admin", algs="#));
    for (name, value) in [
        ("htu", json!("HTTPS://API.EXAMPLE:443/x/../thing%73?other=1#f")),
        ("iat", json!(START - 120)),
        ("iat", json!(START + 60)),
        ("nonce", json!("of nobody")),
    ] {
        let proof = Proof::of(&token).claim(name, value.clone()).claim("jti", json!(value.to_string()));
        proven(&api, &token, &proof).await.unwrap_or_else(|denied| panic!("{name}: {value}: {denied:?}"));
    }
}

#[tokio::test]
async fn each_claim_of_a_proof_is_judged() {
    let (_, api) = resource();
    let token = token(&to_key());
    let error = async |name: &str, value: Value| {
        proof_error(proven(&api, &token, &Proof::of(&token).claim(name, value)).await)
    };
    for name in ["jti", "htm", "htu", "iat", "ath"] {
        assert_eq!(error(name, json!(null)).await, JwtError::Missing(name).into());
        assert_eq!(error(name, json!([name])).await, JwtError::Malformed(name).into());
    }
    assert_eq!(error("jti", json!("")).await, JwtError::Malformed("jti").into());
    assert_eq!(error("jti", json!("x".repeat(513))).await, JwtError::Malformed("jti").into());
    assert_eq!(error("nonce", json!(7)).await, JwtError::Malformed("nonce").into());
    for method in ["POST", "get", "GET "] {
        assert_eq!(error("htm", json!(method)).await, ProofError::Method);
    }
    for target in [
        "https://api.example/thing",
        "https://api.example/things/",
        "http://api.example/things",
        "https://evil.example/things",
        "https://api.example:444/things",
        "https://api.example@evil.example/things",
        "blob:https://api.example/things",
    ] {
        assert_eq!(error("htu", json!(target)).await, ProofError::Target, "{target}");
    }
    assert_eq!(error("htu", json!("/things")).await, JwtError::Malformed("htu").into());
    assert_eq!(error("ath", json!(hashed("another"))).await, ProofError::AccessToken);
    let (iat, now) = (START - 121, START);
    assert_eq!(error("iat", json!(iat)).await, ProofError::TooOld { iat, now });
    let iat = START + 61;
    assert_eq!(error("iat", json!(iat)).await, JwtError::IssuedInFuture { iat, now }.into());
}

#[tokio::test]
async fn the_header_of_a_proof_is_judged() {
    let (_, api) = resource();
    let token = token(&to_key());
    let error = async |name: &str, value: Value| {
        proof_error(proven(&api, &token, &Proof::of(&token).header(name, value)).await)
    };
    for typ in [json!(null), json!("JWT"), json!("at+jwt")] {
        assert_eq!(error("typ", typ).await, JwtError::Type.into());
    }
    for alg in ["none", "HS256", "RS256", "ES384", "ES512"] {
        assert_eq!(error("alg", json!(alg)).await, JwtError::Algorithm.into());
    }
    assert_eq!(error("crit", json!(["b64"])).await, JwtError::Critical.into());
    assert_eq!(error("jku", json!("https://evil.example")).await, JwtError::EmbeddedKey("jku").into());
    assert_eq!(error("jwk", json!(null)).await, JwtError::Header("jwk").into());
    assert_eq!(error("jwk", json!("k")).await, JwtError::Header("jwk").into());
    let own = jwk(&es256(), Jws::ES256, "k");
    for (name, value) in [("d", json!("AAAA")), ("k", json!("AAAA")), ("use", json!("enc")), ("crv", json!("P-384"))]
    {
        let mut changed = own.clone();
        changed[name] = value;
        assert_eq!(error("jwk", changed).await, ProofError::Key, "{name}");
    }
    let symmetric = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode("secret")});
    assert_eq!(error("jwk", symmetric).await, ProofError::Key);
    let other = SigningKey::generate(&SystemDice).expect("a key").public_jwk();
    assert_eq!(error("jwk", Value::Object(other)).await, JwtError::Signature.into());
    let weak = json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 128]), "e": "AQAB"});
    let weak = Proof::of(&token).header("jwk", weak).header("alg", json!("PS256"));
    assert_eq!(proof_error(proven(&api, &token, &weak).await), JwtError::WeakKey.into());
}

#[tokio::test]
async fn there_is_one_proof() {
    let (_, api) = resource();
    let token = token(&to_key());
    let (shown, proof) = (format!("DPoP {token}"), Proof::of(&token).text());
    let error = async |all: &[(&'static str, &str)]| proof_error(with(&api, &headers(all)).await);
    assert_eq!(error(&[("authorization", &shown)]).await, ProofError::Absent);
    let twice = [("authorization", shown.as_str()), ("dpop", &proof), ("dpop", &proof)];
    assert_eq!(error(&twice).await, ProofError::Repeated);
    let joined = format!("{proof}, {proof}");
    assert!(matches!(error(&[("authorization", &shown), ("dpop", &joined)]).await, ProofError::Jwt(_)));
    let long = "x".repeat(16 * 1024 + 1);
    assert_eq!(error(&[("authorization", &shown), ("dpop", &long)]).await, JwtError::TooLong.into());
    let denied = with(&api, &headers(&[("authorization", &shown)])).await.expect_err("a refusal");
    let challenge = r#"DPoP error="invalid_dpop_proof", algs="ES256 PS256 EdDSA Ed25519""#;
    assert_eq!(answered(&denied), (401, vec![challenge.to_owned()]));
}

#[tokio::test]
async fn algorithms_are_the_ones_that_are_allowed() {
    let (_, api) = resource();
    let eddsa = EncodingKey::from_ed_pem(EDDSA.as_bytes()).expect("a key");
    let own = SigningKey::from_pem(Algorithm::EdDsa, EDDSA).expect("a key");
    let token = token(&json!({"jkt": own.thumbprint()}));
    let header = json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": jwk(&eddsa, Jws::EdDSA, "k")});
    let proof = Proof { header, key: eddsa, alg: Jws::EdDSA, ..Proof::of(&token) };
    proven(&api, &token, &proof).await.expect("access");
    let strict = api.clone().proof_algorithms([Algorithm::Es256]).expect("an algorithm");
    assert_eq!(proof_error(proven(&strict, &token, &proof).await), JwtError::Algorithm.into());
    assert_eq!(api.clone().proof_algorithms([]).err(), Some(ConfigError::NoAlgorithm));
    let keyed = api.proof_algorithms([Algorithm::Es256, Algorithm::Hs256]);
    assert_eq!(keyed.err(), Some(ConfigError::Algorithm(Algorithm::Hs256)));
}

#[tokio::test]
async fn a_bound_token_is_not_taken_for_another() {
    let (_, api) = resource();
    let bound = token(&to_key());
    let denied = bearer(&api, &bound).await.expect_err("a refusal");
    assert!(matches!(denied.error(), AccessError::Downgrade));
    assert_eq!(denied.error().code().to_string(), "access.downgrade");
    let challenge = r#"DPoP error="invalid_token", algs="ES256 PS256 EdDSA Ed25519""#;
    assert_eq!(answered(&denied), (401, vec![challenge.to_owned()]));
    // A proof beside a bearer token makes no difference.
    let shown = format!("Bearer {bound}");
    let both = headers(&[("authorization", &shown), ("dpop", &Proof::of(&bound).text())]);
    assert!(matches!(with(&api, &both).await.expect_err("a refusal").error(), AccessError::Downgrade));
    let unbound = token(&json!(null));
    let denied = proven(&api, &unbound, &Proof::of(&unbound)).await.expect_err("a refusal");
    assert!(matches!(denied.error(), AccessError::Unbound));
    let other = token(&json!({"jkt": SigningKey::generate(&SystemDice).expect("a key").thumbprint()}));
    assert_eq!(proof_error(proven(&api, &other, &Proof::of(&other)).await), ProofError::OtherKey);
    for cnf in [json!("x"), json!([]), json!({}), json!({"jkt": 7}), json!({"kid": "k"}), json!({"jkt": ["x"]})] {
        let strange = token(&cnf);
        let error = bearer(&api, &strange).await.expect_err("a refusal").into_error();
        assert!(matches!(error, AccessError::Confirmation), "{cnf}: {error:?}");
    }
}

#[tokio::test]
async fn a_certificate_is_the_one_of_the_connection() {
    let (_, api) = resource();
    let judged = async |token: &str, certificate: Option<&[u8]>| {
        let shown = headers(&[("authorization", &format!("Bearer {token}"))]);
        let request = ResourceRequest::new(&Method::GET, URL, &shown);
        api.verify(&certificate.map_or(request, |der| request.certificate(der))).await
    };
    let bound = token(&to_certificate());
    assert!(judged(&bound, Some(CERTIFICATE)).await.expect("access").is_bound());
    let denied = judged(&bound, None).await.expect_err("a refusal");
    assert!(matches!(denied.error(), AccessError::NoCertificate));
    assert_eq!(answered(&denied), (401, vec![r#"Bearer error="invalid_token""#.to_owned()]));
    let denied = judged(&bound, Some(b"another")).await.expect_err("a refusal");
    assert!(matches!(denied.error(), AccessError::OtherCertificate));
    assert!(!judged(&token(&json!(null)), Some(CERTIFICATE)).await.expect("access").is_bound());
    let (mut both, certificate) = (to_key(), to_certificate());
    both["x5t#S256"] = certificate["x5t#S256"].clone();
    let both = token(&both);
    assert!(
        matches!(judged(&both, Some(CERTIFICATE)).await, Err(denied) if matches!(denied.error(), AccessError::Downgrade))
    );
    let denied = proven(&api, &both, &Proof::of(&both)).await.expect_err("a refusal");
    assert!(matches!(denied.error(), AccessError::NoCertificate));
    let shown = headers(&[("authorization", &format!("DPoP {both}")), ("dpop", &Proof::of(&both).text())]);
    let request = ResourceRequest::new(&Method::GET, URL, &shown).certificate(CERTIFICATE);
    api.verify(&request).await.expect("access");
    // Bound to a certificate alone, and shown as bound to a key.
    let denied = proven(&api, &bound, &Proof::of(&bound)).await.expect_err("a refusal");
    assert!(matches!(denied.error(), AccessError::Unbound));
}

#[tokio::test]
async fn a_proof_is_taken_once() {
    let (stage, api) = resource();
    let bound = token(&to_key());
    let proof = Proof::of(&bound);
    proven(&api, &bound, &proof).await.expect("access");
    let replayed = proven(&api, &bound, &proof).await.expect_err("a refusal");
    assert_eq!(replayed.error().code().to_string(), "dpop_proof.replayed");
    assert_eq!(proof_error(Err(replayed)), JwtError::Replayed.into());
    // The same name for another address is another proof.
    let elsewhere = Proof::of(&bound).claim("htu", json!("https://api.example/others"));
    let shown = headers(&[("authorization", &format!("DPoP {bound}")), ("dpop", &elsewhere.text())]);
    let request = ResourceRequest::new(&Method::GET, "https://api.example/others", &shown);
    api.verify(&request).await.expect("access");
    stage.clock.advance(120);
    assert_eq!(proof_error(proven(&api, &bound, &proof).await), JwtError::Replayed.into());
    stage.clock.advance(1);
    assert!(matches!(proof_error(proven(&api, &bound, &proof).await), ProofError::TooOld { .. }));
    let long = api.clone().proof_lifetime(Duration::from_secs(3600));
    stage.clock.advance(500);
    let late = Proof::of(&bound).claim("iat", json!(START + 61)).claim("jti", json!("late"));
    proven(&long, &bound, &late).await.expect("access within ten minutes");
}

/// Remembers what it was asked, and nothing else.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl ProofStore for Asked {
    fn is_first<'a>(&'a self, id: &'a str, _now: u64, until: u64) -> BoxFuture<'a, Result<bool, ProofStoreError>> {
        self.0.lock().expect("a list").push(format!("{id} {until}"));
        Box::pin(std::future::ready(Err(ProofStoreError::new("it is broken"))))
    }
}

#[tokio::test]
async fn what_cannot_be_remembered_is_refused() {
    let (_, api) = resource();
    let asked = Asked::default();
    let broken = api.clone().proof_store(asked.clone());
    let bound = token(&to_key());
    let denied = proven(&broken, &bound, &Proof::of(&bound)).await.expect_err("a refusal");
    assert!(matches!(denied.error(), AccessError::Proofs(_)));
    assert_eq!(answered(&denied), (503, vec![]));
    // Whoever has no valid token fills no store.
    let foreign = token(&json!({"jkt": "another"}));
    for (token, proof) in [(&foreign, Proof::of(&foreign)), (&bound, Proof::of(&bound).claim("htm", json!("PUT")))] {
        let denied = proven(&broken, token, &proof).await.expect_err("a refusal");
        assert_eq!(denied.status(), StatusCode::UNAUTHORIZED);
    }
    let asked = asked.0.lock().expect("a list").clone();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].ends_with(&format!(" {}", START + 120)) && asked[0].len() < 64, "{asked:?}");
    let full = api.proof_store(Arc::new(MemoryProofs::new(1)));
    proven(&full, &bound, &Proof::of(&bound)).await.expect("access");
    let second = Proof::of(&bound).claim("jti", json!("second"));
    assert_eq!(proven(&full, &bound, &second).await.expect_err("a refusal").status().as_u16(), 503);
}

#[tokio::test]
async fn a_nonce_is_asked_for() {
    let (stage, api) = resource();
    let api = api.proof_nonces(TimedNonces::new([7; 32]));
    let bound = token(&to_key());
    let asking = proven(&api, &bound, &Proof::of(&bound)).await.expect_err("a refusal");
    let challenge = r#"DPoP error="use_dpop_nonce", algs="ES256 PS256 EdDSA Ed25519""#;
    assert_eq!(answered(&asking), (401, vec![challenge.to_owned()]));
    let nonce = asking.headers()["dpop-nonce"].to_str().expect("ASCII").to_owned();
    assert_eq!(proof_error(Err(asking)), ProofError::Nonce);
    let proof = |nonce: &str, jti: &str| Proof::of(&bound).claim("nonce", json!(nonce)).claim("jti", json!(jti));
    assert_eq!(proof_error(proven(&api, &bound, &proof("x", "x")).await), ProofError::Nonce);
    let access = proven(&api, &bound, &proof(&nonce, "one")).await.expect("access");
    assert_eq!(access.headers()["dpop-nonce"], nonce.as_str());
    assert!(!format!("{access:?}").contains(&nonce));
    stage.clock.advance(300);
    let late = proof(&nonce, "two").claim("iat", json!(START + 300));
    assert_eq!(proof_error(proven(&api, &bound, &late).await), ProofError::Nonce);
    // Bearer tokens know nothing of nonces.
    assert!(bearer(&api, &token(&json!(null))).await.expect("access").headers().is_empty());
}

/// A resource whose server says this of every token.
fn introspecting(members: &Value) -> ProtectedResource {
    let stage = Stage::new();
    stage.with(|script| script.metadata["introspection_endpoint"] = json!("https://issuer.example/introspect"));
    let client = stage.client_of(stage.builder().secret(Secret::new("s3cret")));
    let body = members.to_string();
    stage.instead(move |seen| {
        let is_it = seen.endpoint == pkce_client::Endpoint::Introspection;
        is_it.then(|| Ok(response(200, "application/json", body.clone())))
    });
    ProtectedResource::new(client, API).introspecting()
}

#[tokio::test]
async fn a_token_that_is_asked_for_is_bound_all_the_same() {
    let said = |more: Value| {
        let mut members = json!({"active": true, "aud": API, "sub": "alice", "scope": "read"});
        members.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        introspecting(&members)
    };
    let error = async |more: Value| bearer(&said(more), "at-1").await.expect_err("a refusal").into_error();
    assert!(!bearer(&said(json!({})), "at-1").await.expect("access").is_bound());
    assert!(matches!(error(json!({"cnf": to_key()})).await, AccessError::Downgrade));
    assert!(matches!(error(json!({"cnf": to_certificate()})).await, AccessError::NoCertificate));
    assert!(matches!(error(json!({"cnf": {"kid": "k"}})).await, AccessError::Confirmation));
    assert!(matches!(error(json!({"active": false})).await, AccessError::Inactive));
    assert!(matches!(error(json!({"aud": "other"})).await, AccessError::Token(JwtError::Audience)));
    assert!(matches!(error(json!({"iss": "https://evil.example"})).await, AccessError::Token(JwtError::Issuer)));
    let denied = bearer(&said(json!({"active": "yes"})), "at-1").await.expect_err("a refusal");
    assert!(matches!(denied.error(), AccessError::Unavailable(_)));
    assert_eq!(answered(&denied), (503, vec![]));
    let bound = said(json!({"cnf": to_key()}));
    assert!(proven(&bound, "at-1", &Proof::of("at-1")).await.expect("access").is_bound());
    let unsaid = introspecting(&json!({"active": true}));
    let denied = bearer(&unsaid, "at-1").await.expect_err("a refusal");
    assert!(matches!(denied.error(), AccessError::Token(JwtError::Audience)));
    bearer(&unsaid.allow_introspected_without_audience(), "at-1").await.expect("access");
    let other = said(json!({"aud": ["other"]})).allow_introspected_without_audience();
    bearer(&other, "at-1").await.expect_err("what is said counts");
}

#[tokio::test]
async fn a_resource_and_a_client_understand_each_other() {
    let web = mock_idp::Client::confidential("web", "secret").redirect_uri(REDIRECT_URI);
    let idp = Idp::new(MockIdp::builder().client(web));
    let builder = || idp.client("web").secret(Secret::new("secret"));
    let client: Client = builder().dpop_with_new_key().discover().await.expect("a client");
    let session = idp.login(&client, &["openid", "email"]).await;
    let audience = client.issuer().to_owned();
    let plain = builder().discover().await.expect("a client");
    let api = || ProtectedResource::new(plain.clone(), &audience);
    for api in [api(), api().introspecting(), api().introspecting_signed()] {
        let api = api.require_bound_tokens().proof_nonces(TimedNonces::generate(&SystemDice).expect("nonces"));
        let mut request = http::Request::get(URL).body(()).expect("a request");
        session.authorize(&mut request).await.expect("a token");
        let asked = ResourceRequest::new(request.method(), URL, request.headers());
        let denied = api.verify(&asked).await.expect_err("a nonce is asked for");
        let mut answer = http::Response::new(());
        *answer.status_mut() = denied.status();
        *answer.headers_mut() = denied.headers();
        assert!(session.heed(request.uri(), &answer), "{denied:?}");
        session.authorize(&mut request).await.expect("a token");
        let asked = ResourceRequest::new(request.method(), URL, request.headers());
        let access = api.verify(&asked).await.expect("access");
        assert!(access.is_bound() && access.has_scope("email"));
        assert_eq!(access.subject(), Some("alice"));
        assert_eq!(proof_error(api.verify(&asked).await), JwtError::Replayed.into());
        let token = session.access_token().await.expect("a token");
        let denied = bearer(&api, token.expose()).await.expect_err("a refusal");
        assert!(matches!(denied.error(), AccessError::Downgrade), "{denied:?}");
    }
    session.revoke().await.expect("a success");
}

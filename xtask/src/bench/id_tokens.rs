//! What verifying one ID token costs the client, beside the least that has to be done: one signature is verified with a
//! parsed key, and the header and the claims are read as JSON.

use std::hint::black_box;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, VerificationAlgorithm,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::{Algorithm, ProviderMetadata};
use pkce_client::{BoxFuture, Client, HttpClient, HttpRequest, TransportError};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Bench;
use super::figures::{Spread, micros};
use crate::stopwatch::Stopwatch;

const ISSUER: &str = "https://issuer.example";
const CLIENT_ID: &str = "app";
const NONCE: &str = "n-0S6_WzA2Mj-N8bqZ4kYl1cVt3uXr7eWd9fGhJk2Lm";
const ACCESS_TOKEN: &str = "SlAV32hkKG-N8bqZ4kYl1cVt3uXr7eWd9fGhJk2LmQs";

/// What ID tokens of one algorithm cost.
#[derive(Debug, Serialize)]
pub(super) struct IdTokenCost {
    pub(super) algorithm: &'static str,
    pub(super) tokens_per_round: u32,
    /// Time for each token, in microseconds.
    pub(super) client_micros: Spread,
    pub(super) floor_micros: Spread,
    /// Time of the client for each unit of the floor's, round by round.
    pub(super) times_floor: Spread,
}

/// A server whose keys are all that is asked of it.
#[derive(Clone)]
struct Published(String);

/// One token, and the key that verifies it.
struct Sample {
    token: String,
    public: ParsedPublicKey,
    jwks: Value,
}

impl Bench {
    /// Verifies `tokens` tokens as the client does and as the floor does, in turn, for each round.
    pub(super) fn id_tokens(&self, algorithm: Algorithm, tokens: u32) -> Result<IdTokenCost, String> {
        let sample = Sample::new(algorithm).ok_or("no key could be made")?;
        let client = client(algorithm, &sample)?;
        let by_client = || self.load.block_on(by_client(&client, &sample.token, tokens));
        let by_floor = || by_floor(&sample, tokens);
        by_client()?;
        by_floor()?;
        let mut rounds = Vec::new();
        for number in 0..self.rounds {
            // Whoever comes second finds warm caches; so each side is second in turn.
            rounds.push(match number % 2 {
                0 => (by_client()?, by_floor()?),
                _ => {
                    let floor = by_floor()?;
                    (by_client()?, floor)
                }
            });
        }
        let each = |took: Duration| micros(took) / f64::from(tokens);
        Ok(IdTokenCost {
            algorithm: algorithm.as_str(),
            tokens_per_round: tokens,
            client_micros: Spread::of(rounds.iter().map(|(client, _)| each(*client))),
            floor_micros: Spread::of(rounds.iter().map(|(_, floor)| each(*floor))),
            times_floor: Spread::of(rounds.iter().map(|(client, floor)| client.as_secs_f64() / floor.as_secs_f64())),
        })
    }
}

async fn by_client(client: &Client, token: &str, tokens: u32) -> Result<Duration, String> {
    let watch = Stopwatch::start();
    for _ in 0..tokens {
        let check = client.id_token(black_box(token)).nonce(NONCE).access_token(ACCESS_TOKEN);
        black_box(check.verify().await.map_err(|error| error.to_string())?);
    }
    Ok(watch.took())
}

fn by_floor(sample: &Sample, tokens: u32) -> Result<Duration, String> {
    let watch = Stopwatch::start();
    for _ in 0..tokens {
        black_box(read(black_box(&sample.token), &sample.public).ok_or("the floor cannot read its own token")?);
    }
    Ok(watch.took())
}

/// The header and the claims of a token whose signature is right.
fn read(token: &str, public: &ParsedPublicKey) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let decode = |segment: &str| BASE64_URL_SAFE_NO_PAD.decode(segment).ok();
    public.verify_sig(signed.as_bytes(), &decode(signature)?).ok()?;
    Some((serde_json::from_slice(&decode(header)?).ok()?, serde_json::from_slice(&decode(claims)?).ok()?))
}

fn client(algorithm: Algorithm, sample: &Sample) -> Result<Client, String> {
    let metadata = json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"),
        "jwks_uri": format!("{ISSUER}/jwks"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
    });
    let metadata: ProviderMetadata = serde_json::from_value(metadata).map_err(|error| error.to_string())?;
    let keys = Published(json!({ "keys": [sample.jwks] }).to_string());
    let builder = Client::builder(ISSUER, CLIENT_ID).http(keys).id_token_algorithms([algorithm]);
    builder.with_metadata(metadata).map_err(|error| error.to_string())
}

impl HttpClient for Published {
    fn send(&self, _: HttpRequest) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
        let answer = http::Response::builder().header("content-type", "application/json");
        let answer = answer.body(self.0.clone().into_bytes()).map_err(TransportError::connection);
        Box::pin(std::future::ready(answer))
    }
}

impl Sample {
    fn new(algorithm: Algorithm) -> Option<Self> {
        let (random, signed) = (SystemRandom::new(), signed(algorithm));
        let parsed = |way: &'static dyn VerificationAlgorithm, key: &[u8]| ParsedPublicKey::new(way, key).ok();
        let (signature, public, jwks) = match algorithm {
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
                let point = pair.public_key().as_ref();
                let (x, y) = point[1..].split_at(32);
                let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "one", "x": encoded(x), "y": encoded(y)});
                let signature = pair.sign(&random, signed.as_bytes()).ok()?.as_ref().to_vec();
                (signature, parsed(&ECDSA_P256_SHA256_FIXED, point)?, jwk)
            }
            _ => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
                let public = pair.public_key();
                let text = |number: &[u8]| encoded(number);
                let n = text(public.modulus().big_endian_without_leading_zero());
                let e = text(public.exponent().big_endian_without_leading_zero());
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).ok()?;
                let jwk = json!({"kty": "RSA", "kid": "one", "n": n, "e": e});
                (signature, parsed(&RSA_PKCS1_2048_8192_SHA256, public.as_ref())?, jwk)
            }
        };
        Some(Self { token: format!("{signed}.{}", encoded(signature)), public, jwks })
    }
}

/// The header and the claims of a token such as servers make.
fn signed(algorithm: Algorithm) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, ACCESS_TOKEN.as_bytes());
    let header = json!({"alg": algorithm.as_str(), "kid": "one", "typ": "JWT"});
    let claims = json!({
        "iss": ISSUER, "sub": "248289761001", "aud": CLIENT_ID, "azp": CLIENT_ID, "iat": 1_700_000_000,
        "exp": u32::MAX, "auth_time": 1_700_000_000, "nonce": NONCE, "at_hash": encoded(&hash.as_ref()[..16]),
        "acr": "urn:mace:incommon:iap:silver", "amr": ["pwd"], "email": "jane@example.com", "email_verified": true,
        "name": "Jane Doe", "picture": "https://example.com/janedoe/me.jpg"
    });
    format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()))
}

fn encoded(octets: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_and_the_floor_take_the_same_token_and_no_other() {
        for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
            let sample = Sample::new(algorithm).expect("a token");
            let client = client(algorithm, &sample).expect("a client");
            let runtime = super::super::one_thread().expect("a runtime");
            runtime.block_on(by_client(&client, &sample.token, 1)).expect("a valid token");
            by_floor(&sample, 1).expect("a valid token");
            let other = Sample::new(algorithm).expect("a token");
            runtime.block_on(by_client(&client, &other.token, 1)).expect_err("another key");
            assert!(read(&other.token, &sample.public).is_none());
        }
    }
}

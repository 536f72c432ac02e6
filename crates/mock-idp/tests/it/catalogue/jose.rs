//! Signatures, JOSE headers and key sets.

use aws_lc_rs::signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RsaPublicKeyComponents};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};

use super::raw::End;
use super::visit::Visit;
use super::visit::Way::{Jwks, Keys, TokenOf};
use super::{Case, case, impatient};

pub(super) const CASES: &[Case] = &[
    case("invalid-sig-rs256", Keys, |visit| {
        is(visit, "alg", "RS256") && !verified(visit) && signature(visit).len() == 256
    }),
    case("invalid-sig-es256", TokenOf("ES256"), |visit| {
        is(visit, "alg", "ES256") && !verified(visit) && signature(visit).len() == 64
    }),
    case("invalid-sig-hs256", TokenOf("HS256"), |visit| is(visit, "alg", "HS256") && !keyed(visit)),
    case("idtoken-sig-none", Keys, |visit| is(visit, "alg", "none") && signature(visit).is_empty()),
    case("sig-stripped", Keys, |visit| is(visit, "alg", "RS256") && signature(visit).is_empty()),
    case("sig-hs256-public-key", Keys, |visit| is(visit, "alg", "HS256") && signature(visit).len() == 32),
    case("sig-unpublished-key", Keys, |visit| {
        is(visit, "alg", "RS256") && !verified(visit) && signature(visit).len() == 256
    }),
    case("sig-embedded-key", Keys, |visit| verified_with(visit, &header(visit)["jwk"]) && !verified(visit)),
    case("sig-ecdsa-zero", Keys, |visit| {
        let kid = header(visit)["kid"].clone();
        let fits = |key: &&Value| key["kid"] == kid && key["kty"] == "EC";
        signature(visit) == [0; 64] && is(visit, "alg", "ES256") && keys(&visit.keys[1]).iter().any(|key| fits(&key))
    }),
    case("sig-weak-key", Keys, weakly_signed),
    case("alg-unknown", Keys, |visit| is(visit, "alg", "RS1024")),
    case("alg-mismatch", Keys, |visit| is(visit, "alg", "RS512")),
    case("alg-missing", Keys, |visit| lacks(visit, "alg")),
    case("kid-unknown", Keys, |visit| is(visit, "kid", "unknown")),
    case("kid-path", Keys, |visit| is(visit, "kid", "../../../../dev/null")),
    case("kid-not-a-string", Keys, |visit| header(visit)["kid"] == 1),
    case("kid-absent-single-jwks", Keys, |visit| lacks(visit, "kid") && fitting(&visit.keys[1]) == 1),
    case("kid-absent-multiple-jwks", Keys, |visit| lacks(visit, "kid") && fitting(&visit.keys[1]) == 2),
    case("header-jwk", Keys, |visit| header(visit)["jwk"]["kty"] == "oct" && verified(visit)),
    case("header-jku", Keys, |visit| is(visit, "jku", "https://attacker.example/jwks") && verified(visit)),
    case("header-x5u", Keys, |visit| is(visit, "x5u", "https://attacker.example/certificate.pem") && verified(visit)),
    case("header-crit", Keys, |visit| {
        let name = header(visit)["crit"][0].as_str().map(str::to_owned);
        name.is_some_and(|name| header(visit).get(name) == Some(&json!(true)))
    }),
    case("header-crit-empty", Keys, |visit| header(visit)["crit"] == json!([])),
    case("header-b64-false", Keys, |visit| header(visit)["b64"] == false && header(visit)["crit"] == json!(["b64"])),
    case("header-typ-odd", Keys, |visit| is(visit, "typ", "logout+jwt")),
    case("header-cty-jwt", Keys, |visit| is(visit, "cty", "JWT")),
    case("signing-key-rotation", Keys, |visit| !knows(visit, 0) && verified(visit) && fitting(&visit.keys[1]) == 2),
    case("signing-key-rotation-just-before-signing", Keys, |visit| {
        !knows(visit, 0) && verified(visit) && fitting(&visit.keys[1]) == 2
    }),
    case("signing-key-retired", Keys, |visit| {
        !knows(visit, 0) && verified(visit) && fitting(&visit.keys[0]) == 1 && fitting(&visit.keys[1]) == 1
    }),
    case("jwks-empty", Jwks, |visit| visit.json()["keys"] == json!([])),
    case("jwks-duplicate-kid", Keys, |visit| {
        let names = names(&visit.keys[1]);
        names.iter().all(|name| *name == names[0]) && is(visit, "kid", &names[0]) && fitting(&visit.keys[1]) == 2
    }),
    case("jwks-no-kid", Keys, |visit| keys(&visit.keys[1]).len() > 1 && names(&visit.keys[1]).is_empty()),
    case("jwks-unknown-kid", Keys, |visit| !knows(visit, 0) && !knows(visit, 1)),
    case("jwks-for-encryption", Jwks, |visit| {
        !keys(&visit.json()).is_empty() && keys(&visit.json()).iter().all(|key| key["use"] == "enc")
    }),
    case("jwks-foreign", Keys, |visit| knows(visit, 1) && !verified(visit)),
    case("jwks-weak-key", Jwks, |visit| keys(&visit.json()).iter().any(weak)),
    case("jwks-not-a-list", Jwks, |visit| visit.json()["keys"].is_object()),
    case("jwks-unknown-key-type", Jwks, |visit| visit.json()["keys"][0]["kty"] == "QUANTUM"),
    case("jwks-garbage", Jwks, |visit| visit.answer.status == 200 && visit.json() == Value::Null),
    case("jwks-oversize", Jwks, |visit| visit.answer.body.len() == 8 << 20 && !keys(&visit.json()).is_empty()),
    case("jwks-unavailable", Jwks, |visit| visit.answer.status == 500),
    impatient("jwks-slow", Jwks, |visit| {
        visit.answer.end == End::Open && (1..=16).contains(&visit.answer.body.len())
    }),
    impatient("jwks-stalled", Jwks, |visit| (visit.answer.end, visit.answer.status) == (End::Open, 0)),
];

fn header(visit: &Visit) -> Value {
    visit.token("id_token").0
}

fn is(visit: &Visit, name: &str, value: &str) -> bool {
    header(visit)[name] == value
}

fn lacks(visit: &Visit, name: &str) -> bool {
    header(visit).as_object().is_some_and(|header| !header.contains_key(name))
}

/// The octets that are signed, and the signature.
fn parts(visit: &Visit) -> (String, String) {
    let token = visit.text("id_token").expect("an ID token");
    let (signed, signature) = token.rsplit_once('.').expect("a signature, or none");
    (signed.to_owned(), signature.to_owned())
}

fn signature(visit: &Visit) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(parts(visit).1).expect("base64url")
}

fn keys(set: &Value) -> &[Value] {
    set["keys"].as_array().map_or(&[], Vec::as_slice)
}

fn names(set: &Value) -> Vec<String> {
    keys(set).iter().filter_map(|key| key["kid"].as_str().map(str::to_owned)).collect()
}

/// How many keys of a set are for the algorithm of the ID tokens.
fn fitting(set: &Value) -> usize {
    keys(set).iter().filter(|key| key["alg"] == "RS256").count()
}

/// Whether one of the two key sets has the key that the ID token names.
fn knows(visit: &Visit, which: usize) -> bool {
    keys(&visit.keys[which]).iter().any(|key| key["kid"] == header(visit)["kid"])
}

/// Whether the ID token verifies with the published key that it names.
fn verified(visit: &Visit) -> bool {
    let named = keys(&visit.keys[1]).iter().find(|key| key["kid"] == header(visit)["kid"]);
    named.is_some_and(|key| verified_with(visit, key))
}

fn verified_with(visit: &Visit, key: &Value) -> bool {
    let key = serde_json::from_value(key.clone()).ok().and_then(|key| DecodingKey::from_jwk(&key).ok());
    key.is_some_and(|key| verifies(visit, &key))
}

/// Whether the ID token verifies with the client's secret.
fn keyed(visit: &Visit) -> bool {
    let secret = visit.params.get("client_secret").expect("a secret");
    verifies(visit, &DecodingKey::from_secret(secret.as_bytes()))
}

fn verifies(visit: &Visit, key: &DecodingKey) -> bool {
    let algorithm = header(visit)["alg"].as_str().and_then(|name| name.parse::<Algorithm>().ok());
    let (signed, signature) = parts(visit);
    algorithm.is_some_and(|algorithm| {
        jsonwebtoken::crypto::verify(&signature, signed.as_bytes(), key, algorithm).unwrap_or(false)
    })
}

fn weak(key: &Value) -> bool {
    octets(key, "n").len() == 128 && key["alg"] == "RS256"
}

fn octets(key: &Value, name: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap_or_default()).expect("base64url")
}

/// Whether the key that the ID token names is published, has 1024 bits, and signed the token.
fn weakly_signed(visit: &Visit) -> bool {
    let named = keys(&visit.keys[1]).iter().find(|key| key["kid"] == header(visit)["kid"]);
    named.is_some_and(|key| {
        let public = RsaPublicKeyComponents { n: octets(key, "n"), e: octets(key, "e") };
        let algorithm = &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
        weak(key) && public.verify(algorithm, parts(visit).0.as_bytes(), &signature(visit)).is_ok()
    })
}

//! Signatures that are none, and headers that ask for trouble. They act on ID tokens unless they are moved.

use serde_json::json;

use super::{ELSEWHERE, Edit, Fault, Layer, Named, Point};
use crate::fault::{Signature, When};

fn sign(with: Signature) -> Edit {
    Edit::sign(with)
}

fn header(name: &str, value: impl Into<serde_json::Value>) -> Edit {
    Edit::jose_header(name, value)
}

fn foreign(path: &str) -> String {
    format!("{ELSEWHERE}/{path}")
}

faults! { JOSE of Jose:
    INVALID_SIG_RS256 = "invalid-sig-rs256", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "One bit of an RS256 signature is wrong", [sign(Signature::Corrupted)];
    INVALID_SIG_ES256 = "invalid-sig-es256", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "One bit of the signature is wrong, for clients with ES256", [sign(Signature::Corrupted)];
    INVALID_SIG_HS256 = "invalid-sig-hs256", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "One bit of the signature is wrong, for clients with HS256", [sign(Signature::Corrupted)];
    IDTOKEN_SIG_NONE = "idtoken-sig-none", IdToken, "RFC 8725 §2.1",
        "The algorithm is none, and there is no signature", [sign(Signature::AlgNone)];
    SIG_STRIPPED = "sig-stripped", IdToken, "RFC 8725 §3.3",
        "The header is right, and the signature is empty", [sign(Signature::Stripped)];
    SIG_HS256_PUBLIC_KEY = "sig-hs256-public-key", IdToken, "RFC 8725 §2.1",
        "The algorithm is HS256, keyed with the public key", [sign(Signature::Hs256PublicKey)];
    SIG_UNPUBLISHED_KEY = "sig-unpublished-key", IdToken, "RFC 8725 §3.8",
        "The signature is of a key that is not published", [sign(Signature::UnpublishedKey)];
    SIG_EMBEDDED_KEY = "sig-embedded-key", IdToken, "RFC 7515 §4.1.3",
        "The token brings along the key that it is signed with", [sign(Signature::EmbeddedKey)];
    SIG_ECDSA_ZERO = "sig-ecdsa-zero", IdToken, "CVE-2022-21449, FIPS 186-5 §6.4.2",
        "The signature is ES256 with r and s of zero", [sign(Signature::Zero)];
    SIG_WEAK_KEY = "sig-weak-key", IdToken, "RFC 7518 §3.3",
        "The signature is of an RSA key of 1024 bits, which is published", [sign(Signature::WeakKey)];
    ALG_UNKNOWN = "alg-unknown", IdToken, "RFC 7515 §4.1.1",
        "The algorithm is one that nobody knows", [header("alg", "RS1024")];
    ALG_MISMATCH = "alg-mismatch", IdToken, "RFC 8725 §3.1",
        "The algorithm is another one than that of the signature", [header("alg", "RS512")];
    ALG_MISSING = "alg-missing", IdToken, "RFC 7515 §4.1.1",
        "The header names no algorithm", [header("alg", json!(null))];
    KID_UNKNOWN = "kid-unknown", IdToken, "RFC 7515 §4.1.4",
        "The key that is named is not published", [header("kid", "unknown")];
    KID_PATH = "kid-path", IdToken, "RFC 8725 §3.10",
        "The name of the key is a path", [header("kid", "../../../../dev/null")];
    KID_NOT_A_STRING = "kid-not-a-string", IdToken, "RFC 7515 §4.1.4",
        "The name of the key is a number", [header("kid", 1)];
    KID_ABSENT_SINGLE_JWKS = "kid-absent-single-jwks", IdToken, "OpenID Connect Core 1.0 §10.1",
        "No key is named, and one that is published fits the algorithm", [header("kid", json!(null))];
    KID_ABSENT_MULTIPLE_JWKS = "kid-absent-multiple-jwks", IdToken, "OpenID Connect Core 1.0 §10.1",
        "No key is named, and two that are published fit the algorithm",
        [Edit::RotateKeys { retire: false }, header("kid", json!(null))], once();
    HEADER_JWK = "header-jwk", IdToken, "RFC 7515 §4.1.3",
        "The header carries a key that did not sign",
        [header("jwk", json!({"kty": "oct", "k": "AAAA"}))];
    HEADER_JKU = "header-jku", IdToken, "RFC 8725 §3.10",
        "The header says that the keys are at somebody else's", [header("jku", foreign("jwks"))];
    HEADER_X5U = "header-x5u", IdToken, "RFC 8725 §3.10",
        "The header says that the certificate is at somebody else's", [header("x5u", foreign("certificate.pem"))];
    HEADER_CRIT = "header-crit", IdToken, "RFC 7515 §4.1.11",
        "The header has an extension that has to be understood, and cannot be",
        [header("https://attacker.example/extension", true), header("crit", json!(["https://attacker.example/extension"]))];
    HEADER_CRIT_EMPTY = "header-crit-empty", IdToken, "RFC 7515 §4.1.11",
        "The list of what has to be understood is empty", [header("crit", json!([]))];
    HEADER_B64_FALSE = "header-b64-false", IdToken, "RFC 7797 §7",
        "The header says that the payload is not encoded, which no JWT may",
        [header("b64", false), header("crit", json!(["b64"]))];
    HEADER_TYP_ODD = "header-typ-odd", IdToken, "RFC 8725 §3.11",
        "The token is said to be a logout token", [header("typ", "logout+jwt")];
    HEADER_CTY_JWT = "header-cty-jwt", IdToken, "RFC 7519 §5.2",
        "The token is said to hold another one", [header("cty", "JWT")];
    SIGNING_KEY_ROTATION = "signing-key-rotation", Jwks, "OpenID Connect Core 1.0 §10.1.1",
        "The keys are replaced once the client has read them", [Edit::RotateKeys { retire: false }], once();
    SIGNING_KEY_ROTATION_JUST_BEFORE_SIGNING = "signing-key-rotation-just-before-signing", IdToken,
        "OpenID Connect Core 1.0 §10.1.1",
        "The keys are replaced just before an ID token is signed", [Edit::RotateKeys { retire: false }], once();
    SIGNING_KEY_RETIRED = "signing-key-retired", Jwks, "OpenID Connect Core 1.0 §10.1.1",
        "The keys are withdrawn once the client has read them", [Edit::RotateKeys { retire: true }], once();
}

//! Every vector of `fixtures/vectors/pkce.json`.
//!
//! The vectors ask of the authorization endpoint what the grammar of RFC 7636 §4.2 asks, which is less than what S256
//! makes of it. So a challenge they expect to be refused is refused here, and one they let pass is either the canonical
//! spelling of 32 octets or refused too; no vector may reach `Verified` that they expect to be rejected.

use std::collections::HashMap;

use pkce_core::{
    AuthorizationError, Challenge, ChallengeError, Outcome, Policy, TokenError, VerifierError, check_token_request,
    read_authorization_request,
};
use serde_json::Value;

use crate::{challenge, method, verifier};

const VECTORS: &str = include_str!("../../../../fixtures/vectors/pkce.json");

struct Vector {
    id: String,
    method: String,
    challenge: String,
    verifier: Vec<u8>,
    authorize: String,
    token: String,
    token_errors: String,
}

fn vectors() -> Vec<Vector> {
    let document: Value = serde_json::from_str(VECTORS).expect("JSON");
    document["vectors"].as_array().expect("a list").iter().map(read).collect()
}

fn read(vector: &Value) -> Vector {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Vector {
        id: text(&vector["id"]),
        method: text(&vector["method"]),
        challenge: text(&vector["challenge"]),
        verifier: octets(vector["verifier_hex"].as_str().expect("hex")),
        authorize: text(&vector["expect"]["authorize"]),
        token: text(&vector["expect"]["token"]),
        token_errors: text(&vector["expect"]["token_error"]),
    }
}

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

fn authorize(vector: &Vector) -> Result<Option<Challenge>, AuthorizationError> {
    read_authorization_request([challenge(&vector.challenge), method(&vector.method)], Policy::Required)
}

/// `None` for a verifier that is not UTF-8: no `&str` holds it, so it is refused where parameters are decoded.
fn redeem(stored: &Challenge, vector: &Vector) -> Option<Result<Outcome, TokenError>> {
    let presented = std::str::from_utf8(&vector.verifier).ok()?;
    Some(check_token_request(Some(stored), [verifier(presented)], Policy::Required))
}

#[test]
fn every_vector_ends_as_it_should() {
    let vectors = vectors();
    assert!(vectors.len() >= 50, "{} vectors", vectors.len());
    for vector in &vectors {
        let id = &vector.id;
        match authorize(vector) {
            Err(error) => {
                let passable = vector.token == "accept" && vector.authorize != "policy";
                assert!(!passable, "{id} is refused at the authorization endpoint: {error}");
                assert_eq!(error.oauth_error(), "invalid_request", "{id}");
            }
            Ok(stored) => {
                assert_ne!(vector.authorize, "reject", "{id} passes the authorization endpoint");
                let stored = stored.expect("PKCE is required");
                assert_eq!(stored.as_str(), vector.challenge, "{id}");
                match redeem(&stored, vector) {
                    Some(Ok(outcome)) => {
                        assert_eq!((outcome, vector.token.as_str()), (Outcome::Verified, "accept"), "{id}");
                    }
                    Some(Err(error)) => {
                        assert_eq!(vector.token, "reject", "{id}: {error}");
                        assert!(vector.token_errors.split('|').any(|code| code == error.oauth_error()), "{id}");
                    }
                    None => assert_eq!((vector.token.as_str(), id.as_str()), ("reject", "b-e9-latin1")),
                }
            }
        }
    }
}

/// The refusal of each group by its exact name; what is not listed here is listed in the two tests after this one.
#[test]
fn challenges_are_refused_for_the_right_reason() {
    let expected = HashMap::from([
        ("c-padded", ChallengeError::Padded),
        ("c-std-padded", ChallengeError::Padded),
        ("c-std", ChallengeError::InvalidCharacter { at: 40 }),
        ("c-noncanonical-N", ChallengeError::NonCanonical),
        ("c-noncanonical-O", ChallengeError::NonCanonical),
        ("c-noncanonical-P", ChallengeError::NonCanonical),
        ("c-hex-upper", ChallengeError::WrongLength { octets: 64 }),
        ("c-b64u-of-hex", ChallengeError::WrongLength { octets: 86 }),
        ("c-lower", ChallengeError::NonCanonical),
        ("c-44", ChallengeError::WrongLength { octets: 44 }),
        ("c-128", ChallengeError::WrongLength { octets: 128 }),
        ("c-129", ChallengeError::TooLong { octets: 129 }),
        ("c-sha1", ChallengeError::TooShort { octets: 27 }),
        ("c-sha384", ChallengeError::WrongLength { octets: 64 }),
        ("i-strip-plus", ChallengeError::TooShort { octets: 42 }),
    ]);
    let refused: HashMap<String, AuthorizationError> =
        vectors().iter().filter_map(|vector| Some((vector.id.clone(), authorize(vector).err()?))).collect();
    for (id, error) in &refused {
        let expected = match id.as_str() {
            "v-plain-43" => AuthorizationError::PlainRefused,
            id => AuthorizationError::ChallengeMalformed(expected[id]),
        };
        assert_eq!(*error, expected, "{id}");
    }
    assert_eq!(refused.len(), expected.len() + 1);
}

#[test]
fn verifiers_are_refused_for_the_right_reason() {
    let illegal = |at| TokenError::VerifierMalformed(VerifierError::InvalidCharacter { at });
    let long = |octets| TokenError::VerifierMalformed(VerifierError::TooLong { octets });
    let short = |octets| TokenError::VerifierMalformed(VerifierError::TooShort { octets });
    let malformed = HashMap::from([
        ("b-empty", TokenError::VerifierMissing),
        ("b-1", short(1)),
        ("b-42", short(42)),
        ("b-129", long(129)),
        ("b-256", long(256)),
        ("b-plus", illegal(42)),
        ("b-slash", illegal(42)),
        ("b-colon", illegal(42)),
        ("b-quote", illegal(42)),
        ("b-backslash", illegal(42)),
        ("b-eq", illegal(43)),
        ("b-space-mid", illegal(20)),
        ("b-space-start", illegal(0)),
        ("b-crlf", illegal(43)),
        ("b-nul", illegal(43)),
        ("b-e9-utf8", illegal(42)),
        ("b-unicode-digit", illegal(0)),
        ("w-ascii-replacement", illegal(42)),
    ]);
    let mut seen = 0;
    for vector in vectors().iter().filter(|vector| vector.token == "reject") {
        let Ok(Some(stored)) = authorize(vector) else { continue };
        let Some(outcome) = redeem(&stored, vector) else { continue };
        let expected = malformed.get(vector.id.as_str()).copied();
        seen += usize::from(expected.is_some());
        assert_eq!(outcome, Err(expected.unwrap_or(TokenError::VerifierMismatch)), "{}", vector.id);
    }
    assert_eq!(seen, malformed.len());
}

#[cfg(feature = "plain")]
#[test]
fn the_plain_vector_passes_where_plain_is_offered() {
    let vectors = vectors();
    let vector = vectors.iter().find(|vector| vector.id == "v-plain-43").expect("the plain vector");
    let params = [challenge(&vector.challenge), method(&vector.method)];
    let stored = pkce_core::plain::read_authorization_request(params, Policy::Required).expect("plain");
    let presented = std::str::from_utf8(&vector.verifier).expect("ASCII");
    let outcome = pkce_core::plain::check_token_request(stored.as_ref(), [verifier(presented)], Policy::Required);
    assert_eq!(outcome, Ok(Outcome::Verified));
}

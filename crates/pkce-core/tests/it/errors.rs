//! What an error tells: the answer on the wire, the section, and never a value.

use std::error::Error;

use pkce_core::{AuthorizationError, ChallengeError, TokenError, VerifierError};

const CHALLENGE_ERRORS: [(ChallengeError, &str); 6] = [
    (ChallengeError::TooShort { octets: 1 }, "RFC 7636 §4.2"),
    (ChallengeError::TooLong { octets: 129 }, "RFC 7636 §4.2"),
    (ChallengeError::InvalidCharacter { at: 0 }, "RFC 7636 §4.2"),
    (ChallengeError::WrongLength { octets: 44 }, "RFC 7636 §4.2"),
    (ChallengeError::Padded, "RFC 7636 §3"),
    (ChallengeError::NonCanonical, "RFC 4648 §3.5"),
];

const VERIFIER_ERRORS: [VerifierError; 3] = [
    VerifierError::TooShort { octets: 1 },
    VerifierError::TooLong { octets: 129 },
    VerifierError::InvalidCharacter { at: 0 },
];

/// RFC 6749 §5.2: `error_description` is `%x20-21 / %x23-5B / %x5D-7E`.
fn assert_fits_error_description(error: &dyn Error) {
    let text = error.to_string();
    let fits = |octet: u8| (b' '..=b'~').contains(&octet) && octet != b'"' && octet != b'\\';
    assert!(!text.is_empty() && text.bytes().all(fits), "{text}");
}

#[test]
fn every_authorization_error_is_invalid_request() {
    use AuthorizationError::*;
    let own = [
        (ChallengeMissing, "RFC 7636 §4.4.1"),
        (ChallengeRepeated, "RFC 6749 §3.1"),
        (MethodRepeated, "RFC 6749 §3.1"),
        (MethodWithoutChallenge, "RFC 7636 §4.3"),
        (MethodOmitted, "RFC 7636 §4.3"),
        (PlainRefused, "RFC 7636 §4.2"),
        (MethodMiscased, "RFC 7636 §6.2.1"),
        (MethodUnknown, "RFC 7636 §4.4.1"),
    ];
    let malformed = CHALLENGE_ERRORS.map(|(error, section)| (ChallengeMalformed(error), section));
    for (error, section) in own.into_iter().chain(malformed) {
        assert_eq!((error.oauth_error(), error.section()), ("invalid_request", section), "{error:?}");
        assert_fits_error_description(&error);
    }
    for (error, section) in CHALLENGE_ERRORS {
        assert_eq!(error.section(), section);
        assert_eq!(ChallengeMalformed(error).to_string(), error.to_string());
        assert_fits_error_description(&error);
    }
}

#[test]
fn a_token_error_tells_a_wrong_grant_from_a_wrong_request() {
    use TokenError::*;
    let own = [
        (VerifierRepeated, "invalid_request", "RFC 6749 §3.2"),
        (VerifierMissing, "invalid_grant", "RFC 7636 §4.5"),
        (VerifierUnsolicited, "invalid_request", "RFC 9700 §4.8.2"),
        (VerifierMismatch, "invalid_grant", "RFC 7636 §4.6"),
        (ChallengeMissing, "invalid_grant", "RFC 9700 §2.1.1"),
    ];
    let malformed = VERIFIER_ERRORS.map(|error| (VerifierMalformed(error), "invalid_request", "RFC 7636 §4.1"));
    for (error, code, section) in own.into_iter().chain(malformed) {
        assert_eq!((error.oauth_error(), error.section()), (code, section), "{error:?}");
        assert_fits_error_description(&error);
    }
    for error in VERIFIER_ERRORS {
        assert_eq!(error.section(), "RFC 7636 §4.1");
        assert_eq!(VerifierMalformed(error).to_string(), error.to_string());
        assert_fits_error_description(&error);
    }
}

#[test]
fn no_error_holds_a_value() {
    let canary = "canary-canary-canary-canary-canary-canary-canary+";
    let stored = crate::CHALLENGE.parse().expect("canonical");
    let params = [crate::challenge(canary), crate::method("S256")];
    let authorization = pkce_core::read_authorization_request(params, pkce_core::Policy::Required).unwrap_err();
    let params = [crate::verifier(canary)];
    let token = pkce_core::check_token_request(Some(&stored), params, pkce_core::Policy::Required).unwrap_err();
    let shown = format!("{authorization} {authorization:?} {token} {token:?}");
    assert!(!shown.contains("canary"), "{shown}");
}

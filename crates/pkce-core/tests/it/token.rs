//! The decision table of the token request.

use pkce_core::{Challenge, Outcome, Policy, TokenError, VerifierError, check_token_request};
use proptest::prelude::*;

use crate::{CHALLENGE, VERIFIER, verifier};

const POLICIES: [Policy; 2] = [Policy::Required, Policy::Optional];
/// Well-formed, and of another flow.
const OTHER: &str = "2SmKENGwc1g33EvYXaxkGw887yekfl1TpU8vP1svz_o";

fn stored() -> Challenge {
    CHALLENGE.parse().expect("canonical")
}

#[test]
fn every_combination_has_its_outcome() {
    use TokenError::{ChallengeMissing, VerifierMalformed, VerifierMismatch, VerifierMissing, VerifierUnsolicited};
    let malformed = VerifierMalformed(VerifierError::TooShort { octets: 5 });
    for policy in POLICIES {
        for (presented, when_bound, when_unbound) in [
            (None, Err(VerifierMissing), None),
            (Some(""), Err(VerifierMissing), None),
            (Some(VERIFIER), Ok(Outcome::Verified), Some(VerifierUnsolicited)),
            (Some(OTHER), Err(VerifierMismatch), Some(VerifierUnsolicited)),
            (Some(CHALLENGE), Err(VerifierMismatch), Some(VerifierUnsolicited)),
            (Some("short"), Err(malformed), Some(VerifierUnsolicited)),
        ] {
            let params = || [("grant_type", "authorization_code")].into_iter().chain(presented.map(verifier));
            assert_eq!(check_token_request(Some(&stored()), params(), policy), when_bound, "{presented:?}");
            let nothing = match policy {
                Policy::Required => Err(ChallengeMissing),
                Policy::Optional => Ok(Outcome::NotUsed),
            };
            let when_unbound = when_unbound.map_or(nothing, Err);
            assert_eq!(check_token_request(None, params(), policy), when_unbound, "{presented:?} {policy:?}");
        }
    }
}

#[test]
fn a_repeated_verifier_is_refused_whatever_its_values() {
    for policy in POLICIES {
        for bound in [Some(stored()), None] {
            for (first, second) in
                [(VERIFIER, VERIFIER), (VERIFIER, OTHER), (OTHER, VERIFIER), ("", VERIFIER), ("", "")]
            {
                let outcome = check_token_request(bound.as_ref(), [verifier(first), verifier(second)], policy);
                assert_eq!(outcome, Err(TokenError::VerifierRepeated));
            }
        }
    }
}

#[test]
fn challenge_and_method_of_the_token_request_are_not_looked_at() {
    for policy in POLICIES {
        let params = [("code_challenge", CHALLENGE), ("code_challenge_method", "plain"), verifier(CHALLENGE)];
        assert_eq!(check_token_request(Some(&stored()), params, policy), Err(TokenError::VerifierMismatch));
        assert_eq!(check_token_request(None, params, policy), Err(TokenError::VerifierUnsolicited));
    }
}

#[test]
fn similar_names_are_other_parameters() {
    for name in ["code_verifier[]", "Code_Verifier", "code_verifier ", "codeverifier"] {
        let outcome = check_token_request(Some(&stored()), [(name, VERIFIER)], Policy::Required);
        assert_eq!(outcome, Err(TokenError::VerifierMissing), "{name}");
    }
}

#[test]
fn near_misses_are_refused() {
    use TokenError::{VerifierMalformed, VerifierMismatch};
    let illegal = |at| VerifierMalformed(VerifierError::InvalidCharacter { at });
    for (text, expected) in [
        (format!("{VERIFIER}A"), VerifierMismatch),
        (VERIFIER.to_lowercase(), VerifierMismatch),
        (format!("{}l", &VERIFIER[..42]), VerifierMismatch),
        (VERIFIER[..42].to_owned(), VerifierMalformed(VerifierError::TooShort { octets: 42 })),
        (format!("{VERIFIER} "), illegal(43)),
        (format!(" {VERIFIER}"), illegal(0)),
        (format!("{VERIFIER}\0junk"), illegal(43)),
        (format!("{VERIFIER}\n"), illegal(43)),
        (format!("{VERIFIER}="), illegal(43)),
    ] {
        let outcome = check_token_request(Some(&stored()), [verifier(&text)], Policy::Required);
        assert_eq!(outcome, Err(expected), "{text:?}");
    }
}

proptest! {
    #[test]
    fn only_the_verifier_of_the_challenge_passes(text in prop_oneof![Just(VERIFIER.to_owned()), ".{0,140}"]) {
        let outcome = check_token_request(Some(&stored()), [verifier(&text)], Policy::Optional);
        prop_assert_eq!(outcome == Ok(Outcome::Verified), text == VERIFIER);
        prop_assert!(check_token_request(None, [verifier(&text)], Policy::Required).is_err());
    }
}

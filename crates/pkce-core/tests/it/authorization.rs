//! The decision table of the authorization request.

use pkce_core::{AuthorizationError, Challenge, ChallengeError, Policy, read_authorization_request};
use proptest::prelude::*;

use crate::{CHALLENGE, Param, challenge, method};

const POLICIES: [Policy; 2] = [Policy::Required, Policy::Optional];

fn read<'a>(params: impl IntoIterator<Item = Param<'a>>) -> Result<Option<Challenge>, AuthorizationError> {
    read_authorization_request(params, Policy::Required)
}

#[test]
fn a_canonical_challenge_with_s256_is_accepted() {
    for policy in POLICIES {
        let params = [("client_id", "cli"), method("S256"), ("state", ""), challenge(CHALLENGE)];
        assert_eq!(read_authorization_request(params, policy), Ok(Some(CHALLENGE.parse().expect("canonical"))));
    }
}

/// Absent or empty, alone or with a counterpart: RFC 6749 §3.1 makes absent and empty one case.
#[test]
fn empty_means_omitted_in_every_combination() {
    use AuthorizationError::{ChallengeMissing, MethodOmitted, MethodWithoutChallenge};
    let accepted = Ok(Some(CHALLENGE.parse().expect("canonical")));
    for the_challenge in [None, Some(""), Some(CHALLENGE)] {
        for the_method in [None, Some(""), Some("S256")] {
            for policy in POLICIES {
                let params = the_challenge.map(challenge).into_iter().chain(the_method.map(method));
                let has = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
                let expected = match (has(the_challenge), has(the_method), policy) {
                    (true, true, _) => accepted,
                    (true, false, _) => Err(MethodOmitted),
                    (false, true, _) => Err(MethodWithoutChallenge),
                    (false, false, Policy::Required) => Err(ChallengeMissing),
                    (false, false, Policy::Optional) => Ok(None),
                };
                let shown = format!("{the_challenge:?} {the_method:?} {policy:?}");
                assert_eq!(read_authorization_request(params, policy), expected, "{shown}");
            }
        }
    }
}

#[test]
fn a_repeated_parameter_is_refused_whatever_its_values() {
    use AuthorizationError::{ChallengeRepeated, MethodRepeated};
    for policy in POLICIES {
        for other in [CHALLENGE, "", "dOHT1ivLVSPsewADt8TAZF2T2lLYTZ4BymCwTRKpihg"] {
            for params in [
                [challenge(CHALLENGE), challenge(other), method("S256")],
                [challenge(other), method("S256"), challenge(CHALLENGE)],
            ] {
                assert_eq!(read_authorization_request(params, policy), Err(ChallengeRepeated));
            }
        }
        for other in ["S256", "plain", "", "S512"] {
            for params in [
                [challenge(CHALLENGE), method("S256"), method(other)],
                [method(other), challenge(CHALLENGE), method("S256")],
            ] {
                assert_eq!(read_authorization_request(params, policy), Err(MethodRepeated));
            }
        }
        assert_eq!(read_authorization_request([challenge(""), challenge("")], policy), Err(ChallengeRepeated));
        assert_eq!(read_authorization_request([method(""), method("")], policy), Err(MethodRepeated));
    }
}

#[test]
fn a_method_is_s256_to_the_letter() {
    use AuthorizationError::{MethodMiscased, MethodUnknown, PlainRefused};
    for (name, expected) in [
        ("plain", PlainRefused),
        ("s256", MethodMiscased),
        ("PLAIN", MethodMiscased),
        ("Plain", MethodMiscased),
        ("S512", MethodUnknown),
        ("none", MethodUnknown),
        ("sha256", MethodUnknown),
        ("S-256", MethodUnknown),
        ("S256 ", MethodUnknown),
        (" S256", MethodUnknown),
        ("S256\0", MethodUnknown),
        ("S256\n", MethodUnknown),
        ("S256,plain", MethodUnknown),
        ("plain S256", MethodUnknown),
        ("S256plain", MethodUnknown),
        ("Ｓ256", MethodUnknown),
    ] {
        for policy in POLICIES {
            let read = read_authorization_request([challenge(CHALLENGE), method(name)], policy);
            assert_eq!(read, Err(expected), "{name:?}");
        }
    }
}

#[test]
fn a_malformed_challenge_is_refused_under_every_policy() {
    for (text, expected) in [
        (" ", ChallengeError::TooShort { octets: 1 }),
        ("\0", ChallengeError::TooShort { octets: 1 }),
        (&CHALLENGE[..42], ChallengeError::TooShort { octets: 42 }),
        (&"A".repeat(129), ChallengeError::TooLong { octets: 129 }),
        (&" ".repeat(43), ChallengeError::InvalidCharacter { at: 0 }),
        (&"é".repeat(43), ChallengeError::InvalidCharacter { at: 0 }),
        (&format!("{}\r\n", &CHALLENGE[..41]), ChallengeError::InvalidCharacter { at: 41 }),
        (&format!("{CHALLENGE}="), ChallengeError::Padded),
        (&format!("{}N", &CHALLENGE[..42]), ChallengeError::NonCanonical),
        (&format!("{CHALLENGE}A"), ChallengeError::WrongLength { octets: 44 }),
    ] {
        for policy in POLICIES {
            let read = read_authorization_request([challenge(text), method("S256")], policy);
            assert_eq!(read, Err(AuthorizationError::ChallengeMalformed(expected)), "{text:?}");
        }
    }
}

#[test]
fn similar_names_are_other_parameters() {
    for name in ["code_challenge[]", "Code_Challenge", "code_challenge ", "codechallenge", "code_verifier"] {
        let read = read([(name, CHALLENGE), method("S256")]);
        assert_eq!(read, Err(AuthorizationError::MethodWithoutChallenge), "{name}");
    }
}

proptest! {
    #[test]
    fn only_a_canonical_challenge_with_s256_passes(
        text in prop_oneof![Just(CHALLENGE.to_owned()), ".{0,140}"],
        name in prop_oneof![Just("S256".to_owned()), Just("plain".to_owned()), ".{0,8}"],
    ) {
        let read = read([challenge(&text), method(&name)]);
        let passes = name == "S256" && Challenge::parse(&text).is_ok();
        prop_assert_eq!(read.is_ok(), passes);
    }
}

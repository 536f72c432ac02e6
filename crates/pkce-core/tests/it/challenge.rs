//! The one spelling of a challenge, and what verifies against it.

use std::collections::HashSet;

use pkce_core::{Challenge, ChallengeError, TokenError, Verifier, VerifierError};
use proptest::prelude::*;

use crate::{CHALLENGE, UNRESERVED, VERIFIER};

const BASE64URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn refusal(text: &str) -> Option<ChallengeError> {
    Challenge::parse(text).err()
}

#[test]
fn one_in_four_last_characters_is_canonical() {
    let start = &CHALLENGE[..42];
    let canonical: String =
        BASE64URL.chars().filter(|last| Challenge::parse(&format!("{start}{last}")).is_ok()).collect();
    assert_eq!(canonical, "AEIMQUYcgkosw048");
    for last in BASE64URL.chars().filter(|last| !canonical.contains(*last)) {
        assert_eq!(refusal(&format!("{start}{last}")), Some(ChallengeError::NonCanonical), "{last}");
    }
}

#[test]
fn every_character_is_base64url() {
    for code_point in 0..=u8::MAX {
        let character = char::from(code_point);
        let text = format!("{}{character}{}", &CHALLENGE[..20], &CHALLENGE[20 + character.len_utf8()..]);
        let expected = (!BASE64URL.contains(character)).then_some(ChallengeError::InvalidCharacter { at: 20 });
        assert_eq!(refusal(&text), expected, "U+{code_point:04X}");
    }
}

#[test]
fn the_length_is_43() {
    for (length, expected) in [
        (0, Some(ChallengeError::TooShort { octets: 0 })),
        (42, Some(ChallengeError::TooShort { octets: 42 })),
        (43, None),
        (44, Some(ChallengeError::WrongLength { octets: 44 })),
        (128, Some(ChallengeError::WrongLength { octets: 128 })),
        (129, Some(ChallengeError::TooLong { octets: 129 })),
        (1 << 16, Some(ChallengeError::TooLong { octets: 1 << 16 })),
    ] {
        assert_eq!(refusal(&"A".repeat(length)), expected, "{length} characters");
    }
}

#[test]
fn padding_is_refused_and_not_stripped() {
    assert_eq!(refusal(&format!("{CHALLENGE}=")), Some(ChallengeError::Padded));
    assert_eq!(refusal(&format!("{CHALLENGE}==")), Some(ChallengeError::Padded));
    assert_eq!(refusal(&format!("={CHALLENGE}")), Some(ChallengeError::InvalidCharacter { at: 0 }));
}

#[test]
fn every_way_of_parsing_and_printing_is_the_same() {
    let challenge = Challenge::parse(CHALLENGE).expect("canonical");
    assert_eq!(CHALLENGE.parse(), Ok(challenge));
    assert_eq!(Challenge::try_from(CHALLENGE), Ok(challenge));
    assert_eq!(challenge.to_string(), CHALLENGE);
    assert_eq!(format!("{challenge:>45}"), format!("  {CHALLENGE}"));
    assert_eq!(format!("{challenge:?}"), format!("Challenge({CHALLENGE:?})"));
    assert_eq!(Challenge::METHOD, "S256");
    assert_eq!("".parse::<Challenge>(), Err(ChallengeError::TooShort { octets: 0 }));
    assert_eq!(Challenge::try_from(""), Err(ChallengeError::TooShort { octets: 0 }));
}

#[test]
fn equal_challenges_are_one_key() {
    let challenge = Challenge::parse(CHALLENGE).expect("canonical");
    let copy = challenge;
    assert_eq!(HashSet::from([challenge, copy, Verifier::parse(VERIFIER).expect("legal").challenge()]).len(), 1);
}

#[test]
fn a_difference_at_any_place_is_a_difference() {
    let challenge = Challenge::parse(CHALLENGE).expect("canonical");
    for at in 0..43 {
        let mut text = CHALLENGE.to_owned();
        text.replace_range(at..=at, if &CHALLENGE[at..=at] == "A" { "E" } else { "A" });
        assert_ne!(Challenge::parse(&text).expect("canonical"), challenge, "place {at}");
    }
}

#[test]
fn verifying_checks_the_grammar_before_the_hash() {
    let challenge = Challenge::parse(CHALLENGE).expect("canonical");
    assert_eq!(challenge.verify(VERIFIER), Ok(()));
    assert_eq!(challenge.verify(CHALLENGE), Err(TokenError::VerifierMismatch));
    // The hash of the 42 characters is the challenge.
    let short = Challenge::parse("MzGuVmuCfiyhtA8T4e8WBVUlbW1KtArN4Sk-n-PRX_s").expect("canonical");
    let refusal = TokenError::VerifierMalformed(VerifierError::TooShort { octets: 42 });
    assert_eq!(short.verify(&VERIFIER[..42]), Err(refusal));
}

proptest! {
    #[test]
    fn a_mutated_verifier_never_verifies(text in UNRESERVED, at in 0_usize..128, with in "[ -~]") {
        let challenge = Verifier::parse(&text).expect("legal").challenge();
        let at = at % text.len();
        for mutated in [
            format!("{}{with}{}", &text[..at], &text[at + 1..]),
            format!("{}{with}{}", &text[..at], &text[at..]),
            format!("{}{}", &text[..at], &text[at + 1..]),
        ] {
            prop_assert_eq!(challenge.verify(&mutated).is_ok(), mutated == text);
        }
    }

    #[test]
    fn a_challenge_has_one_spelling(octets in any::<[u8; 32]>(), last in 1_usize..4) {
        let text = Verifier::from_entropy(&mut octets.clone()).expose().to_owned();
        prop_assert_eq!(Challenge::parse(&text).expect("canonical").to_string(), text.clone());
        let place = BASE64URL.find(&text[42..]).expect("base64url");
        let stray = format!("{}{}", &text[..42], &BASE64URL[place + last..=place + last]);
        prop_assert_eq!(refusal(&stray), Some(ChallengeError::NonCanonical));
    }

    #[test]
    fn no_text_panics(text in ".{0,140}", presented in ".{0,140}") {
        let _ = Challenge::parse(&text);
        let _ = Challenge::parse(CHALLENGE).expect("canonical").verify(&presented);
    }
}

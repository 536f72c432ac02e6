//! The grammar and the secrecy of a verifier.

use pkce_core::{Verifier, VerifierError};
use proptest::prelude::*;
use zeroize::ZeroizeOnDrop;

use crate::{CHALLENGE, UNRESERVED, VERIFIER};

#[test]
fn appendix_b_from_octets_to_challenge() {
    let mut octets = [
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
        240, 91, 88, 5, 88, 83, 132, 141, 121,
    ];
    let verifier = Verifier::from_entropy(&mut octets);
    assert_eq!(verifier.expose(), VERIFIER);
    assert_eq!(verifier.challenge().as_str(), CHALLENGE);
    assert_eq!(octets, [0; 32], "the octets are wiped");
}

#[test]
fn the_length_is_43_to_128() {
    for (length, expected) in [
        (0, Some(VerifierError::TooShort { octets: 0 })),
        (42, Some(VerifierError::TooShort { octets: 42 })),
        (43, None),
        (44, None),
        (127, None),
        (128, None),
        (129, Some(VerifierError::TooLong { octets: 129 })),
        (1 << 20, Some(VerifierError::TooLong { octets: 1 << 20 })),
    ] {
        let text = "~".repeat(length);
        assert_eq!(Verifier::parse(&text).err(), expected, "{length} characters");
    }
}

#[test]
fn every_character_is_unreserved() {
    let legal = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for code_point in 0..=u8::MAX {
        let character = char::from(code_point);
        let text = format!("{}{character}{}", &VERIFIER[..20], &VERIFIER[20..]);
        let expected = (!legal.contains(character)).then_some(VerifierError::InvalidCharacter { at: 20 });
        assert_eq!(Verifier::parse(&text).err(), expected, "U+{code_point:04X}");
    }
}

#[test]
fn the_first_offender_is_told() {
    let text = format!("{VERIFIER}+/=");
    assert_eq!(Verifier::parse(&text).err(), Some(VerifierError::InvalidCharacter { at: 43 }));
    let text = format!("={VERIFIER}=");
    assert_eq!(Verifier::parse(&text).err(), Some(VerifierError::InvalidCharacter { at: 0 }));
}

#[test]
fn every_way_of_parsing_is_the_same() {
    assert_eq!(VERIFIER.parse::<Verifier>().expect("a verifier").expose(), VERIFIER);
    assert_eq!(Verifier::try_from(VERIFIER).expect("a verifier").expose(), VERIFIER);
    assert_eq!("short".parse::<Verifier>().err(), Some(VerifierError::TooShort { octets: 5 }));
    assert_eq!(Verifier::try_from("short").err(), Some(VerifierError::TooShort { octets: 5 }));
}

#[test]
fn debug_shows_nothing() {
    let verifier = Verifier::parse(VERIFIER).expect("a verifier");
    assert_eq!(format!("{verifier:?} {verifier:#?}"), "Verifier(..) Verifier(..)");
}

#[test]
fn it_is_wiped_on_drop_and_may_cross_threads() {
    fn wiped<T: ZeroizeOnDrop>() {}
    fn shared<T: Send + Sync + 'static>() {}
    wiped::<Verifier>();
    shared::<Verifier>();
    assert!(std::mem::needs_drop::<Verifier>());
}

#[cfg(feature = "getrandom")]
#[test]
fn generated_verifiers_are_fresh_and_have_43_characters() {
    let verifiers: Vec<Verifier> = (0..256).map(|_| Verifier::generate().expect("entropy")).collect();
    let texts: std::collections::HashSet<&str> = verifiers.iter().map(Verifier::expose).collect();
    assert_eq!(texts.len(), 256);
    assert!(texts.iter().all(|text| text.len() == 43 && Verifier::parse(text).is_ok()));
}

proptest! {
    #[test]
    fn exposing_undoes_parsing(text in UNRESERVED) {
        let verifier = Verifier::parse(&text).expect("legal");
        prop_assert_eq!(verifier.expose(), text.as_str());
        prop_assert_eq!(verifier.challenge().verify(&text), Ok(()));
    }

    #[test]
    fn any_octets_make_a_verifier(octets in any::<[u8; 32]>()) {
        let mut wiped = octets;
        let verifier = Verifier::from_entropy(&mut wiped);
        prop_assert_eq!(wiped, [0; 32]);
        prop_assert!(Verifier::parse(verifier.expose()).is_ok());
        let mut other = octets;
        other[31] ^= 1;
        let other = Verifier::from_entropy(&mut other);
        prop_assert_ne!(other.expose(), verifier.expose());
    }

    #[test]
    fn no_text_panics(text in ".{0,140}") {
        let _ = Verifier::parse(&text);
    }
}

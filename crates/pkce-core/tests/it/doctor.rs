//! The mistakes a developer is told about.

use std::collections::HashSet;

use pkce_core::doctor::{Mistake, diagnose_challenge, diagnose_verifier};
use pkce_core::{Challenge, Verifier};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::{CHALLENGE, UNRESERVED, VERIFIER};

/// The verifier of the example in OAuth 2.1 §4.1.1: 56 characters.
const LONG: &str = "3641a2d12d66101249cdf7a79c000c1f8c05d2aafcf14bf146497bed";

/// The challenge of any octets, made without the crate's refusals.
fn s256(octets: impl AsRef<[u8]>) -> Challenge {
    let mut digest: [u8; 32] = Sha256::digest(octets).into();
    Challenge::parse(Verifier::from_entropy(&mut digest).expose()).expect("32 octets")
}

fn diagnose(hashed: impl AsRef<[u8]>, presented: &str) -> Option<Mistake> {
    diagnose_verifier(&s256(hashed), presented)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn a_spoilt_challenge_is_recognised() {
    let digest = hex(&Sha256::digest(VERIFIER));
    let standard = CHALLENGE.replace('-', "+");
    for (text, expected) in [
        (format!(" {CHALLENGE}\n"), Mistake::Surrounded),
        (format!("\"{CHALLENGE}\""), Mistake::Surrounded),
        (format!("{CHALLENGE}%3D"), Mistake::PercentEncoded),
        (standard.replace('+', "%2B"), Mistake::PercentEncoded),
        (format!("{CHALLENGE}="), Mistake::ChallengePadded),
        (format!("{standard}="), Mistake::ChallengeStandardBase64),
        (standard.clone(), Mistake::ChallengeStandardBase64),
        (standard.replace('+', " "), Mistake::ChallengeStandardBase64),
        (String::from_utf8_lossy(&Sha256::digest(VERIFIER)).into_owned(), Mistake::ChallengeRawOctets),
        (digest.clone(), Mistake::ChallengeHex),
        (digest.to_uppercase(), Mistake::ChallengeHex),
        (
            "MTNkMzFlOTYxYTFhZDhlYzJmMTZiMTBjNGM5ODJlMDg3NmE4NzhhZDZkZjE0NDU2NmVlMTg5NGFjYjcwZjljMw".to_owned(),
            Mistake::ChallengeOfHex,
        ),
        ("RTlNZWxob2EyT3d2RnJFTVRKZ3VDSGFvZUsxdDhVUldidUdKU3N0dy1jTQ".to_owned(), Mistake::ChallengeEncodedTwice),
        ("CPJTDHUWDLMOYLYWWEGEZGBOBB3KQ6FNNXYUIVTO4GEUVS3Q7HBQ".to_owned(), Mistake::ChallengeBase32),
        ("CPJTDHUWDLMOYLYWWEGEZGBOBB3KQ6FNNXYUIVTO4GEUVS3Q7HBQ====".to_lowercase(), Mistake::ChallengeBase32),
        ("wOsdxQV7S8WbaDyF800vBUXoXkY".to_owned(), Mistake::ChallengeOtherHash),
        ("c0eb1dc5057b4bc59b683c85f34d2f0545e85e46".to_owned(), Mistake::ChallengeOtherHash),
        (CHALLENGE.to_lowercase(), Mistake::CaseChanged),
        (format!("{}N", &CHALLENGE[..42]), Mistake::ChallengeLastCharacter),
        (VERIFIER.replace('-', "~"), Mistake::ChallengeLooksLikeVerifier),
        (LONG[..55].to_owned(), Mistake::ChallengeLooksLikeVerifier),
        (CHALLENGE.replace('-', ""), Mistake::ChallengeSymbolsDeleted),
        (CHALLENGE[..42].to_owned(), Mistake::ChallengeTruncated),
        (CHALLENGE[..32].to_owned(), Mistake::ChallengeTruncated),
    ] {
        assert_eq!(diagnose_challenge(&text), Some(expected), "{text:?}");
    }
    assert_eq!(diagnose_challenge(CHALLENGE), None);
    assert_eq!(diagnose_challenge(""), None);
    assert_eq!(diagnose_challenge("not a challenge"), None);
}

#[test]
fn a_spoilt_verifier_is_recognised() {
    let standard = VERIFIER.replace('-', "+").replace('_', "/");
    let padded = format!("{VERIFIER}=");
    let tilde = format!("{}~", &VERIFIER[..42]);
    for (hashed, presented, expected) in [
        (VERIFIER, format!(" {VERIFIER}"), Mistake::Surrounded),
        (VERIFIER, format!("{VERIFIER}\r\n"), Mistake::Surrounded),
        (VERIFIER, format!("\"{VERIFIER}\""), Mistake::Surrounded),
        (" dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", format!(" {VERIFIER}"), Mistake::Surrounded),
        (&tilde, tilde.replace('~', "%7E"), Mistake::PercentEncoded),
        (VERIFIER, padded.clone(), Mistake::VerifierPadded),
        (&padded, VERIFIER.to_owned(), Mistake::VerifierPadded),
        (&padded, padded.clone(), Mistake::VerifierPadded),
        (&standard, standard.clone(), Mistake::VerifierStandardBase64),
        (&standard, VERIFIER.to_owned(), Mistake::VerifierStandardBase64),
        (VERIFIER, standard.clone(), Mistake::VerifierStandardBase64),
        (VERIFIER, standard.replace('+', " "), Mistake::VerifierStandardBase64),
        (&standard, standard.replace('+', " "), Mistake::VerifierStandardBase64),
    ] {
        assert_eq!(diagnose(hashed, &presented), Some(expected), "{presented:?} for {hashed:?}");
    }
    assert_eq!(diagnose_verifier(&s256(VERIFIER), CHALLENGE), Some(Mistake::SameText));
    let encoded = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY".parse().expect("32 octets");
    assert_eq!(diagnose_verifier(&encoded, "0123456789abcdef0123456789abcdef"), Some(Mistake::NotHashed));
}

#[test]
fn a_wrong_hash_is_recognised() {
    let octets = Sha256::digest("some entropy");
    let encoded = s256("some entropy");
    let lenient = format!("{}{}", &encoded.as_str()[..42], next(&encoded.as_str()[42..]));
    let once = Sha256::digest(VERIFIER);
    let utf16 = |order: fn(u16) -> [u8; 2]| VERIFIER.encode_utf16().flat_map(order).collect::<Vec<_>>();
    for (hashed, presented, expected) in [
        (format!("{VERIFIER}\n").into_bytes(), VERIFIER, Mistake::HashedLineEnd),
        (format!("{VERIFIER}\r\n").into_bytes(), VERIFIER, Mistake::HashedLineEnd),
        (format!("{VERIFIER}\0").into_bytes(), VERIFIER, Mistake::HashedNul),
        (format!("\"{VERIFIER}\"").into_bytes(), VERIFIER, Mistake::HashedQuotes),
        (format!("\u{feff}{VERIFIER}").into_bytes(), VERIFIER, Mistake::HashedMark),
        (utf16(u16::to_le_bytes), VERIFIER, Mistake::HashedUtf16),
        (utf16(u16::to_be_bytes), VERIFIER, Mistake::HashedUtf16),
        (octets.to_vec(), encoded.as_str(), Mistake::HashedDecoded),
        (octets.to_vec(), &lenient, Mistake::HashedDecoded),
        (octets.to_vec(), &hex(&octets), Mistake::HashedDecoded),
        (once.to_vec(), VERIFIER, Mistake::HashedTwice),
        (CHALLENGE.into(), VERIFIER, Mistake::HashedTwice),
        (hex(&once).into_bytes(), VERIFIER, Mistake::HashedTwice),
        (VERIFIER.to_lowercase().into(), VERIFIER, Mistake::CaseChanged),
        (VERIFIER.to_uppercase().into(), VERIFIER, Mistake::CaseChanged),
        ("DbJFTjEz4cvp-Mb92k27UHBuju1P1R_Ww1GfwfoeJxK".into(), VERIFIER, Mistake::CaseChanged),
        (VERIFIER.into(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", Mistake::VerifierReencoded),
        (LONG[..50].into(), &format!("{}z", &LONG[..49]), Mistake::VerifierReencoded),
        (VERIFIER.into(), &format!("{VERIFIER}A"), Mistake::VerifierTooMuch),
        (VERIFIER.into(), &format!("A{VERIFIER}"), Mistake::VerifierTooMuch),
        (VERIFIER[..32].into(), VERIFIER, Mistake::VerifierTooMuch),
        (LONG.into(), &LONG[1..], Mistake::VerifierCut),
        (LONG.into(), &LONG[..55], Mistake::VerifierCut),
    ] {
        assert_eq!(diagnose(&hashed, presented), Some(expected), "{presented:?} for {:?}", hashed.escape_ascii());
    }
}

/// The base64url character after `last`.
fn next(last: &str) -> char {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    alphabet.chars().nth(alphabet.find(last).expect("base64url") + 1).expect("a canonical end is never the last")
}

#[test]
fn a_folded_challenge_is_told_by_the_hash() {
    // The challenge of this verifier ends in a character that is canonical in lower case too.
    let text = (0..)
        .map(|count| format!("{VERIFIER}{count}"))
        .find(|text| Challenge::parse(&s256(text).as_str().to_ascii_lowercase()).is_ok());
    let text = text.expect("one in a few");
    let folded = Challenge::parse(&s256(&text).as_str().to_ascii_lowercase()).expect("canonical");
    assert_eq!(diagnose_verifier(&folded, &text), Some(Mistake::CaseChanged));
}

#[test]
fn nothing_is_said_without_evidence() {
    assert_eq!(diagnose(VERIFIER, VERIFIER), None);
    assert_eq!(diagnose(VERIFIER, ""), None);
    assert_eq!(diagnose(VERIFIER, "2SmKENGwc1g33EvYXaxkGw887yekfl1TpU8vP1svz_o"), None);
    assert_eq!(diagnose(VERIFIER, &"a".repeat(1 << 20)), None);
    // The hash matches, and the refusal itself says what is wrong.
    assert_eq!(diagnose(&VERIFIER[..42], &VERIFIER[..42]), None);
    assert_eq!(
        diagnose("dBjftJeZ4CVP-mB92K27 hbUJU1p1r_wW1gFWFOEjXk", "dBjftJeZ4CVP-mB92K27 hbUJU1p1r_wW1gFWFOEjXk"),
        None
    );
}

/// RFC 6749 §5.2: `error_description` is `%x20-21 / %x23-5B / %x5D-7E`.
#[test]
fn every_mistake_has_its_own_sentence_that_fits_the_wire() {
    let sentences: HashSet<String> = Mistake::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(sentences.len(), Mistake::ALL.len());
    for sentence in sentences {
        let fits = |octet: u8| (b' '..=b'~').contains(&octet) && octet != b'"' && octet != b'\\';
        assert!(sentence.bytes().all(fits) && sentence.ends_with('.'), "{sentence}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let _ = diagnose_challenge(&text);
        let _ = diagnose_verifier(&s256(VERIFIER), &text);
    }

    #[test]
    fn a_sound_pair_is_healthy(text in UNRESERVED) {
        prop_assert_eq!(diagnose(&text, &text), None);
        prop_assert_eq!(diagnose_challenge(s256(&text).as_str()), None);
    }
}

//! Mistakes that show in a malformed `code_challenge`.

use super::{Mistake, strip_surroundings};
use crate::base64url::LEN;
use crate::challenge::is_canonical_end;
use crate::unreserved::is_unreserved;
use crate::{Challenge, base64url};

/// A test for one mistake.
type Symptom = fn(&str) -> bool;

/// In order: what explains a text fully comes before what merely fits its length.
const SYMPTOMS: &[(Symptom, Mistake)] = &[
    (is_surrounded, Mistake::Surrounded),
    (is_percent_encoded, Mistake::PercentEncoded),
    (is_padded, Mistake::ChallengePadded),
    (is_standard_base64, Mistake::ChallengeStandardBase64),
    (is_raw, Mistake::ChallengeRawOctets),
    (is_hex_of_sha256, Mistake::ChallengeHex),
    (is_base64url_of_hex, Mistake::ChallengeOfHex),
    (is_base64url_of_base64, Mistake::ChallengeEncodedTwice),
    (is_base32, Mistake::ChallengeBase32),
    (is_other_hash, Mistake::ChallengeOtherHash),
    (is_one_case, Mistake::CaseChanged),
    (has_impossible_end, Mistake::ChallengeLastCharacter),
    (can_be_verifier, Mistake::ChallengeLooksLikeVerifier),
    (lacks_symbols, Mistake::ChallengeSymbolsDeleted),
    (is_cut, Mistake::ChallengeTruncated),
];

/// The likely mistake in a text that is not a [`Challenge`]; `None` for one that is, or when nothing fits.
pub fn diagnose_challenge(text: &str) -> Option<Mistake> {
    if text.is_empty() || Challenge::parse(text).is_ok() {
        return None;
    }
    SYMPTOMS.iter().find(|(shows, _)| shows(text)).map(|(_, mistake)| *mistake)
}

fn is_surrounded(text: &str) -> bool {
    Challenge::parse(strip_surroundings(text)).is_ok()
}

fn is_percent_encoded(text: &str) -> bool {
    text.as_bytes()
        .windows(3)
        .any(|three| three[0] == b'%' && three[1].is_ascii_hexdigit() && three[2].is_ascii_hexdigit())
}

fn is_padded(text: &str) -> bool {
    text.strip_suffix('=').is_some_and(|rest| Challenge::parse(rest).is_ok())
}

/// 43 characters, or 44 with padding, in the alphabet of RFC 4648 §4. A `+` in a query arrives as a space.
fn is_standard_base64(text: &str) -> bool {
    let body = text.strip_suffix('=').unwrap_or(text);
    body.len() == LEN && is_all(body, |octet| octet.is_ascii_alphanumeric() || b"+/ ".contains(&octet))
}

fn is_raw(text: &str) -> bool {
    text.bytes().any(|octet| !octet.is_ascii() || octet.is_ascii_control())
}

fn is_hex_of_sha256(text: &str) -> bool {
    text.len() == 64 && is_all(text, |octet| octet.is_ascii_hexdigit())
}

fn is_base64url_of_hex(text: &str) -> bool {
    let octets = base64url::decode(text.trim_end_matches('='));
    octets.clone().count() == 64 && octets.flatten().filter(u8::is_ascii_hexdigit).count() == 64
}

/// Either alphabet, with or without padding, inside.
fn is_base64url_of_base64(text: &str) -> bool {
    let octets = base64url::decode(text.trim_end_matches('='));
    let is_base64 = |octet: &u8| is_base64url(*octet) || b"+/".contains(octet);
    let padding = match octets.clone().count() {
        LEN => 0,
        44 => 1,
        _ => return false,
    };
    octets.clone().take(LEN).flatten().filter(is_base64).count() == LEN
        && octets.skip(LEN).filter(|octet| *octet == Some(b'=')).count() == padding
}

/// 52 characters carry 32 octets; the alphabet is that of RFC 4648 §6.
fn is_base32(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let is_digit = |octet: u8| (b'2'..=b'7').contains(&octet);
    body.len() == 52
        && (is_all(body, |octet| octet.is_ascii_uppercase() || is_digit(octet))
            || is_all(body, |octet| octet.is_ascii_lowercase() || is_digit(octet)))
}

/// MD5, SHA-1, SHA-224, SHA-384 and SHA-512, as base64url and as hex.
fn is_other_hash(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    match body.len() {
        22 | 27 | 38 | 64 | 86 => is_all(body, |octet| is_base64url(octet) || b"+/".contains(&octet)),
        32 | 40 | 56 | 96 | 128 => is_all(text, |octet| octet.is_ascii_hexdigit()),
        _ => false,
    }
}

/// Of 43 random base64url characters, some are upper-case and some are lower-case.
fn is_one_case(text: &str) -> bool {
    text.len() == LEN
        && is_all(text, is_base64url)
        && (is_all(text, |octet| !octet.is_ascii_uppercase()) || is_all(text, |octet| !octet.is_ascii_lowercase()))
}

fn has_impossible_end(text: &str) -> bool {
    text.len() == LEN && is_all(text, is_base64url)
}

fn can_be_verifier(text: &str) -> bool {
    text.len() >= LEN && is_all(text, is_unreserved)
}

/// Letters and digits alone, and an end that the digest can have.
fn lacks_symbols(text: &str) -> bool {
    (36..LEN).contains(&text.len())
        && is_all(text, |octet| octet.is_ascii_alphanumeric())
        && text.bytes().next_back().is_some_and(is_canonical_end)
}

fn is_cut(text: &str) -> bool {
    text.len() < LEN && is_all(text, is_base64url)
}

fn is_base64url(octet: u8) -> bool {
    base64url::sextet(octet).is_some()
}

fn is_all(text: &str, test: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(test)
}

//! Mistakes that show when a verifier is held against the stored challenge.

use sha2::{Digest, Sha256};

use super::{Mistake, strip_surroundings};
use crate::unreserved::{self, is_unreserved};
use crate::{Challenge, base64url};

/// The longest text that is looked at: the longest verifier, every character percent-encoded.
const LONGEST: usize = 3 * unreserved::MAX;

/// A test for one mistake.
type Symptom = fn(&Case<'_>) -> bool;

/// The text was spoilt, before or after it was hashed.
const SPELLING: &[(Symptom, Mistake)] = &[
    (is_challenge, Mistake::SameText),
    (is_surrounded, Mistake::Surrounded),
    (is_percent_encoded, Mistake::PercentEncoded),
    (is_padded, Mistake::VerifierPadded),
    (is_standard_base64, Mistake::VerifierStandardBase64),
];

/// The text is fine, and something else was hashed.
const HASHING: &[(Symptom, Mistake)] = &[
    (hashed_line_end, Mistake::HashedLineEnd),
    (hashed_nul, Mistake::HashedNul),
    (hashed_quotes, Mistake::HashedQuotes),
    (hashed_mark, Mistake::HashedMark),
    (hashed_utf16, Mistake::HashedUtf16),
    (hashed_decoded, Mistake::HashedDecoded),
    (not_hashed, Mistake::NotHashed),
    (hashed_twice, Mistake::HashedTwice),
    (changed_case, Mistake::CaseChanged),
    (was_reencoded, Mistake::VerifierReencoded),
    (has_too_much, Mistake::VerifierTooMuch),
    (was_cut, Mistake::VerifierCut),
];

/// The likely reason why `presented` does not verify against `stored`; `None` if it does, or when nothing fits.
///
/// Each mistake but [`Mistake::SameText`] and [`Mistake::NotHashed`], which show by themselves, is established by a hash that matches, so it is hardly ever a coincidence.
pub fn diagnose_verifier(stored: &Challenge, presented: &str) -> Option<Mistake> {
    if presented.is_empty() || presented.len() > LONGEST || stored.verify(presented).is_ok() {
        return None;
    }
    let case = Case { stored, text: presented };
    // A text whose own hash matches is merely malformed: how, the spelling tells, and nothing else was hashed.
    let hashing: &[_] = if case.hashed(case.octets()) { &[] } else { HASHING };
    SPELLING.iter().chain(hashing).find(|(shows, _)| shows(&case)).map(|(_, mistake)| *mistake)
}

/// A stored challenge and the text that was presented for it.
struct Case<'a> {
    stored: &'a Challenge,
    text: &'a str,
}

impl<'a> Case<'a> {
    fn octets(&self) -> impl Iterator<Item = u8> + Clone + use<'a> {
        self.text.bytes()
    }

    /// Whether the stored challenge is the hash of these octets.
    fn hashed(&self, octets: impl IntoIterator<Item = u8>) -> bool {
        let mut hash = Sha256::new();
        octets.into_iter().for_each(|octet| hash.update([octet]));
        self.is_digest(hash)
    }

    fn is_digest(&self, hash: Sha256) -> bool {
        Challenge::from_digest(&hash.finalize().into()) == *self.stored
    }

    /// Whether these octets, and not the text, were hashed.
    fn hashed_instead(&self, octets: impl Iterator<Item = u8> + Clone) -> bool {
        !octets.clone().eq(self.octets()) && self.hashed(octets)
    }

    /// Whether the text differs from what it should have been, and either of the two was hashed.
    fn spoilt(&self, should_be: impl Iterator<Item = u8> + Clone) -> bool {
        !should_be.clone().eq(self.octets()) && (self.hashed(should_be) || self.hashed(self.octets()))
    }
}

fn is_challenge(case: &Case<'_>) -> bool {
    case.text == case.stored.as_str()
}

fn is_surrounded(case: &Case<'_>) -> bool {
    case.spoilt(strip_surroundings(case.text).bytes())
}

fn is_percent_encoded(case: &Case<'_>) -> bool {
    case.spoilt(PercentDecoded(case.text.as_bytes()))
}

/// `=` at the end: still there when sent, or stripped after hashing.
fn is_padded(case: &Case<'_>) -> bool {
    case.spoilt(case.text.trim_end_matches('=').bytes())
        || ["=", "=="].iter().any(|padding| case.hashed(case.octets().chain(padding.bytes())))
}

/// `+` and `/`: still there when sent (a `+` perhaps as the space that form-decoding makes of it), or translated after
/// hashing.
fn is_standard_base64(case: &Case<'_>) -> bool {
    let url_safe = case.octets().map(|octet| match octet {
        b'+' | b' ' => b'-',
        b'/' => b'_',
        _ => octet,
    });
    let standard = case.octets().map(|octet| match octet {
        b'-' | b' ' => b'+',
        b'_' => b'/',
        _ => octet,
    });
    let sent_as_is = case.text.contains(['+', '/']) && case.hashed(case.octets());
    sent_as_is || case.hashed_instead(url_safe) || case.hashed_instead(standard)
}

fn hashed_line_end(case: &Case<'_>) -> bool {
    ["\n", "\r\n"].iter().any(|end| case.hashed(case.octets().chain(end.bytes())))
}

fn hashed_nul(case: &Case<'_>) -> bool {
    case.hashed(case.octets().chain([0]))
}

fn hashed_quotes(case: &Case<'_>) -> bool {
    case.hashed([b'"'].into_iter().chain(case.octets()).chain([b'"']))
}

/// U+FEFF before the text, in UTF-8.
fn hashed_mark(case: &Case<'_>) -> bool {
    case.hashed([0xEF, 0xBB, 0xBF].into_iter().chain(case.octets()))
}

fn hashed_utf16(case: &Case<'_>) -> bool {
    case.hashed(case.text.encode_utf16().flat_map(u16::to_le_bytes))
        || case.hashed(case.text.encode_utf16().flat_map(u16::to_be_bytes))
}

/// The octets behind base64url, or behind hex.
fn hashed_decoded(case: &Case<'_>) -> bool {
    let digits = case.text.as_bytes();
    let pairs = digits.chunks_exact(2).map(|pair| hex_octet(pair[0], pair[1]));
    let is_hex = digits.len().is_multiple_of(2) && pairs.clone().all(|octet| octet.is_some());
    let octets = base64url::decode(case.text);
    let is_base64url = octets.clone().all(|octet| octet.is_some());
    (is_hex && case.hashed(pairs.flatten())) || (is_base64url && case.hashed(octets.flatten()))
}

/// The challenge encodes these very octets, of which there are 32.
fn not_hashed(case: &Case<'_>) -> bool {
    base64url::decode(case.stored.as_str()).eq(case.octets().map(Some))
}

/// The digest was hashed again: as octets, as base64url, or as hex.
fn hashed_twice(case: &Case<'_>) -> bool {
    let digest: [u8; 32] = Sha256::digest(case.text).into();
    let hex =
        digest.iter().flat_map(|octet| [octet >> 4, octet & 15]).map(|half| b"0123456789abcdef"[usize::from(half)]);
    case.hashed(digest) || case.hashed(Challenge::from_digest(&digest).as_str().bytes()) || case.hashed(hex)
}

fn changed_case(case: &Case<'_>) -> bool {
    let swapped = case.octets().map(|octet| if octet.is_ascii_alphabetic() { octet ^ 0x20 } else { octet });
    case.hashed(case.octets().map(|octet| octet.to_ascii_lowercase()))
        || case.hashed(case.octets().map(|octet| octet.to_ascii_uppercase()))
        || case.hashed(swapped)
        || Challenge::of(case.text.as_bytes()).as_str().eq_ignore_ascii_case(case.stored.as_str())
}

/// Another last character that stands for the same octets: base64 without padding has 2 or 4 spare bits there.
fn was_reencoded(case: &Case<'_>) -> bool {
    let group = match case.text.len() % 4 {
        2 => 16,
        3 => 4,
        _ => return false,
    };
    let Some((last, start)) = case.text.as_bytes().split_last() else { return false };
    let Some(number) = base64url::sextet(*last) else { return false };
    let same = |end: &u8| base64url::sextet(*end).is_some_and(|other| other / group == number / group);
    (0..=u8::MAX).filter(same).any(|end| case.hashed(start.iter().copied().chain([end])))
}

/// A part was hashed: the text without some of its end, or without its first character.
fn has_too_much(case: &Case<'_>) -> bool {
    let mut hash = Sha256::new();
    let some_start = case.octets().any(|octet| {
        hash.update([octet]);
        case.is_digest(hash.clone())
    });
    some_start || case.hashed(case.octets().skip(1))
}

/// One unreserved character is missing, at the end or at the start.
fn was_cut(case: &Case<'_>) -> bool {
    (0..=u8::MAX)
        .filter(|octet| is_unreserved(*octet))
        .any(|lost| case.hashed(case.octets().chain([lost])) || case.hashed([lost].into_iter().chain(case.octets())))
}

/// The octets of a text with its `%` escapes undone; what is no escape stays as it is.
#[derive(Clone)]
struct PercentDecoded<'a>(&'a [u8]);

impl Iterator for PercentDecoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if let [b'%', high, low, rest @ ..] = self.0
            && let Some(octet) = hex_octet(*high, *low)
        {
            self.0 = rest;
            return Some(octet);
        }
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }
}

fn hex_octet(high: u8, low: u8) -> Option<u8> {
    let half = |digit: u8| char::from(digit).to_digit(16).and_then(|half| u8::try_from(half).ok());
    Some(half(high)? << 4 | half(low)?)
}

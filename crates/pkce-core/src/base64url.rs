//! base64url without padding (RFC 4648 §5), for 32 octets, which are 43 characters.
//!
//! The octets of a verifier are a secret, so encoding them looks nothing up and branches on nothing: it computes eight
//! characters at a time, side by side in one word.

/// The characters of 32 octets.
pub(crate) const LEN: usize = 43;

/// Encodes 32 octets. No copy of them is left in memory.
pub(crate) fn encode(octets: &[u8; 32], text: &mut [u8; LEN]) {
    let (sixes, rest) = octets.as_chunks::<6>();
    let (eights, end) = text.as_chunks_mut::<8>();
    for ([a, b, c, d, e, f], eight) in sixes.iter().zip(eights) {
        *eight = characters(u64::from_be_bytes([0, 0, *a, *b, *c, *d, *e, *f])).to_be_bytes();
    }
    if let [a, b] = rest {
        let eight = characters(u64::from_be_bytes([0, 0, *a, *b, 0, 0, 0, 0])).to_be_bytes();
        end.copy_from_slice(&eight[..end.len()]);
    }
}

/// The eight characters of 48 bits, the first in the highest octet.
const fn characters(bits: u64) -> u64 {
    let halves = bits >> 24 << 32 | bits & 0x00ff_ffff;
    let quarters = (halves >> 12 & 0x0000_0fff_0000_0fff) << 16 | halves & 0x0000_0fff_0000_0fff;
    let sextets = (quarters >> 6 & 0x003f_003f_003f_003f) << 8 | quarters & 0x003f_003f_003f_003f;
    // The alphabet is five ranges. From each to the next the distance between number and character changes.
    sextets + EACH * 65 + reaching(26, sextets) * 6 - reaching(52, sextets) * 75 - reaching(62, sextets) * 13
        + reaching(63, sextets) * 49
}

/// A one in each of the eight octets.
const EACH: u64 = 0x0101_0101_0101_0101;

/// A one in each octet whose number is at least `start`, with numbers below 64.
const fn reaching(start: u64, sextets: u64) -> u64 {
    (sextets + EACH * (128 - start)) >> 7 & EACH
}

/// The number below 64 that a character stands for. Not for secrets.
pub(crate) const fn sextet(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

/// The octets of a text as a lenient decoder sees them: spare bits at the end are dropped. Not for secrets.
///
/// Yields `None` once for a character outside the alphabet.
pub(crate) fn decode(text: &str) -> impl Iterator<Item = Option<u8>> + Clone + '_ {
    let (mut bits, mut count) = (0_u16, 0);
    text.bytes().filter_map(move |character| {
        let Some(six) = sextet(character) else { return Some(None) };
        bits = bits << 6 | u16::from(six);
        count += 6;
        if count < 8 {
            return None;
        }
        count -= 8;
        let octet = bits >> count;
        Some(Some(octet.to_be_bytes()[1]))
    })
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::String;

    use base64ct::{Base64UrlUnpadded, Encoding};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_alphabet_is_that_of_rfc_4648() {
        let character = |number: u8| characters(u64::from(number)).to_be_bytes()[7];
        let alphabet: String = (0..64).map(|number| char::from(character(number))).collect();
        assert_eq!(alphabet, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
        assert!((0..64).all(|number| sextet(character(number)) == Some(number)));
        assert_eq!((0..=u8::MAX).filter(|octet| sextet(*octet).is_some()).count(), 64);
    }

    proptest! {
        #[test]
        fn another_encoder_agrees(octets in any::<[u8; 32]>()) {
            let (mut text, mut expected) = ([0; LEN], [0; LEN]);
            encode(&octets, &mut text);
            Base64UrlUnpadded::encode(&octets, &mut expected).unwrap();
            prop_assert_eq!(text, expected);
            let text = core::str::from_utf8(&text).unwrap();
            prop_assert!(decode(text).eq(octets.map(Some)));
        }
    }
}

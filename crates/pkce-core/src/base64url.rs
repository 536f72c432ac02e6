//! base64url without padding (RFC 4648 §5), for 32 octets, which are 43 characters.

use base64ct::{Base64UrlUnpadded, Encoding};

/// The characters of 32 octets.
pub(crate) const LEN: usize = 43;

/// Encodes 32 octets without looking anything up: the octets of a verifier are a secret.
pub(crate) fn encode(octets: &[u8; 32], text: &mut [u8; LEN]) {
    Base64UrlUnpadded::encode(octets, text).expect("32 octets make 43 characters");
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_alphabet_is_that_of_rfc_4648() {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        assert!(alphabet.iter().zip(0..).all(|(character, number)| sextet(*character) == Some(number)));
        assert_eq!((0..=u8::MAX).filter(|octet| sextet(*octet).is_some()).count(), 64);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(octets in any::<[u8; 32]>()) {
            let mut text = [0; LEN];
            encode(&octets, &mut text);
            let text = core::str::from_utf8(&text).unwrap();
            prop_assert!(decode(text).eq(octets.map(Some)));
        }
    }
}

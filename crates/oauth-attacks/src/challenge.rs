//! Challenges and verifiers, right and wrong, as an attacker makes them. Written apart from the code under test.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// `BASE64URL-ENCODE(SHA256(ASCII(verifier)))` (RFC 7636 section 4.2).
pub(crate) fn s256(verifier: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// The same with SHA-384.
pub(crate) fn s384(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha384::digest(verifier))
}

/// The same with SHA-512, for a method that no registry knows.
pub(crate) fn s512(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha512::digest(verifier))
}

/// The same, hashed twice.
pub(crate) fn s256_twice(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(Sha256::digest(verifier)))
}

/// The SHA-256 of a verifier in hexadecimal.
pub(crate) fn hexadecimal(verifier: &str) -> String {
    Sha256::digest(verifier).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The SHA-256 of a verifier in base32 without padding (RFC 4648 section 6).
pub(crate) fn base32(verifier: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: Vec<u8> =
        Sha256::digest(verifier).iter().flat_map(|octet| (0..8).map(move |at| octet >> (7 - at) & 1)).collect();
    let number = |five: &[u8]| {
        (0..5).fold(0, |number, at| number << 1 | usize::from(five.get(at).copied().unwrap_or_default()))
    };
    bits.chunks(5).map(|five| char::from(ALPHABET[number(five)])).collect()
}

/// `text` with its last character replaced by one that decodes to the same octets, or `None` if there is none.
pub(crate) fn same_octets(text: &str) -> Option<String> {
    respelt(text, 1)
}

/// `text` with these of the lowest two bits of its last character turned over.
///
/// 43 characters of base64url hold 258 bits for 256: the last two bits are not part of the octets.
pub(crate) fn respelt(text: &str, bits: usize) -> Option<String> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = text.chars().next_back()?;
    let number = ALPHABET.find(last)?;
    let other = ALPHABET.as_bytes().get(number ^ bits)?;
    Some(format!("{}{}", &text[..text.len() - 1], char::from(*other)))
}

/// `text` with upper case for lower case and the reverse.
pub(crate) fn swap_case(text: &str) -> String {
    let swapped = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    text.chars().map(swapped).collect()
}

/// What is wrong with a challenge of S256, if anything: it is 43 characters of base64url, and the last of them has
/// two bits that are zero (RFC 7636 section 4.2 and Appendix A).
pub(crate) fn malformation(challenge: &str) -> Option<&'static str> {
    let base64url = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    let hexadecimal = |text: &[u8]| text.len() == 64 && text.iter().all(u8::is_ascii_hexdigit);
    if challenge.len() == 43 && challenge.bytes().all(base64url) {
        let canonical = challenge.ends_with(|last| "AEIMQUYcgkosw048".contains(last));
        return (!canonical).then_some("it is base64url of something else than 32 octets");
    }
    if challenge.ends_with('=') {
        return Some("it is padded");
    }
    if challenge.contains(['+', '/']) {
        return Some("it is base64 instead of base64url");
    }
    if hexadecimal(challenge.as_bytes()) {
        return Some("it is hexadecimal");
    }
    if URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|decoded| hexadecimal(&decoded)) {
        return Some("it is base64url of the hexadecimal digest");
    }
    Some("it is not 43 characters of base64url")
}

/// How a client came to a challenge that is not the hash of its verifier.
pub(crate) fn mistake(verifier: &str, challenge: &str) -> &'static str {
    let hash = |octets: &[u8]| URL_SAFE_NO_PAD.encode(Sha256::digest(octets));
    let utf16: Vec<u8> = verifier.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let decoded = URL_SAFE_NO_PAD.decode(verifier).unwrap_or_default();
    if challenge == verifier {
        "the challenge is the verifier itself"
    } else if challenge == hash(&decoded) {
        "the verifier was decoded before it was hashed"
    } else if challenge == hash(format!("{verifier}\n").as_bytes()) {
        "the verifier was hashed with a line feed at its end"
    } else if challenge == hash(&utf16) {
        "the verifier was hashed as UTF-16"
    } else {
        "they have nothing to do with each other"
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::GeneralPurposeConfig;
    use base64::engine::{DecodePaddingMode, GeneralPurpose};

    use super::*;

    /// RFC 7636 Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    #[test]
    fn the_example_of_appendix_b_is_reproduced() {
        assert_eq!(s256(VERIFIER), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn the_digest_of_appendix_b_is_written_in_other_ways() {
        assert_eq!(hexadecimal(VERIFIER), "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3");
        assert_eq!(base32(VERIFIER), "CPJR5FQ2DLMOYLYWWEGEZGBOBB3KQ6FNNXYUIVTO4GEUVS3Q7HBQ");
        assert!(s384(VERIFIER).starts_with("_AcvwkdB1iwKISUG"));
    }

    #[test]
    fn malformed_challenges_are_told_apart() {
        let hexadecimal = "0123456789abcdef".repeat(4);
        let cases = [
            (s256(VERIFIER), None),
            (format!("{}=", s256(VERIFIER)), Some("it is padded")),
            (format!("+{}", &s256(VERIFIER)[1..]), Some("it is base64 instead of base64url")),
            (hexadecimal.clone(), Some("it is hexadecimal")),
            (URL_SAFE_NO_PAD.encode(hexadecimal), Some("it is base64url of the hexadecimal digest")),
            ("x".to_owned(), Some("it is not 43 characters of base64url")),
            (VERIFIER[..42].to_owned() + "B", Some("it is base64url of something else than 32 octets")),
        ];
        for (challenge, expected) in cases {
            assert_eq!(malformation(&challenge), expected, "{challenge}");
        }
    }

    #[test]
    fn wrong_ways_to_hash_are_told_apart() {
        let hash = |octets: &[u8]| URL_SAFE_NO_PAD.encode(Sha256::digest(octets));
        let decoded = URL_SAFE_NO_PAD.decode(VERIFIER).expect("base64url");
        let utf16: Vec<u8> = VERIFIER.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let cases = [
            (VERIFIER.to_owned(), "the challenge is the verifier itself"),
            (hash(&decoded), "the verifier was decoded before it was hashed"),
            (hash(format!("{VERIFIER}\n").as_bytes()), "the verifier was hashed with a line feed at its end"),
            (hash(&utf16), "the verifier was hashed as UTF-16"),
            (s256("x"), "they have nothing to do with each other"),
        ];
        for (challenge, expected) in cases {
            assert_eq!(mistake(VERIFIER, &challenge), expected);
        }
    }

    #[test]
    fn another_spelling_decodes_to_the_same_octets() {
        let config = GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireNone);
        let lenient = GeneralPurpose::new(&base64::alphabet::URL_SAFE, config);
        let other = same_octets(VERIFIER).expect("a base64url text");
        assert_ne!(other, VERIFIER);
        assert_eq!(lenient.decode(&other), lenient.decode(VERIFIER));
        assert_eq!(same_octets("abc~"), None);
    }
}

//! Challenges and verifiers, right and wrong, as an attacker makes them. Written apart from the code under test.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256, Sha512};

/// `BASE64URL-ENCODE(SHA256(ASCII(verifier)))` (RFC 7636 section 4.2).
pub(crate) fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// The same with SHA-512, for a method that no registry knows.
pub(crate) fn s512(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha512::digest(verifier))
}

/// `text` with its last character replaced by one that decodes to the same octets, or `None` if there is none.
///
/// 43 characters of base64url hold 258 bits for 256: the last two bits are not part of the octets.
pub(crate) fn same_octets(text: &str) -> Option<String> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = text.chars().next_back()?;
    let number = ALPHABET.find(last)?;
    let other = ALPHABET.as_bytes().get(number ^ 1)?;
    Some(format!("{}{}", &text[..text.len() - 1], char::from(*other)))
}

/// `text` with upper case for lower case and the reverse.
pub(crate) fn swap_case(text: &str) -> String {
    let swapped = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    text.chars().map(swapped).collect()
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

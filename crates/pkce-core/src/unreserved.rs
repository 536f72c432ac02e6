//! `43*128unreserved`: the text both a verifier (RFC 7636 §4.1) and a plain challenge (§4.2) consist of.

use zeroize::Zeroize;

use crate::{VerifierError, base64url};

/// The fewest characters.
pub(crate) const MIN: usize = 43;
/// The most characters.
pub(crate) const MAX: usize = 128;

/// 43 to 128 unreserved characters, held inline and wiped on drop.
///
/// What lies behind `len` is zero from the start, so wiping the text wipes everything.
pub(crate) struct Unreserved {
    octets: [u8; MAX],
    len: usize,
}

impl Unreserved {
    /// Copies a text that passes [`check`].
    pub(crate) fn parse(text: &str) -> Result<Self, VerifierError> {
        check(text)?;
        let mut it = Self { octets: [0; MAX], len: text.len() };
        it.octets[..text.len()].copy_from_slice(text.as_bytes());
        Ok(it)
    }

    /// The base64url text of 32 octets, which always has 43 characters.
    pub(crate) fn encode(octets: &[u8; 32]) -> Self {
        let mut it = Self { octets: [0; MAX], len: base64url::LEN };
        base64url::encode(octets, it.octets.first_chunk_mut().expect("there is room for 128"));
        it
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.octets[..self.len]
    }

    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).expect("unreserved characters are ASCII")
    }

    fn wipe(&mut self) {
        self.octets[..self.len].zeroize();
    }
}

impl Drop for Unreserved {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// RFC 7636 §4.1: `code-verifier = 43*128unreserved`.
///
/// Every octet is looked at, whatever the ones before it were. Only for a text that is refused the place of the
/// first offender is searched, and that place is told anyway.
pub(crate) fn check(text: &str) -> Result<(), VerifierError> {
    let octets = text.as_bytes();
    if octets.len() < MIN {
        return Err(VerifierError::TooShort { octets: octets.len() });
    }
    if octets.len() > MAX {
        return Err(VerifierError::TooLong { octets: octets.len() });
    }
    if octets.iter().fold(true, |legal, octet| legal & is_unreserved(*octet)) {
        return Ok(());
    }
    let at = octets.iter().position(|octet| !is_unreserved(*octet)).unwrap_or_default();
    Err(VerifierError::InvalidCharacter { at })
}

/// RFC 3986 §2.3: `unreserved = ALPHA / DIGIT / "-" / "." / "_" / "~"`, computed without a branch or a table.
pub(crate) const fn is_unreserved(octet: u8) -> bool {
    ((octet | 0x20).wrapping_sub(b'a') < 26)
        | (octet.wrapping_sub(b'0') < 10)
        | (octet == b'-')
        | (octet == b'.')
        | (octet == b'_')
        | (octet == b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wiping_leaves_only_zeros() {
        let mut text = Unreserved::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        assert!(text.octets.iter().any(|octet| *octet != 0));
        text.wipe();
        assert_eq!(text.octets, [0; MAX]);
    }

    #[test]
    fn the_character_table_is_rfc_3986_unreserved() {
        let legal = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
        for octet in 0..=u8::MAX {
            assert_eq!(is_unreserved(octet), legal.contains(&octet), "octet {octet:#04x}");
        }
    }
}

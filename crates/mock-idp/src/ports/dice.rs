//! The dice. Nothing else in this crate draws randomness.

use std::fmt::Debug;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::Rng;

/// Where randomness comes from.
pub trait Dice: Debug + Send + Sync {
    /// Fills `octets` with octets that nobody can guess.
    fn fill(&self, octets: &mut [u8]);

    /// A new handle of 256 bits in base64url: a code, a refresh token, an identifier (RFC 6749 §10.10).
    fn handle(&self) -> String {
        let mut octets = [0; 32];
        self.fill(&mut octets);
        BASE64_URL_SAFE_NO_PAD.encode(octets)
    }
}

/// A cryptographic generator seeded by the operating system.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemDice;

impl Dice for SystemDice {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that draws randomness")]
    fn fill(&self, octets: &mut [u8]) {
        rand::rng().fill_bytes(octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_long_and_different() {
        let (one, other) = (SystemDice.handle(), SystemDice.handle());
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
    }
}

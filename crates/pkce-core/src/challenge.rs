//! The code challenge: what the authorization server keeps of the verifier (RFC 7636 §4.2).

use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::base64url::{self, LEN};
use crate::{ChallengeError, TokenError, unreserved};

/// A canonical S256 `code_challenge`: 43 base64url characters, the last of which carries no stray bits.
///
/// It is no secret. Comparison takes the same time wherever two challenges differ.
/// ```
/// use pkce_core::Challenge;
/// let challenge: Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".parse()?;
/// assert_eq!(challenge.verify("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), Ok(()));
/// # Ok::<(), pkce_core::ChallengeError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Challenge([u8; LEN]);

impl Challenge {
    /// The name of the one method this type stands for, as `code_challenge_method` (RFC 7636 §4.3).
    pub const METHOD: &'static str = "S256";

    /// Reads a challenge from a request, or one that a server has stored.
    ///
    /// # Errors
    /// [`ChallengeError`] unless the text is exactly what an encoder makes of a SHA-256 digest.
    pub fn parse(text: &str) -> Result<Self, ChallengeError> {
        let octets = text.as_bytes();
        check_abnf_length(octets)?;
        if octets.last() == Some(&b'=') {
            return Err(ChallengeError::Padded);
        }
        if let Some(at) = octets.iter().position(|octet| base64url::sextet(*octet).is_none()) {
            return Err(ChallengeError::InvalidCharacter { at });
        }
        let octets = <[u8; LEN]>::try_from(octets);
        let octets = octets.map_err(|_| ChallengeError::WrongLength { octets: text.len() })?;
        if !is_canonical_end(octets[LEN - 1]) {
            return Err(ChallengeError::NonCanonical);
        }
        Ok(Self(octets))
    }

    /// The text, for the `code_challenge` parameter and for storage.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("base64url is ASCII")
    }

    /// Checks a presented `code_verifier`: its grammar first, then its hash, compared in constant time.
    ///
    /// RFC 7636 §4.6: `BASE64URL-ENCODE(SHA256(ASCII(code_verifier))) == code_challenge`.
    ///
    /// # Errors
    /// [`TokenError::VerifierMalformed`] or [`TokenError::VerifierMismatch`].
    pub fn verify(&self, presented: &str) -> Result<(), TokenError> {
        unreserved::check(presented).map_err(TokenError::VerifierMalformed)?;
        if Self::of(presented.as_bytes()) == *self { Ok(()) } else { Err(TokenError::VerifierMismatch) }
    }

    /// The challenge of any octets, verifier or not.
    pub(crate) fn of(octets: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(octets);
        // Finished where it is: a hasher that is moved leaves a copy of the octets behind, which nothing wipes.
        Self::from_digest(&hash.finalize_reset().into())
    }

    /// The text of a SHA-256 digest.
    pub(crate) fn from_digest(digest: &[u8; 32]) -> Self {
        let mut text = [0; LEN];
        base64url::encode(digest, &mut text);
        Self(text)
    }

    /// The text as six words, filled up with zeros, so that a comparison in constant time takes six steps and not 43.
    fn words(&self) -> [u64; 6] {
        let mut words = [0; 6];
        for (word, octets) in words.iter_mut().zip(self.0.chunks(8)) {
            let mut full = [0; 8];
            full[..octets.len()].copy_from_slice(octets);
            *word = u64::from_le_bytes(full);
        }
        words
    }
}

impl PartialEq for Challenge {
    fn eq(&self, other: &Self) -> bool {
        self.words().ct_eq(&other.words()).into()
    }
}

impl Eq for Challenge {}

impl Hash for Challenge {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Challenge").field(&self.as_str()).finish()
    }
}

impl FromStr for Challenge {
    type Err = ChallengeError;

    fn from_str(text: &str) -> Result<Self, ChallengeError> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for Challenge {
    type Error = ChallengeError;

    fn try_from(text: &str) -> Result<Self, ChallengeError> {
        Self::parse(text)
    }
}

/// RFC 7636 §4.2: `code-challenge = 43*128unreserved`, the part about the length.
fn check_abnf_length(octets: &[u8]) -> Result<(), ChallengeError> {
    match octets.len() {
        0..unreserved::MIN => Err(ChallengeError::TooShort { octets: octets.len() }),
        unreserved::MIN..=unreserved::MAX => Ok(()),
        _ => Err(ChallengeError::TooLong { octets: octets.len() }),
    }
}

/// 32 octets are 256 bits and 43 characters carry 258: the two spare bits of the last one are zero (RFC 4648 §3.5).
pub(crate) const fn is_canonical_end(character: u8) -> bool {
    matches!(base64url::sextet(character), Some(number) if number & 0b11 == 0)
}

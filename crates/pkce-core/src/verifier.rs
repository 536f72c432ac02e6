//! The code verifier: the secret of one authorization request (RFC 7636 §4.1).

use core::fmt;
use core::str::FromStr;

use zeroize::{Zeroize, ZeroizeOnDrop};

#[cfg(feature = "getrandom")]
use crate::EntropyError;
use crate::unreserved::Unreserved;
use crate::{Challenge, VerifierError};

/// A `code_verifier`: 43 to 128 unreserved characters, held inline and wiped on drop.
///
/// It cannot be copied, cloned, compared or printed; [`Verifier::expose`] is the one way to its text. Wiping reaches
/// the value that is dropped: a move may leave a copy behind on the stack, so move a verifier rarely.
/// ```
/// use pkce_core::Verifier;
/// // RFC 7636 Appendix B.
/// let verifier = Verifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")?;
/// assert_eq!(verifier.challenge().as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
/// assert_eq!(format!("{verifier:?}"), "Verifier(..)");
/// # Ok::<(), pkce_core::VerifierError>(())
/// ```
pub struct Verifier(Unreserved);

impl Verifier {
    /// A fresh verifier: 32 octets from the operating system as 43 base64url characters, as RFC 7636 §4.1 recommends.
    ///
    /// # Errors
    /// [`EntropyError`] if the operating system has no randomness to give.
    #[cfg(feature = "getrandom")]
    pub fn generate() -> Result<Self, EntropyError> {
        let mut octets = [0; 32];
        getrandom::fill(&mut octets).map_err(EntropyError)?;
        Ok(Self::from_entropy(&mut octets))
    }

    /// The verifier of 32 octets from a cryptographic random number generator of the caller's. The octets are wiped.
    ///
    /// RFC 7636 §7.1 asks for 256 bits of entropy; fewer octets cannot be passed.
    pub fn from_entropy(octets: &mut [u8; 32]) -> Self {
        let text = Unreserved::encode(octets);
        octets.zeroize();
        Self(text)
    }

    /// Reads a verifier that was stored between the authorization request and the token request.
    ///
    /// # Errors
    /// [`VerifierError`] unless the text is 43 to 128 unreserved characters (RFC 7636 §4.1).
    pub fn parse(text: &str) -> Result<Self, VerifierError> {
        Unreserved::parse(text).map(Self)
    }

    /// The text, for the `code_verifier` parameter of the token request (RFC 7636 §4.5), and for nothing that logs.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    /// The S256 challenge of this verifier, for the authorization request (RFC 7636 §4.2).
    pub fn challenge(&self) -> Challenge {
        Challenge::of(self.0.as_bytes())
    }
}

impl ZeroizeOnDrop for Verifier {}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}

impl FromStr for Verifier {
    type Err = VerifierError;

    fn from_str(text: &str) -> Result<Self, VerifierError> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for Verifier {
    type Error = VerifierError;

    fn try_from(text: &str) -> Result<Self, VerifierError> {
        Self::parse(text)
    }
}

//! Randomness, as a port: the only place that draws any.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_types::Secret;
use pkce_core::Verifier;
use zeroize::Zeroize as _;

/// Where unpredictable octets come from. Inject one to fix them in tests, and only there.
pub trait Dice: Send + Sync {
    /// Fills all of `octets`.
    ///
    /// # Errors
    /// [`NoEntropy`] if the source has failed; nothing is sent then.
    fn fill(&self, octets: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The source of randomness has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness has failed")]
pub struct NoEntropy;

/// The random number generator of the operating system; in a browser, `crypto.getRandomValues()`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemDice;

impl Dice for SystemDice {
    fn fill(&self, octets: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(octets).map_err(|_| NoEntropy)
    }
}

/// 256 bits as 43 characters: a `state` or a `nonce`.
pub(crate) fn token(dice: &dyn Dice) -> Result<Secret, NoEntropy> {
    let mut octets = [0; 32];
    dice.fill(&mut octets)?;
    let text = URL_SAFE_NO_PAD.encode(octets);
    octets.zeroize();
    Ok(Secret::new(text))
}

/// A code verifier of 256 bits (RFC 7636 §7.1).
pub(crate) fn verifier(dice: &dyn Dice) -> Result<Verifier, NoEntropy> {
    let mut octets = [0; 32];
    dice.fill(&mut octets)?;
    Ok(Verifier::from_entropy(&mut octets))
}

//! What a protected resource remembers of proofs, and the nonces it gives (RFC 9449 §9, §11.1).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_types::Secret;
use zeroize::{Zeroize as _, Zeroizing};

use crate::crypto::Mac;
use crate::dice::{Dice, NoEntropy};
use crate::transport::BoxFuture;

/// Remembers proofs, so that each is taken once. Implement it over what all processes of the resource share.
pub trait ProofStore: Send + Sync {
    /// Remembers `id` until then, and says whether it is new. It is one step: of two that ask at once, only one hears yes.
    /// Times are seconds since 1970-01-01T00:00:00Z; `now` is the clock of the client.
    ///
    /// # Errors
    /// [`ProofStoreError`] if it cannot be remembered. The request is refused then.
    fn is_first<'a>(&'a self, id: &'a str, now: u64, until: u64) -> BoxFuture<'a, Result<bool, ProofStoreError>>;
}

/// The store of proofs has failed, or is full.
#[derive(Debug, thiserror::Error)]
#[error("the store of proofs has failed")]
pub struct ProofStoreError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl ProofStoreError {
    /// Wraps the error of another library. Its text must name no secret.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// Proofs in the memory of this process.
///
/// Only proofs for valid tokens get into it. There is a most that it remembers; when it is full, further proofs are refused
/// until others have become too old: one that is forgotten could be shown again.
pub struct MemoryProofs {
    most: usize,
    seen: Mutex<HashMap<String, u64>>,
}

impl MemoryProofs {
    /// A store of at most `most` proofs.
    pub fn new(most: usize) -> Self {
        Self { most, seen: Mutex::default() }
    }

    fn remember(&self, id: &str, now: u64, until: u64) -> Result<bool, ProofStoreError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.get(id).is_some_and(|until| now <= *until) {
            return Ok(false);
        }
        if seen.len() >= self.most {
            seen.retain(|_, until| now <= *until);
        }
        if seen.len() >= self.most {
            return Err(ProofStoreError::new("it is full"));
        }
        seen.insert(id.to_owned(), until);
        Ok(true)
    }
}

impl ProofStore for MemoryProofs {
    fn is_first<'a>(&'a self, id: &'a str, now: u64, until: u64) -> BoxFuture<'a, Result<bool, ProofStoreError>> {
        Box::pin(std::future::ready(self.remember(id, now, until)))
    }
}

impl<S: ProofStore + ?Sized> ProofStore for Arc<S> {
    fn is_first<'a>(&'a self, id: &'a str, now: u64, until: u64) -> BoxFuture<'a, Result<bool, ProofStoreError>> {
        (**self).is_first(id, now, until)
    }
}

impl fmt::Debug for MemoryProofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryProofs").field("most", &self.most).finish_non_exhaustive()
    }
}

/// The nonces that a protected resource asks for in proofs (§9), so that none can be made in advance.
pub trait ProofNonces: Send + Sync {
    /// The one that is given now: characters of base64url, one at least.
    fn current(&self, now: u64) -> String;

    /// Whether a proof may still have `nonce`.
    fn accepts(&self, nonce: &str, now: u64) -> bool;
}

/// Nonces that follow from a secret key and the time: nothing is remembered, and processes with the same key take each
/// other's. Each is given for two minutes, and taken for another two.
#[derive(Clone)]
pub struct TimedNonces(Mac);

/// For how long the same nonce is given, in seconds.
const PERIOD: u64 = 120;

impl TimedNonces {
    /// Nonces of these 32 octets, which come from a cryptographic random number generator.
    pub fn new(mut octets: [u8; 32]) -> Self {
        let key = Mac::new(&octets);
        octets.zeroize();
        Self(key)
    }

    /// Nonces of a new key, drawn from `dice`, which no other process takes.
    ///
    /// # Errors
    /// [`NoEntropy`] if there is no randomness.
    pub fn generate(dice: &dyn Dice) -> Result<Self, NoEntropy> {
        let mut octets = Zeroizing::new([0; 32]);
        dice.fill(&mut *octets)?;
        Ok(Self::new(*octets))
    }

    fn of(&self, period: u64) -> Secret {
        let text = [b"pkce-client: DPoP nonce".as_slice(), &period.to_be_bytes()].concat();
        Secret::new(URL_SAFE_NO_PAD.encode(self.0.sign(&text)))
    }
}

impl ProofNonces for TimedNonces {
    fn current(&self, now: u64) -> String {
        self.of(now / PERIOD).expose().to_owned()
    }

    fn accepts(&self, nonce: &str, now: u64) -> bool {
        let period = now / PERIOD;
        self.of(period).matches(nonce) || self.of(period.saturating_sub(1)).matches(nonce)
    }
}

impl fmt::Debug for TimedNonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TimedNonces(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_new_once() {
        let proofs = MemoryProofs::new(2);
        let first = |id, now, until| proofs.remember(id, now, until);
        assert!(first("a", 10, 20).expect("room"));
        assert!(!first("a", 20, 20).expect("room"));
        assert!(first("b", 20, 30).expect("room"));
        assert!(first("c", 20, 30).is_err(), "nothing is forgotten that could be shown again");
        assert!(!first("b", 21, 30).expect("no room is needed"));
        assert!(first("c", 21, 30).expect("the first is too old"));
    }

    #[test]
    fn nonces_are_taken_for_a_while() {
        let nonces = TimedNonces::new([7; 32]);
        let nonce = nonces.current(PERIOD);
        assert_eq!(nonce, nonces.current(2 * PERIOD - 1));
        assert_ne!(nonce, nonces.current(2 * PERIOD));
        assert!(nonces.accepts(&nonce, PERIOD) && nonces.accepts(&nonce, 3 * PERIOD - 1));
        assert!(!nonces.accepts(&nonce, 3 * PERIOD) && !nonces.accepts(&nonce, PERIOD - 1));
        assert!(!nonces.accepts("", PERIOD) && !TimedNonces::new([8; 32]).accepts(&nonce, PERIOD));
    }
}

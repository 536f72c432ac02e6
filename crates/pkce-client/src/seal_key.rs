//! Keys that seal what is kept outside the process: nobody else can read it, and nobody can change it unnoticed.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::crypto::{NONCE_LEN, Sealing};
use crate::dice::{Dice, NoEntropy};

/// The format of what is sealed. It is the first octet.
const VERSION: u8 = 1;

/// Octets of the name of a key.
const NAME_LEN: usize = 8;

/// Octets before what is encrypted: the version, the name of the key, the nonce.
const HEADER_LEN: usize = 1 + NAME_LEN + NONCE_LEN;

/// The longest text that is opened, in octets.
pub(crate) const MAX_SEALED: usize = 128 * 1024;

/// A secret key that seals and opens (AES-256-GCM), shared by every process that has to open what another has sealed.
///
/// To rotate keys, seal with a new one that still opens what the old one has sealed, and leave the old one out once
/// nothing of it can be about any more: for logins, after the lifetime of a login.
/// ```
/// # fn main() -> Result<(), pkce_client::NoEntropy> {
/// use pkce_client::{SealKey, SystemDice};
///
/// let old = SealKey::generate(&SystemDice)?;
/// let key = SealKey::generate(&SystemDice)?.and_opens(&old);
/// # let _ = key;
/// # Ok(())
/// # }
/// ```
/// Nonces are drawn at random, so a key should not seal more than 2^32 times (NIST SP 800-38D §8.3). Cloning it is cheap,
/// and `Debug` shows nothing of it.
#[derive(Clone)]
pub struct SealKey(Arc<Keys>);

struct Keys {
    seals: Arc<One>,
    /// Older ones.
    open: Vec<Arc<One>>,
}

struct One {
    /// Tells which key something was sealed with, and nothing about the key.
    name: [u8; NAME_LEN],
    key: Sealing,
}

/// Why something that was sealed cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// It is longer than 128 KiB.
    #[error("it is longer than 128 KiB")]
    TooLong,
    /// It is not something that was sealed.
    #[error("it is nothing that was sealed")]
    Malformed,
    /// It was sealed by another version of this library.
    #[error("it was sealed by another version of this library")]
    Version,
    /// It was sealed with a key that is not at hand, neither as the current one nor as an older one.
    #[error("it was sealed with another key")]
    UnknownKey,
    /// It was changed after it was sealed, or it was sealed for another purpose.
    #[error("it was changed after it was sealed")]
    Tampered,
    /// The login in it was begun by a client for another server or with another `client_id`.
    #[error("the login in it was begun by another client")]
    OtherClient,
    /// The login in it has expired.
    #[error("the login in it has expired")]
    Expired,
    /// The source of randomness has failed.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl SealKey {
    /// The key of these 32 octets, which come from a cryptographic random number generator: a password is no key.
    pub fn new(mut octets: [u8; 32]) -> Self {
        let digest = Sha256::new_with_prefix("pkce-client: name of a seal key").chain_update(octets).finalize();
        let mut name = [0; NAME_LEN];
        name.copy_from_slice(&digest[..NAME_LEN]);
        let seals = Arc::new(One { name, key: Sealing::new(octets) });
        octets.zeroize();
        Self(Arc::new(Keys { seals, open: Vec::new() }))
    }

    /// A new key, drawn from `dice`, for a process that opens only what it has sealed itself.
    ///
    /// # Errors
    /// [`NoEntropy`] if there is no randomness.
    pub fn generate(dice: &dyn Dice) -> Result<Self, NoEntropy> {
        let mut octets = Zeroizing::new([0; 32]);
        dice.fill(&mut *octets)?;
        Ok(Self::new(*octets))
    }

    /// The same key, which also opens what `older` opens. It seals nothing with that.
    pub fn and_opens(self, older: &Self) -> Self {
        let open = self.0.open.iter().chain([&older.0.seals]).chain(&older.0.open).cloned().collect();
        Self(Arc::new(Keys { seals: Arc::clone(&self.0.seals), open }))
    }

    /// Seals `octets` for `purpose`. The same nonce is never used for two different contents.
    pub(crate) fn seal(&self, purpose: &str, nonce: [u8; NONCE_LEN], mut octets: Zeroizing<Vec<u8>>) -> String {
        let One { name, key } = &*self.0.seals;
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(name);
        sealed.extend_from_slice(&nonce);
        let tag = key.seal(nonce, &[purpose.as_bytes(), &sealed].concat(), &mut octets);
        sealed.extend_from_slice(&octets);
        sealed.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Opens what was sealed for `purpose`.
    pub(crate) fn open(&self, purpose: &str, text: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if text.len() > MAX_SEALED {
            return Err(SealError::TooLong);
        }
        let mut sealed = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError::Malformed)?);
        match sealed.first() {
            Some(&VERSION) => {}
            Some(_) => return Err(SealError::Version),
            None => return Err(SealError::Malformed),
        }
        let (header, content) = sealed.split_at_mut_checked(HEADER_LEN).ok_or(SealError::Malformed)?;
        let (name, nonce) = header[1..].split_at(NAME_LEN);
        let mut keys = std::iter::once(&self.0.seals).chain(&self.0.open);
        let One { key, .. } = &**keys.find(|key| key.name == name).ok_or(SealError::UnknownKey)?;
        let nonce = nonce.try_into().map_err(|_| SealError::Malformed)?;
        let opened = key.open(nonce, &[purpose.as_bytes(), header].concat(), content).ok_or(SealError::Tampered)?;
        Ok(Zeroizing::new(opened.to_vec()))
    }
}

/// A nonce for one content.
pub(crate) fn nonce(dice: &dyn Dice) -> Result<[u8; NONCE_LEN], NoEntropy> {
    let mut nonce = [0; NONCE_LEN];
    dice.fill(&mut nonce)?;
    Ok(nonce)
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NONCE: [u8; NONCE_LEN] = [3; NONCE_LEN];

    fn seal(key: &SealKey) -> String {
        key.seal("tests", NONCE, Zeroizing::new(b"canary".to_vec()))
    }

    #[test]
    fn what_was_sealed_is_opened_by_the_same_key_for_the_same_purpose() {
        let key = SealKey::new([1; 32]);
        let sealed = seal(&key);
        assert_eq!(key.open("tests", &sealed).expect("the content").as_slice(), b"canary");
        assert_eq!(SealKey::new([1; 32]).open("tests", &sealed).expect("the content").as_slice(), b"canary");
        assert_eq!(key.open("other", &sealed), Err(SealError::Tampered));
        assert_eq!(SealKey::new([2; 32]).open("tests", &sealed), Err(SealError::UnknownKey));
    }

    #[test]
    fn a_key_is_rotated_without_losing_what_is_about() {
        let (first, second) = (SealKey::new([1; 32]), SealKey::new([2; 32]));
        let (of_first, of_second) = (seal(&first), seal(&second));
        let third = SealKey::new([3; 32]).and_opens(&second.and_opens(&first));
        assert!(third.open("tests", &of_first).is_ok() && third.open("tests", &of_second).is_ok());
        let of_third = seal(&third);
        assert!(third.open("tests", &of_third).is_ok());
        assert_eq!(first.open("tests", &of_third), Err(SealError::UnknownKey), "older keys seal nothing");
    }

    #[test]
    fn every_changed_octet_is_noticed() {
        let key = SealKey::new([1; 32]);
        let sealed = URL_SAFE_NO_PAD.decode(seal(&key)).expect("base64url");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            let error = key.open("tests", &URL_SAFE_NO_PAD.encode(changed)).expect_err("a change");
            let expected = match at {
                0 => SealError::Version,
                1..=NAME_LEN => SealError::UnknownKey,
                _ => SealError::Tampered,
            };
            assert_eq!(error, expected, "{at}");
        }
        for length in 1..sealed.len() {
            assert!(key.open("tests", &URL_SAFE_NO_PAD.encode(&sealed[..length])).is_err(), "{length}");
        }
        assert_eq!(key.open("tests", ""), Err(SealError::Malformed));
        assert_eq!(key.open("tests", "a b"), Err(SealError::Malformed));
        assert_eq!(key.open("tests", &"A".repeat(MAX_SEALED + 1)), Err(SealError::TooLong));
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", SealKey::new([7; 32])), "SealKey(..)");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[A-Za-z0-9_-]{0,80}") {
            let _ = SealKey::new([1; 32]).open("tests", &text);
        }
    }
}

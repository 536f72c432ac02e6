//! The keys: what tokens are signed with, and what is published of it.
//!
//! [`RotatingKeys`] is what a server has. Its keys are fixed, published and worthless: they are embedded, so that
//! nothing is generated at start. A private key is parsed when it is first used, once in the life of the process.

use std::borrow::Cow;
use std::fmt;

use oauth_types::Algorithm;
use serde_json::Value;

use crate::jose::{Jwe, JweError};

mod fixed;
mod generation;
mod receiving;
mod rotating;
mod signing_key;
pub(crate) mod weak;

pub use fixed::FixedKeys;
pub use rotating::RotatingKeys;
pub use signing_key::SigningKey;

/// Signs tokens and publishes the keys they are verified with.
pub trait Keys: fmt::Debug + Send + Sync {
    /// What can be signed with, in the order of publication. Nothing else may be promised in metadata.
    fn algorithms(&self) -> &[Algorithm];

    /// The `kid` of the key that signs with `algorithm` now (RFC 7517 §4.5); nothing if there is no such key.
    fn kid(&self, algorithm: Algorithm) -> Option<Cow<'static, str>>;

    /// The `kid` of the key that signed with `algorithm` before the last rotation, for as long as it is published.
    fn former_kid(&self, _algorithm: Algorithm) -> Option<Cow<'static, str>> {
        None
    }

    /// The JWS signature over `message` (RFC 7515 §5.1), raw, with the key called `kid`, or with the one that signs now
    /// if there is no key of this name for `algorithm`.
    ///
    /// A token names its key before it is signed, and the keys may be rotated in between.
    ///
    /// # Errors
    /// [`KeyError`] if there is no key, or it cannot sign.
    fn sign_as(&self, kid: Option<&str>, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError>;

    /// Whether `signature`, in base64url, is one over `message` of a key that is published.
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &str) -> bool;

    /// The public keys, each a JWK with `kid`, `alg` and `use` (RFC 7517 §4).
    fn published(&self) -> Vec<Value>;

    /// A signature of a key that is not published: a lie that a fault asks for.
    ///
    /// # Errors
    /// [`KeyError`] if there is no key, or it cannot sign.
    fn forge(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError>;

    /// The public key for `algorithm` in PEM: what a confused client would use as an HMAC key.
    fn public_pem(&self, algorithm: Algorithm) -> String;

    /// The JWS signature over `message` (RFC 7515 §5.1), raw, with the key that signs now.
    ///
    /// # Errors
    /// [`KeyError`] if there is no key, or it cannot sign.
    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.sign_as(None, algorithm, message)
    }

    /// The public keys that others encrypt to, each a JWK with `kid` and `use: enc`. For whoever decrypts; they belong
    /// beside [`Keys::published`] only if a document that is on reads encrypted tokens.
    fn published_for_encryption(&self) -> Vec<Value> {
        Vec::new()
    }

    /// The content of a token that was encrypted to one of [`Keys::published_for_encryption`].
    ///
    /// # Errors
    /// [`JweError`] if there is no such key, or it does not decrypt the token.
    fn decrypt(&self, token: &Jwe<'_>) -> Result<Vec<u8>, JweError> {
        Err(JweError::KeyType(token.algorithm()))
    }

    /// Publishes the next keys beside the present ones. They do not sign yet (OpenID Connect Core §10.1.1).
    ///
    /// # Errors
    /// [`RotationError`] if keys are announced already, or none can be made.
    fn announce(&self) -> Result<(), RotationError> {
        Err(RotationError::Fixed)
    }

    /// Signs with the announced keys from now on. The former stay published, so that tokens that live verify.
    ///
    /// # Errors
    /// [`RotationError`] if no keys are announced: a key is published before it is used.
    fn rotate(&self) -> Result<(), RotationError> {
        Err(RotationError::Fixed)
    }

    /// Publishes the former keys no longer. Tokens they signed no longer verify.
    ///
    /// # Errors
    /// [`RotationError`] if there are no former keys.
    fn retire(&self) -> Result<(), RotationError> {
        Err(RotationError::Fixed)
    }
}

/// The public half of the key that [`FixedKeys`] and [`RotatingKeys`] forge with, as a JWK without a name.
pub(crate) fn unpublished(algorithm: Algorithm) -> Result<Value, KeyError> {
    let mut jwk = generation::UNPUBLISHED.jwk(algorithm)?;
    if let Some(members) = jwk.as_object_mut() {
        members.remove("kid");
    }
    Ok(jwk)
}

/// The signature of the key whose public half [`unpublished`] is.
pub(crate) fn forged(algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
    generation::UNPUBLISHED.sign(algorithm, message)
}

/// A key could not be read or used. The text holds no part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{algorithm}: {what}")]
pub struct KeyError {
    /// What it was wanted for.
    pub algorithm: Algorithm,
    /// What went wrong.
    pub what: &'static str,
}

/// Why keys were not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RotationError {
    /// These keys never change.
    #[error("these keys are fixed")]
    Fixed,
    /// `announce` was called twice.
    #[error("keys are announced already: rotate first")]
    Announced,
    /// `rotate` was called without `announce`.
    #[error("no keys are announced: a key is published before it is used")]
    NotAnnounced,
    /// `retire` was called without `rotate`.
    #[error("there are no former keys")]
    NothingFormer,
    /// No new key could be made.
    #[error("no new key could be made")]
    NotMade,
}

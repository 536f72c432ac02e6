//! A set of public keys (RFC 7517 §5), such as the `jwks` of a client.

use std::collections::HashSet;

use oauth_types::KeyManagement;
use serde_json::Value;

use super::json;
use super::public_key::{JwkError, PublicKey};

/// The most keys in a set.
const KEYS: usize = 100;

/// The most octets of a set.
const OCTETS: usize = 64 * 1024;

/// Public keys, parsed.
#[derive(Debug, Default)]
pub struct PublicKeys {
    keys: Vec<PublicKey>,
    ignored: Vec<Ignored>,
}

/// A key of a set that is not used, since something about it is unknown here (RFC 7517 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Key {index} of the set is ignored: {why}")]
pub struct Ignored {
    /// Its place in the set, from 0.
    pub index: usize,
    /// What is unknown.
    pub why: JwkError,
}

/// Why a set cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// It is not a JSON object with distinct names.
    #[error("The JWK Set is not a JSON object, or has a name twice")]
    NotAnObject,
    /// `keys` is not there or no array (RFC 7517 §5.1).
    #[error("The JWK Set has no array 'keys'")]
    NoKeys,
    /// There are more than 100 keys.
    #[error("The JWK Set has more than {KEYS} keys")]
    TooManyKeys,
    /// The set has more than 64 KiB.
    #[error("The JWK Set is larger than {OCTETS} octets")]
    TooLarge,
    /// Two keys have one `kid`, so that it names neither (RFC 7517 §4.5).
    #[error("Key {index} of the JWK Set has the 'kid' of an earlier one")]
    RepeatedKid {
        /// The place of the later one, from 0.
        index: usize,
    },
    /// A key is unusable.
    #[error("Key {index} of the JWK Set: {error}")]
    Key {
        /// Its place in the set, from 0.
        index: usize,
        /// What is wrong with it.
        error: JwkError,
    },
}

impl PublicKeys {
    /// Reads a set that arrived as part of something larger, such as the metadata of a client.
    ///
    /// Keys of unknown types are ignored; [`PublicKeys::ignored`] says which.
    ///
    /// # Errors
    /// [`JwksError`] says what is wrong with it.
    pub fn parse(set: &Value) -> Result<Self, JwksError> {
        let members = set.as_object().ok_or(JwksError::NotAnObject)?;
        let keys = members.get("keys").and_then(Value::as_array).ok_or(JwksError::NoKeys)?;
        if keys.len() > KEYS {
            return Err(JwksError::TooManyKeys);
        }
        if serde_json::to_vec(set).map_or(true, |text| text.len() > OCTETS) {
            return Err(JwksError::TooLarge);
        }
        let mut read = Self::default();
        for (index, jwk) in keys.iter().enumerate() {
            match PublicKey::parse(jwk) {
                Ok(key) => read.keys.push(key),
                Err(why @ JwkError::Unknown(_)) => read.ignored.push(Ignored { index, why }),
                Err(error) => return Err(JwksError::Key { index, error }),
            }
        }
        let mut kids = HashSet::new();
        for (index, jwk) in keys.iter().enumerate() {
            if jwk.get("kid").and_then(Value::as_str).is_some_and(|kid| !kids.insert(kid)) {
                return Err(JwksError::RepeatedKid { index });
            }
        }
        Ok(read)
    }

    /// Reads a document that was fetched, such as that of a `jwks_uri`.
    ///
    /// # Errors
    /// [`JwksError`] says what is wrong with it.
    pub fn read(text: &[u8]) -> Result<Self, JwksError> {
        if text.len() > OCTETS {
            return Err(JwksError::TooLarge);
        }
        Self::parse(&Value::Object(json::object(text).map_err(|_| JwksError::NotAnObject)?))
    }

    /// The keys, in the order of the set.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The key that tokens to the owner are encrypted to with `algorithm`: one that is for encryption alone, or else the
    /// first that may be used for it (OpenID Connect Core §10.2).
    pub fn for_encryption(&self, algorithm: KeyManagement) -> Option<&PublicKey> {
        let mut fitting = self.keys.iter().filter(|key| key.fits_encryption(algorithm).is_ok());
        let first = fitting.clone().next();
        fitting.find(|key| key.used_for() == Some("enc")).or(first)
    }

    /// What was ignored, and why.
    pub fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }
}

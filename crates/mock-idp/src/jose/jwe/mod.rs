//! Encrypted tokens in their compact form (RFC 7516 §7.1).
//!
//! The cryptography is that of aws-lc-rs; what is here is the way the parts are put together (RFC 7518 §4 and §5).
//! Compression and RSA1_5 are not spoken (RFC 8725 §3.2 and §3.6).

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::{ContentEncryption, KeyManagement};
use serde_json::{Map, Value};

use super::json::{self, Defect};
use super::public_key::JwkError;

mod agreement;
mod content;
mod decryption;
mod encryption;
mod wrapping;

pub use decryption::DecryptionKey;
pub use encryption::{Encryption, Random, Recipient};

use content::Sealed;

/// The most octets of an encrypted token, unless the caller says otherwise: a signed one of 16 KiB fits into it.
const OCTETS: usize = 32 * 1024;

/// A JWE, taken apart.
pub struct Jwe<'a> {
    /// The header as it was sent: what the tag protects besides the content (RFC 7516 §5.2, step 15).
    protected: &'a str,
    header: Map<String, Value>,
    algorithm: KeyManagement,
    encryption: ContentEncryption,
    encrypted_key: Vec<u8>,
    sealed: Sealed,
}

/// Why a token is not encrypted or decrypted. The text holds nothing of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JweError {
    /// It is longer than the bound.
    #[error("The encrypted token is longer than {0} octets")]
    TooLong(usize),
    /// It does not have five parts (RFC 7516 §7.1).
    #[error("The encrypted token does not have five parts separated by dots")]
    NotCompact,
    /// It has three parts: a signed token (RFC 7515 §7.1).
    #[error("The token has three parts: it is signed, and an encrypted one is expected")]
    NotEncrypted,
    /// A part, counted from 1, is not base64url as RFC 7515 §2 has it.
    #[error("Part {0} of the encrypted token is not base64url without padding")]
    NotBase64Url(usize),
    /// The header is not JSON.
    #[error("The header of the encrypted token is not JSON")]
    NotJson,
    /// The header is not an object.
    #[error("The header of the encrypted token is not a JSON object")]
    NotAnObject,
    /// A name occurs twice in the header (RFC 7516 §4).
    #[error("The header of the encrypted token has a name twice")]
    RepeatedName,
    /// A parameter of the header is not there (RFC 7516 §4.1).
    #[error("The header of the encrypted token has no '{0}'")]
    Missing(&'static str),
    /// A parameter of the header is not text.
    #[error("'{0}' of the header is not text")]
    NotText(&'static str),
    /// `crit` names extensions, none of which this server understands (RFC 7516 §4.1.13).
    #[error("The header has 'crit', and this server understands no extension")]
    Critical,
    /// `zip` asks for compression, which gives content away (RFC 8725 §3.6).
    #[error("The header has 'zip': content is not compressed before it is encrypted")]
    Compressed,
    /// `alg` is none that this server knows.
    #[error("This server does not know the 'alg' of the encrypted token")]
    UnknownAlgorithm,
    /// `enc` is none that this server knows.
    #[error("This server does not know the 'enc' of the encrypted token")]
    UnknownEncryption,
    /// The key is of a type that does not serve the `alg` (RFC 7518 §4.1).
    #[error("The key is of another type than {0} needs")]
    KeyType(KeyManagement),
    /// `alg` of the key is another one (RFC 7517 §4.4).
    #[error("The key is for another algorithm than {0}")]
    KeyAlgorithm(KeyManagement),
    /// `use` of the key is not `enc` (RFC 7517 §4.2).
    #[error("'use' of the key is not enc")]
    KeyUse,
    /// `key_ops` of the key does not allow it (RFC 7517 §4.3).
    #[error("'key_ops' of the key does not allow encryption")]
    KeyOperations,
    /// `kid` names no key for decryption.
    #[error("'kid' of the header names no key for encryption to this server")]
    UnknownKid,
    /// `epk` is no public key (RFC 7518 §4.6.1.1).
    #[error("'epk' of the header is unusable: {0}")]
    EphemeralKey(JwkError),
    /// `epk` is on another curve than the key.
    #[error("'epk' of the header is on another curve than the key")]
    EphemeralCurve,
    /// The second part is not empty, although no key is sent with this `alg` (RFC 7516 §5.2, step 10).
    #[error("The encrypted token holds a key, although none is sent with its 'alg'")]
    StrayKey,
    /// The key, or something that the tag protects, is wrong. It is not said which (RFC 7516 §11.5).
    #[error("The token cannot be decrypted with the key")]
    Undecryptable,
    /// Encryption failed, which a sound key does not cause.
    #[error("The token could not be encrypted")]
    Failed,
}

impl<'a> Jwe<'a> {
    /// Takes an encrypted token of at most 32 KiB apart.
    ///
    /// # Errors
    /// [`JweError`] says what is wrong with its form.
    pub fn parse(text: &'a str) -> Result<Self, JweError> {
        Self::parse_within(text, OCTETS)
    }

    /// Takes an encrypted token of at most `octets` apart.
    ///
    /// # Errors
    /// [`JweError`] says what is wrong with its form.
    pub fn parse_within(text: &'a str, octets: usize) -> Result<Self, JweError> {
        if text.len() > octets {
            return Err(JweError::TooLong(octets));
        }
        let parts: Vec<&str> = text.splitn(6, '.').collect();
        let [protected, key, iv, ciphertext, tag] = parts[..] else {
            return Err(if parts.len() == 3 { JweError::NotEncrypted } else { JweError::NotCompact });
        };
        let decode =
            |number, part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| JweError::NotBase64Url(number));
        let header = json::object(&decode(1, protected)?).map_err(|defect| match defect {
            Defect::Malformed => JweError::NotJson,
            Defect::NotAnObject => JweError::NotAnObject,
            Defect::Repeated => JweError::RepeatedName,
        })?;
        if header.contains_key("crit") {
            return Err(JweError::Critical);
        }
        if header.contains_key("zip") {
            return Err(JweError::Compressed);
        }
        for name in ["kid", "typ", "cty"] {
            text_of(&header, name)?;
        }
        let alg = text_of(&header, "alg")?.ok_or(JweError::Missing("alg"))?;
        let enc = text_of(&header, "enc")?.ok_or(JweError::Missing("enc"))?;
        Ok(Self {
            protected,
            algorithm: KeyManagement::from_wire(alg).ok_or(JweError::UnknownAlgorithm)?,
            encryption: ContentEncryption::from_wire(enc).ok_or(JweError::UnknownEncryption)?,
            encrypted_key: decode(2, key)?,
            sealed: Sealed { iv: decode(3, iv)?, ciphertext: decode(4, ciphertext)?, tag: decode(5, tag)? },
            header,
        })
    }

    /// The JOSE header.
    pub fn header(&self) -> &Map<String, Value> {
        &self.header
    }

    /// `alg` (RFC 7516 §4.1.1).
    pub fn algorithm(&self) -> KeyManagement {
        self.algorithm
    }

    /// `enc` (RFC 7516 §4.1.2).
    pub fn encryption(&self) -> ContentEncryption {
        self.encryption
    }

    /// `kid` (RFC 7516 §4.1.6).
    pub fn kid(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// `cty`: `JWT` if the content is a token again (RFC 7519 §5.2).
    pub fn cty(&self) -> Option<&str> {
        self.header.get("cty").and_then(Value::as_str)
    }
}

/// An encrypted token is shown by its algorithms alone.
impl fmt::Debug for Jwe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Jwe");
        shown.field("algorithm", &self.algorithm).field("encryption", &self.encryption).finish_non_exhaustive()
    }
}

fn text_of<'a>(header: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, JweError> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JweError::NotText(name)),
    }
}

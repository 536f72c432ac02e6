//! A signed token in its compact form (RFC 7515 §7.1), taken apart strictly and verified with parsed keys.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::{Algorithm, Secret};
use serde_json::{Map, Value};

use super::json::{self, Defect};
use super::key_set::PublicKeys;
use super::public_key::{PublicKey, Unfit};
use super::verifying::{ShortSecret, keyed};

/// The most octets of a token, unless the caller says otherwise.
const OCTETS: usize = 16 * 1024;

/// A JWS whose payload is a JSON object, taken apart. Nothing in it is to be believed before it is verified.
pub struct Jws<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    alg: String,
}

/// A part of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The JOSE header.
    Header,
    /// The payload.
    Claims,
    /// The signature.
    Signature,
}

/// Why a token is refused. The text holds nothing of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// It is longer than the bound.
    #[error("The token is longer than {0} octets")]
    TooLong(usize),
    /// It does not have three parts (RFC 7515 §7.1).
    #[error("The token does not have three parts separated by dots")]
    NotCompact,
    /// It has five parts: an encrypted token (RFC 7516 §7.1).
    #[error("The token has five parts: it is encrypted, and a signed one is expected")]
    Encrypted,
    /// A part is not base64url as RFC 7515 §2 has it.
    #[error("The {0} is not base64url: it is padded, uses another alphabet, or has stray bits at its end")]
    NotBase64Url(Part),
    /// A part is not JSON.
    #[error("The {0} is not JSON")]
    NotJson(Part),
    /// A part is JSON, but not an object (RFC 7519 §7.2).
    #[error("The {0} is not a JSON object")]
    NotAnObject(Part),
    /// A name occurs twice in a part (RFC 7515 §4, RFC 7519 §4).
    #[error("The {0} has a name twice")]
    RepeatedName(Part),
    /// A parameter of the header is not there (RFC 7515 §4.1.1).
    #[error("The header has no '{0}'")]
    Missing(&'static str),
    /// A parameter of the header is not text (RFC 7515 §4.1).
    #[error("'{0}' of the header is not text")]
    NotText(&'static str),
    /// `crit` names extensions, none of which this server understands (RFC 7515 §4.1.11).
    #[error("The header has 'crit', and this server understands no extension")]
    Critical,
    /// `b64` is there (RFC 7797): the payload would not be encoded.
    #[error("The header has 'b64', and the payload of a JWT is always encoded")]
    Unencoded,
    /// `alg` is `none` (RFC 7518 §3.6).
    #[error("'alg' is none: the token is not signed")]
    Unsigned,
    /// `alg` is none that this server knows.
    #[error("This server does not know the 'alg' of the token")]
    UnknownAlgorithm,
    /// `alg` is known, but not allowed here (RFC 8725 §3.1).
    #[error("The token is signed with {0}, which is not allowed here")]
    NotAllowed(Algorithm),
    /// `alg` is a keyed hash, and public keys are to verify it (RFC 8725 §2.1).
    #[error("The token is signed with {0}, a keyed hash, where a private key is asked for")]
    KeyedHash(Algorithm),
    /// `alg` needs a private key, and a secret is to verify it.
    #[error("The token is signed with {0}, where a keyed hash is asked for")]
    NotKeyedHash(Algorithm),
    /// `kid` names no key of the set (RFC 7515 §4.1.4).
    #[error("'kid' of the header names no key of the set")]
    UnknownKid,
    /// No key of the set is for this algorithm.
    #[error("No key of the set is for {0}")]
    NoKey(Algorithm),
    /// Without `kid`, more than one key is for this algorithm (OpenID Connect Core §10.1).
    #[error("The header has no 'kid', and more than one key of the set is for {0}")]
    AmbiguousKey(Algorithm),
    /// The key is of a type that does not sign with this algorithm (RFC 7518 §3.1).
    #[error("The key is of another type than {0} needs")]
    KeyType(Algorithm),
    /// `alg` of the key is another one (RFC 7517 §4.4).
    #[error("The key is for another algorithm than {0}")]
    KeyAlgorithm(Algorithm),
    /// `use` of the key is not `sig` (RFC 7517 §4.2).
    #[error("'use' of the key is not sig")]
    KeyUse,
    /// `key_ops` of the key lacks `verify` (RFC 7517 §4.3).
    #[error("'key_ops' of the key does not have verify")]
    KeyOperations,
    /// The secret is too short for this algorithm (RFC 7518 §3.2).
    #[error(transparent)]
    ShortSecret(#[from] ShortSecret),
    /// The signature is not one of the key over this token.
    #[error("The signature is not one of this key over this token")]
    Signature,
}

impl<'a> Jws<'a> {
    /// Takes a token of at most 16 KiB apart.
    ///
    /// # Errors
    /// [`JwsError`] says what is wrong with its form.
    pub fn parse(text: &'a str) -> Result<Self, JwsError> {
        Self::parse_within(text, OCTETS)
    }

    /// Takes a token of at most `octets` apart.
    ///
    /// # Errors
    /// [`JwsError`] says what is wrong with its form.
    pub fn parse_within(text: &'a str, octets: usize) -> Result<Self, JwsError> {
        if text.len() > octets {
            return Err(JwsError::TooLong(octets));
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JwsError::NotCompact)?;
        let (header, claims) = signed.split_once('.').ok_or(JwsError::NotCompact)?;
        match claims.matches('.').count() {
            0 => {}
            2 => return Err(JwsError::Encrypted),
            _ => return Err(JwsError::NotCompact),
        }
        let header = object(header, Part::Header)?;
        if header.contains_key("crit") {
            return Err(JwsError::Critical);
        }
        if header.contains_key("b64") {
            return Err(JwsError::Unencoded);
        }
        for name in ["kid", "typ", "cty"] {
            text_of(&header, name)?;
        }
        let alg = text_of(&header, "alg")?.ok_or(JwsError::Missing("alg"))?.to_owned();
        let claims = object(claims, Part::Claims)?;
        Ok(Self { signed, signature: decode(signature, Part::Signature)?, header, claims, alg })
    }

    /// The JOSE header.
    pub fn header(&self) -> &Map<String, Value> {
        &self.header
    }

    /// The payload. Believe it only after the token was verified.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The payload, taken over.
    pub fn into_claims(self) -> Map<String, Value> {
        self.claims
    }

    /// `alg` as it is written (RFC 7515 §4.1.1), which may be unknown or `none`.
    pub fn alg(&self) -> &str {
        &self.alg
    }

    /// The algorithm it says it is signed with; nothing if that is `none` or unknown.
    pub fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::from_wire(&self.alg)
    }

    /// `kid` (RFC 7515 §4.1.4).
    pub fn kid(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// `typ` as it is written (RFC 7515 §4.1.9).
    pub fn typ(&self) -> Option<&str> {
        self.header.get("typ").and_then(Value::as_str)
    }

    /// Whether `typ` is the media type `application/` and `subtype`, which may be left out to the last part
    /// (RFC 7515 §4.1.9). Case does not matter (RFC 2045 §5.1).
    pub fn is_typ(&self, subtype: &str) -> bool {
        let Some(typ) = self.typ() else { return false };
        let short = match typ.split_at_checked("application/".len()) {
            Some((start, rest)) if start.eq_ignore_ascii_case("application/") => rest,
            _ => typ,
        };
        short.eq_ignore_ascii_case(subtype)
    }

    /// Verifies the signature with the key of `keys` that `kid` names, or without `kid` with the only one that fits.
    ///
    /// # Errors
    /// [`JwsError`] if the algorithm is not one of `allowed`, no key fits, or the signature is wrong.
    pub fn verify(&self, keys: &PublicKeys, allowed: &[Algorithm]) -> Result<(), JwsError> {
        let algorithm = self.allowed(allowed)?;
        if algorithm.is_symmetric() {
            return Err(JwsError::KeyedHash(algorithm));
        }
        let key = match self.kid() {
            Some(kid) => keys.keys().iter().find(|key| key.kid() == Some(kid)).ok_or(JwsError::UnknownKid)?,
            None => {
                let mut fitting = keys.keys().iter().filter(|key| key.fits(algorithm).is_ok());
                match (fitting.next(), fitting.next()) {
                    (Some(only), None) => only,
                    (Some(_), Some(_)) => return Err(JwsError::AmbiguousKey(algorithm)),
                    (None, _) => return Err(JwsError::NoKey(algorithm)),
                }
            }
        };
        self.verify_signature(key, algorithm)
    }

    /// Verifies the signature with `key`, whatever `kid` says.
    ///
    /// # Errors
    /// [`JwsError`] if the algorithm is not one of `allowed`, the key is not for it, or the signature is wrong.
    pub fn verify_with(&self, key: &PublicKey, allowed: &[Algorithm]) -> Result<(), JwsError> {
        let algorithm = self.allowed(allowed)?;
        if algorithm.is_symmetric() {
            return Err(JwsError::KeyedHash(algorithm));
        }
        self.verify_signature(key, algorithm)
    }

    /// Verifies the keyed hash with `secret`, in a time that does not depend on it.
    ///
    /// # Errors
    /// [`JwsError`] if the algorithm is not one of `allowed`, the secret is too short, or the hash is wrong.
    pub fn verify_secret(&self, secret: &Secret, allowed: &[Algorithm]) -> Result<(), JwsError> {
        let algorithm = self.allowed(allowed)?;
        let key = keyed(algorithm, secret)?.ok_or(JwsError::NotKeyedHash(algorithm))?;
        hmac::verify(&key, self.signed.as_bytes(), &self.signature).map_err(|_| JwsError::Signature)
    }

    fn allowed(&self, allowed: &[Algorithm]) -> Result<Algorithm, JwsError> {
        if self.alg == "none" {
            return Err(JwsError::Unsigned);
        }
        let algorithm = self.algorithm().ok_or(JwsError::UnknownAlgorithm)?;
        if allowed.contains(&algorithm) { Ok(algorithm) } else { Err(JwsError::NotAllowed(algorithm)) }
    }

    fn verify_signature(&self, key: &PublicKey, algorithm: Algorithm) -> Result<(), JwsError> {
        key.fits(algorithm).map_err(|unfit| match unfit {
            Unfit::Type => JwsError::KeyType(algorithm),
            Unfit::Algorithm => JwsError::KeyAlgorithm(algorithm),
            Unfit::Use => JwsError::KeyUse,
            Unfit::Operations => JwsError::KeyOperations,
        })?;
        let verified = key.verifies(algorithm, self.signed.as_bytes(), &self.signature);
        if verified { Ok(()) } else { Err(JwsError::Signature) }
    }
}

/// A token is shown by its algorithm alone.
impl fmt::Debug for Jws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jws").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "payload",
            Self::Signature => "signature",
        })
    }
}

/// A token in compact form from its header and claims, encoded, and a signature over them (RFC 7515 §7.1).
pub fn compact(signing_input: String, signature: &[u8]) -> String {
    let mut token = signing_input;
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// A NumericDate in whole seconds (RFC 7519 §2): fractions are cut off. Nothing if it is negative, no number, or after
/// the year 9999, so that a lifetime can be added without overflow.
pub fn seconds(date: &Value) -> Option<u64> {
    const END_OF_9999: u64 = 253_402_300_799;
    let whole = match (date.as_u64(), date.as_f64()) {
        (Some(whole), _) => whole,
        (None, Some(number)) if (0.0..1e12).contains(&number) => number as u64,
        _ => return None,
    };
    (whole <= END_OF_9999).then_some(whole)
}

fn object(part: &str, of: Part) -> Result<Map<String, Value>, JwsError> {
    json::object(&decode(part, of)?).map_err(|defect| match defect {
        Defect::Malformed => JwsError::NotJson(of),
        Defect::NotAnObject => JwsError::NotAnObject(of),
        Defect::Repeated => JwsError::RepeatedName(of),
    })
}

fn decode(part: &str, of: Part) -> Result<Vec<u8>, JwsError> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::NotBase64Url(of))
}

fn text_of<'a>(header: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, JwsError> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JwsError::NotText(name)),
    }
}

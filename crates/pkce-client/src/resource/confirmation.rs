//! What an access token is bound to (RFC 7800 §3.1): a key (RFC 9449 §6.1), a certificate (RFC 8705 §3.1), or both.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::denied::AccessError;
use crate::specs::rfc9449_dpop::proof::{Proof, ProofError};

pub(super) struct Confirmation<'a> {
    key: Option<&'a str>,
    certificate: Option<&'a str>,
}

impl<'a> Confirmation<'a> {
    /// What the claims say. A binding that is not understood is not the same as none.
    pub(super) fn read(claims: &'a Map<String, Value>) -> Result<Option<Self>, AccessError> {
        let Some(cnf) = claims.get("cnf") else { return Ok(None) };
        let hash = |name: &str| match cnf.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(AccessError::Confirmation),
        };
        let confirmation = Self { key: hash("jkt")?, certificate: hash("x5t#S256")? };
        match (&confirmation.key, &confirmation.certificate) {
            (None, None) => Err(AccessError::Confirmation),
            _ => Ok(Some(confirmation)),
        }
    }

    /// RFC 9449 §7.1: "the public key to which the access token is bound matches the public key from the DPoP proof".
    pub(super) fn by_key(&self, proof: Option<&Proof>) -> Result<(), AccessError> {
        match (self.key, proof) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(AccessError::Downgrade),
            (None, Some(_)) => Err(AccessError::Unbound),
            (Some(key), Some(proof)) if key == proof.thumbprint => Ok(()),
            (Some(_), Some(_)) => Err(ProofError::OtherKey.into()),
        }
    }

    /// RFC 8705 §3: "the certificate matches the certificate associated with the access token".
    pub(super) fn by_certificate(&self, der: Option<&[u8]>) -> Result<(), AccessError> {
        match (self.certificate, der) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(AccessError::NoCertificate),
            (Some(hash), Some(der)) if hash == URL_SAFE_NO_PAD.encode(Sha256::digest(der)) => Ok(()),
            (Some(_), Some(_)) => Err(AccessError::OtherCertificate),
        }
    }
}

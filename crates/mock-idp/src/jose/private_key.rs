//! What private keys are read from.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// A private key cannot be read or used. The text holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnusableKey(pub &'static str);

/// The PKCS #8 structure inside the PEM of one private key (RFC 7468 §10), in DER.
pub(crate) fn pkcs8(pem: &str) -> Result<Vec<u8>, UnusableKey> {
    let body = pem.trim().strip_prefix("-----BEGIN PRIVATE KEY-----");
    let body = body.and_then(|rest| rest.strip_suffix("-----END PRIVATE KEY-----"));
    let text: String = body.unwrap_or_default().split_whitespace().collect();
    match BASE64_STANDARD.decode(text) {
        Ok(der) if !der.is_empty() => Ok(der),
        _ => Err(UnusableKey("the text is not a private key of PKCS #8 in PEM")),
    }
}

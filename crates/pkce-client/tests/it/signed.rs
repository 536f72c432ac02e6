//! What the client signs, read as a server reads it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A token whose signature is right.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

impl Read {
    pub(crate) fn claim(&self, name: &str) -> &str {
        self.claims[name].as_str().unwrap_or_else(|| panic!("{name} is no text: {self:?}"))
    }
}

/// The token, if the key says that it signed it.
#[track_caller]
pub(crate) fn read(token: &str, key: &DecodingKey) -> Read {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("not three parts: {token}") };
    let open = |part| {
        let octets = URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice::<Value>(&octets).expect("JSON")
    };
    let header = open(header);
    let algorithm = serde_json::from_value(header["alg"].clone()).expect("an algorithm");
    let signed = &token[..token.len() - signature.len() - 1];
    let right = jsonwebtoken::crypto::verify(signature, signed.as_bytes(), key, algorithm).expect("a verdict");
    assert!(right, "the signature is wrong: {token}");
    Read { header, claims: open(claims) }
}

/// A public key out of its JWK.
pub(crate) fn public(jwk: &Value) -> DecodingKey {
    DecodingKey::from_jwk(&serde_json::from_value(jwk.clone()).expect("a JWK")).expect("a public key")
}

/// SHA-256 in base64url.
pub(crate) fn hashed(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

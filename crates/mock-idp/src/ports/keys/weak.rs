//! An RSA key of 1024 bits. Nobody should believe what it signs: RFC 7518 §3.3 asks for 2048 bits at least.
//!
//! The crypto library of the tree refuses to use such a key, and rightly so. This one is a lie that a fault asks for, is
//! published with its private half, and guards nothing: it need not be used in constant time.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use num_bigint::BigUint;
use serde_json::{Map, Value};

/// Its `kid`.
pub(crate) const KID: &str = "mock-weak-rs256";

/// The octets of its modulus.
const OCTETS: usize = 128;

/// What stands before a SHA-256 digest in a signature: its DigestInfo (RFC 8017 §9.2, note 1).
const SHA256_PREFIX: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0, 0x04, 0x20];

static JWK: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let text = include_str!("../../../../../fixtures/keys/weak-rsa.jwk.json");
    serde_json::from_str(text).expect("the file is part of the program, and a test reads it")
});

/// The RS256 signature over `message` (RFC 8017 §8.2.1), raw.
pub(crate) fn sign(message: &[u8]) -> Vec<u8> {
    let digest = digest(&SHA256, message);
    let padding = OCTETS - 3 - SHA256_PREFIX.len() - digest.as_ref().len();
    let encoded = [&[0, 1], vec![0xff; padding].as_slice(), &[0], &SHA256_PREFIX, digest.as_ref()].concat();
    let signature = BigUint::from_bytes_be(&encoded).modpow(&number("d"), &number("n")).to_bytes_be();
    [vec![0; OCTETS - signature.len()], signature].concat()
}

/// The public half as a JWK.
pub(crate) fn jwk() -> Value {
    let mut members = JWK.clone();
    members.remove("d");
    for (name, value) in [("alg", "RS256"), ("use", "sig"), ("kid", KID)] {
        members.insert(name.to_owned(), value.into());
    }
    members.into()
}

fn number(name: &str) -> BigUint {
    let text = JWK.get(name).and_then(Value::as_str).unwrap_or_default();
    BigUint::from_bytes_be(&BASE64_URL_SAFE_NO_PAD.decode(text).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RsaPublicKeyComponents};

    use super::*;

    #[test]
    fn its_signatures_verify_where_1024_bits_still_do() {
        let key = RsaPublicKeyComponents { n: number("n").to_bytes_be(), e: number("e").to_bytes_be() };
        for message in ["", "message", "another message"] {
            let signature = sign(message.as_bytes());
            let verified = |signature: &[u8]| {
                key.verify(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, message.as_bytes(), signature)
            };
            assert!(verified(&signature).is_ok(), "{message}");
            assert!(verified(&sign(b"else")).is_err(), "{message}");
        }
    }

    #[test]
    fn it_has_1024_bits_and_its_private_half_is_not_in_the_key_set() {
        assert_eq!(number("n").bits(), 1024);
        assert!(jwk().get("d").is_none() && jwk()["kid"] == KID);
    }
}

//! The keys. Fixed, published and worthless: they are embedded, so that nothing is generated at start.
//!
//! A private key is parsed once and kept, since parsing costs more than signing.

use std::fmt;
use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{DecodingKey, EncodingKey};
use oauth_types::Algorithm;
use serde_json::Value;

/// Signs tokens and publishes the keys they are verified with.
pub trait Keys: fmt::Debug + Send + Sync {
    /// The `kid` of the key for `algorithm` (RFC 7517 §4.5).
    fn kid(&self, algorithm: Algorithm) -> &str;

    /// The JWS signature over `message` (RFC 7515 §5.1), raw.
    ///
    /// # Errors
    /// [`KeyError`] if the key cannot sign.
    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError>;

    /// Whether `signature`, in base64url, is one of this server's over `message`.
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &str) -> bool;

    /// The public keys, each a JWK with `kid`, `alg` and `use` (RFC 7517 §4).
    fn published(&self) -> Vec<Value>;

    /// A signature of a key that is not published: a lie that a fault asks for.
    ///
    /// # Errors
    /// [`KeyError`] if the key cannot sign.
    fn forge(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError>;

    /// The public key for `algorithm` in PEM: what a confused client would use as an HMAC key.
    fn public_pem(&self, algorithm: Algorithm) -> String;
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

/// The keys of `fixtures/keys`: one for each algorithm, and an unpublished one beside it.
#[derive(Debug, Default, Clone, Copy)]
pub struct FixedKeys;

/// One private key, parsed once in the life of the process.
struct Slot {
    algorithm: Algorithm,
    kid: &'static str,
    pem: &'static str,
    parsed: OnceLock<Result<Parsed, KeyError>>,
}

struct Parsed {
    pair: Pair,
    verifying: DecodingKey,
    jwk: Value,
    public_der: Vec<u8>,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
}

macro_rules! slot {
    ($algorithm:ident, $kid:literal, $file:literal) => {
        Slot {
            algorithm: Algorithm::$algorithm,
            kid: $kid,
            pem: include_str!(concat!("../../../../fixtures/keys/", $file)),
            parsed: OnceLock::new(),
        }
    };
}

static PUBLISHED: [Slot; 4] = [
    slot!(Rs256, "mock-rs256", "rs256.pem"),
    slot!(Es256, "mock-es256", "es256.pem"),
    slot!(EdDsa, "mock-eddsa", "eddsa.pem"),
    slot!(Ps256, "mock-ps256", "ps256.pem"),
];

static UNPUBLISHED: [Slot; 4] = [
    slot!(Rs256, "mock-rs256", "unpublished-rs256.pem"),
    slot!(Es256, "mock-es256", "unpublished-es256.pem"),
    slot!(EdDsa, "mock-eddsa", "unpublished-eddsa.pem"),
    slot!(Ps256, "mock-ps256", "unpublished-rs256.pem"),
];

impl Keys for FixedKeys {
    fn kid(&self, algorithm: Algorithm) -> &str {
        find(&PUBLISHED, algorithm).map_or("", |slot| slot.kid)
    }

    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        sign_with(&PUBLISHED, algorithm, message)
    }

    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &str) -> bool {
        let Some(Ok(parsed)) = find(&PUBLISHED, algorithm).map(Slot::parsed) else { return false };
        jsonwebtoken::crypto::verify(signature, message, &parsed.verifying, jose(algorithm)).unwrap_or(false)
    }

    fn published(&self) -> Vec<Value> {
        PUBLISHED.iter().filter_map(|slot| slot.parsed().ok()).map(|parsed| parsed.jwk.clone()).collect()
    }

    fn forge(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        sign_with(&UNPUBLISHED, algorithm, message)
    }

    fn public_pem(&self, algorithm: Algorithm) -> String {
        let der = find(&PUBLISHED, algorithm).and_then(|slot| slot.parsed().ok()).map(|parsed| &parsed.public_der);
        let text = BASE64_STANDARD.encode(der.map_or(&[][..], Vec::as_slice));
        let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
        format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n")
    }
}

impl Slot {
    fn parsed(&self) -> Result<&Parsed, KeyError> {
        self.parsed.get_or_init(|| self.parse()).as_ref().map_err(Clone::clone)
    }

    fn parse(&self) -> Result<Parsed, KeyError> {
        install_provider();
        let bad = |what| move |_| KeyError { algorithm: self.algorithm, what };
        let pem = self.pem.as_bytes();
        let encoding = match self.algorithm {
            Algorithm::Es256 => EncodingKey::from_ec_pem(pem),
            Algorithm::EdDsa => EncodingKey::from_ed_pem(pem),
            _ => EncodingKey::from_rsa_pem(pem),
        };
        let encoding = encoding.map_err(|_| KeyError { algorithm: self.algorithm, what: "the PEM is unreadable" })?;
        let pair = self.pair(encoding.as_bytes()).map_err(bad("the private key is unreadable"))?;
        let jwk = Jwk::from_encoding_key(&encoding, jose(self.algorithm));
        let mut jwk = jwk.map_err(|_| KeyError { algorithm: self.algorithm, what: "no JWK can be made" })?;
        jwk.common.key_id = Some(self.kid.to_owned());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_algorithm = Some(key_algorithm(self.algorithm));
        let unusable = KeyError { algorithm: self.algorithm, what: "the public key is unusable" };
        Ok(Parsed {
            verifying: DecodingKey::from_jwk(&jwk).map_err(|_| unusable.clone())?,
            jwk: serde_json::to_value(&jwk).map_err(|_| unusable.clone())?,
            public_der: pair.public_der().ok_or(unusable)?,
            pair,
        })
    }

    fn pair(&self, der: &[u8]) -> Result<Pair, aws_lc_rs::error::KeyRejected> {
        Ok(match self.algorithm {
            Algorithm::Es256 => Pair::Ec(Box::new(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)?)),
            Algorithm::EdDsa => Pair::Ed(Box::new(Ed25519KeyPair::from_pkcs8(der)?)),
            _ => Pair::Rsa(Box::new(RsaKeyPair::from_der(der)?)),
        })
    }
}

impl Pair {
    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let padding = if algorithm == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature)?;
                Ok(signature)
            }
            Self::Ec(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Self::Ed(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    fn public_der(&self) -> Option<Vec<u8>> {
        use aws_lc_rs::encoding::AsDer;
        Some(match self {
            Self::Rsa(pair) => AsDer::as_der(pair.public_key()).ok()?.as_ref().to_vec(),
            Self::Ec(pair) => AsDer::as_der(pair.public_key()).ok()?.as_ref().to_vec(),
            Self::Ed(pair) => AsDer::as_der(pair.public_key()).ok()?.as_ref().to_vec(),
        })
    }
}

/// A token in compact form from its header, its claims and a signature over them (RFC 7515 §7.1).
pub(crate) fn compact(signing_input: String, signature: &[u8]) -> String {
    let mut token = signing_input;
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// Chooses the backend of `jsonwebtoken`. Two backends in one build would otherwise panic at the first token.
fn install_provider() {
    // A second call finds the provider in place and changes nothing.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}

fn find(slots: &'static [Slot; 4], algorithm: Algorithm) -> Option<&'static Slot> {
    slots.iter().find(|slot| slot.algorithm == algorithm)
}

fn sign_with(slots: &'static [Slot; 4], algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
    let slot = find(slots, algorithm).ok_or(KeyError { algorithm, what: "there is no such key" })?;
    slot.parsed()?.pair.sign(algorithm, message).map_err(|_| KeyError { algorithm, what: "signing failed" })
}

fn jose(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
        _ => jsonwebtoken::Algorithm::RS256,
    }
}

fn key_algorithm(algorithm: Algorithm) -> KeyAlgorithm {
    match algorithm {
        Algorithm::Es256 => KeyAlgorithm::ES256,
        Algorithm::EdDsa => KeyAlgorithm::EdDSA,
        Algorithm::Ps256 => KeyAlgorithm::PS256,
        _ => KeyAlgorithm::RS256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_verifies_with_the_published_key_alone() {
        for algorithm in Algorithm::ALL {
            let good = FixedKeys.sign(*algorithm, b"message").expect("a fixed key signs");
            let forged = FixedKeys.forge(*algorithm, b"message").expect("a fixed key signs");
            let verifies = |signature: &[u8], message: &[u8]| {
                FixedKeys.verify(*algorithm, message, &BASE64_URL_SAFE_NO_PAD.encode(signature))
            };
            assert!(verifies(&good, b"message"), "{algorithm}");
            assert!(!verifies(&good, b"massage"), "{algorithm}");
            assert!(!verifies(&forged, b"message"), "{algorithm}");
        }
    }

    #[test]
    fn only_public_members_are_published() {
        let keys = FixedKeys.published();
        assert_eq!(keys.len(), 4);
        for key in keys {
            let members: Vec<&str> =
                key.as_object().expect("a JWK is an object").keys().map(String::as_str).collect();
            assert!(members.iter().all(|m| ["kty", "use", "alg", "kid", "n", "e", "crv", "x", "y"].contains(m)));
        }
    }

    #[test]
    fn the_public_key_has_a_pem_form() {
        for algorithm in Algorithm::ALL {
            let pem = FixedKeys.public_pem(*algorithm);
            assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && pem.len() > 100, "{pem}");
        }
    }
}

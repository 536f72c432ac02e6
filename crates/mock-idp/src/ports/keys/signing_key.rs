//! A private key that signs, parsed once.

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use oauth_types::Algorithm;
use serde_json::{Map, Value, json};

use crate::jose::{Curve, UnusableKey, compact, coordinates, pkcs8};

/// A private key and what it signs. The public half is made from it; the private one never leaves.
pub struct SigningKey(Pair);

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Curve, Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
}

const CURVES: [(Curve, &EcdsaSigningAlgorithm); 3] = [
    (Curve::P256, &ECDSA_P256_SHA256_FIXED_SIGNING),
    (Curve::P384, &ECDSA_P384_SHA384_FIXED_SIGNING),
    (Curve::P521, &ECDSA_P521_SHA512_FIXED_SIGNING),
];

impl SigningKey {
    /// Reads a private key for signatures of `algorithm` from PKCS #8 in PEM (RFC 7468 §10).
    ///
    /// # Errors
    /// [`UnusableKey`] if it is something else, or of another type than the algorithm needs.
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, UnusableKey> {
        let der = pkcs8(pem)?;
        let rejected = |_| UnusableKey("the private key is of another type, or broken");
        Ok(Self(match curve_of(algorithm) {
            Some((curve, signing)) => {
                Pair::Ec(curve, Box::new(EcdsaKeyPair::from_pkcs8(signing, &der).map_err(rejected)?))
            }
            None if Curve::Ed25519.algorithms().contains(&algorithm) => {
                Pair::Ed(Box::new(Ed25519KeyPair::from_pkcs8(&der).map_err(rejected)?))
            }
            None if algorithm.is_symmetric() => return Err(UnusableKey("the algorithm has no private key")),
            None => Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(&der).map_err(rejected)?)),
        }))
    }

    /// Makes a new key for signatures of `algorithm`. An RSA key has 2048 bits and takes a good part of a second.
    ///
    /// # Errors
    /// [`UnusableKey`] if there is none for it.
    pub fn generate(algorithm: Algorithm) -> Result<Self, UnusableKey> {
        let failed = |_| UnusableKey("no key could be made");
        Ok(Self(match curve_of(algorithm) {
            Some((curve, signing)) => Pair::Ec(curve, Box::new(EcdsaKeyPair::generate(signing).map_err(failed)?)),
            None if Curve::Ed25519.algorithms().contains(&algorithm) => {
                Pair::Ed(Box::new(Ed25519KeyPair::generate().map_err(failed)?))
            }
            None if algorithm.is_symmetric() => return Err(UnusableKey("the algorithm has no private key")),
            None => Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?)),
        }))
    }

    /// The signature of `algorithm` over `message` (RFC 7515 §5.1), raw.
    ///
    /// # Errors
    /// [`UnusableKey`] if the key is of another type.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, UnusableKey> {
        let random = SystemRandom::new();
        let failed = |_| UnusableKey("signing failed");
        let other = UnusableKey("the key is of another type than the algorithm needs");
        match &self.0 {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding(algorithm).ok_or(other)?, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::Ec(curve, pair) if curve.algorithms().contains(&algorithm) => {
                Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec())
            }
            Pair::Ed(pair) if Curve::Ed25519.algorithms().contains(&algorithm) => {
                Ok(pair.try_sign(message).map_err(failed)?.as_ref().to_vec())
            }
            _ => Err(other),
        }
    }

    /// A token of these parts in compact form (RFC 7515 §7.1). `alg` of the header is set to `algorithm`.
    ///
    /// # Errors
    /// [`UnusableKey`] if the key is of another type.
    pub fn token(&self, algorithm: Algorithm, header: &Value, claims: &Value) -> Result<String, UnusableKey> {
        let mut members = header.as_object().cloned().unwrap_or_default();
        members.insert("alg".to_owned(), algorithm.as_str().into());
        let mut text = BASE64_URL_SAFE_NO_PAD.encode(Value::Object(members).to_string());
        text.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut text);
        let signature = self.sign(algorithm, text.as_bytes())?;
        Ok(compact(text, &signature))
    }

    /// The public half as a JWK that is for `algorithm` alone (RFC 7517 §4).
    pub fn jwk(&self, algorithm: Algorithm, kid: &str) -> Value {
        let text = |octets: &[u8]| Value::from(BASE64_URL_SAFE_NO_PAD.encode(octets));
        let mut members = Map::new();
        let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
        match &self.0 {
            Pair::Rsa(pair) => {
                set("kty", "RSA".into());
                set("n", text(pair.public_key().modulus().big_endian_without_leading_zero()));
                set("e", text(pair.public_key().exponent().big_endian_without_leading_zero()));
            }
            Pair::Ec(curve, pair) => {
                let (x, y) = coordinates(*curve, pair.public_key().as_ref());
                set("kty", "EC".into());
                set("crv", curve.name().into());
                set("x", text(x));
                set("y", text(y.unwrap_or_default()));
            }
            Pair::Ed(pair) => {
                set("kty", "OKP".into());
                set("crv", Curve::Ed25519.name().into());
                set("x", text(pair.public_key().as_ref()));
            }
        }
        set("alg", algorithm.as_str().into());
        set("use", json!("sig"));
        set("kid", kid.into());
        Value::Object(members)
    }

    /// The public half as a SubjectPublicKeyInfo in PEM (RFC 7468 §13).
    ///
    /// # Errors
    /// [`UnusableKey`] if it cannot be written so.
    pub fn public_pem(&self) -> Result<String, UnusableKey> {
        let der = match &self.0 {
            Pair::Rsa(pair) => AsDer::as_der(pair.public_key()),
            Pair::Ec(_, pair) => AsDer::as_der(pair.public_key()),
            Pair::Ed(pair) => AsDer::as_der(pair.public_key()),
        };
        let text = BASE64_STANDARD.encode(der.map_err(|_| UnusableKey("the public key cannot be written"))?.as_ref());
        let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
        Ok(format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

fn curve_of(algorithm: Algorithm) -> Option<(Curve, &'static EcdsaSigningAlgorithm)> {
    CURVES.into_iter().find(|(curve, _)| curve.algorithms().contains(&algorithm))
}

fn padding(algorithm: Algorithm) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &RSA_PSS_SHA256,
        Algorithm::Ps384 => &RSA_PSS_SHA384,
        Algorithm::Ps512 => &RSA_PSS_SHA512,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{Jws, PublicKey};

    #[test]
    fn a_generated_key_signs_what_its_public_half_verifies() {
        for algorithm in Algorithm::SIGNING.iter().copied() {
            if matches!(algorithm, Algorithm::Rs384 | Algorithm::Rs512 | Algorithm::Ps384 | Algorithm::Ps512) {
                // Keys of these differ from those of RS256 and PS256 in nothing, and take long to make.
                continue;
            }
            let key = SigningKey::generate(algorithm).expect("a key");
            let public = PublicKey::parse(&key.jwk(algorithm, "one")).expect("a public key");
            let token = key.token(algorithm, &json!({"kid": "one"}), &json!({"sub": "alice"})).expect("a token");
            let token = Jws::parse(&token).expect("a token");
            assert_eq!(token.verify_with(&public, &[algorithm]), Ok(()), "{algorithm}");
            assert!(key.public_pem().expect("a public key").starts_with("-----BEGIN PUBLIC KEY-----\n"));
        }
        for algorithm in Algorithm::KEYED_HASH {
            assert!(SigningKey::generate(*algorithm).is_err());
        }
    }

    #[test]
    fn a_key_does_not_sign_for_another_type() {
        let es256 = SigningKey::generate(Algorithm::Es256).expect("a key");
        let ed25519 = SigningKey::generate(Algorithm::Ed25519).expect("a key");
        for algorithm in Algorithm::ALL {
            assert_eq!(es256.sign(*algorithm, b"message").is_ok(), *algorithm == Algorithm::Es256);
            let edwards = matches!(algorithm, Algorithm::EdDsa | Algorithm::Ed25519);
            assert_eq!(ed25519.sign(*algorithm, b"message").is_ok(), edwards);
        }
    }

    #[test]
    fn only_a_private_key_in_pem_is_read() {
        let pem = include_str!("../../../../../fixtures/keys/es256.pem");
        assert!(SigningKey::from_pem(Algorithm::Es256, pem).is_ok());
        for (algorithm, text) in [
            (Algorithm::Es384, pem),
            (Algorithm::Rs256, pem),
            (Algorithm::EdDsa, pem),
            (Algorithm::Hs256, pem),
            (Algorithm::Es256, ""),
            (Algorithm::Es256, "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----"),
            (Algorithm::Es256, &pem.replace("PRIVATE", "EC PRIVATE")),
        ] {
            let error = SigningKey::from_pem(algorithm, text).expect_err("no such key");
            assert!(!format!("{error:?} {error}").contains("MI"), "{error}");
        }
    }
}

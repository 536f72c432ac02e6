//! The seam over the crates of RustCrypto and dalek, for targets that aws-lc-rs is not built for.
//!
//! Signatures of RSA are verified only: the `rsa` crate works on private keys in a time that depends on them
//! (RUSTSEC-2023-0071), and public keys are no secret. ECDSA signs without randomness (RFC 6979).

use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use hmac::{Hmac, Mac as _};
use oauth_types::Algorithm;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::pkcs8::DecodePrivateKey as _;
use rsa::sha2::{Sha256 as RsaSha256, Sha384 as RsaSha384, Sha512 as RsaSha512};
use rsa::{BigUint, RsaPublicKey, pkcs1v15, pss};
use sha2::Sha256;
use zeroize::Zeroize as _;

use super::{Curve, Form, NONCE_LEN, Public, TAG_LEN};

/// The most bits of a modulus.
const MAX_BITS: usize = 8192;

/// A public RSA key of 2048 to 8192 bits, or one that verifies nothing: its exponent is over 2^33.
pub(crate) struct RsaKey(Option<RsaPublicKey>);

impl RsaKey {
    /// The key of this modulus and this exponent, without leading zeros.
    pub(crate) fn new(n: Vec<u8>, e: Vec<u8>) -> Self {
        let (n, e) = (BigUint::from_bytes_be(&n), BigUint::from_bytes_be(&e));
        Self(RsaPublicKey::new_with_max_size(n, e, MAX_BITS).ok())
    }

    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let Some(key) = self.0.clone() else { return false };
        let pkcs1 = pkcs1v15::Signature::try_from(signature);
        let pss = pss::Signature::try_from(signature);
        let (Ok(pkcs1), Ok(pss)) = (pkcs1, pss) else { return false };
        use rsa::signature::Verifier as _;
        let verified = match algorithm {
            Algorithm::Rs256 => pkcs1v15::VerifyingKey::<RsaSha256>::new(key).verify(message, &pkcs1),
            Algorithm::Rs384 => pkcs1v15::VerifyingKey::<RsaSha384>::new(key).verify(message, &pkcs1),
            Algorithm::Rs512 => pkcs1v15::VerifyingKey::<RsaSha512>::new(key).verify(message, &pkcs1),
            // RFC 7518 §3.5: the salt is as long as the hash.
            Algorithm::Ps256 => pss::VerifyingKey::<RsaSha256>::new(key).verify(message, &pss),
            Algorithm::Ps384 => pss::VerifyingKey::<RsaSha384>::new(key).verify(message, &pss),
            Algorithm::Ps512 => pss::VerifyingKey::<RsaSha512>::new(key).verify(message, &pss),
            _ => return false,
        };
        verified.is_ok()
    }
}

/// A public key that is a point of a curve.
pub(crate) enum CurveKey {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    Ed25519(ed25519_dalek::VerifyingKey),
}

impl CurveKey {
    /// The key of this point, written as in SEC 1 §2.3.3 without compression, or as in RFC 8032 §5.1.2.
    pub(crate) fn read(curve: Curve, point: &[u8]) -> Option<Self> {
        Some(match curve {
            Curve::P256 => Self::P256(p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?),
            Curve::P384 => Self::P384(p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?),
            Curve::Ed25519 => Self::Ed25519(ed25519_dalek::VerifyingKey::try_from(point).ok()?),
        })
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Self::P384(key) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            // Strictly: no key and no signature that is one of several texts at once.
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        }
    }
}

/// A private key, parsed once, with the one way it signs. Each is wiped when it is dropped.
pub(crate) enum KeyPair {
    P256(p256::ecdsa::SigningKey),
    P384(Box<p384::ecdsa::SigningKey>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

impl KeyPair {
    /// Whether anything is signed with this algorithm.
    pub(crate) fn signs(algorithm: Algorithm) -> bool {
        Curve::of(algorithm).is_some()
    }

    /// A key for `algorithm` that has signed something, or nothing.
    pub(crate) fn read(algorithm: Algorithm, form: Form, der: &[u8]) -> Option<Self> {
        let pair = match (Curve::of(algorithm)?, form) {
            (_, Form::Pkcs1) => return None,
            (Curve::P256, Form::Pkcs8) => Self::P256(p256::ecdsa::SigningKey::from_pkcs8_der(der).ok()?),
            (Curve::P384, Form::Pkcs8) => Self::P384(Box::new(p384::ecdsa::SigningKey::from_pkcs8_der(der).ok()?)),
            (Curve::Ed25519, Form::Pkcs8) => {
                Self::Ed25519(Box::new(ed25519_dalek::SigningKey::from_pkcs8_der(der).ok()?))
            }
        };
        pair.sign(b"")?;
        Some(pair)
    }

    /// The signature as it is in a JWS. There is one of every text if there was one of the first.
    pub(crate) fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.try_sign(text).ok()?;
                Some(signature.to_bytes().to_vec())
            }
            Self::P384(key) => {
                let signature: p384::ecdsa::Signature = key.try_sign(text).ok()?;
                Some(signature.to_bytes().to_vec())
            }
            Self::Ed25519(key) => Some(key.try_sign(text).ok()?.to_bytes().to_vec()),
        }
    }

    pub(crate) fn public(&self) -> Public {
        match self {
            Self::P256(key) => {
                Public::Point(Curve::P256, key.verifying_key().to_sec1_point(false).as_bytes().to_vec())
            }
            Self::P384(key) => {
                Public::Point(Curve::P384, key.verifying_key().to_sec1_point(false).as_bytes().to_vec())
            }
            Self::Ed25519(key) => Public::Point(Curve::Ed25519, key.verifying_key().as_bytes().to_vec()),
        }
    }
}

/// A key of HMAC with SHA-256 (RFC 2104).
#[derive(Clone)]
pub(crate) struct Mac(Hmac<Sha256>);

impl Mac {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("a key of HMAC may have any length"))
    }

    pub(crate) fn sign(&self, text: &[u8]) -> Vec<u8> {
        self.0.clone().chain_update(text).finalize().into_bytes().to_vec()
    }
}

/// A key of AES-256-GCM.
pub(crate) struct Sealing(Aes256Gcm);

impl Sealing {
    pub(crate) fn new(mut octets: [u8; 32]) -> Self {
        let key = Aes256Gcm::new((&octets).into());
        octets.zeroize();
        Self(key)
    }

    /// Encrypts `content` in place and returns its tag. A nonce is for one content.
    pub(crate) fn seal(&self, nonce: [u8; NONCE_LEN], aad: &[u8], content: &mut [u8]) -> [u8; TAG_LEN] {
        let tag = self.0.encrypt_inout_detached(&Nonce::from(nonce), aad, content.into());
        tag.expect("the content is far shorter than 64 GiB").into()
    }

    /// Decrypts in place what was sealed, with its tag behind it, and returns the content; nothing if anything was changed.
    pub(crate) fn open<'a>(&self, nonce: [u8; NONCE_LEN], aad: &[u8], sealed: &'a mut [u8]) -> Option<&'a [u8]> {
        let (content, tag) = sealed.split_last_chunk_mut::<TAG_LEN>()?;
        self.0.decrypt_inout_detached(&Nonce::from(nonce), aad, (&mut *content).into(), &Tag::from(*tag)).ok()?;
        Some(content)
    }
}

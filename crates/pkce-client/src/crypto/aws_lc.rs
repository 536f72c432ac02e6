//! The seam over aws-lc-rs.

use std::sync::OnceLock;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair, RsaParameters,
    RsaPublicKeyComponents, VerificationAlgorithm,
};
use oauth_types::Algorithm;
use zeroize::Zeroize as _;

use super::{Curve, Form, NONCE_LEN, Public, RSA, TAG_LEN};

/// A public RSA key of 2048 to 8192 bits.
pub(crate) struct RsaKey {
    components: RsaPublicKeyComponents<Vec<u8>>,
    /// One for each of [`RSA`], parsed when it is first used.
    parsed: [OnceLock<Option<ParsedPublicKey>>; RSA.len()],
}

impl RsaKey {
    /// The key of this modulus and this exponent, without leading zeros.
    pub(crate) fn new(n: Vec<u8>, e: Vec<u8>) -> Self {
        Self { components: RsaPublicKeyComponents { n, e }, parsed: Default::default() }
    }

    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let key = self.parsed(algorithm);
        key.is_some_and(|key| key.verify_sig(message, signature).is_ok())
    }

    fn parsed(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        let at = RSA.iter().position(|own| *own == algorithm)?;
        let parse = || self.components.to_parsed_public_key(parameters(algorithm)?).ok();
        self.parsed[at].get_or_init(parse).as_ref()
    }
}

/// A public key that is a point of a curve.
pub(crate) struct CurveKey(Box<ParsedPublicKey>);

impl CurveKey {
    /// The key of this point, written as in SEC 1 §2.3.3 without compression, or as in RFC 8032 §5.1.2.
    pub(crate) fn read(curve: Curve, point: &[u8]) -> Option<Self> {
        let verification: &dyn VerificationAlgorithm = match curve {
            Curve::P256 => &ECDSA_P256_SHA256_FIXED,
            Curve::P384 => &ECDSA_P384_SHA384_FIXED,
            Curve::Ed25519 => &ED25519,
        };
        Some(Self(Box::new(ParsedPublicKey::new(verification, point).ok()?)))
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

/// A private key, parsed once, with the one way it signs.
pub(crate) enum KeyPair {
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair, Curve),
    Ed25519(Ed25519KeyPair),
}

/// How an algorithm signs.
#[derive(Clone, Copy)]
enum Way {
    Rsa(&'static dyn RsaEncoding),
    Ecdsa(&'static EcdsaSigningAlgorithm, Curve),
    Ed25519,
}

impl KeyPair {
    /// Whether anything is signed with this algorithm.
    pub(crate) fn signs(algorithm: Algorithm) -> bool {
        Way::of(algorithm).is_some()
    }

    /// A key for `algorithm` that has signed something, or nothing.
    pub(crate) fn read(algorithm: Algorithm, form: Form, der: &[u8]) -> Option<Self> {
        let pair = match (Way::of(algorithm)?, form) {
            (Way::Rsa(way), Form::Pkcs8) => Self::Rsa(Box::new(RsaKeyPair::from_pkcs8(der).ok()?), way),
            (Way::Rsa(way), Form::Pkcs1) => Self::Rsa(Box::new(RsaKeyPair::from_der(der).ok()?), way),
            (Way::Ecdsa(way, curve), Form::Pkcs8) => Self::Ecdsa(EcdsaKeyPair::from_pkcs8(way, der).ok()?, curve),
            (Way::Ed25519, Form::Pkcs8) => Self::Ed25519(Ed25519KeyPair::from_pkcs8(der).ok()?),
            (_, Form::Pkcs1) => return None,
        };
        pair.sign(b"")?;
        Some(pair)
    }

    /// The signature as it is in a JWS. There is one of every text if there was one of the first.
    pub(crate) fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(pair, way) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*way, &SystemRandom::new(), text, &mut signature).ok()?;
                Some(signature)
            }
            Self::Ecdsa(pair, _) => Some(pair.sign(&SystemRandom::new(), text).ok()?.as_ref().to_vec()),
            Self::Ed25519(pair) => Some(pair.try_sign(text).ok()?.as_ref().to_vec()),
        }
    }

    pub(crate) fn public(&self) -> Public {
        match self {
            Self::Rsa(pair, _) => {
                let public = pair.public_key();
                let n = public.modulus().big_endian_without_leading_zero().to_vec();
                let e = public.exponent().big_endian_without_leading_zero().to_vec();
                Public::Rsa(n, e)
            }
            Self::Ecdsa(pair, curve) => Public::Point(*curve, pair.public_key().as_ref().to_vec()),
            Self::Ed25519(pair) => Public::Point(Curve::Ed25519, pair.public_key().as_ref().to_vec()),
        }
    }
}

impl Way {
    fn of(algorithm: Algorithm) -> Option<Self> {
        Some(match algorithm {
            Algorithm::Rs256 => Self::Rsa(&RSA_PKCS1_SHA256),
            Algorithm::Rs384 => Self::Rsa(&RSA_PKCS1_SHA384),
            Algorithm::Rs512 => Self::Rsa(&RSA_PKCS1_SHA512),
            Algorithm::Ps256 => Self::Rsa(&RSA_PSS_SHA256),
            Algorithm::Ps384 => Self::Rsa(&RSA_PSS_SHA384),
            Algorithm::Ps512 => Self::Rsa(&RSA_PSS_SHA512),
            algorithm => match Curve::of(algorithm)? {
                Curve::P256 => Self::Ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, Curve::P256),
                Curve::P384 => Self::Ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, Curve::P384),
                Curve::Ed25519 => Self::Ed25519,
            },
        })
    }
}

/// How signatures of RSA are verified.
fn parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

/// A key of HMAC with SHA-256 (RFC 2104).
#[derive(Clone)]
pub(crate) struct Mac(hmac::Key);

impl Mac {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    pub(crate) fn sign(&self, text: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, text).as_ref().to_vec()
    }
}

/// A key of AES-256-GCM.
pub(crate) struct Sealing(LessSafeKey);

impl Sealing {
    pub(crate) fn new(mut octets: [u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &octets).expect("a key of 32 octets");
        octets.zeroize();
        Self(LessSafeKey::new(key))
    }

    /// Encrypts `content` in place and returns its tag. A nonce is for one content.
    pub(crate) fn seal(&self, nonce: [u8; NONCE_LEN], aad: &[u8], content: &mut [u8]) -> [u8; TAG_LEN] {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), content);
        let mut octets = [0; TAG_LEN];
        octets.copy_from_slice(tag.expect("the content is far shorter than 64 GiB").as_ref());
        octets
    }

    /// Decrypts in place what was sealed, with its tag behind it, and returns the content; nothing if anything was changed.
    pub(crate) fn open<'a>(&self, nonce: [u8; NONCE_LEN], aad: &[u8], sealed: &'a mut [u8]) -> Option<&'a [u8]> {
        let opened = self.0.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), sealed);
        opened.ok().map(|content| &*content)
    }
}

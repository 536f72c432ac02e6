//! What signs, by the algorithm (RFC 7518 §3, RFC 8037 §3.1).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_types::Algorithm;
use serde_json::{Map, Value};

/// A private key, parsed once, with the one way it signs.
pub(super) enum KeyPair {
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    /// With the name of its curve.
    Ecdsa(EcdsaKeyPair, &'static str),
    Ed25519(Ed25519KeyPair),
}

/// How an algorithm signs.
#[derive(Clone, Copy)]
enum Way {
    Rsa(&'static dyn RsaEncoding),
    Ecdsa(&'static EcdsaSigningAlgorithm, &'static str),
    Ed25519,
}

/// The form of a private key in DER.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Of every type (RFC 5958).
    Pkcs8,
    /// Of RSA alone (RFC 8017 §A.1.2).
    Pkcs1,
}

impl Form {
    /// What a block of PEM with this label holds (RFC 7468 §10).
    pub(super) fn labelled(label: &str) -> Option<Self> {
        match label {
            "PRIVATE KEY" => Some(Self::Pkcs8),
            "RSA PRIVATE KEY" => Some(Self::Pkcs1),
            _ => None,
        }
    }
}

impl KeyPair {
    /// Whether anything is signed with this algorithm.
    pub(super) fn signs(algorithm: Algorithm) -> bool {
        Way::of(algorithm).is_some()
    }

    /// A key for `algorithm` that has signed something, or nothing.
    pub(super) fn read(algorithm: Algorithm, form: Form, der: &[u8]) -> Option<Self> {
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
    pub(super) fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
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

    /// The members that its public half is made of (RFC 7518 §6.2.1, §6.3.1; RFC 8037 §2), and no others.
    pub(super) fn public(&self) -> Map<String, Value> {
        let text = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
        let members = match self {
            Self::Rsa(pair, _) => {
                let public = pair.public_key();
                let n = public.modulus().big_endian_without_leading_zero().to_vec();
                let e = public.exponent().big_endian_without_leading_zero().to_vec();
                vec![("kty", "RSA".to_owned()), ("n", text(&n)), ("e", text(&e))]
            }
            Self::Ecdsa(pair, curve) => {
                // SEC 1 §2.3.3: an octet that says that the point is not compressed, and two coordinates of one length.
                let point = pair.public_key().as_ref();
                let (x, y) = point[1..].split_at(point.len() / 2);
                vec![("kty", "EC".to_owned()), ("crv", (*curve).to_owned()), ("x", text(x)), ("y", text(y))]
            }
            Self::Ed25519(pair) => {
                let x = text(pair.public_key().as_ref());
                vec![("kty", "OKP".to_owned()), ("crv", "Ed25519".to_owned()), ("x", x)]
            }
        };
        members.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect()
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
            Algorithm::Es256 => Self::Ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
            Algorithm::Es384 => Self::Ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
            // RFC 9864 §2.2: two names of one algorithm.
            Algorithm::EdDsa | Algorithm::Ed25519 => Self::Ed25519,
            _ => return None,
        })
    }
}

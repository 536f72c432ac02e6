//! What verifies the signatures of each algorithm.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, VerificationAlgorithm,
};
use oauth_types::{Algorithm, Secret};

/// A secret is shorter than the hash it keys (RFC 7518 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The secret is shorter than the {needed} octets that {algorithm} needs")]
pub struct ShortSecret {
    /// What it was used with.
    pub algorithm: Algorithm,
    /// The least number of octets.
    pub needed: usize,
}

/// The keyed hash of `message`, raw: the signature of HS256, HS384 and HS512 (RFC 7518 §3.2). `None` for the others.
///
/// # Errors
/// [`ShortSecret`] if the secret has fewer octets than the hash.
pub fn keyed_hash(algorithm: Algorithm, secret: &Secret, message: &[u8]) -> Result<Option<Vec<u8>>, ShortSecret> {
    keyed_hash_by(algorithm, secret.expose().as_bytes(), message)
}

/// The same with octets that need not be a text.
///
/// # Errors
/// [`ShortSecret`] if there are fewer than the hash has.
pub fn keyed_hash_by(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Result<Option<Vec<u8>>, ShortSecret> {
    let Some(key) = keyed_by(algorithm, secret)? else { return Ok(None) };
    Ok(Some(hmac::sign(&key, message).as_ref().to_vec()))
}

/// The key of a keyed hash; none if `algorithm` is not one.
pub(super) fn keyed(algorithm: Algorithm, secret: &Secret) -> Result<Option<hmac::Key>, ShortSecret> {
    keyed_by(algorithm, secret.expose().as_bytes())
}

fn keyed_by(algorithm: Algorithm, octets: &[u8]) -> Result<Option<hmac::Key>, ShortSecret> {
    let (hash, needed) = match algorithm {
        Algorithm::Hs256 => (hmac::HMAC_SHA256, 32),
        Algorithm::Hs384 => (hmac::HMAC_SHA384, 48),
        Algorithm::Hs512 => (hmac::HMAC_SHA512, 64),
        _ => return Ok(None),
    };
    if octets.len() < needed {
        return Err(ShortSecret { algorithm, needed });
    }
    Ok(Some(hmac::Key::new(hash, octets)))
}

/// The algorithms of RSA keys, and how each is verified.
pub(super) static RSA: [(Algorithm, &RsaParameters); 6] = [
    (Algorithm::Rs256, &RSA_PKCS1_2048_8192_SHA256),
    (Algorithm::Rs384, &RSA_PKCS1_2048_8192_SHA384),
    (Algorithm::Rs512, &RSA_PKCS1_2048_8192_SHA512),
    (Algorithm::Ps256, &RSA_PSS_2048_8192_SHA256),
    (Algorithm::Ps384, &RSA_PSS_2048_8192_SHA384),
    (Algorithm::Ps512, &RSA_PSS_2048_8192_SHA512),
];

/// A curve that signatures are made on, or keys agreed on (RFC 7518 §6.2.1.1, RFC 8037 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
    Ed25519,
    X25519,
}

impl Curve {
    /// The curve called so in a JWK of type `kty`.
    pub(crate) fn named(kty: &str, crv: &str) -> Option<Self> {
        Some(match (kty, crv) {
            ("EC", "P-256") => Self::P256,
            ("EC", "P-384") => Self::P384,
            ("EC", "P-521") => Self::P521,
            ("OKP", "Ed25519") => Self::Ed25519,
            ("OKP", "X25519") => Self::X25519,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Ed25519 => "Ed25519",
            Self::X25519 => "X25519",
        }
    }

    /// How many octets a coordinate has (RFC 7518 §6.2.1.2, RFC 8037 §2).
    pub(crate) fn size(self) -> usize {
        match self {
            Self::P256 | Self::Ed25519 | Self::X25519 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The algorithms of signatures on this curve.
    pub(crate) fn algorithms(self) -> &'static [Algorithm] {
        match self {
            Self::P256 => &[Algorithm::Es256],
            Self::P384 => &[Algorithm::Es384],
            Self::P521 => &[Algorithm::Es512],
            Self::Ed25519 => &[Algorithm::EdDsa, Algorithm::Ed25519],
            Self::X25519 => &[],
        }
    }

    /// How signatures on this curve are verified; X25519 has none.
    pub(crate) fn verification(self) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED,
            Self::P384 => &ECDSA_P384_SHA384_FIXED,
            Self::P521 => &ECDSA_P521_SHA512_FIXED,
            Self::Ed25519 => &ED25519,
            Self::X25519 => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signing_algorithm_has_one_kind_of_key() {
        use Curve::{Ed25519, P256, P384, P521, X25519};
        let rsa = RSA.iter().map(|(algorithm, _)| *algorithm);
        let curves =
            [P256, P384, P521, Ed25519, X25519].into_iter().flat_map(|curve| curve.algorithms().iter().copied());
        let both: Vec<Algorithm> = rsa.chain(curves).collect();
        assert_eq!(both, Algorithm::SIGNING);
    }

    #[test]
    fn a_secret_is_at_least_as_long_as_the_hash() {
        for (algorithm, needed) in [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)] {
            let short = Secret::new("s".repeat(needed - 1));
            assert_eq!(keyed_hash(algorithm, &short, b"message"), Err(ShortSecret { algorithm, needed }));
            let signature = keyed_hash(algorithm, &Secret::new("s".repeat(needed)), b"message").expect("long enough");
            assert_eq!(signature.map(|octets| octets.len()), Some(needed));
        }
        assert_eq!(keyed_hash(Algorithm::Rs256, &Secret::new("short"), b"message"), Ok(None));
    }
}

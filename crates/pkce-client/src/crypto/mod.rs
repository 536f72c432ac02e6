//! What is computed with keys, behind one seam: by aws-lc-rs, and in a browser, for which that cannot be built, by the crates
//! of RustCrypto and dalek, which do less: they sign with no RSA key.
//!
//! Both are tested as one and against each other: each verifies and opens what the other signed and sealed.

#[cfg(not(target_family = "wasm"))]
mod aws_lc;
#[cfg(any(target_family = "wasm", test))]
mod rust_crypto;
#[cfg(test)]
mod tests;

use oauth_types::Algorithm;

#[cfg(not(target_family = "wasm"))]
pub(crate) use self::aws_lc::{CurveKey, KeyPair, Mac, RsaKey, Sealing};
#[cfg(target_family = "wasm")]
pub(crate) use self::rust_crypto::{CurveKey, KeyPair, Mac, RsaKey, Sealing};

/// Octets of a nonce of AES-GCM (NIST SP 800-38D §5.2.1.1).
pub(crate) const NONCE_LEN: usize = 12;

/// Octets of a tag of AES-GCM.
pub(crate) const TAG_LEN: usize = 16;

/// What RSA keys sign (RFC 7518 §3.3, §3.5).
pub(crate) const RSA: [Algorithm; 6] =
    [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512];

/// A curve that signatures are made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    Ed25519,
}

impl Curve {
    pub(crate) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::Ed25519];

    /// The one of `algorithm`, if it signs on one.
    pub(crate) fn of(algorithm: Algorithm) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.algorithms().contains(&algorithm))
    }

    /// The type of its keys (RFC 7518 §6.1, RFC 8037 §2).
    pub(crate) fn kty(self) -> &'static str {
        match self {
            Self::P256 | Self::P384 => "EC",
            Self::Ed25519 => "OKP",
        }
    }

    /// Its name in `crv`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// Octets of a coordinate.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::P256 | Self::Ed25519 => 32,
            Self::P384 => 48,
        }
    }

    /// What its keys sign.
    pub(crate) fn algorithms(self) -> &'static [Algorithm] {
        match self {
            Self::P256 => &[Algorithm::Es256],
            Self::P384 => &[Algorithm::Es384],
            // RFC 9864 §2.2: two names of one algorithm.
            Self::Ed25519 => &[Algorithm::EdDsa, Algorithm::Ed25519],
        }
    }
}

/// The form of a private key in DER.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Of every type (RFC 5958).
    Pkcs8,
    /// Of RSA alone (RFC 8017 §A.1.2).
    Pkcs1,
}

impl Form {
    /// What a block of PEM with this label holds (RFC 7468 §10).
    pub(crate) fn labelled(label: &str) -> Option<Self> {
        match label {
            "PRIVATE KEY" => Some(Self::Pkcs8),
            "RSA PRIVATE KEY" => Some(Self::Pkcs1),
            _ => None,
        }
    }
}

/// The public half of a private key.
pub(crate) enum Public {
    /// Modulus and exponent, without leading zeros.
    #[cfg_attr(target_family = "wasm", expect(dead_code, reason = "nothing is signed with RSA there"))]
    Rsa(Vec<u8>, Vec<u8>),
    /// A point as it is in [`CurveKey::read`].
    Point(Curve, Vec<u8>),
}

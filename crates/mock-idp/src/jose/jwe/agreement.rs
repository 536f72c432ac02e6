//! Agreement on a key with an ephemeral one: ECDH-ES (RFC 7518 §4.6).

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::kdf::{SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest};

use crate::jose::verifying::Curve;

/// How many times an ephemeral key is drawn. One draw in 2³² is no key of P-256; of the other curves, fewer are.
const DRAWS: usize = 8;

/// What the derived key depends on besides the agreed secret (RFC 7518 §4.6.2).
pub(super) struct Context<'a> {
    /// The `enc` or, if a key is wrapped with the derived one, the `alg`.
    pub(super) algorithm: &'a str,
    /// `apu`, decoded; empty if there is none.
    pub(super) from: &'a [u8],
    /// `apv`, decoded; empty if there is none.
    pub(super) to: &'a [u8],
}

/// How keys of a curve agree.
pub(super) fn scheme(curve: Curve) -> Option<&'static agreement::Algorithm> {
    Some(match curve {
        Curve::P256 => &ECDH_P256,
        Curve::P384 => &ECDH_P384,
        Curve::P521 => &ECDH_P521,
        Curve::X25519 => &X25519,
        Curve::Ed25519 => return None,
    })
}

/// A new private key made of what `random` fills in.
pub(super) fn ephemeral(curve: Curve, random: &mut dyn FnMut(&mut [u8])) -> Result<PrivateKey, Unspecified> {
    let scheme = scheme(curve).ok_or(Unspecified)?;
    let mut octets = vec![0; curve.size()];
    for _ in 0..DRAWS {
        random(&mut octets);
        if curve == Curve::P521 {
            // 521 bits are 65 octets and one bit.
            octets[0] &= 1;
        }
        if let Ok(key) = PrivateKey::from_private_key(scheme, &octets) {
            return Ok(key);
        }
    }
    Err(Unspecified)
}

/// The key of `size` octets that the owners of both keys can derive (RFC 7518 §4.6.2): NIST SP 800-56A's one-step
/// derivation with SHA-256.
pub(super) fn derive(
    own: &PrivateKey,
    other: &[u8],
    context: &Context<'_>,
    size: usize,
) -> Result<Vec<u8>, Unspecified> {
    let mut about = Vec::new();
    for part in [context.algorithm.as_bytes(), context.from, context.to] {
        about.extend(u32::try_from(part.len()).map_err(|_| Unspecified)?.to_be_bytes());
        about.extend(part);
    }
    about.extend(u32::try_from(size * 8).map_err(|_| Unspecified)?.to_be_bytes());
    let hash = get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256).ok_or(Unspecified)?;
    agreement::agree(own, UnparsedPublicKey::new(own.algorithm(), other), Unspecified, |secret| {
        let mut key = vec![0; size];
        sskdf_digest(hash, secret, &about, &mut key)?;
        Ok(key)
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;

    fn octets(text: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text).expect("octets")
    }

    #[test]
    fn rfc_7518_appendix_c_is_met() {
        // Alice's ephemeral key and Bob's key.
        let alice = PrivateKey::from_private_key(&ECDH_P256, &octets("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"));
        let bob = PrivateKey::from_private_key(&ECDH_P256, &octets("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"));
        let (alice, bob) = (alice.expect("a key"), bob.expect("a key"));
        let of = |key: &PrivateKey| key.compute_public_key().expect("a public key").as_ref().to_vec();
        let x = octets("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ");
        assert_eq!(of(&bob)[1..33], x);
        let context = Context { algorithm: "A128GCM", from: b"Alice", to: b"Bob" };
        let derived = derive(&alice, &of(&bob), &context, 16).expect("a key");
        assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(&derived), "VqqN6vgjbSBcIijNcacQGg");
        assert_eq!(derive(&bob, &of(&alice), &context, 16).expect("a key"), derived);
        for other in [
            Context { algorithm: "A256GCM", ..context },
            Context { from: b"", ..context },
            Context { to: b"", ..context },
            Context { from: b"AliceBob", to: b"", ..context },
        ] {
            assert_ne!(derive(&alice, &of(&bob), &other, 16).expect("a key"), derived);
        }
    }

    #[test]
    fn an_ephemeral_key_is_made_of_the_randomness_it_is_given() {
        for curve in [Curve::P256, Curve::P384, Curve::P521, Curve::X25519] {
            let make = |octet: u8| {
                let key = ephemeral(curve, &mut |octets| octets.fill(octet)).expect("a key");
                key.compute_public_key().expect("a public key").as_ref().to_vec()
            };
            assert_eq!(make(7), make(7));
            assert_ne!(make(7), make(8));
        }
        assert!(ephemeral(Curve::Ed25519, &mut |octets| octets.fill(7)).is_err());
        for curve in [Curve::P256, Curve::P384] {
            let mut draws = 0;
            let never = ephemeral(curve, &mut |octets| {
                octets.fill(255);
                draws += 1;
            });
            assert!(never.is_err(), "the number is larger than the order of the curve");
            assert_eq!(draws, DRAWS);
        }
    }
}

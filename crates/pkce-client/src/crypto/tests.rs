//! Both ways behind the seam, as one and against each other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_types::Algorithm;
use proptest::prelude::*;
use serde_json::Value;

use super::{Curve, Form, NONCE_LEN, Public, RSA, TAG_LEN, aws_lc, rust_crypto};
use crate::signing_key::P256_PKCS8;

const KEYS: [(Algorithm, &str); 6] = [
    (Algorithm::Es256, include_str!("../../../../fixtures/keys/es256.pem")),
    (Algorithm::Es256, include_str!("../../../../fixtures/keys/es256-2.pem")),
    (Algorithm::Es384, include_str!("../../../../fixtures/keys/es384.pem")),
    (Algorithm::Es384, include_str!("../../../../fixtures/keys/es384-2.pem")),
    (Algorithm::EdDsa, include_str!("../../../../fixtures/keys/eddsa.pem")),
    (Algorithm::Ed25519, include_str!("../../../../fixtures/keys/ed25519-2.pem")),
];

const RSA_KEYS: [&str; 2] =
    [include_str!("../../../../fixtures/keys/rs256.pem"), include_str!("../../../../fixtures/keys/ps256.pem")];

/// Tokens that others have signed: those of the RFCs, OpenSSL and the npm package jose.
const VECTORS: &str = include_str!("../../../../fixtures/vectors/jws.json");

/// A public key as both ways have it.
enum Both {
    Rsa(Box<aws_lc::RsaKey>, rust_crypto::RsaKey),
    Curve(aws_lc::CurveKey, rust_crypto::CurveKey),
}

impl Both {
    fn of(public: &Public) -> Self {
        match public {
            Public::Rsa(n, e) => Self::Rsa(
                Box::new(aws_lc::RsaKey::new(n.clone(), e.clone())),
                rust_crypto::RsaKey::new(n.clone(), e.clone()),
            ),
            Public::Point(curve, point) => Self::Curve(
                aws_lc::CurveKey::read(*curve, point).expect("a point"),
                rust_crypto::CurveKey::read(*curve, point).expect("a point"),
            ),
        }
    }

    /// The verdict, which is the same both ways.
    fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let (one, other) = match self {
            Self::Rsa(one, other) => {
                (one.verifies(algorithm, message, signature), other.verifies(algorithm, message, signature))
            }
            Self::Curve(one, other) => (one.verifies(message, signature), other.verifies(message, signature)),
        };
        assert_eq!(one, other, "{algorithm}: {signature:?}");
        one
    }
}

fn der(text: &str) -> Vec<u8> {
    pem::parse(text).expect("PEM").into_contents()
}

fn octets(public: &Public) -> (Option<Curve>, Vec<u8>) {
    match public {
        Public::Rsa(n, e) => (None, [n.as_slice(), e].concat()),
        Public::Point(curve, point) => (Some(*curve), point.clone()),
    }
}

#[test]
fn what_others_have_signed_is_verified() {
    let vectors: Value = serde_json::from_str(VECTORS).expect("JSON");
    let mut read = 0;
    for vector in vectors["tokens"].as_array().expect("a list") {
        let member = |name: &str| URL_SAFE_NO_PAD.decode(vector["jwk"][name].as_str().expect(name)).expect(name);
        let algorithm = Algorithm::from_wire(vector["alg"].as_str().expect("alg")).expect("a known algorithm");
        let public = match (RSA.contains(&algorithm), Curve::of(algorithm)) {
            (true, _) => Public::Rsa(member("n"), member("e")),
            (_, Some(Curve::Ed25519)) => Public::Point(Curve::Ed25519, member("x")),
            (_, Some(curve)) => Public::Point(curve, [vec![4], member("x"), member("y")].concat()),
            _ => continue,
        };
        let (signed, signature) = vector["token"].as_str().expect("a token").rsplit_once('.').expect("a signature");
        let mut signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        let key = Both::of(&public);
        assert!(key.verifies(algorithm, signed.as_bytes(), &signature), "{}", vector["source"]);
        assert!(!key.verifies(algorithm, b"another", &signature), "{}", vector["source"]);
        for at in [0, signature.len() / 2, signature.len() - 1] {
            signature[at] ^= 1;
            assert!(!key.verifies(algorithm, signed.as_bytes(), &signature), "{}", vector["source"]);
            signature[at] ^= 1;
        }
        assert!(!key.verifies(algorithm, signed.as_bytes(), &signature[1..]), "{}", vector["source"]);
        assert!(
            !key.verifies(algorithm, signed.as_bytes(), &[&signature[..], &[0]].concat()),
            "{}",
            vector["source"]
        );
        assert!(!key.verifies(algorithm, signed.as_bytes(), b""), "{}", vector["source"]);
        read += 1;
    }
    assert_eq!(read, 12);
}

#[test]
fn what_one_signs_the_other_verifies() {
    for (algorithm, pem) in KEYS {
        assert!(aws_lc::KeyPair::signs(algorithm) && rust_crypto::KeyPair::signs(algorithm), "{algorithm}");
        let one = aws_lc::KeyPair::read(algorithm, Form::Pkcs8, &der(pem)).expect("a key");
        let other = rust_crypto::KeyPair::read(algorithm, Form::Pkcs8, &der(pem)).expect("a key");
        assert_eq!(octets(&one.public()), octets(&other.public()), "{algorithm}");
        let key = Both::of(&one.public());
        for text in [b"".as_slice(), b"text", &[7; 4096]] {
            for signature in [one.sign(text), other.sign(text)] {
                let signature = signature.expect("a signature");
                assert!(key.verifies(algorithm, text, &signature), "{algorithm}");
                assert!(!key.verifies(algorithm, b"another text", &signature), "{algorithm}");
            }
        }
        // Nobody else's.
        for (_, others) in KEYS.iter().filter(|(same, others)| *same == algorithm && *others != pem) {
            let others = rust_crypto::KeyPair::read(algorithm, Form::Pkcs8, &der(others)).expect("a key");
            assert!(!key.verifies(algorithm, b"text", &others.sign(b"text").expect("a signature")), "{algorithm}");
        }
    }
}

#[test]
fn every_algorithm_of_rsa_is_verified_and_none_is_signed_with_in_a_browser() {
    for pem in RSA_KEYS {
        for algorithm in RSA {
            assert!(!rust_crypto::KeyPair::signs(algorithm), "{algorithm}");
            assert!(rust_crypto::KeyPair::read(algorithm, Form::Pkcs8, &der(pem)).is_none(), "{algorithm}");
            let pair = aws_lc::KeyPair::read(algorithm, Form::Pkcs8, &der(pem)).expect("a key");
            let signature = pair.sign(b"text").expect("a signature");
            let key = Both::of(&pair.public());
            for other in RSA {
                assert_eq!(key.verifies(other, b"text", &signature), other == algorithm, "{algorithm}, {other}");
            }
            assert!(!key.verifies(Algorithm::Es256, b"text", &signature));
            let Public::Rsa(n, _) = pair.public() else { unreachable!("it is an RSA key") };
            assert!(!key.verifies(algorithm, b"text", &n), "{algorithm}");
            assert!(!key.verifies(algorithm, b"text", &vec![0; n.len()]), "{algorithm}");
            // The same number again, a modulus further: where it has as many octets, it is refused for its size.
            if let Some(further) = sum(&signature, &n) {
                assert!(!key.verifies(algorithm, b"text", &further), "{algorithm}");
            }
        }
    }
}

/// The sum of two numbers of the same length, if it is not longer.
fn sum(one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let mut carry = 0;
    let mut sum: Vec<u8> = Vec::with_capacity(one.len());
    for (a, b) in one.iter().zip(other).rev() {
        let digit = u16::from(*a) + u16::from(*b) + carry;
        carry = digit >> 8;
        sum.push(digit.to_le_bytes()[0]);
    }
    sum.reverse();
    (carry == 0).then_some(sum)
}

#[test]
fn a_key_for_another_algorithm_or_in_another_form_is_not_read() {
    for (own, pem) in KEYS {
        for (other, _) in KEYS {
            let is_own = Curve::of(own) == Curve::of(other);
            assert_eq!(aws_lc::KeyPair::read(other, Form::Pkcs8, &der(pem)).is_some(), is_own, "{own}, {other}");
            assert_eq!(rust_crypto::KeyPair::read(other, Form::Pkcs8, &der(pem)).is_some(), is_own, "{own}, {other}");
        }
        assert!(rust_crypto::KeyPair::read(own, Form::Pkcs1, &der(pem)).is_none(), "{own}");
    }
    assert!(!rust_crypto::KeyPair::signs(Algorithm::Hs256) && !rust_crypto::KeyPair::signs(Algorithm::Es512));
}

#[test]
fn a_private_part_that_was_drawn_is_read_without_its_public_half() {
    let document = |octet| [P256_PKCS8.as_slice(), &[octet; 32]].concat();
    let read = |octet| rust_crypto::KeyPair::read(Algorithm::Es256, Form::Pkcs8, &document(octet));
    let native = aws_lc::KeyPair::read(Algorithm::Es256, Form::Pkcs8, &document(7)).expect("a key");
    assert_eq!(octets(&read(7).expect("a key").public()), octets(&native.public()));
    // Neither nothing nor more than the order of the curve.
    assert!(read(0).is_none() && read(0xff).is_none());
}

#[test]
fn a_keyed_hash_is_that_of_rfc_4231() {
    // §4.3 (test case 2) and §4.7 (test case 6, a key that is longer than a block).
    let hash = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    for (key, text, expected) in [
        (
            b"Jefe".as_slice(),
            b"what do ya want for nothing?".as_slice(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ] {
        assert_eq!(hash(&aws_lc::Mac::new(key).sign(text)), expected);
        assert_eq!(hash(&rust_crypto::Mac::new(key).sign(text)), expected);
    }
}

#[test]
fn what_was_changed_is_not_opened() {
    let key = rust_crypto::Sealing::new([1; 32]);
    let nonce = [2; NONCE_LEN];
    let mut sealed = b"canary".to_vec();
    let tag = key.seal(nonce, b"aad", &mut sealed);
    sealed.extend_from_slice(&tag);
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(key.open(nonce, b"aad", &mut changed).is_none(), "{at}");
        assert!(key.open(nonce, b"aad", &mut sealed.clone()[..at]).is_none(), "{at}");
    }
    assert!(key.open(nonce, b"", &mut sealed.clone()).is_none());
    assert!(key.open([3; NONCE_LEN], b"aad", &mut sealed.clone()).is_none());
    assert!(rust_crypto::Sealing::new([4; 32]).open(nonce, b"aad", &mut sealed.clone()).is_none());
    assert_eq!(key.open(nonce, b"aad", &mut sealed), Some(b"canary".as_slice()));
}

proptest! {
    #[test]
    fn both_hash_and_seal_the_same(
        key in any::<[u8; 32]>(),
        nonce in any::<[u8; NONCE_LEN]>(),
        aad in prop::collection::vec(any::<u8>(), 0..64),
        content in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert_eq!(aws_lc::Mac::new(&aad).sign(&content), rust_crypto::Mac::new(&aad).sign(&content));
        let (one, other) = (aws_lc::Sealing::new(key), rust_crypto::Sealing::new(key));
        let (mut by_one, mut by_other) = (content.clone(), content.clone());
        let tag: [u8; TAG_LEN] = one.seal(nonce, &aad, &mut by_one);
        by_one.extend_from_slice(&tag);
        let tag = other.seal(nonce, &aad, &mut by_other);
        by_other.extend_from_slice(&tag);
        prop_assert_eq!(&by_one, &by_other);
        prop_assert_eq!(one.open(nonce, &aad, &mut by_other), Some(content.as_slice()));
        prop_assert_eq!(other.open(nonce, &aad, &mut by_one), Some(content.as_slice()));
    }

    #[test]
    fn no_octets_panic(
        n in prop::collection::vec(any::<u8>(), 256..300),
        e in prop::collection::vec(any::<u8>(), 3..9),
        octets in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        for algorithm in RSA {
            let key = Both::of(&Public::Rsa(n.clone(), e.clone()));
            prop_assert!(!key.verifies(algorithm, b"text", &octets));
            prop_assert!(!key.verifies(algorithm, b"text", &n));
        }
        for curve in Curve::ALL {
            let coordinates = &octets[..octets.len().min(2 * curve.size())];
            let point = if curve == Curve::Ed25519 { coordinates.to_vec() } else { [&[4], coordinates].concat() };
            let key = rust_crypto::CurveKey::read(curve, &point);
            prop_assert!(key.is_none_or(|key| !key.verifies(b"text", &octets)));
            for algorithm in curve.algorithms() {
                prop_assert!(rust_crypto::KeyPair::read(*algorithm, Form::Pkcs8, &octets).is_none());
            }
        }
    }
}

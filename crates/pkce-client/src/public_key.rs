//! Public keys that verify signatures (RFC 7518 §3, RFC 8037 §3.1), read from JSON Web Keys and parsed once.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_types::Algorithm;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::crypto::{Curve, CurveKey, RSA, RsaKey};

/// A public key of a type that signs.
pub(crate) enum PublicKey {
    Rsa(Box<RsaKey>),
    Curve(Curve, CurveKey),
    /// An RSA key under 2048 bits (RFC 7518 §3.3), over 8192, or with an exponent no honest key has.
    WeakRsa,
}

impl PublicKey {
    /// The key in a JSON Web Key, or nothing: it is of another type, or malformed.
    pub(crate) fn read(jwk: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let octets = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let kty = text("kty")?;
        if kty == "RSA" {
            return Some(Self::rsa(&octets("n")?, &octets("e")?));
        }
        let curve = Curve::ALL.into_iter().find(|curve| curve.kty() == kty && Some(curve.name()) == text("crv"))?;
        let coordinate = |name| octets(name).filter(|octets| octets.len() == curve.size());
        let x = coordinate("x")?;
        // RFC 7518 §6.2.1.2, and SEC 1 §2.3.3: a point that is not compressed.
        let point = if kty == "EC" { [vec![4], x, coordinate("y")?].concat() } else { x };
        Some(Self::Curve(curve, CurveKey::read(curve, &point)?))
    }

    /// Whether keys of this type make signatures of `alg`.
    pub(crate) fn is_for(&self, alg: Algorithm) -> bool {
        match self {
            Self::Rsa(_) | Self::WeakRsa => RSA.contains(&alg),
            Self::Curve(curve, _) => curve.algorithms().contains(&alg),
        }
    }

    pub(crate) fn is_weak(&self) -> bool {
        matches!(self, Self::WeakRsa)
    }

    /// Whether `signature` is one of `alg` over `message` by the owner of this key.
    pub(crate) fn verifies(&self, alg: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa(key) => key.verifies(alg, message, signature),
            Self::Curve(curve, key) => curve.algorithms().contains(&alg) && key.verifies(message, signature),
            Self::WeakRsa => false,
        }
    }

    fn rsa(modulus: &[u8], exponent: &[u8]) -> Self {
        let bare =
            |octets: &[u8]| octets.iter().position(|octet| *octet != 0).map_or(vec![], |at| octets[at..].to_vec());
        let (n, e) = (bare(modulus), bare(exponent));
        let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
        let odd = e.last().is_some_and(|last| last & 1 == 1);
        // NIST SP 800-56B asks for an exponent over 2^16; 65537 is the smallest odd one.
        let large = (3..=8).contains(&e.len());
        if (2048..=8192).contains(&bits) && odd && large {
            Self::Rsa(Box::new(RsaKey::new(n, e)))
        } else {
            Self::WeakRsa
        }
    }
}

/// Whether signatures of `alg` are verified with a public key here. Those of ES512 are not.
pub(crate) fn is_verified(alg: Algorithm) -> bool {
    RSA.contains(&alg) || Curve::of(alg).is_some()
}

/// A public key is no secret, but long: its type is shown.
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa(_) => "RSA",
            Self::Curve(curve, _) => curve.name(),
            Self::WeakRsa => "weak RSA",
        })
    }
}

/// The SHA-256 thumbprint of a public key in base64url (RFC 7638 §3), if it has the members that are hashed.
pub(crate) fn thumbprint(jwk: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    // §3.2: the required members, in the order of their names.
    let required: &[&str] = match text("kty")? {
        "RSA" => &["e", "kty", "n"],
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        _ => return None,
    };
    let member = |name: &&str| Some(format!("\"{name}\":{}", Value::from(text(name)?)));
    let members: Vec<String> = required.iter().map(member).collect::<Option<_>>()?;
    Some(URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{{{}}}", members.join(",")))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(jwk: Value) -> Map<String, Value> {
        jwk.as_object().cloned().expect("an object")
    }

    #[test]
    fn a_thumbprint_is_that_of_the_required_members_alone() {
        // The example of RFC 7638 §3.1.
        let jwk = json!({
            "kty": "RSA",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            "e": "AQAB",
            "alg": "RS256",
            "kid": "2011-04-29"
        });
        let told = thumbprint(&members(jwk.clone()));
        assert_eq!(told.as_deref(), Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
        let mut other = members(jwk);
        other.insert("e".to_owned(), "AQAC".into());
        assert_ne!(thumbprint(&other), told);
        other.remove("e");
        assert_eq!(thumbprint(&other), None);
        assert_eq!(thumbprint(&members(json!({"kty": "oct", "k": "AA"}))), None);
    }

    #[test]
    fn a_signature_is_one_of_the_algorithm_it_was_made_with() {
        // RFC 8037 §A.4.
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let key = PublicKey::read(&members(jwk)).expect("a key");
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        for alg in [Algorithm::EdDsa, Algorithm::Ed25519] {
            assert!(key.is_for(alg) && key.verifies(alg, message, &signature), "{alg}");
            assert!(!key.verifies(alg, b"another", &signature), "{alg}");
        }
        assert!(!key.is_for(Algorithm::Es256) && !key.verifies(Algorithm::Es256, message, &signature));
    }

    #[test]
    fn a_point_beside_the_curve_is_no_key() {
        let key = |x: &[u8]| {
            let text = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
            PublicKey::read(&members(json!({"kty": "EC", "crv": "P-256", "x": text(x), "y": text(&[9; 32])})))
        };
        assert!(key(&[7; 32]).is_none() && key(&[7; 31]).is_none());
    }
}

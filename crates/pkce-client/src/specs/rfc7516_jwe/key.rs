//! Private keys that decrypt what servers send to the client.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{
    KeyPair, KeyPairComponents, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey,
    PublicKeyComponents,
};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_types::KeyManagement;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::dice::{Dice, NoEntropy};
use crate::signing_key::KeyError;

/// A curve that keys agree on (RFC 7518 §6.2.1.1, RFC 8037 §3.2).
struct Curve {
    kty: &'static str,
    name: &'static str,
    scheme: &'static agreement::Algorithm,
    /// Octets of a coordinate.
    size: usize,
}

static P256: Curve = Curve { kty: "EC", name: "P-256", scheme: &ECDH_P256, size: 32 };

static CURVES: [&Curve; 4] = [
    &P256,
    &Curve { kty: "EC", name: "P-384", scheme: &ECDH_P384, size: 48 },
    &Curve { kty: "EC", name: "P-521", scheme: &ECDH_P521, size: 66 },
    &Curve { kty: "OKP", name: "X25519", scheme: &X25519, size: 32 },
];

/// A private key of this client that decrypts: an RSA key of 2048 bits at least, or one of P-256, P-384, P-521 or X25519.
///
/// A key that signs is another key. Cloning it is cheap; `Debug` shows its type and its `kid` alone.
#[derive(Clone)]
pub struct DecryptionKey {
    private: Arc<Private>,
    /// The members that its public half is made of.
    public: Map<String, Value>,
    kid: Option<String>,
}

enum Private {
    Rsa(OaepPrivateDecryptingKey),
    Curve(&'static Curve, PrivateKey),
}

impl DecryptionKey {
    /// A key from PEM (PKCS #8): RSA, P-256, P-384 or P-521.
    ///
    /// # Errors
    /// [`KeyError::NotForDecryption`] if it is no such key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let block = pem::parse(text).map_err(|_| KeyError::NotForDecryption)?;
        if block.tag() != "PRIVATE KEY" {
            return Err(KeyError::NotForDecryption);
        }
        let der = Zeroizing::new(block.into_contents());
        if let Ok(key) = Self::rsa(&der) {
            return Ok(key);
        }
        let private = |curve: &&'static Curve| {
            let private = PrivateKey::from_private_key_der(curve.scheme, &der).ok()?;
            Self::on_curve(curve, private).ok()
        };
        CURVES.iter().find_map(private).ok_or(KeyError::NotForDecryption)
    }

    /// A key from a JSON Web Key with its private members (RFC 7517). Its `kid` becomes that of the key.
    ///
    /// # Errors
    /// [`KeyError::NotForDecryption`] if it is no such key, or its halves do not belong together.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyError> {
        let key = Self::from_members(jwk).map_err(|_| KeyError::NotForDecryption)?;
        if key.public.iter().any(|(name, value)| jwk.get(name) != Some(value)) {
            return Err(KeyError::NotForDecryption);
        }
        let kid = jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
        Ok(Self { kid, ..key })
    }

    /// A new key of P-256, drawn from `dice`.
    ///
    /// # Errors
    /// [`NoEntropy`] if there is no randomness.
    pub fn generate(dice: &dyn Dice) -> Result<Self, NoEntropy> {
        loop {
            let mut octets = Zeroizing::new([0; 32]);
            dice.fill(&mut *octets)?;
            // One number in four thousand million is no private key of the curve.
            let private = PrivateKey::from_private_key(P256.scheme, &*octets);
            if let Ok(key) = private.map_err(|_| Unspecified).and_then(|private| Self::on_curve(&P256, private)) {
                return Ok(key);
            }
        }
    }

    /// The same key, called `kid`, as its public half is where it is registered.
    pub fn with_kid(self, kid: impl Into<String>) -> Self {
        Self { kid: Some(kid.into()), ..self }
    }

    /// What it is called, if it has a name.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Its public half as a JSON Web Key (RFC 7517), to be registered or published.
    pub fn public_jwk(&self) -> Map<String, Value> {
        let mut jwk = self.public.clone();
        jwk.insert("use".to_owned(), "enc".into());
        if let Some(kid) = self.kid() {
            jwk.insert("kid".to_owned(), kid.into());
        }
        jwk
    }

    /// Whether keys are sent to it in this way.
    pub(super) fn serves(&self, algorithm: KeyManagement) -> bool {
        use KeyManagement::{EcdhEs, EcdhEsA128Kw, EcdhEsA256Kw, RsaOaep256};
        match &*self.private {
            Private::Rsa(_) => algorithm == RsaOaep256,
            Private::Curve(..) => matches!(algorithm, EcdhEs | EcdhEsA128Kw | EcdhEsA256Kw),
        }
    }

    /// The key that was encrypted with RSA-OAEP-256 (RFC 7518 §4.3).
    pub(super) fn decrypt(&self, encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let Private::Rsa(private) = &*self.private else { return Err(Unspecified) };
        let mut key = Zeroizing::new(vec![0; private.min_output_size()]);
        let length = private.decrypt(&OAEP_SHA256_MGF1SHA256, encrypted, &mut key, None)?.len();
        key.truncate(length);
        Ok(key)
    }

    /// What this key and the public one of a header agree on (RFC 7518 §4.6). `derive` gets the secret.
    pub(super) fn agree<T>(
        &self,
        other: &Map<String, Value>,
        derive: impl FnOnce(&[u8]) -> Result<T, Unspecified>,
    ) -> Result<T, Unspecified> {
        let Private::Curve(curve, private) = &*self.private else { return Err(Unspecified) };
        let is = |name: &str, wanted: &str| other.get(name).and_then(Value::as_str) == Some(wanted);
        if !is("kty", curve.kty) || !is("crv", curve.name) || other.contains_key("d") {
            return Err(Unspecified);
        }
        let coordinate = |name: &str| octets(other, name).ok().filter(|octets| octets.len() == curve.size);
        let x = coordinate("x").ok_or(Unspecified)?;
        let point = match curve.kty {
            "EC" => [vec![4], x, coordinate("y").ok_or(Unspecified)?].concat(),
            _ => x,
        };
        agreement::agree(private, UnparsedPublicKey::new(curve.scheme, point), Unspecified, derive)
    }

    fn from_members(jwk: &Map<String, Value>) -> Result<Self, Unspecified> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        let private = |name| octets(jwk, name).map(Zeroizing::new);
        if text("kty") == "RSA" {
            let (d, p, q) = (private("d")?, private("p")?, private("q")?);
            let (dp, dq, qi) = (private("dp")?, private("dq")?, private("qi")?);
            let public_key = PublicKeyComponents { n: octets(jwk, "n")?, e: octets(jwk, "e")? };
            let components = KeyPairComponents { public_key, d: &*d, p: &*p, q: &*q, dP: &*dp, dQ: &*dq, qInv: &*qi };
            let pair = KeyPair::from_components(&components).map_err(|_| Unspecified)?;
            return Self::rsa(pair.as_der()?.as_ref());
        }
        let curve = CURVES.into_iter().find(|curve| curve.kty == text("kty") && curve.name == text("crv"));
        let curve = curve.ok_or(Unspecified)?;
        let private = PrivateKey::from_private_key(curve.scheme, &private("d")?).map_err(|_| Unspecified)?;
        Self::on_curve(curve, private)
    }

    fn rsa(pkcs8: &[u8]) -> Result<Self, Unspecified> {
        let pair = KeyPair::from_pkcs8(pkcs8).map_err(|_| Unspecified)?;
        let private = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| Unspecified)?;
        let public = pair.public_key();
        let public = [
            ("kty", "RSA".to_owned()),
            ("n", URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero())),
            ("e", URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero())),
        ];
        Ok(Self::new(Private::Rsa(OaepPrivateDecryptingKey::new(private)?), public))
    }

    fn on_curve(curve: &'static Curve, private: PrivateKey) -> Result<Self, Unspecified> {
        let point = private.compute_public_key()?;
        let named = |x: &[u8]| {
            [("kty", curve.kty.to_owned()), ("crv", curve.name.to_owned()), ("x", URL_SAFE_NO_PAD.encode(x))]
        };
        let private = Private::Curve(curve, private);
        Ok(match (curve.kty, point.as_ref()) {
            ("EC", [4, coordinates @ ..]) => {
                let (x, y) = coordinates.split_at_checked(curve.size).ok_or(Unspecified)?;
                Self::new(private, named(x).into_iter().chain([("y", URL_SAFE_NO_PAD.encode(y))]))
            }
            (_, x) => Self::new(private, named(x)),
        })
    }

    fn new(private: Private, public: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let public = public.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
        Self { private: Arc::new(private), public, kid: None }
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey")
            .field("kty", &self.public.get("kty").and_then(Value::as_str))
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

fn octets(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Unspecified> {
    let text = jwk.get(name).and_then(Value::as_str).ok_or(Unspecified)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Unspecified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::SystemDice;

    const RS256: &str = include_str!("../../../../../fixtures/keys/rs256.pem");
    const ES256: &str = include_str!("../../../../../fixtures/keys/es256.pem");
    const EDDSA: &str = include_str!("../../../../../fixtures/keys/eddsa.pem");

    #[test]
    fn keys_are_read_and_their_public_halves_told() {
        for (pem, kty, members) in [(RS256, "RSA", 5), (ES256, "EC", 6)] {
            let key = DecryptionKey::from_pem(pem).expect("a key").with_kid("k1");
            let jwk = key.public_jwk();
            assert_eq!(
                (jwk["kty"].as_str(), jwk["use"].as_str(), jwk["kid"].as_str()),
                (Some(kty), Some("enc"), Some("k1"))
            );
            assert_eq!((jwk.len(), jwk.get("d")), (members, None));
            assert_eq!(format!("{key:?}"), format!("DecryptionKey {{ kty: Some({kty:?}), kid: Some(\"k1\"), .. }}"));
        }
        let drawn = || DecryptionKey::generate(&SystemDice).expect("a key").public_jwk();
        assert_ne!(drawn(), drawn());
    }

    #[test]
    fn what_does_not_decrypt_is_no_key() {
        let public = DecryptionKey::from_pem(ES256).expect("a key").public_jwk();
        assert_eq!(DecryptionKey::from_jwk(&public).err(), Some(KeyError::NotForDecryption));
        let mut cut = RS256.to_owned();
        cut.truncate(cut.len() / 2);
        for text in [EDDSA, "", "x", &cut, &ES256.replace("PRIVATE KEY", "PUBLIC KEY")] {
            assert_eq!(DecryptionKey::from_pem(text).err(), Some(KeyError::NotForDecryption));
        }
    }
}

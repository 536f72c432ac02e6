//! Private keys of the client, and the signed tokens it makes with them (RFC 7515).

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_types::{Algorithm, Secret};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::crypto::{Form, KeyPair, Public};
use crate::dice::{Dice, NoEntropy};
use crate::public_key;

/// A PKCS #8 document of a P-256 key, up to the 32 octets of its private part (RFC 5958 §2, RFC 5915 §3).
pub(crate) const P256_PKCS8: [u8; 35] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20,
];

/// A private key of this client, for the one algorithm it signs with.
///
/// Cloning it is cheap. `Debug` shows its algorithm and its `kid` alone.
#[derive(Clone)]
pub struct SigningKey(Arc<Parts>);

struct Parts {
    pair: Arc<KeyPair>,
    algorithm: Algorithm,
    kid: Option<String>,
    /// The members that its public half is made of.
    public: Map<String, Value>,
}

/// Why a key cannot be signed or decrypted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Nothing is signed with this algorithm: it is a keyed hash, ES512, or unknown.
    #[error("{0} is no algorithm that this client signs with")]
    Algorithm(Algorithm),
    /// It is not a private key for the algorithm, in PEM (PKCS #8; PKCS #1 for RSA).
    #[error("it is not a private key for {0} in PEM (PKCS #8; PKCS #1 for RSA)")]
    Unreadable(Algorithm),
    /// It is not a private key that decrypts.
    #[error("it is not a private key that decrypts: RSA of 2048 bits, P-256, P-384, P-521 or X25519")]
    NotForDecryption,
}

impl SigningKey {
    /// A key from PEM: PKCS #8, or PKCS #1 for RSA.
    ///
    /// # Errors
    /// [`KeyError`] if it is no key for `algorithm`, or nothing is signed with that.
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        if !KeyPair::signs(algorithm) {
            return Err(KeyError::Algorithm(algorithm));
        }
        let unreadable = KeyError::Unreadable(algorithm);
        let block = pem::parse(pem).map_err(|_| unreadable)?;
        let form = Form::labelled(block.tag()).ok_or(unreadable)?;
        let der = Zeroizing::new(block.into_contents());
        Self::read(algorithm, form, &der).ok_or(unreadable)
    }

    /// What a drawn key signs with.
    pub(crate) const DRAWN: Algorithm = Algorithm::Es256;

    /// A new key for ES256, drawn from `dice`.
    ///
    /// # Errors
    /// [`NoEntropy`] if there is no randomness.
    pub fn generate(dice: &dyn Dice) -> Result<Self, NoEntropy> {
        loop {
            let mut document = Zeroizing::new([0; P256_PKCS8.len() + 32]);
            document[..P256_PKCS8.len()].copy_from_slice(&P256_PKCS8);
            dice.fill(&mut document[P256_PKCS8.len()..])?;
            // One number in four thousand million is no private key of the curve.
            if let Some(key) = Self::read(Self::DRAWN, Form::Pkcs8, &*document) {
                return Ok(key);
            }
        }
    }

    /// The same key, called `kid` in the headers of what it signs, as it is called where its public half is published.
    pub fn with_kid(self, kid: impl Into<String>) -> Self {
        let Parts { pair, algorithm, public, .. } = &*self.0;
        let (pair, public) = (Arc::clone(pair), public.clone());
        Self(Arc::new(Parts { pair, algorithm: *algorithm, kid: Some(kid.into()), public }))
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// What it is called, if it has a name.
    pub fn kid(&self) -> Option<&str> {
        self.0.kid.as_deref()
    }

    /// The SHA-256 thumbprint of its public half (RFC 7638), in base64url.
    pub fn thumbprint(&self) -> String {
        public_key::thumbprint(&self.0.public).expect("a public key has the members that are hashed")
    }

    /// Its public half as a JSON Web Key (RFC 7517), to be registered or published.
    pub fn public_jwk(&self) -> Map<String, Value> {
        let mut jwk = self.bare_jwk();
        jwk.insert("alg".to_owned(), self.algorithm().as_str().into());
        jwk.insert("use".to_owned(), "sig".into());
        if let Some(kid) = self.kid() {
            jwk.insert("kid".to_owned(), kid.into());
        }
        jwk
    }

    /// The members that a public key is made of, and no others.
    pub(crate) fn bare_jwk(&self) -> Map<String, Value> {
        self.0.public.clone()
    }

    /// Signs `claims` under a header with this `typ` and these further members.
    pub(crate) fn sign(&self, typ: &str, more: Map<String, Value>, claims: &Map<String, Value>) -> Secret {
        let mut header = more;
        header.insert("typ".to_owned(), typ.into());
        header.insert("alg".to_owned(), self.algorithm().as_str().into());
        if let Some(kid) = self.kid().filter(|_| !header.contains_key("jwk")) {
            header.insert("kid".to_owned(), kid.into());
        }
        compact(&header, claims, |text| self.0.pair.sign(text).expect("the key was tried when it was read"))
    }

    /// A key that has been tried, or nothing.
    fn read(algorithm: Algorithm, form: Form, der: &[u8]) -> Option<Self> {
        let pair = KeyPair::read(algorithm, form, der)?;
        let public = members(&pair.public());
        Some(Self(Arc::new(Parts { pair: Arc::new(pair), algorithm, kid: None, public })))
    }
}

/// The members that a public key is made of (RFC 7518 §6.2.1, §6.3.1; RFC 8037 §2), and no others.
fn members(public: &Public) -> Map<String, Value> {
    let text = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
    let members = match public {
        Public::Rsa(n, e) => vec![("kty", "RSA".to_owned()), ("n", text(n)), ("e", text(e))],
        Public::Point(curve, point) => {
            let mut members = vec![("kty", curve.kty().to_owned()), ("crv", curve.name().to_owned())];
            // SEC 1 §2.3.3: an octet that says that the point is not compressed, and two coordinates of one length.
            let (x, y) = point[point.len() % 2..].split_at(curve.size());
            members.push(("x", text(x)));
            members.extend(Some(("y", text(y))).filter(|_| !y.is_empty()));
            members
        }
    };
    members.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect()
}

/// The compact serialisation (RFC 7515 §3.1) of what `sign` signs.
pub(crate) fn compact(
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Secret {
    let segment = |members: &Map<String, Value>| {
        let text = serde_json::to_string(members).expect("JSON values are written as JSON");
        URL_SAFE_NO_PAD.encode(text)
    };
    let signed = format!("{}.{}", segment(header), segment(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    Secret::new(format!("{signed}.{signature}"))
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm())
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use serde_json::json;

    use super::*;
    use crate::dice::SystemDice;

    const ES256: &str = include_str!("../../../fixtures/keys/es256.pem");
    const RS256: &str = include_str!("../../../fixtures/keys/rs256.pem");
    const ES384: &str = include_str!("../../../fixtures/keys/es384.pem");
    const EDDSA: &str = include_str!("../../../fixtures/keys/eddsa.pem");
    const ED25519: &str = include_str!("../../../fixtures/keys/ed25519.pem");

    /// Whether `token` is signed by the public half of `key`.
    fn verifies(key: &SigningKey, token: &Secret) -> bool {
        let (signed, signature) = token.expose().rsplit_once('.').expect("a signature");
        let jwk = serde_json::from_value(key.public_jwk().into()).expect("a JWK");
        let public = jsonwebtoken::DecodingKey::from_jwk(&jwk).expect("a public key");
        let algorithm = match key.algorithm() {
            Algorithm::Ed25519 => jsonwebtoken::Algorithm::EdDSA,
            named => named.as_str().parse().expect("a known algorithm"),
        };
        jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &public, algorithm).expect("a verdict")
    }

    #[test]
    fn what_is_signed_verifies_with_the_public_half() {
        let read = |alg, pem| SigningKey::from_pem(alg, pem).expect("a key");
        for key in [
            read(Algorithm::Es256, ES256),
            read(Algorithm::Rs256, RS256),
            read(Algorithm::Ps384, RS256),
            read(Algorithm::EdDsa, EDDSA),
            SigningKey::generate(&SystemDice).expect("a key"),
        ] {
            let claims = json!({"iss": "app"}).as_object().cloned().expect("claims");
            let token = key.sign("JWT", Map::new(), &claims);
            assert!(verifies(&key, &token), "{key:?}");
            let other = SigningKey::generate(&SystemDice).expect("a key");
            assert!(other.algorithm() != key.algorithm() || !verifies(&other, &token), "{key:?}");
        }
    }

    #[test]
    fn keys_are_read_in_every_form_that_is_named() {
        let block = pem::parse(RS256).expect("PEM");
        // RFC 5958 §2: for RSA of 2048 bits, 26 octets come before the key itself (RFC 8017 §A.1.2).
        let pkcs1 = pem::encode(&pem::Pem::new("RSA PRIVATE KEY", &block.contents()[26..]));
        let indented = ES256.replace('\n', "\r\n    ");
        let one_line = ED25519.replace('\n', " ");
        for (algorithm, text) in [
            (Algorithm::Rs512, RS256),
            (Algorithm::Rs256, &pkcs1),
            (Algorithm::Ps512, &pkcs1),
            (Algorithm::Es256, &indented),
            (Algorithm::Es384, ES384),
            (Algorithm::EdDsa, &one_line),
            (Algorithm::Ed25519, ED25519),
        ] {
            let key = SigningKey::from_pem(algorithm, text).expect("a key");
            let token = key.sign("JWT", Map::new(), &Map::new());
            assert!(verifies(&key, &token), "{algorithm}");
            let ours = public_key::PublicKey::read(&key.public_jwk()).expect("a public key");
            let (signed, signature) = token.expose().rsplit_once('.').expect("a signature");
            let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
            assert!(ours.verifies(algorithm, signed.as_bytes(), &signature), "{algorithm}");
        }
        let labelled = |label: &str| ES256.replace("PRIVATE KEY", label);
        for label in ["EC PRIVATE KEY", "RSA PRIVATE KEY", "PUBLIC KEY", "ENCRYPTED PRIVATE KEY"] {
            let refused = SigningKey::from_pem(Algorithm::Es256, &labelled(label)).expect_err("no key");
            assert_eq!(refused, KeyError::Unreadable(Algorithm::Es256), "{label}");
        }
    }

    #[test]
    fn a_key_for_another_algorithm_is_not_taken() {
        let refused = |alg, pem| SigningKey::from_pem(alg, pem).expect_err("no key");
        assert_eq!(refused(Algorithm::Es256, RS256), KeyError::Unreadable(Algorithm::Es256));
        assert_eq!(refused(Algorithm::Rs256, ES256), KeyError::Unreadable(Algorithm::Rs256));
        assert_eq!(refused(Algorithm::Es384, ES256), KeyError::Unreadable(Algorithm::Es384));
        assert_eq!(refused(Algorithm::Hs256, RS256), KeyError::Algorithm(Algorithm::Hs256));
    }

    #[test]
    fn a_number_that_is_no_private_key_is_drawn_again() {
        struct First(AtomicU8);
        impl Dice for First {
            fn fill(&self, octets: &mut [u8]) -> Result<(), NoEntropy> {
                octets.fill(if self.0.fetch_add(1, Ordering::Relaxed) == 0 { 0xff } else { 7 });
                Ok(())
            }
        }
        let dice = First(AtomicU8::new(0));
        let key = SigningKey::generate(&dice).expect("a key");
        assert_eq!(dice.0.load(Ordering::Relaxed), 2);
        assert!(verifies(&key, &key.sign("JWT", Map::new(), &Map::new())));
    }

    #[test]
    fn the_public_half_is_told_and_the_private_one_is_not() {
        let key = SigningKey::from_pem(Algorithm::Es256, ES256).expect("a key").with_kid("k1");
        let jwk = key.public_jwk();
        assert_eq!((jwk["kty"].as_str(), jwk["kid"].as_str(), jwk.get("d")), (Some("EC"), Some("k1"), None));
        assert_eq!(key.bare_jwk().len(), 4);
        assert_eq!(key.thumbprint().len(), 43);
        assert_eq!(format!("{key:?}"), "SigningKey { algorithm: Es256, kid: Some(\"k1\"), .. }");
    }
}

//! Decrypting a token with one's own key.

use std::fmt;

use aws_lc_rs::agreement::PrivateKey;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{KeyPair, KeyPairComponents, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{KeyPair as _, RsaPublicKeyComponents};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::{KeyManagement, Secret};
use serde_json::{Map, Value, json};

use super::agreement::{Context, derive, scheme};
use super::content::{key_size, open};
use super::encryption::oaep;
use super::wrapping::{of_secret, unwrap, wrapping_size};
use super::{Jwe, JweError, text_of};
use crate::jose::private_key::{UnusableKey, pkcs8};
use crate::jose::public_key::{Material, PublicKey, coordinates};
use crate::jose::verifying::Curve;

/// A private key that decrypts: RSA, P-256, P-384, P-521 or X25519.
pub struct DecryptionKey {
    private: Private,
    /// The members of the public half that depend on its type.
    public: Map<String, Value>,
}

enum Private {
    Rsa(OaepPrivateDecryptingKey),
    Curve(Curve, PrivateKey),
}

const BROKEN: UnusableKey = UnusableKey("the private key is of another type, or broken");

impl DecryptionKey {
    /// Reads a private key, RSA or EC, from PKCS #8 in PEM (RFC 7468 §10).
    ///
    /// # Errors
    /// [`UnusableKey`] if it is something else.
    pub fn from_pem(pem: &str) -> Result<Self, UnusableKey> {
        let der = pkcs8(pem)?;
        if let Ok(key) = Self::rsa(&der) {
            return Ok(key);
        }
        for curve in [Curve::P256, Curve::P384, Curve::P521] {
            let scheme = scheme(curve).ok_or(BROKEN)?;
            if let Ok(private) = PrivateKey::from_private_key_der(scheme, &der) {
                return Self::on_curve(curve, private);
            }
        }
        Err(BROKEN)
    }

    /// Reads a private key from a JWK (RFC 7518 §6, RFC 8037 §2).
    ///
    /// # Errors
    /// [`UnusableKey`] if it is something else, or its private half does not belong to its public half.
    pub fn from_jwk(jwk: &Value) -> Result<Self, UnusableKey> {
        let octets = |name: &str| {
            let text = jwk.get(name).and_then(Value::as_str).ok_or(BROKEN)?;
            BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| BROKEN)
        };
        let name = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        if name("kty") == "RSA" {
            let components = KeyPairComponents {
                public_key: RsaPublicKeyComponents { n: octets("n")?, e: octets("e")? },
                d: octets("d")?,
                p: octets("p")?,
                q: octets("q")?,
                dP: octets("dp")?,
                dQ: octets("dq")?,
                qInv: octets("qi")?,
            };
            let pair = KeyPair::from_components(&components).map_err(|_| BROKEN)?;
            return Self::rsa(AsDer::as_der(&pair).map_err(|_| BROKEN)?.as_ref());
        }
        let curve = Curve::named(name("kty"), name("crv")).ok_or(BROKEN)?;
        let private =
            PrivateKey::from_private_key(scheme(curve).ok_or(BROKEN)?, &octets("d")?).map_err(|_| BROKEN)?;
        let key = Self::on_curve(curve, private)?;
        let same = ["x", "y"].into_iter().all(|name| key.public.get(name) == jwk.get(name));
        if same { Ok(key) } else { Err(BROKEN) }
    }

    /// The public half as a JWK with `use: enc` (RFC 7517 §4).
    ///
    /// It has no `alg`, since the key serves each algorithm of its type.
    pub fn jwk(&self, kid: &str) -> Value {
        let mut members = self.public.clone();
        members.insert("use".to_owned(), "enc".into());
        members.insert("kid".to_owned(), kid.into());
        Value::Object(members)
    }

    /// Whether tokens with this `alg` are decrypted with keys of this type.
    pub fn serves(&self, algorithm: KeyManagement) -> bool {
        use KeyManagement::{EcdhEs, EcdhEsA128Kw, EcdhEsA256Kw, RsaOaep, RsaOaep256};
        match self.private {
            Private::Rsa(_) => matches!(algorithm, RsaOaep | RsaOaep256),
            Private::Curve(..) => matches!(algorithm, EcdhEs | EcdhEsA128Kw | EcdhEsA256Kw),
        }
    }

    fn rsa(pkcs8: &[u8]) -> Result<Self, UnusableKey> {
        let pair = KeyPair::from_pkcs8(pkcs8).map_err(|_| BROKEN)?;
        let private = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| BROKEN)?;
        let text = |octets: &[u8]| Value::from(BASE64_URL_SAFE_NO_PAD.encode(octets));
        let n = text(pair.public_key().modulus().big_endian_without_leading_zero());
        let e = text(pair.public_key().exponent().big_endian_without_leading_zero());
        let private = Private::Rsa(OaepPrivateDecryptingKey::new(private).map_err(|_| BROKEN)?);
        Ok(Self { private, public: members(json!({"kty": "RSA", "n": n, "e": e})) })
    }

    fn on_curve(curve: Curve, private: PrivateKey) -> Result<Self, UnusableKey> {
        let public = private.compute_public_key().map_err(|_| BROKEN)?;
        let text = |octets: &[u8]| Value::from(BASE64_URL_SAFE_NO_PAD.encode(octets));
        let public = match coordinates(curve, public.as_ref()) {
            (x, Some(y)) => json!({"kty": "EC", "crv": curve.name(), "x": text(x), "y": text(y)}),
            (x, None) => json!({"kty": "OKP", "crv": curve.name(), "x": text(x)}),
        };
        Ok(Self { private: Private::Curve(curve, private), public: members(public) })
    }
}

impl Jwe<'_> {
    /// The content, decrypted with `key`.
    ///
    /// # Errors
    /// [`JweError`]; of the cryptography it does not say what failed (RFC 7516 §11.5).
    pub fn decrypt(&self, key: &DecryptionKey) -> Result<Vec<u8>, JweError> {
        match &key.private {
            _ if !key.serves(self.algorithm) => Err(JweError::KeyType(self.algorithm)),
            Private::Rsa(private) => self.open_with(self.decrypted_key(private)),
            Private::Curve(curve, private) => self.agree(*curve, private),
        }
    }

    /// The content, decrypted with a key made of a client's secret (OpenID Connect Core §10.2).
    ///
    /// # Errors
    /// [`JweError`]; of the cryptography it does not say what failed (RFC 7516 §11.5).
    pub fn decrypt_secret(&self, secret: &Secret) -> Result<Vec<u8>, JweError> {
        if !self.algorithm.is_symmetric() {
            return Err(JweError::KeyType(self.algorithm));
        }
        match wrapping_size(self.algorithm) {
            Some(size) => self.open_with(of_secret(secret, size).and_then(|key| unwrap(&key, &self.encrypted_key))),
            None => self.open_directly(of_secret(secret, key_size(self.encryption))),
        }
    }

    fn decrypted_key(&self, private: &OaepPrivateDecryptingKey) -> Result<Vec<u8>, Unspecified> {
        let oaep = oaep(self.algorithm).ok_or(Unspecified)?;
        let mut key = vec![0; private.min_output_size()];
        let size = private.decrypt(oaep, &self.encrypted_key, &mut key, None)?.len();
        key.truncate(size);
        Ok(key)
    }

    /// RFC 7518 §4.6: the sender's ephemeral key and the own one agree.
    fn agree(&self, curve: Curve, own: &PrivateKey) -> Result<Vec<u8>, JweError> {
        let epk = self.header.get("epk").ok_or(JweError::Missing("epk"))?;
        let epk = PublicKey::parse(epk).map_err(JweError::EphemeralKey)?;
        let other = match epk.material() {
            Material::Curve { curve: of, octets, .. } if *of == curve => octets,
            _ => return Err(JweError::EphemeralCurve),
        };
        let (from, to) = (self.party("apu")?, self.party("apv")?);
        let derive = |algorithm, size| derive(own, other, &Context { algorithm, from: &from, to: &to }, size);
        match wrapping_size(self.algorithm) {
            Some(size) => {
                let key = derive(self.algorithm.as_str(), size);
                self.open_with(key.and_then(|key| unwrap(&key, &self.encrypted_key)))
            }
            None => self.open_directly(derive(self.encryption.as_str(), key_size(self.encryption))),
        }
    }

    /// `apu` or `apv`, decoded (RFC 7518 §4.6.1.2 and §4.6.1.3).
    fn party(&self, name: &'static str) -> Result<Vec<u8>, JweError> {
        let text = text_of(&self.header, name)?.unwrap_or_default();
        BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| JweError::NotBase64Url(1))
    }

    /// RFC 7516 §5.2, step 10: a key that both sides know is not sent.
    fn open_directly(&self, content_key: Result<Vec<u8>, Unspecified>) -> Result<Vec<u8>, JweError> {
        if self.encrypted_key.is_empty() { self.open_with(content_key) } else { Err(JweError::StrayKey) }
    }

    /// Opens the content. With a wrong key the work is the same, so that neither the error nor the time tells whether
    /// the key or the content is wrong (RFC 7516 §11.5).
    fn open_with(&self, content_key: Result<Vec<u8>, Unspecified>) -> Result<Vec<u8>, JweError> {
        let size = key_size(self.encryption);
        let right = content_key.ok().filter(|key| key.len() == size);
        let any = vec![0; size];
        let opened = open(self.encryption, right.as_deref().unwrap_or(&any), self.protected.as_bytes(), &self.sealed);
        match (right, opened) {
            (Some(_), Ok(content)) => Ok(content),
            _ => Err(JweError::Undecryptable),
        }
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DecryptionKey(..)")
    }
}

fn members(jwk: Value) -> Map<String, Value> {
    match jwk {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use oauth_types::ContentEncryption;

    use super::super::content::{iv_size, seal};
    use super::*;

    #[test]
    fn the_key_that_stands_in_for_a_wrong_one_opens_nothing() {
        let rsa = DecryptionKey::from_pem(include_str!("../../../../../fixtures/keys/enc-rsa.pem")).expect("a key");
        for (algorithm, encryption) in [("RSA-OAEP", "A128GCM"), ("A128KW", "A128CBC-HS256")] {
            let header = format!(r#"{{"alg":"{algorithm}","enc":"{encryption}"}}"#);
            let header = BASE64_URL_SAFE_NO_PAD.encode(header);
            let encryption = ContentEncryption::from_wire(encryption).expect("a known one");
            let (key, iv) = (vec![0; key_size(encryption)], vec![0; iv_size(encryption)]);
            let sealed = seal(encryption, &key, iv, header.as_bytes(), b"content").expect("sealed");
            let parts = [&[1; 256][..], &sealed.iv, &sealed.ciphertext, &sealed.tag];
            let parts = parts.map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
            let text = format!("{header}.{}", parts.join("."));
            let token = Jwe::parse(&text).expect("a token");
            assert_eq!(token.open_with(Ok(key)).expect("content"), b"content");
            let refused = match algorithm {
                "RSA-OAEP" => token.decrypt(&rsa),
                _ => token.decrypt_secret(&Secret::new("secret")),
            };
            assert_eq!(refused, Err(JweError::Undecryptable));
        }
    }

    #[test]
    fn rfc_7516_appendix_a_3_is_met() {
        let text = concat!(
            "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.",
            "6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ.",
            "AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ",
        );
        let token = Jwe::parse(text).expect("a token");
        let key = BASE64_URL_SAFE_NO_PAD.decode("GawgguFyGrWKav7AX4VKUg").expect("octets");
        let content_key = unwrap(&key, &token.encrypted_key);
        assert_eq!(content_key.as_ref().expect("a key")[..4], [4, 211, 31, 197]);
        assert_eq!(token.open_with(content_key).expect("content"), b"Live long and prosper.");
    }
}

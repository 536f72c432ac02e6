//! Encrypting a token to somebody.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::RsaPublicKeyComponents;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::{ContentEncryption, KeyManagement, Secret};
use serde_json::{Map, Value, json};

use super::JweError;
use super::agreement::{Context, derive, ephemeral};
use super::content::{iv_size, key_size, seal};
use super::wrapping::{of_secret, wrap, wrapping_size};
use crate::jose::public_key::{Material, PublicKey, Rsa, Unfit, coordinates};
use crate::jose::verifying::Curve;

/// Fills octets with octets that nobody can guess.
pub type Random<'a> = dyn FnMut(&mut [u8]) + 'a;

/// To whom a token is encrypted, and how.
#[derive(Debug, Clone, Copy)]
pub struct Encryption<'a> {
    /// Who can read it.
    pub recipient: Recipient<'a>,
    /// How its key is made known: `alg`.
    pub algorithm: KeyManagement,
    /// What its content is encrypted with: `enc`.
    pub content: ContentEncryption,
}

/// Who can read a token.
#[derive(Debug, Clone, Copy)]
pub enum Recipient<'a> {
    /// The owner of a key, such as one of a client's `jwks`.
    Key(&'a PublicKey),
    /// The client that has this secret (OpenID Connect Core §10.2).
    Secret(&'a Secret),
}

/// The key of the content, and what is sent of it.
struct Managed {
    content_key: Vec<u8>,
    encrypted_key: Vec<u8>,
    /// `epk` of the header.
    ephemeral: Option<Value>,
}

impl Encryption<'_> {
    /// `payload`, encrypted. `cty` is `JWT` if it is a token again (RFC 7519 §5.2).
    ///
    /// The content key, the initialization vector and an ephemeral key are made of `random`; the salt of RSA-OAEP is
    /// the library's own.
    ///
    /// # Errors
    /// [`JweError`] if the recipient's key is not for this.
    pub fn encrypt(&self, payload: &[u8], cty: Option<&str>, random: &mut Random<'_>) -> Result<String, JweError> {
        let more = cty.map(|cty| ("cty".to_owned(), cty.into()));
        self.encrypt_with(more.into_iter().collect(), payload, random)
    }

    /// `payload`, encrypted, with these members of the header besides those that say how (RFC 7516 §4).
    ///
    /// # Errors
    /// [`JweError`] if the recipient's key is not for this.
    pub fn encrypt_with(
        &self,
        more: Map<String, Value>,
        payload: &[u8],
        random: &mut Random<'_>,
    ) -> Result<String, JweError> {
        let managed = match self.recipient {
            Recipient::Key(key) => self.for_key(key, random)?,
            Recipient::Secret(secret) => self.for_secret(secret, random)?,
        };
        let mut header = more;
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                header.insert(name.to_owned(), value);
            }
        };
        set("alg", Some(self.algorithm.as_str().into()));
        set("enc", Some(self.content.as_str().into()));
        set("epk", managed.ephemeral);
        if let Recipient::Key(key) = self.recipient {
            set("kid", key.kid().map(Value::from));
        }
        let mut iv = vec![0; iv_size(self.content)];
        random(&mut iv);
        let mut token = BASE64_URL_SAFE_NO_PAD.encode(Value::Object(header).to_string());
        let sealed = seal(self.content, &managed.content_key, iv, token.as_bytes(), payload).map_err(failed)?;
        for part in [&managed.encrypted_key, &sealed.iv, &sealed.ciphertext, &sealed.tag] {
            token.push('.');
            BASE64_URL_SAFE_NO_PAD.encode_string(part, &mut token);
        }
        Ok(token)
    }

    fn for_key(&self, key: &PublicKey, random: &mut Random<'_>) -> Result<Managed, JweError> {
        key.fits_encryption(self.algorithm).map_err(|unfit| match unfit {
            Unfit::Type => JweError::KeyType(self.algorithm),
            Unfit::Algorithm => JweError::KeyAlgorithm(self.algorithm),
            Unfit::Use => JweError::KeyUse,
            Unfit::Operations => JweError::KeyOperations,
        })?;
        match key.material() {
            Material::Rsa(rsa) => {
                let content_key = self.new_key(random);
                let oaep = oaep(self.algorithm).ok_or(JweError::KeyType(self.algorithm))?;
                let encrypted_key = encrypt_key(rsa, oaep, &content_key).map_err(failed)?;
                Ok(Managed { content_key, encrypted_key, ephemeral: None })
            }
            Material::Curve { curve, octets, .. } => self.agree(*curve, octets, random).map_err(failed),
        }
    }

    /// RFC 7518 §4.6: an ephemeral key agrees with the recipient's on the content key, or on what wraps it.
    fn agree(&self, curve: Curve, octets: &[u8], random: &mut Random<'_>) -> Result<Managed, Unspecified> {
        let own = ephemeral(curve, random)?;
        let public = own.compute_public_key()?;
        let text = |octets: &[u8]| Value::from(BASE64_URL_SAFE_NO_PAD.encode(octets));
        let epk = match coordinates(curve, public.as_ref()) {
            (x, Some(y)) => json!({"kty": "EC", "crv": curve.name(), "x": text(x), "y": text(y)}),
            (x, None) => json!({"kty": "OKP", "crv": curve.name(), "x": text(x)}),
        };
        let (derived, size) = match wrapping_size(self.algorithm) {
            Some(size) => (self.algorithm.as_str(), size),
            None => (self.content.as_str(), key_size(self.content)),
        };
        let agreed = derive(&own, octets, &Context { algorithm: derived, from: &[], to: &[] }, size)?;
        let (content_key, encrypted_key) = match wrapping_size(self.algorithm) {
            Some(_) => {
                let content_key = self.new_key(random);
                let wrapped = wrap(&agreed, &content_key)?;
                (content_key, wrapped)
            }
            None => (agreed, Vec::new()),
        };
        Ok(Managed { content_key, encrypted_key, ephemeral: Some(epk) })
    }

    fn for_secret(&self, secret: &Secret, random: &mut Random<'_>) -> Result<Managed, JweError> {
        if !self.algorithm.is_symmetric() {
            return Err(JweError::KeyType(self.algorithm));
        }
        let (content_key, encrypted_key) = match wrapping_size(self.algorithm) {
            Some(size) => {
                let content_key = self.new_key(random);
                let wrapping = of_secret(secret, size).map_err(failed)?;
                let wrapped = wrap(&wrapping, &content_key).map_err(failed)?;
                (content_key, wrapped)
            }
            None => (of_secret(secret, key_size(self.content)).map_err(failed)?, Vec::new()),
        };
        Ok(Managed { content_key, encrypted_key, ephemeral: None })
    }

    fn new_key(&self, random: &mut Random<'_>) -> Vec<u8> {
        let mut key = vec![0; key_size(self.content)];
        random(&mut key);
        key
    }
}

/// The parameters of RSA-OAEP (RFC 7518 §4.3).
pub(super) fn oaep(algorithm: KeyManagement) -> Option<&'static OaepAlgorithm> {
    match algorithm {
        KeyManagement::RsaOaep => Some(&OAEP_SHA1_MGF1SHA1),
        KeyManagement::RsaOaep256 => Some(&OAEP_SHA256_MGF1SHA256),
        _ => None,
    }
}

fn encrypt_key(rsa: &Rsa, oaep: &'static OaepAlgorithm, content_key: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let public: PublicEncryptingKey =
        RsaPublicKeyComponents { n: &rsa.n, e: &rsa.e }.try_into().map_err(|_| Unspecified)?;
    let public = OaepPublicEncryptingKey::new(public)?;
    let mut encrypted = vec![0; public.ciphertext_size()];
    let size = public.encrypt(oaep, content_key, &mut encrypted, None)?.len();
    encrypted.truncate(size);
    Ok(encrypted)
}

fn failed(_: Unspecified) -> JweError {
    JweError::Failed
}

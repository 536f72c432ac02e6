//! Keys of clients and attackers, and JWTs that are put together by hand.

use std::fmt;
use std::sync::Arc;

use mock_idp::jose::{PublicKey, UnusableKey, compact, keyed_hash_by};
use mock_idp::keys::SigningKey;
use oauth_types::Algorithm;
use serde_json::{Map, Value, json};

use crate::attack::Inconclusive;
use crate::dice::fresh;
use crate::public_form::Form;

/// A private key, its algorithm and its name.
#[derive(Clone)]
pub struct Key {
    pair: Arc<SigningKey>,
    algorithm: Algorithm,
    kid: String,
}

impl Key {
    /// A key in PKCS#8 PEM.
    ///
    /// # Errors
    /// [`UnusableKey`] when it is no such key, or not one of this algorithm.
    pub fn from_pem(algorithm: Algorithm, kid: impl Into<String>, pem: &str) -> Result<Self, UnusableKey> {
        Ok(Self { pair: Arc::new(SigningKey::from_pem(algorithm, pem)?), algorithm, kid: kid.into() })
    }

    /// A fresh key for ES256.
    ///
    /// # Errors
    /// [`UnusableKey`] when the crypto library makes none.
    pub fn fresh() -> Result<Self, UnusableKey> {
        let pair = Arc::new(SigningKey::generate(Algorithm::Es256)?);
        Ok(Self { pair, algorithm: Algorithm::Es256, kid: fresh() })
    }

    /// The algorithm it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid` in headers and in the key set.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half as a JWK (RFC 7517 section 4).
    pub fn jwk(&self) -> Value {
        self.pair.jwk(self.algorithm, &self.kid)
    }

    /// The public half as a key set (RFC 7517 section 5).
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    /// The public half as a JWK without a name and a use, as it stands in a DPoP proof (RFC 9449 section 4.2).
    pub fn bare_jwk(&self) -> Value {
        let mut jwk = self.jwk();
        if let Some(members) = jwk.as_object_mut() {
            members.retain(|name, _| ["kty", "crv", "x", "y", "n", "e"].contains(&name.as_str()));
        }
        jwk
    }

    /// The public half in PEM.
    ///
    /// # Errors
    /// [`UnusableKey`] when it cannot be written.
    pub fn public_pem(&self) -> Result<String, UnusableKey> {
        self.pair.public_pem()
    }

    /// The public half as others may take it for a secret.
    pub(crate) fn public_as(&self, form: Form) -> Result<Vec<u8>, Inconclusive> {
        let pem = self.public_pem().map_err(|error| Inconclusive::new(error.to_string()))?;
        Ok(form.octets(&pem, &self.jwk()))
    }

    /// The thumbprint of the public half (RFC 7638 section 3).
    ///
    /// # Errors
    /// [`Inconclusive`] when the key has none.
    pub fn thumbprint(&self) -> Result<String, Inconclusive> {
        let key = PublicKey::parse(&self.jwk()).map_err(|error| Inconclusive::new(error.to_string()))?;
        Ok(key.thumbprint())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} {})", self.algorithm, self.kid)
    }
}

/// A JWT that is put together by hand: any header, any claims, any signature (RFC 7519 section 3).
#[must_use = "it is only written when it is signed"]
#[derive(Debug, Clone, Default)]
pub struct Jwt {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    nameless: bool,
}

impl Jwt {
    /// A JWT of this `typ`.
    pub fn of_type(typ: &str) -> Self {
        Self::default().header("typ", typ)
    }

    /// With this member of the header instead of any of its name.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Without the `kid` of the key it is signed with.
    pub fn nameless(mut self) -> Self {
        self.nameless = true;
        self
    }

    /// Without a member of the header.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// With this claim instead of any of its name.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Without a claim.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// With every one of these claims.
    pub fn claims(mut self, claims: impl IntoIterator<Item = (String, Value)>) -> Self {
        self.claims.extend(claims);
        self
    }

    /// Signed with this key. The header names its algorithm, and its `kid` unless it is
    /// nameless, where it does not say otherwise already.
    ///
    /// # Errors
    /// [`Inconclusive`] when the key does not sign.
    pub fn signed_by(mut self, key: &Key) -> Result<String, Inconclusive> {
        self.header.entry("alg").or_insert_with(|| key.algorithm.as_str().into());
        if !self.nameless {
            self.header.entry("kid").or_insert_with(|| key.kid.as_str().into());
        }
        let input = self.signing_input();
        let signature = key.pair.sign(key.algorithm, input.as_bytes());
        let signature = signature.map_err(|error| Inconclusive::new(error.to_string()))?;
        Ok(compact(input, &signature))
    }

    /// Authenticated with HS256 and this text, or these octets, as the key.
    ///
    /// # Errors
    /// [`Inconclusive`] when there are too few of them for a key.
    pub fn keyed_with(mut self, key: impl AsRef<[u8]>) -> Result<String, Inconclusive> {
        self.header.insert("alg".to_owned(), "HS256".into());
        let input = self.signing_input();
        let hash = keyed_hash_by(Algorithm::Hs256, key.as_ref(), input.as_bytes());
        let hash = hash.map_err(|error| Inconclusive::new(error.to_string()))?;
        Ok(compact(input, &hash.unwrap_or_default()))
    }

    /// With these octets in place of a signature.
    pub fn with_signature(self, signature: &[u8]) -> String {
        compact(self.signing_input(), signature)
    }

    /// Unsigned, saying so: `alg` is `none` and the signature is empty (RFC 7519 section 6).
    pub fn unsigned(self) -> String {
        self.header("alg", "none").with_signature(&[])
    }

    fn signing_input(&self) -> String {
        let part = |members: &Map<String, Value>| base64url(Value::from(members.clone()).to_string().as_bytes());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }
}

/// `BASE64URL` of RFC 7515 section 2.
pub fn base64url(octets: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(octets)
}

#[cfg(test)]
mod tests {
    use mock_idp::jose::Jws;

    use super::*;

    #[test]
    fn a_signed_jwt_verifies_with_its_key_and_no_other() {
        let (key, other) = (Key::fresh().expect("a key"), Key::fresh().expect("a key"));
        let text = Jwt::of_type("JWT").claim("iss", "a").signed_by(&key).expect("a JWT");
        let jws = Jws::parse(&text).expect("a JWT");
        let verify = |key: &Key| jws.verify_with(&PublicKey::parse(&key.jwk()).expect("a key"), &[Algorithm::Es256]);
        assert!(verify(&key).is_ok());
        assert!(verify(&other).is_err());
        assert_eq!(jws.kid(), Some(key.kid()));
    }

    #[test]
    fn an_unsigned_jwt_says_so() {
        let text = Jwt::of_type("JWT").claim("iss", "a").unsigned();
        assert!(text.ends_with('.') && text.matches('.').count() == 2);
    }

    #[test]
    fn a_bare_key_has_only_what_the_thumbprint_needs() {
        let key = Key::fresh().expect("a key");
        let names: Vec<_> = key.bare_jwk().as_object().expect("a JWK").keys().cloned().collect();
        assert_eq!(names, ["crv", "kty", "x", "y"]);
        assert!(!format!("{key:?}").contains("\"d\""));
    }
}

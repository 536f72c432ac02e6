//! RFC 7516, JSON Web Encryption: ID tokens and UserInfo responses that only this client can read (OpenID Connect Core
//! §10.2, §16.14).

mod content;
mod key;

use aws_lc_rs::error::Unspecified;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_types::{ContentEncryption, KeyManagement, Secret};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use self::content::{Sealed, derive, key_len, unwrap};
pub use self::key::DecryptionKey;
use crate::builder::ClientBuilder;
use crate::discover::Server;
use crate::error::{ConfigError, Error};
use crate::json;
use crate::jwt::{JwtError, JwtKind, text};
use crate::specs::Spec;
use crate::transport::Endpoint;

/// The most octets of `apu` and `apv`, decoded.
const MAX_PARTY: usize = 1024;

/// What is encrypted for this client, and the keys that open it.
#[derive(Default)]
pub(crate) struct Encrypted {
    keys: Vec<DecryptionKey>,
    id_tokens: Option<Allowed>,
    userinfo: Option<Allowed>,
}

/// The only ways of encryption that are taken.
struct Allowed {
    algorithms: Vec<KeyManagement>,
    encryptions: Vec<ContentEncryption>,
}

impl ClientBuilder {
    /// Decrypts with this key what [`ClientBuilder::encrypted_id_tokens`] or [`ClientBuilder::encrypted_userinfo`] has the
    /// server encrypt. Its public half is registered (`jwks` or `jwks_uri`), see [`DecryptionKey::public_jwk`].
    ///
    /// Called again, it adds a key: while keys are rotated there are two, each with a `kid`.
    pub fn decryption_key(mut self, key: DecryptionKey) -> Self {
        self.spec_mut::<Encrypted>().keys.push(key);
        self
    }

    /// Takes nothing but encrypted ID tokens, with one of these algorithms and one of these encryptions. For clients that
    /// are registered with `id_token_encrypted_response_alg` and `id_token_encrypted_response_enc`.
    ///
    /// Inside is a signed token, which is verified as always. RSA-OAEP-256 and ECDH-ES can be allowed, alone or with A128KW
    /// or A256KW. The client is not made if another is, if there is no key for one of them, or if the server lists what it
    /// does and has none of them.
    pub fn encrypted_id_tokens(
        mut self,
        algorithms: impl IntoIterator<Item = KeyManagement>,
        encryptions: impl IntoIterator<Item = ContentEncryption>,
    ) -> Self {
        self.spec_mut::<Encrypted>().id_tokens = Some(Allowed::new(algorithms, encryptions));
        self
    }

    /// The same for UserInfo responses, and clients that are registered with `userinfo_encrypted_response_alg`.
    ///
    /// With [`ClientBuilder::signed_userinfo`] there has to be a signed response inside. Without it, encryption tells who may
    /// read the response, and nothing about who wrote it: anybody can encrypt to a public key.
    pub fn encrypted_userinfo(
        mut self,
        algorithms: impl IntoIterator<Item = KeyManagement>,
        encryptions: impl IntoIterator<Item = ContentEncryption>,
    ) -> Self {
        self.spec_mut::<Encrypted>().userinfo = Some(Allowed::new(algorithms, encryptions));
        self
    }
}

impl Spec for Encrypted {
    fn accept(&self, server: &Server) -> Result<(), Error> {
        let wanted = [("id_token", &self.id_tokens), ("userinfo", &self.userinfo)];
        if wanted.iter().all(|(_, allowed)| allowed.is_none()) {
            return Err(ConfigError::NothingEncrypted.into());
        }
        for (what, allowed) in wanted {
            if let Some(allowed) = allowed {
                allowed.check(&self.keys)?;
                allowed.check_offered(server, what)?;
            }
        }
        if self.userinfo.is_some() {
            server.endpoint(Endpoint::Userinfo, false)?;
        }
        Ok(())
    }

    fn encrypts(&self, kind: JwtKind) -> bool {
        self.allowed(kind).is_some()
    }

    fn decrypt(&self, kind: JwtKind, token: &Secret, is_signed: bool) -> Result<Secret, JwtError> {
        let Some(allowed) = self.allowed(kind) else { return Ok(token.clone()) };
        let jwe = Jwe::parse(kind, token.expose(), allowed)?;
        if is_signed { jwe.nested(&self.keys) } else { jwe.claims(&self.keys) }
    }
}

impl Encrypted {
    /// The ways in which tokens of this kind are encrypted, if they are.
    fn allowed(&self, kind: JwtKind) -> Option<&Allowed> {
        match kind {
            JwtKind::IdToken => self.id_tokens.as_ref(),
            JwtKind::Userinfo => self.userinfo.as_ref(),
            _ => None,
        }
    }
}

impl Allowed {
    fn new(
        algorithms: impl IntoIterator<Item = KeyManagement>,
        encryptions: impl IntoIterator<Item = ContentEncryption>,
    ) -> Self {
        Self { algorithms: algorithms.into_iter().collect(), encryptions: encryptions.into_iter().collect() }
    }

    fn check(&self, keys: &[DecryptionKey]) -> Result<(), ConfigError> {
        if self.algorithms.is_empty() || self.encryptions.is_empty() {
            return Err(ConfigError::NoAlgorithm);
        }
        let unserved = |algorithm: &&KeyManagement| !keys.iter().any(|key| key.serves(**algorithm));
        match self.algorithms.iter().find(unserved) {
            Some(algorithm) => Err(ConfigError::NoDecryptionKey(*algorithm)),
            None => Ok(()),
        }
    }

    fn check_offered(&self, server: &Server, what: &'static str) -> Result<(), Error> {
        let offered = |kind: &str, words: Vec<&str>| {
            let member = format!("{what}_encryption_{kind}_values_supported");
            let listed = server.metadata.other.contains_key(&member);
            !listed || words.iter().any(|word| server.offers(&member, word))
        };
        let algorithms = self.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
        let encryptions = self.encryptions.iter().map(|encryption| encryption.as_str()).collect();
        match offered("alg", algorithms) && offered("enc", encryptions) {
            true => Ok(()),
            false => Err(Error::Unsupported("the server encrypts in no way that is allowed")),
        }
    }
}

/// An encrypted token, taken apart (§7.1).
struct Jwe<'a> {
    header: Map<String, Value>,
    algorithm: KeyManagement,
    encryption: ContentEncryption,
    encrypted_key: Vec<u8>,
    sealed: Sealed<'a>,
}

impl<'a> Jwe<'a> {
    /// Takes a compact JWE apart and judges its header. What is wrong with that is no secret.
    fn parse(kind: JwtKind, token: &'a str, allowed: &Allowed) -> Result<Self, JwtError> {
        if token.len() > crate::client::MAX_JWT {
            return Err(JwtError::TooLong);
        }
        let mut segments = token.splitn(6, '.');
        let mut next = || segments.next().ok_or(JwtError::NotEncrypted);
        let (protected, key, vector, ciphertext, tag) = (next()?, next()?, next()?, next()?, next()?);
        if segments.next().is_some() {
            return Err(JwtError::NotEncrypted);
        }
        let decode = |segment: &str| URL_SAFE_NO_PAD.decode(segment).map_err(|_| JwtError::NotBase64Url);
        let header = json::object(&decode(protected)?)?;
        if header.contains_key("crit") {
            return Err(JwtError::Critical);
        }
        // RFC 8725 §3.6.
        if header.contains_key("zip") {
            return Err(JwtError::Compressed);
        }
        if !kind.has_type(text(&header, "typ")?) {
            return Err(JwtError::Type);
        }
        text(&header, "kid")?;
        let algorithm = KeyManagement::from_wire(text(&header, "alg")?.ok_or(JwtError::Header("alg"))?);
        let algorithm = algorithm.filter(|algorithm| allowed.algorithms.contains(algorithm));
        let encryption = ContentEncryption::from_wire(text(&header, "enc")?.ok_or(JwtError::Header("enc"))?);
        let encryption = encryption.filter(|encryption| allowed.encryptions.contains(encryption));
        let (vector, ciphertext, tag) = (decode(vector)?, decode(ciphertext)?, decode(tag)?);
        Ok(Self {
            algorithm: algorithm.ok_or(JwtError::KeyManagement)?,
            encryption: encryption.ok_or(JwtError::ContentEncryption)?,
            encrypted_key: decode(key)?,
            sealed: Sealed { header: protected.as_bytes(), vector, ciphertext, tag },
            header,
        })
    }

    /// The token inside: "the value MUST be JWT" (RFC 7519 §5.2). What it is shows its own verification; some servers leave
    /// the name out.
    fn nested(&self, keys: &[DecryptionKey]) -> Result<Secret, JwtError> {
        match text(&self.header, "cty")? {
            Some(cty) if !cty.eq_ignore_ascii_case("JWT") => Err(JwtError::Type),
            _ => self.content(keys),
        }
    }

    /// The claims inside.
    fn claims(&self, keys: &[DecryptionKey]) -> Result<Secret, JwtError> {
        match text(&self.header, "cty")? {
            Some(cty) if cty.eq_ignore_ascii_case("JWT") => Err(JwtError::Type),
            _ => self.content(keys),
        }
    }

    fn content(&self, keys: &[DecryptionKey]) -> Result<Secret, JwtError> {
        let content = self.open(self.key(keys)?)?;
        std::str::from_utf8(&content).map(Secret::new).map_err(|_| JwtError::Undecryptable)
    }

    /// The one key that the token can be for.
    fn key<'k>(&self, keys: &'k [DecryptionKey]) -> Result<&'k DecryptionKey, JwtError> {
        let kid = text(&self.header, "kid")?;
        let fits = |key: &&DecryptionKey| {
            let named = |kid| key.kid().is_none_or(|own| own == kid);
            key.serves(self.algorithm) && kid.is_none_or(named)
        };
        let mut fitting = keys.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(JwtError::UnknownKey),
            (Some(_), Some(_)) => Err(JwtError::AmbiguousKey),
        }
    }

    /// Opens the content. Whatever fails from here on is told in one way, and the same work is done with a key that is wrong
    /// as with the right one (§11.5): otherwise somebody who asks often enough learns what is inside.
    fn open(&self, key: &DecryptionKey) -> Result<Zeroizing<Vec<u8>>, JwtError> {
        let length = key_len(self.encryption).ok_or(JwtError::ContentEncryption)?;
        let right = self.content_key(key, length).ok().filter(|key| key.len() == length);
        let wrong = vec![0; length];
        let opened = self.sealed.open(self.encryption, right.as_deref().unwrap_or(&wrong));
        match (right, opened) {
            (Some(_), Ok(content)) => Ok(content),
            _ => Err(JwtError::Undecryptable),
        }
    }

    fn content_key(&self, key: &DecryptionKey, length: usize) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        match self.algorithm {
            KeyManagement::RsaOaep256 => key.decrypt(&self.encrypted_key),
            // §5.2, step 10: a key that both sides know is not sent.
            KeyManagement::EcdhEs if self.encrypted_key.is_empty() => {
                self.agreed(key, self.encryption.as_str(), length)
            }
            KeyManagement::EcdhEsA128Kw => {
                unwrap(&self.agreed(key, self.algorithm.as_str(), 16)?, &self.encrypted_key)
            }
            KeyManagement::EcdhEsA256Kw => {
                unwrap(&self.agreed(key, self.algorithm.as_str(), 32)?, &self.encrypted_key)
            }
            _ => Err(Unspecified),
        }
    }

    /// RFC 7518 §4.6: what the key and the sender's ephemeral one agree on.
    fn agreed(&self, key: &DecryptionKey, purpose: &str, length: usize) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let ephemeral = self.header.get("epk").and_then(Value::as_object).ok_or(Unspecified)?;
        let party = |name: &'static str| {
            let text = text(&self.header, name).map_err(|_| Unspecified)?.unwrap_or_default();
            let party = URL_SAFE_NO_PAD.decode(text).map_err(|_| Unspecified)?;
            if party.len() <= MAX_PARTY { Ok(party) } else { Err(Unspecified) }
        };
        let (from, to) = (party("apu")?, party("apv")?);
        key.agree(ephemeral, |secret| derive(secret, purpose, [&from, &to], length))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dice::SystemDice;

    /// Tokens that others have encrypted: the RFCs, and the npm package jose.
    const VECTORS: &str = include_str!("../../../../fixtures/vectors/jwe.json");

    fn every() -> Allowed {
        Allowed::new(KeyManagement::ALL.iter().copied(), ContentEncryption::ALL.iter().copied())
    }

    #[test]
    fn what_others_encrypt_is_decrypted() {
        let vectors: Value = serde_json::from_str(VECTORS).expect("JSON");
        let mut read = 0;
        for vector in vectors["tokens"].as_array().expect("a list") {
            let Some(key) = vectors["keys"].get(vector["key"].as_str().unwrap_or_default()) else { continue };
            let key = DecryptionKey::from_jwk(key.as_object().expect("a key")).expect("a private key");
            let token = vector["token"].as_str().expect("text");
            match Jwe::parse(JwtKind::Userinfo, token, &every()) {
                Ok(jwe) if key.serves(jwe.algorithm) => {
                    let content = jwe.claims(&[key]).unwrap_or_else(|error| panic!("{}: {error}", vector["source"]));
                    assert_eq!(Some(content.expose()), vector["content"].as_str());
                    read += 1;
                }
                Ok(jwe) => assert_eq!(jwe.algorithm, KeyManagement::RsaOaep, "{}", vector["source"]),
                Err(error) => {
                    assert_eq!((error, vector["refused"].as_str()), (JwtError::KeyManagement, Some("RSA1_5")))
                }
            }
        }
        assert_eq!(read, 54);
    }

    proptest! {
        #[test]
        fn no_token_panics(
            header in r#"\{("alg":"(ECDH-ES|ECDH-ES\+A128KW)",|"enc":"A(128|256)(GCM|CBC-HS256)",|"epk":[a-z0-9{}"]{0,8},|"x":1,){0,4}"y":1\}"#,
            rest in "(\\.[A-Za-z0-9_-]{0,40}){0,6}",
        ) {
            let key = DecryptionKey::generate(&SystemDice).expect("a key");
            for token in [format!("{}{rest}", URL_SAFE_NO_PAD.encode(&header)), format!("{header}{rest}")] {
                if let Ok(jwe) = Jwe::parse(JwtKind::IdToken, &token, &every()) {
                    prop_assert!(jwe.nested(std::slice::from_ref(&key)).is_err());
                }
            }
        }
    }

    #[test]
    fn rfc_7518_appendix_c_is_met() {
        let private = |text: &str| serde_json::from_str(text).expect("JSON");
        let bob = DecryptionKey::from_jwk(&private(
            r#"{"kty": "EC", "crv": "P-256", "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
                "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck", "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"}"#,
        ));
        let alice = private(
            r#"{"kty": "EC", "crv": "P-256", "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
                "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}"#,
        );
        let agreed = bob.expect("a key").agree(&alice, |secret| derive(secret, "A128GCM", [b"Alice", b"Bob"], 16));
        assert_eq!(URL_SAFE_NO_PAD.encode(&*agreed.expect("a key")), "VqqN6vgjbSBcIijNcacQGg");
    }
}

//! Keys that come and go together: one for each algorithm.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::Algorithm;
use serde_json::Value;

use super::{KeyError, RotationError, SigningKey};
use crate::jose::{PublicKey, UnusableKey};

/// One key for each algorithm, each parsed when it is first used.
#[derive(Debug)]
pub(super) struct Generation {
    number: usize,
    pairs: [Held; 7],
    published: OnceLock<Result<Published, KeyError>>,
}

/// A private key. The three hashes of an RSA scheme share one, since they differ in nothing else.
#[derive(Debug)]
struct Held {
    algorithm: Algorithm,
    source: Source,
    parsed: OnceLock<Result<SigningKey, UnusableKey>>,
}

#[derive(Debug)]
enum Source {
    Pem(&'static str),
    Generated,
}

/// The public halves, in the order of [`Algorithm::SIGNING`].
#[derive(Debug)]
struct Published {
    jwks: Vec<Value>,
    keys: Vec<PublicKey>,
}

macro_rules! held {
    ($algorithm:ident, $file:literal) => {
        Held {
            algorithm: Algorithm::$algorithm,
            source: Source::Pem(include_str!(concat!("../../../../../fixtures/keys/", $file, ".pem"))),
            parsed: OnceLock::new(),
        }
    };
}

macro_rules! generation {
    ($number:literal, [$rs:literal, $ps:literal, $es256:literal, $es384:literal, $es512:literal, $eddsa:literal, $ed25519:literal]) => {
        Generation {
            number: $number,
            pairs: [
                held!(Rs256, $rs),
                held!(Ps256, $ps),
                held!(Es256, $es256),
                held!(Es384, $es384),
                held!(Es512, $es512),
                held!(EdDsa, $eddsa),
                held!(Ed25519, $ed25519),
            ],
            published: OnceLock::new(),
        }
    };
}

/// The generations of `fixtures/keys`. The first is what every server begins with.
pub(super) static FIXED: [Generation; 3] = [
    generation!(1, ["rs256", "ps256", "es256", "es384", "es512", "eddsa", "ed25519"]),
    generation!(2, ["rs256-2", "ps256-2", "es256-2", "es384-2", "es512-2", "eddsa-2", "ed25519-2"]),
    generation!(3, ["rs256-3", "ps256-3", "es256-3", "es384-3", "es512-3", "eddsa-3", "ed25519-3"]),
];

/// Keys that are published nowhere.
pub(super) static UNPUBLISHED: Generation = generation!(
    0,
    [
        "unpublished-rs256",
        "unpublished-rs256",
        "unpublished-es256",
        "unpublished-es384",
        "unpublished-es512",
        "unpublished-eddsa",
        "unpublished-eddsa"
    ]
);

impl Generation {
    /// The generation of this number that follows those of `fixtures/keys`. It is made when it is first asked for, once
    /// in the life of the process.
    pub(super) fn made(number: usize) -> Result<Arc<Self>, RotationError> {
        static MADE: Mutex<BTreeMap<usize, Arc<Generation>>> = Mutex::new(BTreeMap::new());
        // Whoever wants the same one at the same time waits for it, rather than making another.
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(generation) = made.get(&number) {
            return Ok(generation.clone());
        }
        let generation = Arc::new(Self::generate(number)?);
        made.insert(number, generation.clone());
        Ok(generation)
    }

    /// New keys of this number. Making the two RSA keys takes a good part of a second.
    pub(super) fn generate(number: usize) -> Result<Self, RotationError> {
        let held = |pattern: &Held| {
            let parsed = SigningKey::generate(pattern.algorithm);
            Held { algorithm: pattern.algorithm, source: Source::Generated, parsed: OnceLock::from(parsed) }
        };
        let pairs = FIXED[0].pairs.each_ref().map(held);
        match pairs.iter().all(|held| held.parsed().is_ok()) {
            true => Ok(Self { number, pairs, published: OnceLock::new() }),
            false => Err(RotationError::NotMade),
        }
    }

    /// The `kid` of its key for `algorithm`.
    pub(super) fn kid(&self, algorithm: Algorithm) -> Option<Cow<'static, str>> {
        if algorithm.is_symmetric() {
            return None;
        }
        Some(match (self.number, algorithm) {
            (1, Algorithm::Rs256) => "mock-rs256".into(),
            (1, Algorithm::Es256) => "mock-es256".into(),
            (1, other) => format!("mock-{}", other.as_str().to_ascii_lowercase()).into(),
            (number, other) => format!("mock-{}-{number}", other.as_str().to_ascii_lowercase()).into(),
        })
    }

    /// The signature of its key for `algorithm` over `message`, raw.
    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signed = self.key(algorithm)?.sign(algorithm, message);
        signed.map_err(|UnusableKey(what)| KeyError { algorithm, what })
    }

    /// Whether `signature`, in base64url, is one of its key for `algorithm` over `message`.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &str) -> bool {
        let at = Algorithm::SIGNING.iter().position(|own| *own == algorithm);
        let (Some(at), Ok(published)) = (at, self.public()) else { return false };
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature);
        signature.is_ok_and(|signature| published.keys[at].verifies(algorithm, message, &signature))
    }

    /// Its public keys as JWKs.
    pub(super) fn published(&self) -> &[Value] {
        self.public().map_or(&[], |published| &published.jwks)
    }

    /// The public key for `algorithm` as a JWK.
    pub(super) fn jwk(&self, algorithm: Algorithm) -> Result<Value, KeyError> {
        Ok(self.key(algorithm)?.jwk(algorithm, &self.kid(algorithm).unwrap_or_default()))
    }

    /// The public key for `algorithm` in PEM; empty if there is none.
    pub(super) fn public_pem(&self, algorithm: Algorithm) -> String {
        self.key(algorithm).ok().and_then(|key| key.public_pem().ok()).unwrap_or_default()
    }

    fn key(&self, algorithm: Algorithm) -> Result<&SigningKey, KeyError> {
        let shared = match algorithm {
            Algorithm::Rs384 | Algorithm::Rs512 => Algorithm::Rs256,
            Algorithm::Ps384 | Algorithm::Ps512 => Algorithm::Ps256,
            own => own,
        };
        let held = self.pairs.iter().find(|held| held.algorithm == shared);
        let held = held.ok_or(KeyError { algorithm, what: "there is no such key" })?;
        held.parsed().map_err(|UnusableKey(what)| KeyError { algorithm, what })
    }

    fn public(&self) -> Result<&Published, KeyError> {
        self.published.get_or_init(|| self.publish()).as_ref().map_err(Clone::clone)
    }

    fn publish(&self) -> Result<Published, KeyError> {
        let mut published = Published { jwks: Vec::new(), keys: Vec::new() };
        for algorithm in Algorithm::SIGNING.iter().copied() {
            let jwk = self.jwk(algorithm)?;
            let unusable = |_| KeyError { algorithm, what: "the public key is unusable" };
            published.keys.push(PublicKey::parse(&jwk).map_err(unusable)?);
            published.jwks.push(jwk);
        }
        Ok(published)
    }
}

impl Held {
    fn parsed(&self) -> Result<&SigningKey, UnusableKey> {
        let parse = || match self.source {
            Source::Pem(pem) => SigningKey::from_pem(self.algorithm, pem),
            Source::Generated => Err(UnusableKey("the key was not made")),
        };
        self.parsed.get_or_init(parse).as_ref().map_err(|error| *error)
    }
}

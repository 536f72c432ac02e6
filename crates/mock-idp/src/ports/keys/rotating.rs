//! Keys that change when a test says so: published first, used next, withdrawn last (OpenID Connect Core §10.1.1).

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use oauth_types::Algorithm;
use serde_json::Value;

use super::generation::{FIXED, Generation, UNPUBLISHED};
use super::{KeyError, Keys, RotationError, receiving};
use crate::jose::{Jwe, JweError};

/// Keys that are announced, taken into use and retired on command, all algorithms at once.
///
/// The first three generations are those of `fixtures/keys`, so that a key can be recognised by its `kid`: `mock-rs256`,
/// `mock-rs256-2`, `mock-rs256-3`. Later ones are made by [`Keys::announce`], which takes a good part of a second for the
/// sake of RSA: once in the life of the process, unless the keys are [`RotatingKeys::generated`].
#[derive(Debug)]
pub struct RotatingKeys(RwLock<State>);

#[derive(Debug)]
struct State {
    first: Live,
    current: Live,
    announced: Option<Live>,
    former: Vec<Live>,
    /// How many generations there have been.
    begun: usize,
}

/// A generation that is published.
#[derive(Debug, Clone)]
enum Live {
    Fixed(&'static Generation),
    Made(Arc<Generation>),
}

impl RotatingKeys {
    /// The first generation, with nothing announced.
    pub fn new() -> Self {
        Self::beginning(Live::Fixed(&FIXED[0]), 1)
    }

    /// Keys that nobody else has, made now, with nothing announced. It takes a good part of a second.
    ///
    /// # Errors
    /// [`RotationError::NotMade`] if none can be made.
    pub fn generated() -> Result<Self, RotationError> {
        let number = FIXED.len() + 1;
        Ok(Self::beginning(Live::Made(Arc::new(Generation::generate(number)?)), number))
    }

    /// The same keys as they were when nothing had been announced or rotated.
    pub fn as_at_first(&self) -> Self {
        self.state(|state| match &state.first {
            Live::Fixed(_) => Self::new(),
            Live::Made(_) => Self::beginning(state.first.clone(), FIXED.len() + 1),
        })
    }

    fn beginning(first: Live, begun: usize) -> Self {
        let current = first.clone();
        Self(RwLock::new(State { first, current, announced: None, former: Vec::new(), begun }))
    }

    fn state<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is published: the current generation first.
    fn live(&self) -> Vec<Live> {
        self.state(|state| {
            let others = state.announced.iter().chain(state.former.iter().rev());
            std::iter::once(&state.current).chain(others).cloned().collect()
        })
    }
}

impl Keys for RotatingKeys {
    fn algorithms(&self) -> &[Algorithm] {
        Algorithm::SIGNING
    }

    fn kid(&self, algorithm: Algorithm) -> Option<Cow<'static, str>> {
        self.state(|state| state.current.kid(algorithm))
    }

    fn former_kid(&self, algorithm: Algorithm) -> Option<Cow<'static, str>> {
        self.state(|state| state.former.last().and_then(|former| former.kid(algorithm)))
    }

    fn sign_as(&self, kid: Option<&str>, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        // The lock is not held while signing.
        let current = self.state(|state| state.current.clone());
        let named = match kid {
            Some(kid) if current.kid(algorithm).as_deref() != Some(kid) => {
                self.live().into_iter().find(|live| live.kid(algorithm).as_deref() == Some(kid))
            }
            _ => None,
        };
        named.unwrap_or(current).sign(algorithm, message)
    }

    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &str) -> bool {
        self.live().iter().any(|live| live.verifies(algorithm, message, signature))
    }

    fn published(&self) -> Vec<Value> {
        self.live().iter().flat_map(|live| live.published().to_vec()).collect()
    }

    fn forge(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        UNPUBLISHED.sign(algorithm, message)
    }

    fn published_for_encryption(&self) -> Vec<Value> {
        receiving::published()
    }

    fn decrypt(&self, token: &Jwe<'_>) -> Result<Vec<u8>, JweError> {
        receiving::decrypt(token)
    }

    fn public_pem(&self, algorithm: Algorithm) -> String {
        self.state(|state| state.current.clone()).public_pem(algorithm)
    }

    fn announce(&self) -> Result<(), RotationError> {
        // New keys are made outside the lock, so that requests do not wait for them.
        let (announced, begun, own) =
            self.state(|state| (state.announced.is_some(), state.begun, matches!(state.first, Live::Made(_))));
        if announced {
            return Err(RotationError::Announced);
        }
        let next = match FIXED.get(begun) {
            Some(fixed) => Live::Fixed(fixed),
            None if own => Live::Made(Arc::new(Generation::generate(begun + 1)?)),
            None => Live::Made(Generation::made(begun + 1)?),
        };
        self.change(|state| {
            if state.announced.is_some() || state.begun != begun {
                return Err(RotationError::Announced);
            }
            state.announced = Some(next);
            state.begun += 1;
            Ok(())
        })
    }

    fn rotate(&self) -> Result<(), RotationError> {
        self.change(|state| {
            let next = state.announced.take().ok_or(RotationError::NotAnnounced)?;
            state.former.push(std::mem::replace(&mut state.current, next));
            Ok(())
        })
    }

    fn retire(&self) -> Result<(), RotationError> {
        self.change(|state| match state.former.is_empty() {
            true => Err(RotationError::NothingFormer),
            false => {
                state.former.clear();
                Ok(())
            }
        })
    }
}

impl Default for RotatingKeys {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Live {
    type Target = Generation;

    fn deref(&self) -> &Generation {
        match self {
            Self::Fixed(fixed) => fixed,
            Self::Made(made) => made,
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::super::FixedKeys;
    use super::*;
    use crate::jose::PublicKeys;

    fn verifies(keys: &dyn Keys, algorithm: Algorithm, signature: &[u8]) -> bool {
        keys.verify(algorithm, b"message", &BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    fn kids(keys: &dyn Keys) -> Vec<String> {
        let rs256 = |jwk: &Value| (jwk["alg"] == "RS256").then(|| jwk["kid"].as_str().expect("a kid").to_owned());
        keys.published().iter().filter_map(rs256).collect()
    }

    #[test]
    fn a_signature_verifies_with_the_published_key_alone() {
        for keys in [&FixedKeys as &dyn Keys, &RotatingKeys::new()] {
            for algorithm in keys.algorithms().iter().copied() {
                let good = keys.sign(algorithm, b"message").expect("a fixed key signs");
                let forged = keys.forge(algorithm, b"message").expect("a fixed key signs");
                assert!(verifies(keys, algorithm, &good), "{algorithm}");
                assert!(!keys.verify(algorithm, b"massage", &BASE64_URL_SAFE_NO_PAD.encode(&good)), "{algorithm}");
                assert!(!verifies(keys, algorithm, &forged), "{algorithm}");
            }
        }
    }

    #[test]
    fn a_keyed_hash_has_no_key_here() {
        for keys in [&FixedKeys as &dyn Keys, &RotatingKeys::new()] {
            for algorithm in Algorithm::KEYED_HASH.iter().copied() {
                assert_eq!(keys.kid(algorithm), None);
                assert_eq!(keys.sign(algorithm, b"message").map_err(|error| error.what), Err("there is no such key"));
                assert!(!keys.verify(algorithm, b"message", "AAAA"));
                assert_eq!(keys.public_pem(algorithm), "");
            }
        }
    }

    #[test]
    fn what_can_sign_is_published_with_its_public_members_only() {
        for keys in [&FixedKeys as &dyn Keys, &RotatingKeys::new()] {
            let published = keys.published();
            for (algorithm, jwk) in keys.algorithms().iter().copied().zip(&published) {
                assert_eq!(jwk["alg"], algorithm.as_str());
                assert_eq!(jwk["kid"], keys.kid(algorithm).expect("a kid").as_ref());
                assert_eq!(jwk["use"], "sig");
                let members = jwk.as_object().expect("a JWK is an object").keys();
                let public = ["kty", "use", "alg", "kid", "n", "e", "crv", "x", "y"];
                assert!(members.map(String::as_str).all(|member| public.contains(&member)), "{jwk}");
            }
            assert_eq!(published.len(), keys.algorithms().len());
        }
        assert_eq!(FixedKeys.published(), RotatingKeys::new().published());
    }

    #[test]
    fn every_fixture_is_the_key_it_is_called() {
        for generation in FIXED.iter().chain([&UNPUBLISHED]) {
            assert_eq!(generation.published().len(), Algorithm::SIGNING.len(), "{generation:?}");
        }
        let set = serde_json::json!({"keys": FIXED.iter().flat_map(Generation::published).collect::<Vec<_>>()});
        assert_eq!(PublicKeys::parse(&set).expect("no kid is repeated").keys().len(), 33);
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_as_long_as_its_tokens_live() {
        let keys = RotatingKeys::new();
        assert_eq!(keys.rotate(), Err(RotationError::NotAnnounced));
        assert_eq!(keys.retire(), Err(RotationError::NothingFormer));
        let first = keys.sign(Algorithm::Rs256, b"message").expect("a signature");

        keys.announce().expect("the second generation");
        assert_eq!(keys.announce(), Err(RotationError::Announced));
        assert_eq!(kids(&keys), ["mock-rs256", "mock-rs256-2"]);
        assert_eq!(keys.kid(Algorithm::Rs256).as_deref(), Some("mock-rs256"));
        assert_eq!(keys.sign(Algorithm::Rs256, b"message").expect("a signature"), first);

        keys.rotate().expect("it is announced");
        assert_eq!(kids(&keys), ["mock-rs256-2", "mock-rs256"]);
        assert_eq!(keys.kid(Algorithm::Rs256).as_deref(), Some("mock-rs256-2"));
        let second = keys.sign(Algorithm::Rs256, b"message").expect("a signature");
        assert_ne!(first, second);
        assert!(verifies(&keys, Algorithm::Rs256, &first) && verifies(&keys, Algorithm::Rs256, &second));

        keys.retire().expect("the first generation");
        assert_eq!(kids(&keys), ["mock-rs256-2"]);
        assert!(!verifies(&keys, Algorithm::Rs256, &first) && verifies(&keys, Algorithm::Rs256, &second));
        assert_eq!(keys.rotate(), Err(RotationError::NotAnnounced));
    }

    #[test]
    fn a_token_is_signed_by_the_key_it_names() {
        let keys = RotatingKeys::new();
        let by = |kid| keys.sign_as(kid, Algorithm::EdDsa, b"message").expect("a signature");
        let first = by(None);
        keys.announce().and_then(|()| keys.rotate()).expect("a rotation");
        assert_eq!(by(Some("mock-eddsa")), first);
        assert_ne!(by(Some("mock-eddsa-2")), first);
        assert_eq!(by(Some("mock-ed25519")), by(None), "a key of another algorithm is not used");
        keys.retire().expect("the first generation");
        assert_eq!(by(Some("mock-eddsa")), by(None), "a retired key is not used");
    }

    #[test]
    fn there_are_always_further_generations() {
        let keys = RotatingKeys::new();
        let mut signatures = Vec::new();
        for _ in 1..=3 {
            signatures.push(keys.sign(Algorithm::Es512, b"message").expect("a signature"));
            keys.announce().and_then(|()| keys.rotate()).expect("a rotation");
        }
        assert_eq!(keys.kid(Algorithm::Ps384).as_deref(), Some("mock-ps384-4"));
        assert!(signatures.iter().all(|signature| verifies(&keys, Algorithm::Es512, signature)));
        assert_eq!(keys.published().len(), 44);
        let set = serde_json::json!({"keys": keys.published()});
        assert_eq!(PublicKeys::parse(&set).expect("distinct keys").keys().len(), 44);
    }

    #[test]
    fn later_keys_are_shared_unless_they_are_ones_own() {
        let later = |keys: RotatingKeys| {
            while !kids(&keys)[0].ends_with("-5") {
                keys.announce().and_then(|()| keys.rotate()).expect("a rotation");
            }
            keys.sign(Algorithm::EdDsa, b"message").expect("a signature")
        };
        let shared = later(RotatingKeys::new());
        assert_eq!(later(RotatingKeys::new()), shared);
        assert_ne!(later(RotatingKeys::generated().expect("keys")), shared);
    }

    #[test]
    fn of_two_who_announce_at_once_one_does() {
        let keys = RotatingKeys::new();
        for _ in 0..2 {
            keys.announce().and_then(|()| keys.rotate()).expect("a rotation");
        }
        // The fourth generation takes long to make, so that both are at it together.
        let both = std::sync::Barrier::new(2);
        let announce = || {
            both.wait();
            keys.announce()
        };
        let outcomes = std::thread::scope(|scope| {
            let threads = [scope.spawn(announce), scope.spawn(announce)];
            threads.map(|thread| thread.join().expect("no panic"))
        });
        assert!(outcomes.contains(&Ok(())) && outcomes.contains(&Err(RotationError::Announced)), "{outcomes:?}");
        assert_eq!(kids(&keys)[..2], ["mock-rs256-3", "mock-rs256-4"]);
    }

    #[test]
    fn fixed_keys_do_not_change() {
        assert_eq!(FixedKeys.announce(), Err(RotationError::Fixed));
        assert_eq!(FixedKeys.rotate(), Err(RotationError::Fixed));
        assert_eq!(FixedKeys.retire(), Err(RotationError::Fixed));
    }

    #[test]
    fn the_public_key_has_a_pem_form() {
        for algorithm in Algorithm::SIGNING {
            let pem = FixedKeys.public_pem(*algorithm);
            assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && pem.len() > 100, "{pem}");
            assert_eq!(RotatingKeys::new().public_pem(*algorithm), pem);
        }
    }
}

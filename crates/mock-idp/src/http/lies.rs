//! Lies about signatures and keys: tokens signed wrongly, keys replaced under way, key sets that are not the right one.

use std::sync::Arc;

use aws_lc_rs::hmac;
use oauth_types::fault::{Edit, KeySet, Signature};
use oauth_types::{Algorithm, Secret};
use serde_json::{Map, Value};

use super::tap::{Faults, Slot};
use crate::jose;
use crate::ports::keys::{self, Keys, RotationError, weak};
use crate::reply::{Broken, Unsigned};
use crate::world::World;

/// The octets of an ES256 signature (RFC 7518 §3.4).
const ES256: usize = 64;

/// Writes the header that goes with a signature that is a lie.
pub(crate) fn head(lie: Signature, keys: &dyn Keys, token: &mut Unsigned) -> Result<(), Broken> {
    let mut set = |name: &str, value: Value| token.header.insert(name.to_owned(), value);
    match lie {
        Signature::AlgNone => {
            set("alg", "none".into());
        }
        Signature::Hs256PublicKey => {
            set("alg", Algorithm::Hs256.as_str().into());
        }
        Signature::EmbeddedKey => {
            let algorithm = asymmetric(token.algorithm);
            set("alg", algorithm.as_str().into());
            set("jwk", keys::unpublished(algorithm)?);
        }
        Signature::Zero => {
            set("alg", Algorithm::Es256.as_str().into());
            // A verifier that falls for it has to find a key of this type.
            if let Some(kid) = keys.kid(Algorithm::Es256) {
                set("kid", kid.into());
            }
        }
        Signature::WeakKey => {
            set("alg", Algorithm::Rs256.as_str().into());
            set("kid", weak::KID.into());
        }
        // The header is right.
        _ => {}
    }
    Ok(())
}

/// A signature over `text` that is a lie. `right` makes the one that is not.
pub(crate) fn signature(
    lie: Signature,
    keys: &dyn Keys,
    algorithm: Algorithm,
    text: &[u8],
    right: impl FnOnce() -> Result<Vec<u8>, Broken>,
) -> Result<Vec<u8>, Broken> {
    Ok(match lie {
        Signature::AlgNone | Signature::Stripped => Vec::new(),
        Signature::Hs256PublicKey => {
            let pem = keys.public_pem(asymmetric(algorithm));
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, pem.as_bytes()), text).as_ref().to_vec()
        }
        Signature::Corrupted => corrupted(right()?),
        Signature::UnpublishedKey if algorithm.is_symmetric() => {
            let secret = Secret::new("another secret than that of the client".repeat(2));
            let hash = jose::keyed_hash(algorithm, &secret, text);
            hash.map_err(|error| Broken::Seal(error.to_string()))?.unwrap_or_default()
        }
        Signature::UnpublishedKey => keys.forge(algorithm, text)?,
        Signature::EmbeddedKey => keys::forged(asymmetric(algorithm), text)?,
        Signature::Zero => vec![0; ES256],
        Signature::WeakKey => weak::sign(text),
        _ => right()?,
    })
}

/// Replaces the keys if a fault asks for it, and says whether it did.
pub(crate) fn rotate(slots: &[Arc<Slot>], keys: &dyn Keys) -> Result<bool, RotationError> {
    let mut rotated = false;
    for edit in slots.iter().flat_map(|slot| slot.edits()) {
        let Edit::RotateKeys { retire } = edit else { continue };
        match keys.announce() {
            // Keys that are announced already are the next ones.
            Ok(()) | Err(RotationError::Announced) => {}
            Err(error) => return Err(error),
        }
        match keys.rotate() {
            // Somebody else was faster: the keys are new all the same.
            Ok(()) | Err(RotationError::NotAnnounced) => {}
            Err(error) => return Err(error),
        }
        if *retire {
            // If there are no former keys, somebody else was faster again.
            let _ = keys.retire();
        }
        rotated = true;
    }
    Ok(rotated)
}

/// Names the key that signs now in a token that named a former one.
pub(crate) fn rename(keys: &dyn Keys, token: &mut Unsigned) {
    if let Some((named, kid)) = token.header.get_mut("kid").zip(keys.kid(token.algorithm)) {
        *named = kid.into();
    }
}

/// Makes another key set of the right one, and rotates the keys once it is read.
pub(crate) fn key_set(
    slots: &[Arc<Slot>],
    faults: &Faults,
    world: &World,
    members: &mut Map<String, Value>,
) -> Result<(), Broken> {
    let ports = &world.ports;
    if let Some(Value::Array(set)) = members.get_mut("keys") {
        for edit in slots.iter().flat_map(|slot| slot.edits()) {
            if let Edit::Keys { with } = edit {
                lie(*with, ports.keys.as_ref(), world.policy.algorithm, set)?;
            }
        }
        if faults.any(|edit| matches!(edit, Edit::Sign { with: Signature::WeakKey })) {
            set.push(weak::jwk());
        }
    }
    rotate(slots, ports.keys.as_ref())?;
    Ok(())
}

/// Makes another set of a set of keys. Tokens are signed with `algorithm`, unless a client asked for something else.
fn lie(with: KeySet, keys: &dyn Keys, algorithm: Algorithm, set: &mut Vec<Value>) -> Result<(), Broken> {
    match with {
        KeySet::Empty => set.clear(),
        KeySet::DuplicateKid => {
            set.insert(0, keys::unpublished(asymmetric(algorithm))?);
            let kid = keys.kid(asymmetric(algorithm)).unwrap_or_default();
            each(set, |members| members.insert("kid".to_owned(), kid.clone().into()));
        }
        KeySet::NoKid => each(set, |members| members.remove("kid")),
        KeySet::UnknownKid => each(set, |members| {
            let unknown = format!("unknown-{}", members.get("kid").and_then(Value::as_str).unwrap_or_default());
            members.insert("kid".to_owned(), unknown.into())
        }),
        KeySet::ForEncryption => each(set, |members| members.insert("use".to_owned(), "enc".into())),
        KeySet::Foreign => {
            for jwk in set {
                let algorithm = Algorithm::SIGNING.iter().find(|own| jwk["alg"] == own.as_str());
                let Some(algorithm) = algorithm else { continue };
                let kid = jwk["kid"].take();
                *jwk = keys::unpublished(*algorithm)?;
                jwk["kid"] = kid;
            }
        }
        KeySet::Weak => set.push(weak::jwk()),
        _ => {}
    }
    Ok(())
}

fn each<T>(set: &mut [Value], mut edit: impl FnMut(&mut Map<String, Value>) -> T) {
    for members in set.iter_mut().filter_map(Value::as_object_mut) {
        edit(members);
    }
}

/// The same with one bit turned over.
fn corrupted(mut signature: Vec<u8>) -> Vec<u8> {
    if let Some(last) = signature.last_mut() {
        *last ^= 1;
    }
    signature
}

/// What a token is said to be signed with that is not, if its own algorithm has no public key.
fn asymmetric(algorithm: Algorithm) -> Algorithm {
    if algorithm.is_symmetric() { Algorithm::Rs256 } else { algorithm }
}

//! Nonces that the server provides (RFC 9449 §8 and §9).
//!
//! A nonce is kept in the store for two periods: as the current one, and for one period after it was replaced. So every
//! server that shares the store takes what any of them gave.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ports::store::{GrantId, Key, Kind, Record, StoreError};
use crate::request::Proof;

use super::NONCE_SECONDS;

const KIND: Kind = Kind::new("rfc9449/nonce");

/// The nonces that are given out at the moment.
#[derive(Debug, Default)]
pub(super) struct Nonces(Mutex<HashMap<Audience, Current>>);

/// Who gives a nonce: the nonces of an authorization server are nothing to a resource server (§9).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Audience {
    tenant: String,
    resource: bool,
}

#[derive(Debug)]
struct Current {
    nonce: String,
    /// The second in which the next one takes its place.
    until: u64,
}

impl Nonces {
    /// The nonce that the next proof has to have.
    pub(super) async fn current(&self, proof: &Proof<'_>) -> Result<String, StoreError> {
        let now = proof.arrival.now;
        let audience = Audience { tenant: proof.arrival.place.tenant.clone(), resource: proof.token.is_some() };
        let known = self.all().get(&audience).filter(|current| now < current.until).map(|own| own.nonce.clone());
        if let Some(nonce) = known {
            return Ok(nonce);
        }
        let period = proof.policy.value_of(&NONCE_SECONDS);
        let nonce = proof.ports.dice.handle();
        let expires = now.saturating_add(period.saturating_mul(2));
        let mut grant = GrantId([0; 16]);
        proof.ports.dice.fill(&mut grant.0);
        let record = Record {
            grant,
            issued: now,
            expires,
            forget: expires,
            authorization: Arc::default(),
            notes: Arc::default(),
        };
        proof.ports.store.put(key(proof, &nonce), record).await?;
        self.all().insert(audience, Current { nonce: nonce.clone(), until: now.saturating_add(period) });
        Ok(nonce)
    }

    /// Whether this is the current nonce, or the one before it.
    pub(super) async fn takes(&self, proof: &Proof<'_>, nonce: &str) -> Result<bool, StoreError> {
        let kept = proof.ports.store.get(key(proof, nonce)).await?;
        Ok(kept.is_some_and(|kept| proof.arrival.now < kept.record.expires))
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Audience, Current>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(proof: &Proof<'_>, nonce: &str) -> Key {
    let side = if proof.token.is_some() { "resource " } else { "authorization " };
    Key::of(KIND, &proof.arrival.place.tenant, &format!("{side}{nonce}"))
}

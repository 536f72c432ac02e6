//! The server's public keys (RFC 7517), fetched when needed and kept for a while.

use std::sync::Arc;

use oauth_types::Algorithm;
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use crate::client::Client;
use crate::error::{Defect, Error};
use crate::json;
use crate::jwt::{Jwt, JwtError};
use crate::public_key::PublicKey;
use crate::transport::Endpoint;

/// How long fetched keys are used, in seconds. A key that is withdrawn stops working after this time at the latest.
pub(crate) const MAX_AGE: u64 = 5 * 60;

/// How long after a fetch for an unknown key the next one may happen, in seconds.
pub(crate) const COOL_DOWN: u64 = 60;

/// The most keys a set may have.
const MAX_KEYS: usize = 256;

/// The cached key set of one server.
#[derive(Default)]
pub(crate) struct KeyCache(Mutex<Cached>);

#[derive(Default)]
struct Cached {
    keys: Option<Arc<KeySet>>,
    fetched_at: u64,
    /// When keys were last fetched only because one was not found.
    searched_at: Option<u64>,
}

impl KeyCache {
    /// Verifies the signature of `token`; with the keys of the server as they are now, if those kept do not fit.
    pub(crate) async fn verify(&self, client: &Client, token: &Jwt<'_>) -> Result<(), Error> {
        let mut keys = self.kept(client).await?;
        loop {
            let error = match token.verify(&keys, &client.inner.issuers) {
                Ok(()) => return Ok(()),
                Err(Unverified::ForGood(error)) => return Err(token.kind.failed(error)),
                Err(Unverified::NewerKeysMayHelp(error)) => error,
            };
            keys = self.newer(client, &keys).await?.ok_or_else(|| token.kind.failed(error))?;
        }
    }

    /// The keys of the server, not older than [`MAX_AGE`].
    ///
    /// The lock is held while fetching, so however many logins need keys at once, they are fetched once.
    async fn kept(&self, client: &Client) -> Result<Arc<KeySet>, Error> {
        let now = client.inner.clock.now();
        let mut cached = self.0.lock().await;
        if let Some(keys) = &cached.keys
            && now.abs_diff(cached.fetched_at) < MAX_AGE
        {
            return Ok(Arc::clone(keys));
        }
        cached.keys = None;
        let keys = Arc::new(KeySet::read(client.fetch_keys().await?)?);
        cached.fetched_at = now;
        Ok(Arc::clone(cached.keys.insert(keys)))
    }

    /// Other keys than these: fetched meanwhile, or fetched now, or none if it was just searched for some.
    async fn newer(&self, client: &Client, than: &Arc<KeySet>) -> Result<Option<Arc<KeySet>>, Error> {
        let now = client.inner.clock.now();
        let mut cached = self.0.lock().await;
        if let Some(keys) = cached.keys.as_ref().filter(|keys| !Arc::ptr_eq(keys, than)) {
            return Ok(Some(Arc::clone(keys)));
        }
        if cached.searched_at.is_some_and(|at| now.abs_diff(at) < COOL_DOWN) {
            return Ok(None);
        }
        let answer = client.fetch_keys().await;
        cached.searched_at = Some(now);
        let keys = Arc::new(KeySet::read(answer?)?);
        cached.fetched_at = now;
        Ok(Some(Arc::clone(cached.keys.insert(keys))))
    }
}

/// Why a signature was not verified with a set of keys.
pub(crate) enum Unverified {
    /// The key was not there; a newer set might have it.
    NewerKeysMayHelp(JwtError),
    /// No newer set can help.
    ForGood(JwtError),
}

/// The keys of a set that can verify something. Others are skipped (RFC 7517 §5).
#[derive(Debug)]
pub(crate) struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    kid: Option<String>,
    alg: Option<String>,
    /// For whose tokens it is, where servers say that.
    issuer: Option<String>,
    public: PublicKey,
}

impl KeySet {
    fn read(response: http::Response<Vec<u8>>) -> Result<Self, Error> {
        let defective = |defect| Error::Protocol { endpoint: Endpoint::Jwks, defect };
        let status = response.status();
        if status.is_redirection() {
            return Err(defective(Defect::Redirect(status.as_u16())));
        }
        if status != http::StatusCode::OK {
            return Err(defective(Defect::Status(status.as_u16())));
        }
        Self::parse(response.body()).map_err(defective)
    }

    fn parse(text: &[u8]) -> Result<Self, Defect> {
        let members = json::object(text)?;
        let keys = members.get("keys").ok_or(Defect::Missing("keys"))?;
        let keys = keys.as_array().ok_or(Defect::Member("keys"))?;
        if keys.len() > MAX_KEYS {
            return Err(Defect::TooManyKeys);
        }
        Ok(Self(keys.iter().filter_map(Value::as_object).filter_map(Key::read).collect()))
    }

    /// The key for `alg`, which must be the only one that fits, and for whose tokens it is if the server says so. `kid`
    /// narrows the choice and is never a path or a query: it is compared and nothing else.
    pub(crate) fn select(&self, alg: Algorithm, kid: Option<&str>) -> Result<(&PublicKey, Option<&str>), JwtError> {
        let fits = |key: &&Key| key.is_for(alg) && (kid.is_none() || key.kid.as_deref() == kid);
        let mut fitting = self.0.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) if key.public.is_weak() => Err(JwtError::WeakKey),
            (Some(key), None) => Ok((&key.public, key.issuer.as_deref())),
            (Some(_), Some(_)) => Err(JwtError::AmbiguousKey),
            (None, _) => Err(JwtError::UnknownKey),
        }
    }
}

impl Key {
    /// A key for signatures, or nothing.
    fn read(jwk: &Map<String, Value>) -> Option<Self> {
        let optional = |name: &str| match jwk.get(name) {
            None => Some(None),
            Some(Value::String(text)) => Some(Some(text.clone())),
            Some(_) => None,
        };
        if optional("use")?.is_some_and(|used_for| used_for != "sig") {
            return None;
        }
        if let Some(operations) = jwk.get("key_ops")
            && !operations.as_array()?.iter().any(|operation| operation == "verify")
        {
            return None;
        }
        let (kid, alg, issuer) = (optional("kid")?, optional("alg")?, optional("issuer")?);
        Some(Self { kid, alg, issuer, public: PublicKey::read(jwk)? })
    }

    fn is_for(&self, alg: Algorithm) -> bool {
        self.public.is_for(alg) && self.alg.as_deref().is_none_or(|own| own == alg.as_str())
    }
}

/// The key for `alg` in a JSON Web Key that somebody brings.
pub(crate) fn public_key(jwk: &Map<String, Value>, alg: Algorithm) -> Result<PublicKey, JwtError> {
    let key = Key::read(jwk).filter(|key| key.is_for(alg)).ok_or(JwtError::UnknownKey)?;
    if key.public.is_weak() { Err(JwtError::WeakKey) } else { Ok(key.public) }
}

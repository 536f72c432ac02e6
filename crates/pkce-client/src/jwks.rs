//! The server's public keys (RFC 7517), fetched when needed and kept for a while.

use std::sync::Arc;

use oauth_types::Algorithm;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use crate::client::Client;
use crate::error::{Defect, Error};
use crate::json;
use crate::jwt::{Jwt, JwtError};
use crate::public_key::PublicKey;
use crate::transport::Endpoint;

/// How long fetched keys are used, in seconds. A key that is withdrawn stops working after this time at the latest.
pub(crate) const MAX_AGE: u64 = 5 * 60;

/// How long a key that was not found is not looked for again, in seconds.
const COOL_DOWN: u64 = 60;

/// How many fetches for unknown keys there may be in a row, and after how many seconds there may be one more.
const SEARCHES: u64 = 10;
const SEARCH_EVERY: u64 = 6;

/// The most keys a set may have.
const MAX_KEYS: usize = 256;

/// The cached key set of one server.
#[derive(Default)]
pub(crate) struct KeyCache(Mutex<Cached>);

#[derive(Default)]
struct Cached {
    keys: Option<Arc<KeySet>>,
    fetched_at: u64,
    /// For keys of tokens that the server gave this client.
    searches: Searches,
    /// The hashes of the names that were looked for lately, and when. No name stands for tokens without one.
    sought: Vec<(Option<[u8; 32]>, u64)>,
    /// For keys of tokens that anybody can bring.
    searches_for_anybody: Searches,
}

/// Where a token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Server,
    Anybody,
}

impl KeyCache {
    /// Verifies the signature of `token`, whoever has brought it; with the keys of the server as they are now, if those
    /// kept do not fit. Strangers can have the keys fetched that way, but not often, and not at the cost of logins.
    pub(crate) async fn verify(&self, client: &Client, token: &Jwt<'_>) -> Result<(), Error> {
        self.verify_of(Source::Anybody, client, token).await
    }

    /// The same for a token that is part of the server's answer to a request of the client.
    pub(crate) async fn verify_answered(&self, client: &Client, token: &Jwt<'_>) -> Result<(), Error> {
        self.verify_of(Source::Server, client, token).await
    }

    async fn verify_of(&self, source: Source, client: &Client, token: &Jwt<'_>) -> Result<(), Error> {
        let mut keys = self.0.lock().await.fresh(client.inner.clock.now());
        loop {
            let error = match keys.as_ref().map(|keys| token.verify(keys, &client.inner.issuers)) {
                Some(Ok(())) => return Ok(()),
                Some(Err(Unverified::ForGood(error))) => return Err(token.kind.failed(error)),
                Some(Err(Unverified::NewerKeysMayHelp(error))) => error,
                None => JwtError::UnknownKey,
            };
            let newer = self.newer(client, (source, token), keys.as_ref()).await?;
            keys = Some(newer.ok_or_else(|| token.kind.failed(error))?);
        }
    }

    /// Other keys than these: fetched meanwhile, or fetched now, or none if they may not be fetched now for this token.
    ///
    /// The lock is held while fetching, so however many logins need keys at once, they are fetched once.
    async fn newer(
        &self,
        client: &Client,
        (source, token): (Source, &Jwt<'_>),
        than: Option<&Arc<KeySet>>,
    ) -> Result<Option<Arc<KeySet>>, Error> {
        let now = client.inner.clock.now();
        let mut cached = self.0.lock().await;
        let others = |keys: &Arc<KeySet>| than.is_none_or(|than| !Arc::ptr_eq(keys, than));
        if let Some(keys) = cached.fresh(now).filter(others) {
            return Ok(Some(keys));
        }
        if !cached.may_fetch(source, token, now) {
            return Ok(None);
        }
        let keys = Arc::new(KeySet::read(client.fetch_keys().await?)?);
        cached.fetched_at = now;
        Ok(Some(Arc::clone(cached.keys.insert(keys))))
    }
}

impl Cached {
    /// The keys that are kept, unless they are too old.
    fn fresh(&self, now: u64) -> Option<Arc<KeySet>> {
        self.keys.clone().filter(|_| now.abs_diff(self.fetched_at) < MAX_AGE)
    }

    /// Whether the keys may be fetched now for this token, which those that are kept do not fit.
    fn may_fetch(&mut self, source: Source, token: &Jwt<'_>, now: u64) -> bool {
        match source {
            Source::Anybody => self.searches_for_anybody.begin(now),
            // There is one for each request of the client at most.
            Source::Server if self.fresh(now).is_none() => true,
            Source::Server => {
                self.sought.retain(|(_, at)| now.abs_diff(*at) < COOL_DOWN);
                let name = token.kid.as_ref().map(|kid| Sha256::digest(kid).into());
                let is_new = self.sought.iter().all(|(known, _)| *known != name);
                let may = is_new && self.searches.begin(now);
                self.sought.extend(may.then_some((name, now)));
                may
            }
        }
    }
}

/// Counts fetches for unknown keys.
#[derive(Default)]
struct Searches {
    /// When all that have been begun are made up for.
    even_at: u64,
}

impl Searches {
    /// Begins one, if there may be one now.
    fn begin(&mut self, now: u64) -> bool {
        // A clock that was put back makes nobody wait for longer.
        let latest = now.saturating_add(SEARCHES * SEARCH_EVERY);
        self.even_at = self.even_at.clamp(now, latest);
        let may = self.even_at.saturating_add(SEARCH_EVERY) <= latest;
        self.even_at += if may { SEARCH_EVERY } else { 0 };
        may
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_few_searches_in_a_row_and_one_more_after_a_while() {
        let mut searches = Searches::default();
        let mut begun = |now| (0..1000).filter(|_| searches.begin(now)).count();
        assert_eq!(begun(1000), 10);
        assert_eq!((begun(1005), begun(1006), begun(1018)), (0, 1, 2));
        assert_eq!(begun(5000), 10);
        assert_eq!((begun(10), begun(16)), (0, 1), "a clock that was put back makes nobody wait for longer");
    }
}

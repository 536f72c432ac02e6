//! The keys of the server (RFC 7517): fetched when one is missing, kept, and chosen by everything they say.

use oauth_attacks::Rejected;
use serde_json::Value;

use super::claims::now;
use crate::victims::client::{Defence, Login, Victim};

/// The most octets a key set may have.
const MOST_OCTETS: usize = 256 * 1024;

/// How long it takes until keys are fetched again for the sake of an unknown name, in seconds.
const PAUSE: f64 = 60.0;

/// What is known of the keys of a server.
#[derive(Clone, Default)]
pub(in crate::victims::client) struct Known {
    keys: Vec<Value>,
    searched: Option<f64>,
}

impl Victim {
    /// The key that a token with this header is signed with.
    pub(super) async fn signing_key(
        &self,
        login: &Login,
        header: &Value,
        algorithm: &str,
    ) -> Result<Value, Rejected> {
        if header["jwk"].is_object() && !self.on(Defence::EmbeddedKeysIgnored) {
            return Ok(header["jwk"].clone());
        }
        let address = match header["jku"].as_str() {
            Some(address) if !self.on(Defence::AddressesIgnored) => address,
            _ => login.metadata.jwks_uri.as_deref().unwrap_or_default(),
        };
        let known = self.key_sets().get(address).cloned();
        let (mut known, fresh) = match known {
            Some(known) => (known, false),
            None => (Known { keys: self.fetch(address).await?, searched: None }, true),
        };
        if !fresh && self.choose(&known.keys, header, algorithm).is_none() && self.may_search(&known) {
            known.searched = Some(now());
            let fetched = self.fetch(address).await?;
            if self.on(Defence::KeysReplaced) {
                known.keys = fetched;
            } else {
                known.keys.extend(fetched);
            }
        }
        let key = self.choose(&known.keys, header, algorithm);
        self.key_sets().insert(address.to_owned(), known);
        key.ok_or_else(|| Rejected::new("no key fits"))
    }

    fn may_search(&self, known: &Known) -> bool {
        let rested = known.searched.is_none_or(|searched| now() - searched >= PAUSE);
        self.on(Defence::KeysFetchedAgain) && (rested || !self.on(Defence::KeyFetchesLimited))
    }

    /// The only key that fits.
    fn choose(&self, keys: &[Value], header: &Value, algorithm: &str) -> Option<Value> {
        let kty = if algorithm.starts_with("ES") { "EC" } else { "RSA" };
        let named = header.get("kid").filter(|_| self.on(Defence::KeysChosenByName));
        let of_algorithm = |key: &Value| key.get("alg").is_none_or(|alg| alg == algorithm);
        let for_signatures = |key: &Value| {
            key.get("use").is_none_or(|used_for| used_for == "sig")
                && key.get("key_ops").is_none_or(|operations| operations.to_string().contains("verify"))
        };
        let mut fitting = keys.iter().filter(|key| {
            key["kty"] == kty
                && named.is_none_or(|kid| key["kid"] == *kid)
                && (of_algorithm(key) || !self.on(Defence::KeysOfOneAlgorithm))
                && (for_signatures(key) || !self.on(Defence::KeysForSignatures))
        });
        let key = fitting.next()?;
        let alone = fitting.next().is_none() || !self.on(Defence::KeysForSignatures);
        alone.then(|| key.clone())
    }

    async fn fetch(&self, address: &str) -> Result<Vec<Value>, Rejected> {
        let failed = |_| Rejected::new("no key set");
        let mut response = self.http.get(address).send().await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(octets) = response.chunk().await.map_err(failed)? {
            body.extend(octets);
            if body.len() > MOST_OCTETS && self.on(Defence::KeySetsBounded) {
                return Err(Rejected::new("key set too large"));
            }
        }
        let set: Value = serde_json::from_slice(&body).map_err(|_| Rejected::new("no key set"))?;
        Ok(set["keys"].as_array().cloned().unwrap_or_default())
    }
}

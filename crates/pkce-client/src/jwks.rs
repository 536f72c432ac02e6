//! The server's public keys (RFC 7517), fetched when needed and kept for a while.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use oauth_types::Algorithm;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use crate::client::Client;
use crate::error::{Defect, Error};
use crate::json;
use crate::jwt::{Jwt, JwtError};
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

/// What RSA keys sign.
const RSA: [Algorithm; 6] =
    [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512];

/// The cached key set of one server.
#[derive(Default)]
pub(crate) struct KeyCache(Mutex<Cached>);

#[derive(Default)]
struct Cached {
    keys: Option<KeySet>,
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
    ///
    /// The lock is held while fetching, so however many logins need keys at once, they are fetched once.
    pub(crate) async fn verify(&self, client: &Client, token: &Jwt<'_>) -> Result<(), Error> {
        self.verify_of(Source::Anybody, client, token).await
    }

    /// The same for a token that is part of the server's answer to a request of the client.
    pub(crate) async fn verify_answered(&self, client: &Client, token: &Jwt<'_>) -> Result<(), Error> {
        self.verify_of(Source::Server, client, token).await
    }

    async fn verify_of(&self, source: Source, client: &Client, token: &Jwt<'_>) -> Result<(), Error> {
        let (now, issuers) = (client.inner.clock.now(), &client.inner.issuers);
        let mut cached = self.0.lock().await;
        let mut outcome = match cached.fresh(now) {
            Some(keys) => token.verify(keys, issuers),
            None => Err(Unverified::NewerKeysMayHelp(JwtError::UnknownKey)),
        };
        if matches!(outcome, Err(Unverified::NewerKeysMayHelp(_))) && cached.may_fetch(source, token, now) {
            let keys = KeySet::read(client.fetch_keys().await?)?;
            cached.fetched_at = now;
            outcome = token.verify(cached.keys.insert(keys), issuers);
        }
        outcome.map_err(|(Unverified::NewerKeysMayHelp(error) | Unverified::ForGood(error))| token.kind.failed(error))
    }
}

impl Cached {
    /// The keys that are kept, unless they are too old.
    fn fresh(&self, now: u64) -> Option<&KeySet> {
        self.keys.as_ref().filter(|_| now.abs_diff(self.fetched_at) < MAX_AGE)
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
        let even_at = self.even_at.clamp(now, latest).saturating_add(SEARCH_EVERY);
        if even_at > latest {
            return false;
        }
        self.even_at = even_at;
        true
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
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa(DecodingKey),
    P256(DecodingKey),
    P384(DecodingKey),
    Ed25519(DecodingKey),
    /// An RSA key under 2048 bits (RFC 7518 §3.3), over 8192, or with an exponent no honest key has.
    WeakRsa,
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

    /// The key for `alg`, which must be the only one that fits, and for whose tokens it is if the server says so. `kid` narrows the choice and is never a path or a
    /// query: it is compared and nothing else.
    pub(crate) fn select(&self, alg: Algorithm, kid: Option<&str>) -> Result<(&DecodingKey, Option<&str>), JwtError> {
        let fits = |key: &&Key| {
            key.material.family(alg)
                && key.alg.as_deref().is_none_or(|of_key| of_key == alg.as_str())
                && (kid.is_none() || key.kid.as_deref() == kid)
        };
        let mut fitting = self.0.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => {
                let material = key.material.key().ok_or(JwtError::WeakKey)?;
                Ok((material, key.issuer.as_deref()))
            }
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
        Some(Self { kid, alg, issuer, material: Material::read(jwk)? })
    }
}

impl Material {
    fn read(jwk: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let octets = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        match (text("kty")?, text("crv")) {
            ("RSA", _) => Some(rsa(&octets("n")?, &octets("e")?)),
            ("EC", Some("P-256")) => Some(Self::P256(ec(&octets("x")?, &octets("y")?, 32)?)),
            ("EC", Some("P-384")) => Some(Self::P384(ec(&octets("x")?, &octets("y")?, 48)?)),
            ("OKP", Some("Ed25519")) => {
                let x = octets("x")?;
                (x.len() == 32).then(|| Self::Ed25519(DecodingKey::from_ed_der(&x)))
            }
            _ => None,
        }
    }

    /// Whether keys of this type make signatures of `alg`.
    fn family(&self, alg: Algorithm) -> bool {
        match self {
            Self::Rsa(_) | Self::WeakRsa => RSA.contains(&alg),
            Self::P256(_) => alg == Algorithm::Es256,
            Self::P384(_) => alg == Algorithm::Es384,
            Self::Ed25519(_) => matches!(alg, Algorithm::EdDsa | Algorithm::Ed25519),
        }
    }

    fn key(&self) -> Option<&DecodingKey> {
        match self {
            Self::Rsa(key) | Self::P256(key) | Self::P384(key) | Self::Ed25519(key) => Some(key),
            Self::WeakRsa => None,
        }
    }
}

/// The key for `alg` in a JSON Web Key that somebody brings.
pub(crate) fn public_key(jwk: &Map<String, Value>, alg: Algorithm) -> Result<DecodingKey, JwtError> {
    KeySet(Key::read(jwk).into_iter().collect()).select(alg, None).map(|(key, _)| key.clone())
}

/// A point of a curve whose coordinates have `size` octets each (RFC 7518 §6.2.1.2).
fn ec(x: &[u8], y: &[u8], size: usize) -> Option<DecodingKey> {
    (x.len() == size && y.len() == size).then(|| DecodingKey::from_ec_der(&[&[4], x, y].concat()))
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Material {
    let bare = |octets: &[u8]| octets.iter().position(|octet| *octet != 0).map_or(vec![], |at| octets[at..].to_vec());
    let (modulus, exponent) = (bare(modulus), bare(exponent));
    let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    let odd = exponent.last().is_some_and(|last| last & 1 == 1);
    // NIST SP 800-56B asks for an exponent over 2^16; 65537 is the smallest odd one.
    let large = (3..=8).contains(&exponent.len());
    if (2048..=8192).contains(&bits) && odd && large {
        Material::Rsa(DecodingKey::from_rsa_raw_components(&modulus, &exponent))
    } else {
        Material::WeakRsa
    }
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

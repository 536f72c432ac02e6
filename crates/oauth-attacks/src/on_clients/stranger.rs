//! Keys of somebody who is not the server, fixed, published and worthless.

use oauth_types::Algorithm;
use serde_json::{Map, Value};

use crate::attack::Inconclusive;
use crate::key::Key;

const CERTIFICATE: &str = include_str!("../../../../fixtures/keys/unpublished-rs256-cert.pem");

/// A key for RS256 that no server publishes unless it is made to.
pub(super) fn key() -> Result<Key, Inconclusive> {
    let pem = include_str!("../../../../fixtures/keys/unpublished-rs256.pem");
    read("the-key-of-a-stranger", pem)
}

/// Another one.
pub(super) fn other_key() -> Result<Key, Inconclusive> {
    read("the-key-of-another-stranger", include_str!("../../../../fixtures/keys/rs256-3.pem"))
}

fn read(kid: &str, pem: &str) -> Result<Key, Inconclusive> {
    Key::from_pem(Algorithm::Rs256, kid, pem).map_err(|error| Inconclusive::new(error.to_string()))
}

/// The public half of a key as a JWK, changed like this.
pub(super) fn jwk<T>(key: &Key, change: impl FnOnce(&mut Map<String, Value>) -> T) -> Value {
    let mut jwk = key.jwk();
    if let Some(members) = jwk.as_object_mut() {
        change(members);
    }
    jwk
}

/// The certificate of [`key`], as it stands in `x5c` (RFC 7515 section 4.1.6).
pub(super) fn certificate() -> String {
    CERTIFICATE.lines().filter(|line| !line.starts_with("---")).collect()
}

//! A login on its way from one process to another, or through the browser it belongs to.

use std::sync::Arc;

use oauth_types::Secret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::client::Client;
use crate::pending::{Expected, Flow, Pending};
use crate::response_mode::Mode;
use crate::seal_key::{self, SealError, SealKey};

/// What sealed logins are told apart by from anything else a key may seal.
const PURPOSE: &str = "pkce-client: a login that waits for its response";

/// What of a login is kept, as it is written.
#[derive(Serialize)]
struct Written<'a> {
    flow: &'a Flow,
    state: &'a Secret,
    expires_at: u64,
    iss_advertised: bool,
    mode: Mode,
}

/// The same as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    flow: Flow,
    state: Secret,
    expires_at: u64,
    iss_advertised: bool,
    mode: Mode,
}

impl Pending {
    /// Seals this login, to be kept outside the process until its response arrives: its secrets are encrypted, and what
    /// was changed is not opened. It is the only way to keep a login anywhere.
    ///
    /// Keep it where the session or a cookie of *that browser* leads, and nowhere else: what anybody's `state` leads to
    /// lets an attacker finish their own login in somebody else's browser (RFC 9700 §4.7). A cookie is named by
    /// [`Pending::lookup_key`], so that two tabs do not overwrite each other's logins, and is `__Host-`, `HttpOnly`,
    /// `Secure` and `SameSite=Lax` (`None` for a login whose response is posted). A cookie can be sent twice, a
    /// [`FlowStore`](crate::FlowStore) hands a login out once; the server refuses the second use of a code in any case.
    ///
    /// The text is base64url, about a thousand characters of it for an ordinary login. One with long details (RFC 9396) may
    /// not fit into a cookie. Where tokens are bound to a key, it is finished by a client with the same key.
    pub fn into_sealed(self, key: &SealKey) -> String {
        let Expected { flow, state, expires_at, iss_advertised, mode, nonce, .. } = &*self.0;
        let (expires_at, iss_advertised, mode) = (*expires_at, *iss_advertised, *mode);
        let written = Written { flow, state, expires_at, iss_advertised, mode };
        let text = serde_json::to_vec(&written).expect("texts, numbers and lists are written as JSON");
        // The nonce was drawn for this login. Sealing the same login again makes the same text.
        key.seal(PURPOSE, *nonce, Zeroizing::new(text))
    }

    /// Opens a login that a client for the same server and with the same `client_id` has sealed, perhaps in another
    /// process.
    ///
    /// # Errors
    /// [`SealError`] says whether it was sealed with another key, changed, begun by another client, or has expired.
    pub fn from_sealed(client: &Client, key: &SealKey, sealed: &str) -> Result<Self, SealError> {
        let text = key.open(PURPOSE, sealed)?;
        // It was written by somebody with the key, so it can only be another version of this library.
        let Read { flow, state, expires_at, iss_advertised, mode } =
            serde_json::from_slice(&text).map_err(|_| SealError::Version)?;
        if !client.owns(&flow) {
            return Err(SealError::OtherClient);
        }
        let inner = &client.inner;
        if inner.clock.now() >= expires_at {
            return Err(SealError::Expired);
        }
        // Another library version may write the same login differently, so it is not sealed with the same nonce again.
        let nonce = seal_key::nonce(&*inner.dice)?;
        let clock = Arc::clone(&inner.clock);
        Ok(Self(Box::new(Expected { flow, state, expires_at, iss_advertised, mode, nonce, clock })))
    }
}

/// How a verifier is written and read.
pub(crate) mod verifier {
    use oauth_types::Secret;
    use pkce_core::Verifier;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(verifier: &Verifier, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(verifier.expose())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Verifier, D::Error> {
        let text = Secret::deserialize(from)?;
        Verifier::parse(text.expose()).map_err(|_| D::Error::custom("not a verifier"))
    }
}

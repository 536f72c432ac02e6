//! The public keys of clients: those in their metadata (RFC 7591 §2, `jwks`), which are parsed once, and those that they
//! publish (`jwks_uri`).

use std::sync::Arc;

use oauth_types::Algorithm;

use crate::clients::Client;
use crate::jose::{JwksError, Jws, JwsError, PublicKeys};
use crate::ports::Ports;
use crate::ports::key_sets::{KeySet, NoKeySet};

/// Why a token is not verified by the keys of a client. The text is fit for a hint.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unverified {
    /// The client has no keys.
    #[error("The client has neither jwks nor jwks_uri")]
    NoKeys,
    /// The keys in its metadata cannot be used.
    #[error("The client's jwks cannot be used: {0}")]
    Unusable(JwksError),
    /// The keys that it publishes cannot be had.
    #[error("The client's jwks_uri gives no keys: {0}")]
    Unpublished(NoKeySet),
    /// The token does not verify with them.
    #[error(transparent)]
    Jws(#[from] JwsError),
}

/// Verifies a token with the keys of `client`; `allowed` are the algorithms it may be signed with.
///
/// If the keys that it publishes lack one, they are asked for again: it may have a new key.
pub(crate) async fn verify(
    jws: &Jws<'_>,
    client: &Client,
    allowed: &[Algorithm],
    ports: &Ports,
    now: u64,
) -> Result<(), Unverified> {
    let keys = of(client, ports, now).await?;
    match (jws.verify(&keys, allowed), published(client, now)) {
        (Err(JwsError::UnknownKid | JwsError::NoKey(_) | JwsError::Signature), Some(wanted)) => {
            let newer = ports.key_sets.again(ports.outbound.as_ref(), wanted).await;
            let newer = newer.map_err(Unverified::Unpublished)?;
            Ok(jws.verify(&newer, allowed)?)
        }
        (verified, _) => Ok(verified?),
    }
}

/// The public keys of `client`.
pub(crate) async fn of(client: &Client, ports: &Ports, now: u64) -> Result<Arc<PublicKeys>, Unverified> {
    if let Some(own) = client.own_keys() {
        return own.clone().map_err(Unverified::Unusable);
    }
    let wanted = published(client, now).ok_or(Unverified::NoKeys)?;
    ports.key_sets.find(ports.outbound.as_ref(), wanted).await.map_err(Unverified::Unpublished)
}

/// The set that `client` publishes, if its metadata does not have one (RFC 7591 §2: "MUST NOT both be present").
fn published(client: &Client, now: u64) -> Option<KeySet<'_>> {
    let url = client.text("jwks_uri").filter(|_| client.own_keys().is_none())?;
    Some(KeySet { url, reach: client.reach(), now })
}

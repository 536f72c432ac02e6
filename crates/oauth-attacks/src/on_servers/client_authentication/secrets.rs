//! What attacks on client secrets have in common: who has one, and how it is sent.

use oauth_types::Secret;

use crate::attack::Inconclusive;
use crate::bench::Bench;
use crate::target::{ClientAuth, Registration};

/// The secret of a client.
pub(super) fn secret_of(client: &Registration) -> Result<&Secret, Inconclusive> {
    match &client.auth {
        ClientAuth::Basic(secret) | ClientAuth::Post(secret) => Ok(secret),
        _ => Err(Inconclusive::new("the target has no confidential client with a secret")),
    }
}

/// Another secret, sent in the way in which the client sends its own.
pub(super) fn sent_like(client: &Registration, secret: impl Into<Secret>) -> ClientAuth {
    match client.auth {
        ClientAuth::Post(_) => ClientAuth::Post(secret.into()),
        _ => ClientAuth::Basic(secret.into()),
    }
}

/// Another client that authenticates with a secret, or else with a key.
pub(super) fn stranger<'a>(bench: &'a Bench, client: &Registration) -> Result<&'a Registration, Inconclusive> {
    let others = || bench.target().cast.values().filter(|other| other.client_id != client.client_id);
    let keyed = |other: &&Registration| matches!(other.auth, ClientAuth::PrivateKeyJwt(_));
    let found = others().find(|other| secret_of(other).is_ok()).or_else(|| others().find(keyed));
    found.ok_or_else(|| Inconclusive::new("the target has no second confidential client"))
}

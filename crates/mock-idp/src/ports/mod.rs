//! The world outside the protocol: time, randomness, keys, storage, other servers. Everything comes in through here.

use std::sync::Arc;

#[cfg(feature = "tls")]
pub(crate) mod authority;
pub mod clock;
pub mod dice;
pub(crate) mod key_sets;
pub mod keys;
pub(crate) mod memory;
pub mod outbound;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
pub(crate) mod store;

/// The ports of one server.
#[derive(Debug, Clone)]
pub(crate) struct Ports {
    /// What time it is.
    pub clock: Arc<dyn clock::Clock>,
    /// Where codes, tokens and identifiers get their randomness.
    pub dice: Arc<dyn dice::Dice>,
    /// What tokens are signed with.
    pub keys: Arc<dyn keys::Keys>,
    /// What is remembered between requests.
    pub store: Arc<dyn store::Store>,
    /// What others are asked with.
    pub outbound: Arc<dyn outbound::Outbound>,
    /// The key sets that clients publish.
    pub key_sets: Arc<key_sets::KeySets>,
}

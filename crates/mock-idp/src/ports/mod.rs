//! The world outside the protocol: time, randomness, keys, storage. Everything comes in through here.

use std::sync::Arc;

pub mod clock;
pub mod dice;
pub mod keys;
pub(crate) mod memory;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
pub(crate) mod store;

/// The four ports of one server.
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
}

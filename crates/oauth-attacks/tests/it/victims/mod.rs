//! A server and a client of our own that are sound, and each of whose defences can be switched off alone.

pub(crate) mod client;
pub(crate) mod server;

//! The proof of the attacks: victims whose defences switch off one by one.

pub(crate) mod client;
pub(crate) mod forms;
pub(crate) mod front;
pub(crate) mod pages;
pub(crate) mod server;

//! The proof of the attacks: victims whose defences switch off one by one.

mod certificates;
pub(crate) mod client;
pub(crate) mod forgiving;
pub(crate) mod forms;
pub(crate) mod front;
pub(crate) mod objects;
pub(crate) mod own_check;
pub(crate) mod pages;
pub(crate) mod references;
pub(crate) mod remembering;
pub(crate) mod secrets;
pub(crate) mod server;

//! The client against a server in memory, and against the mock authorization server.

mod authorization_response;
mod discovery;
mod id_token;
mod keys;
mod misuse;
mod native;
mod secrets;
mod session;
mod stage;
mod token_response;
mod transport;
mod web;

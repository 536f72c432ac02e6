//! The client against a server in memory, and against the mock authorization server.

mod authorization_response;
mod discovery;
mod flow_store;
mod id_token;
mod keys;
mod misuse;
#[cfg(feature = "reqwest")]
mod mock_idp;
mod native;
#[cfg(feature = "reqwest")]
mod processes;
mod properties;
#[cfg(feature = "reqwest")]
mod quick_start;
mod readme;
mod rfc6750_bearer;
mod rfc8707_resource;
mod rfc9126_par;
mod sealed;
mod secrets;
mod session;
mod shared_session;
#[cfg(feature = "sqlite")]
mod sqlite_tokens;
mod stage;
mod token_response;
mod token_store;
#[cfg(feature = "reqwest")]
mod transport;
mod web;

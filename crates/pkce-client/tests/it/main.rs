//! The client against a server in memory, and against the mock authorization server.

mod authorization_response;
mod discovery;
mod id_token;
mod in_process;
mod keys;
mod misuse;
#[cfg(feature = "reqwest")]
mod mock_idp;
mod native;
mod oidc_backchannel_logout;
mod oidc_frontchannel_logout;
mod oidc_rp_initiated_logout;
mod oidc_signed_userinfo;
mod properties;
#[cfg(feature = "reqwest")]
mod quick_start;
mod readme;
mod rfc6749_client_credentials;
mod rfc6750_bearer;
mod rfc7009_revocation;
mod rfc7662_introspection;
mod rfc8628_device;
mod rfc8693_token_exchange;
mod rfc8707_resource;
mod rfc9068_access_token;
mod rfc9126_par;
mod rfc9701_jwt_introspection;
mod secrets;
mod session;
mod stage;
mod token_response;
#[cfg(feature = "reqwest")]
mod transport;
mod web;

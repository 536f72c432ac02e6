//! The mock authorization server, seen from outside.

mod binary;
mod browser;
mod canaries;
mod faults;
mod flows;
mod hostile;
mod jose_jws;
mod jose_keys;
mod malformed;
mod metadata;
mod oidc_ciba;
mod outbound;
mod races;
mod readme;
mod refusals;
mod rfc6749_client_credentials;
mod rfc6749_refresh;
mod rfc7009_revocation;
mod rfc7662_introspection;
mod rfc8628_device;
mod rfc8693_token_exchange;
mod rfc9701_jwt_introspection;
mod slow;
mod stores;
mod vectors;
mod wire;

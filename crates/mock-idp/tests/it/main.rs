//! The mock authorization server, seen from outside.

mod binary;
mod browser;
mod canaries;
mod faults;
mod flows;
mod hostile;
mod jose_jwe;
mod jose_jws;
mod jose_keys;
mod malformed;
mod metadata;
mod oidc_ciba;
mod oidc_jarm;
mod outbound;
mod races;
mod readme;
mod refusals;
mod rfc8628_device;
mod rfc8707_resource;
mod rfc9126_par;
mod rfc9396_rar;
mod rotation;
mod slow;
mod stores;
mod vectors;
mod wire;

//! The mock authorization server, seen from outside.

mod binary;
mod browser;
mod canaries;
mod faults;
mod flows;
mod hostile;
mod jose_jws;
mod jose_keys;
mod login;
mod malformed;
mod metadata;
mod oidc_ciba;
mod outbound;
mod pages;
mod person;
mod races;
mod readme;
mod refusals;
mod rfc8628_device;
mod slow;
mod stores;
mod vectors;
mod wire;

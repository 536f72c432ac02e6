//! The mock authorization server, seen from outside.

mod binary;
mod browser;
mod canaries;
mod faults;
mod flows;
mod hostile;
mod malformed;
mod metadata;
mod outbound;
mod races;
mod readme;
mod refusals;
mod slow;
mod stores;
mod tls;
mod vectors;
mod wire;

//! The mock authorization server, seen from outside.

mod browser;
mod faults;
mod flows;
mod metadata;
mod refusals;
mod stores;
mod vectors;

//! The mock authorization server, seen from outside.

mod browser;
mod faults;
mod flows;
mod metadata;
mod readme;
mod refusals;
mod stores;
mod vectors;

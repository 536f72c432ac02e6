//! The mock authorization server, seen from outside.

mod binary;
mod browser;
mod canaries;
mod faults;
mod flows;
mod hostile;
mod login;
mod malformed;
mod metadata;
mod pages;
mod person;
mod races;
mod readme;
mod refusals;
mod slow;
mod stores;
mod vectors;
mod wire;

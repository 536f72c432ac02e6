//! Attacks on OAuth clients and servers, with verdicts that prove themselves.

pub mod trace;
pub mod verdict;

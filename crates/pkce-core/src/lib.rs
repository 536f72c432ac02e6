//! Proof Key for Code Exchange (RFC 7636), the client half and the server half, without allocation.
#![cfg_attr(feature = "getrandom", doc = "", doc = include_str!("../README.md"))]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod base64url;
mod challenge;
pub mod doctor;
mod error;
#[cfg(feature = "plain")]
pub mod plain;
mod server;
mod unreserved;
mod verifier;

pub use challenge::Challenge;
#[cfg(feature = "getrandom")]
pub use error::EntropyError;
pub use error::{AuthorizationError, ChallengeError, TokenError, VerifierError};
pub use server::{Outcome, Policy, check_token_request, read_authorization_request};
pub use verifier::Verifier;

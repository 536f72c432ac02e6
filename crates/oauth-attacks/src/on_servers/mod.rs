//! Attacks on authorization servers: a folder for each family, a file for each idea.

pub mod authorization;
pub mod client_authentication;
pub mod code;
pub mod device;
pub mod metadata;
pub mod pkce_challenge;
pub mod pkce_verifier;
pub mod possession;
pub mod pushed;
pub mod redirect_uri;
pub mod refresh_token;
pub mod token_endpoint;
pub mod token_use;

use crate::attack::{Family, ServerAttack};

/// The families, in the order of the catalogue.
pub const FAMILIES: &[Family<ServerAttack>] = &[
    pkce_challenge::FAMILY,
    pkce_verifier::FAMILY,
    code::FAMILY,
    redirect_uri::FAMILY,
    authorization::FAMILY,
    pushed::FAMILY,
    client_authentication::FAMILY,
    token_endpoint::FAMILY,
    refresh_token::FAMILY,
    possession::FAMILY,
    device::FAMILY,
    token_use::FAMILY,
    metadata::FAMILY,
];

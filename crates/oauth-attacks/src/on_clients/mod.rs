//! Attacks on clients: a folder for each family, a file for each idea.

pub(crate) mod behind_tls;
pub mod discovery;
pub mod downgrade;
mod foreign_code;
mod forged_token;
mod granted_scope;
#[cfg(test)]
mod gullible;
mod hostile_text;
pub mod id_token_claims;
pub mod id_token_signature;
mod lying_token;
pub mod mixup;
pub mod native;
pub mod requests;
pub mod resources;
pub mod response;
mod sealed_token;
mod stranger;
pub mod token_response;

use crate::attack::{ClientAttack, Family};

/// The families, in the order of the catalogue.
pub const FAMILIES: &[Family<ClientAttack>] = &[
    requests::FAMILY,
    downgrade::FAMILY,
    response::FAMILY,
    mixup::FAMILY,
    discovery::FAMILY,
    token_response::FAMILY,
    id_token_signature::FAMILY,
    id_token_claims::FAMILY,
    resources::FAMILY,
    native::FAMILY,
];

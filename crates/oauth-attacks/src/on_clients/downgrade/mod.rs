//! Downgrade. A server, or somebody in between, talks the client out of its protection.

mod error_pkce_downgrade;
mod token_pkce_downgrade;

use crate::attack::{ClientAttack, Family};

/// A server, or somebody in between, talks the client out of its protection.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "downgrade",
    title: "Downgrade",
    about: "A server, or somebody in between, talks the client out of its protection.",
    attacks: &[error_pkce_downgrade::ATTACK, token_pkce_downgrade::ATTACK],
};

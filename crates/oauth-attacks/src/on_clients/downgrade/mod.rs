//! Downgrade. A server, or somebody in between, talks the client out of its protection.

mod alg_downgrade_metadata;
mod as_ignores_pkce;
mod auth_method_downgrade;
mod dpop_downgrade;
mod error_pkce_downgrade;
mod jarm_par_downgrade;
mod meta_pkce_absent;
mod meta_pkce_plain_only;
mod token_pkce_downgrade;

use crate::attack::{ClientAttack, Family};

/// A server, or somebody in between, talks the client out of its protection.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "downgrade",
    title: "Downgrade",
    about: "A server, or somebody in between, talks the client out of its protection.",
    attacks: &[
        meta_pkce_absent::ATTACK,
        meta_pkce_plain_only::ATTACK,
        error_pkce_downgrade::ATTACK,
        token_pkce_downgrade::ATTACK,
        as_ignores_pkce::ATTACK,
        alg_downgrade_metadata::ATTACK,
        auth_method_downgrade::ATTACK,
        dpop_downgrade::ATTACK,
        jarm_par_downgrade::ATTACK,
    ],
};

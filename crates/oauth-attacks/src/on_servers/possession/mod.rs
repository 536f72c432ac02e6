//! Proof of possession. Tokens that are bound to a key, by DPoP or mutual TLS.

use crate::attack::{Family, ServerAttack};

/// Tokens that are bound to a key, by DPoP or mutual TLS.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "possession",
    title: "Proof of possession",
    about: "Tokens that are bound to a key, by DPoP or mutual TLS.",
    attacks: &[],
};

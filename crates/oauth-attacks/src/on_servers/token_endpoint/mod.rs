//! The token endpoint. What else the token endpoint may be sent.

use crate::attack::{Family, ServerAttack};

/// What else the token endpoint may be sent.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "token_endpoint",
    title: "The token endpoint",
    about: "What else the token endpoint may be sent.",
    attacks: &[],
};

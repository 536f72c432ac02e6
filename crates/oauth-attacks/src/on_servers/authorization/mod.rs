//! The authorization endpoint. What else an authorization request and the pages behind it are good for.

use crate::attack::{Family, ServerAttack};

/// What else an authorization request and the pages behind it are good for.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "authorization",
    title: "The authorization endpoint",
    about: "What else an authorization request and the pages behind it are good for.",
    attacks: &[],
};

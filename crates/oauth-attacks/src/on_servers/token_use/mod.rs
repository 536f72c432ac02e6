//! Introspection, revocation, UserInfo. What endpoints that take tokens make of those that are not for them.

use crate::attack::{Family, ServerAttack};

/// What endpoints that take tokens make of those that are not for them.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "token_use",
    title: "Introspection, revocation, UserInfo",
    about: "What endpoints that take tokens make of those that are not for them.",
    attacks: &[],
};

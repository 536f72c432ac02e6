//! Client authentication. How a client proves who it is, and how somebody else might.

use crate::attack::{Family, ServerAttack};

/// How a client proves who it is, and how somebody else might.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "client_authentication",
    title: "Client authentication",
    about: "How a client proves who it is, and how somebody else might.",
    attacks: &[],
};

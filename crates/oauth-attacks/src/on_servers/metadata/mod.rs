//! Metadata, keys, registration and logout. What a server says of itself, and whom it lets in.

use crate::attack::{Family, ServerAttack};

/// What a server says of itself, and whom it lets in.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "metadata",
    title: "Metadata, keys, registration and logout",
    about: "What a server says of itself, and whom it lets in.",
    attacks: &[],
};

//! Refresh tokens. Rotation, theft and reuse of refresh tokens.

mod refresh_replay;

use crate::attack::{Family, ServerAttack};

/// Rotation, theft and reuse of refresh tokens.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "refresh_token",
    title: "Refresh tokens",
    about: "Rotation, theft and reuse of refresh tokens.",
    attacks: &[refresh_replay::ATTACK],
};

//! Refresh tokens. Rotation, theft and reuse of refresh tokens.

mod refresh_after_revoke;
mod refresh_as_access;
mod refresh_dpop_binding;
mod refresh_expiry;
mod refresh_no_rotation;
mod refresh_noauth;
mod refresh_other_client;
mod refresh_race;
mod refresh_replay;
mod refresh_scope_up;
mod refresh_tamper;

use crate::attack::{Family, ServerAttack};

/// Rotation, theft and reuse of refresh tokens.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "refresh_token",
    title: "Refresh tokens",
    about: "Rotation, theft and reuse of refresh tokens.",
    attacks: &[
        refresh_replay::ATTACK,
        refresh_race::ATTACK,
        refresh_no_rotation::ATTACK,
        refresh_other_client::ATTACK,
        refresh_noauth::ATTACK,
        refresh_scope_up::ATTACK,
        refresh_after_revoke::ATTACK,
        refresh_dpop_binding::ATTACK,
        refresh_as_access::ATTACK,
        refresh_expiry::ATTACK,
        refresh_tamper::ATTACK,
    ],
};

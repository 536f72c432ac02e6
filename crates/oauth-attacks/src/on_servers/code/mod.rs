//! The authorization code. How long a code lives, whom it belongs to, and how often it is good.

mod code_307;
mod code_leak_headers;
mod code_other_client;
mod code_race_mixed;
mod code_redirect_mismatch;
mod code_replay;
mod code_replay_invalid_no_revoke;
mod code_replay_race;

use crate::attack::{Family, ServerAttack};

/// How long a code lives, whom it belongs to, and how often it is good.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "code",
    title: "The authorization code",
    about: "How long a code lives, whom it belongs to, and how often it is good.",
    attacks: &[
        code_replay::ATTACK,
        code_replay_invalid_no_revoke::ATTACK,
        code_replay_race::ATTACK,
        code_race_mixed::ATTACK,
        code_other_client::ATTACK,
        code_redirect_mismatch::ATTACK,
        code_307::ATTACK,
        code_leak_headers::ATTACK,
    ],
};

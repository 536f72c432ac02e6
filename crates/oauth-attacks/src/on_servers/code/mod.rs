//! The authorization code. How long a code lives, whom it belongs to, and how often it is good.

mod code_307;
mod code_after_logout;
mod code_client_id_missing;
mod code_cross_tenant;
mod code_expired;
mod code_fuzzy_lookup;
mod code_grant_not_allowed;
mod code_guessable;
mod code_leak_headers;
mod code_lifetime;
mod code_nonce_override;
mod code_other_client;
mod code_other_client_burn;
mod code_race_mixed;
mod code_redirect_mismatch;
mod code_redirect_omitted;
mod code_replay;
mod code_replay_after_purge;
mod code_replay_after_refresh;
mod code_replay_invalid_no_revoke;
mod code_replay_race;
mod code_resource_upgrade;
mod code_scope_upgrade;
mod code_structured_tamper;
mod code_wrong_parameter_type;

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
        code_replay_after_refresh::ATTACK,
        code_expired::ATTACK,
        code_lifetime::ATTACK,
        code_replay_after_purge::ATTACK,
        code_other_client::ATTACK,
        code_other_client_burn::ATTACK,
        code_structured_tamper::ATTACK,
        code_client_id_missing::ATTACK,
        code_redirect_mismatch::ATTACK,
        code_redirect_omitted::ATTACK,
        code_guessable::ATTACK,
        code_fuzzy_lookup::ATTACK,
        code_wrong_parameter_type::ATTACK,
        code_cross_tenant::ATTACK,
        code_scope_upgrade::ATTACK,
        code_resource_upgrade::ATTACK,
        code_nonce_override::ATTACK,
        code_after_logout::ATTACK,
        code_307::ATTACK,
        code_leak_headers::ATTACK,
        code_grant_not_allowed::ATTACK,
    ],
};

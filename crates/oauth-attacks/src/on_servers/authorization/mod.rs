//! The authorization endpoint. What else an authorization request and the pages behind it are good for.

mod authz_clickjacking;
mod authz_consent_csrf;
mod authz_cors;
mod authz_duplicate_params;
mod authz_error_injection;
mod authz_id_token_hint;
mod authz_interaction_fixation;
mod authz_iss_missing;
mod authz_oversize;
mod authz_prompt_none;
mod authz_public_auto_approve;
mod authz_query_body_mix;
mod authz_reauth_skip;
mod authz_response_mode;
mod authz_response_type;
mod authz_scope_escalation;
mod authz_state_integrity;

use crate::attack::{Family, ServerAttack};

/// What else an authorization request and the pages behind it are good for.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "authorization",
    title: "The authorization endpoint",
    about: "What else an authorization request and the pages behind it are good for.",
    attacks: &[
        authz_duplicate_params::ATTACK,
        authz_response_type::ATTACK,
        authz_response_mode::ATTACK,
        authz_state_integrity::ATTACK,
        authz_iss_missing::ATTACK,
        authz_scope_escalation::ATTACK,
        authz_prompt_none::ATTACK,
        authz_public_auto_approve::ATTACK,
        authz_reauth_skip::ATTACK,
        authz_clickjacking::ATTACK,
        authz_cors::ATTACK,
        authz_consent_csrf::ATTACK,
        authz_interaction_fixation::ATTACK,
        authz_id_token_hint::ATTACK,
        authz_oversize::ATTACK,
        authz_error_injection::ATTACK,
        authz_query_body_mix::ATTACK,
    ],
};

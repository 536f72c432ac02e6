//! Requests of the client. What an honest server can see of a client that does something wrong.

mod assertion_hygiene;
mod client_auth_double;
mod dpop_hygiene;
mod duplicate_params;
mod guessable;
mod legacy_grants;
mod nonce_missing_weak;
mod par_only_params;
mod pkce_challenge_constant;
mod pkce_challenge_malformed;
mod pkce_fresh_after_error;
mod pkce_method_omitted;
mod pkce_missing;
mod pkce_plain;
mod pkce_verifier_abnf;
mod pkce_verifier_leaked;
mod pkce_verifier_mismatch;
mod pkce_verifier_missing;
mod pkce_verifier_reuses_state;
mod pkce_verifier_weak;
mod public_sends_secret;
mod redirect_insecure;
mod redirect_uri_consistency;
mod resource_indicator;
mod state_missing;
mod state_sensitive;
mod state_weak;
mod token_transport;

use crate::attack::{ClientAttack, Family};

/// What an honest server can see of a client that does something wrong.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "requests",
    title: "Requests of the client",
    about: "What an honest server can see of a client that does something wrong.",
    attacks: &[
        pkce_missing::ATTACK,
        pkce_plain::ATTACK,
        pkce_method_omitted::ATTACK,
        pkce_challenge_malformed::ATTACK,
        pkce_verifier_missing::ATTACK,
        pkce_verifier_mismatch::ATTACK,
        pkce_verifier_abnf::ATTACK,
        pkce_verifier_weak::ATTACK,
        pkce_challenge_constant::ATTACK,
        pkce_fresh_after_error::ATTACK,
        pkce_verifier_reuses_state::ATTACK,
        pkce_verifier_leaked::ATTACK,
        state_missing::ATTACK,
        state_weak::ATTACK,
        state_sensitive::ATTACK,
        nonce_missing_weak::ATTACK,
        redirect_insecure::ATTACK,
        token_transport::ATTACK,
        client_auth_double::ATTACK,
        public_sends_secret::ATTACK,
        duplicate_params::ATTACK,
        legacy_grants::ATTACK,
        redirect_uri_consistency::ATTACK,
        assertion_hygiene::ATTACK,
        dpop_hygiene::ATTACK,
        resource_indicator::ATTACK,
        par_only_params::ATTACK,
    ],
};

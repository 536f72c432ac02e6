//! Requests of the client. What an honest server can see of a client that does something wrong.

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
    ],
};

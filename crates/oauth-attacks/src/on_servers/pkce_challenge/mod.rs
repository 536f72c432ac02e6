//! PKCE at the authorization endpoint. What is made of a challenge and its method when a code is asked for.

mod pkce_challenge_duplicate;
mod pkce_challenge_empty;
mod pkce_challenge_missing_public;
mod pkce_consent_tamper;
mod pkce_method_case;
mod pkce_method_omitted;
mod pkce_method_unknown;
mod pkce_path_parity;
mod pkce_plain_accepted;

use crate::attack::{Family, ServerAttack};

/// What is made of a challenge and its method when a code is asked for.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "pkce_challenge",
    title: "PKCE at the authorization endpoint",
    about: "What is made of a challenge and its method when a code is asked for.",
    attacks: &[
        pkce_challenge_missing_public::ATTACK,
        pkce_method_omitted::ATTACK,
        pkce_plain_accepted::ATTACK,
        pkce_method_case::ATTACK,
        pkce_method_unknown::ATTACK,
        pkce_challenge_empty::ATTACK,
        pkce_challenge_duplicate::ATTACK,
        pkce_path_parity::ATTACK,
        pkce_consent_tamper::ATTACK,
    ],
};

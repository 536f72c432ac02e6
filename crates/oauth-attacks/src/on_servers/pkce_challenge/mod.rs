//! PKCE at the authorization endpoint. What is made of a challenge and its method when a code is asked for.

mod pkce_challenge_blank;
mod pkce_challenge_casefold;
mod pkce_challenge_charset;
mod pkce_challenge_constant;
mod pkce_challenge_duplicate;
mod pkce_challenge_empty;
mod pkce_challenge_hex;
mod pkce_challenge_long;
mod pkce_challenge_missing_confidential;
mod pkce_challenge_missing_public;
mod pkce_challenge_noncanonical;
mod pkce_challenge_padded;
mod pkce_challenge_short;
mod pkce_challenge_wrong_hash;
mod pkce_consent_tamper;
mod pkce_hybrid_bypass;
mod pkce_implicit_bypass;
mod pkce_jar_outside;
mod pkce_metadata_lies;
mod pkce_metadata_missing;
mod pkce_method_case;
mod pkce_method_duplicate;
mod pkce_method_empty;
mod pkce_method_mangled;
mod pkce_method_omitted;
mod pkce_method_unknown;
mod pkce_method_without_challenge;
mod pkce_par_then_query;
mod pkce_params_echoed;
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
        pkce_challenge_missing_confidential::ATTACK,
        pkce_method_omitted::ATTACK,
        pkce_plain_accepted::ATTACK,
        pkce_method_case::ATTACK,
        pkce_method_unknown::ATTACK,
        pkce_method_mangled::ATTACK,
        pkce_method_empty::ATTACK,
        pkce_method_without_challenge::ATTACK,
        pkce_challenge_empty::ATTACK,
        pkce_challenge_blank::ATTACK,
        pkce_challenge_short::ATTACK,
        pkce_challenge_long::ATTACK,
        pkce_challenge_charset::ATTACK,
        pkce_challenge_padded::ATTACK,
        pkce_challenge_noncanonical::ATTACK,
        pkce_challenge_hex::ATTACK,
        pkce_challenge_casefold::ATTACK,
        pkce_challenge_wrong_hash::ATTACK,
        pkce_challenge_duplicate::ATTACK,
        pkce_method_duplicate::ATTACK,
        pkce_hybrid_bypass::ATTACK,
        pkce_implicit_bypass::ATTACK,
        pkce_params_echoed::ATTACK,
        pkce_challenge_constant::ATTACK,
        pkce_path_parity::ATTACK,
        pkce_consent_tamper::ATTACK,
        pkce_par_then_query::ATTACK,
        pkce_jar_outside::ATTACK,
        pkce_metadata_missing::ATTACK,
        pkce_metadata_lies::ATTACK,
    ],
};

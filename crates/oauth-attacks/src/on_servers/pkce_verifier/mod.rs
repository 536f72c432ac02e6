//! PKCE at the token endpoint. What is made of a verifier when a code is redeemed: interception, injection and downgrade.

mod code_intercept_no_verifier;
mod code_intercept_wrong_verifier;
mod pkce_burn_then_omit;
mod pkce_burn_variants;
mod pkce_cross_session;
mod pkce_cross_user;
mod pkce_downgrade_no_challenge;
mod pkce_secret_not_substitute;
mod pkce_token_method_override;
mod pkce_verifier_bounds;
mod pkce_verifier_bruteforce;
mod pkce_verifier_charset;
mod pkce_verifier_duplicate;
mod pkce_verifier_empty;
mod pkce_verifier_equals_challenge;
mod pkce_verifier_in_query;
mod pkce_verifier_json_body;
mod pkce_verifier_long;
mod pkce_verifier_nearmiss;
mod pkce_verifier_not_auth;
mod pkce_verifier_short;

use crate::attack::{Family, ServerAttack};

/// What is made of a verifier when a code is redeemed: interception, injection and downgrade.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "pkce_verifier",
    title: "PKCE at the token endpoint",
    about: "What is made of a verifier when a code is redeemed: interception, injection and downgrade.",
    attacks: &[
        code_intercept_no_verifier::ATTACK,
        code_intercept_wrong_verifier::ATTACK,
        pkce_verifier_equals_challenge::ATTACK,
        pkce_token_method_override::ATTACK,
        pkce_verifier_empty::ATTACK,
        pkce_verifier_short::ATTACK,
        pkce_verifier_long::ATTACK,
        pkce_verifier_charset::ATTACK,
        pkce_verifier_bounds::ATTACK,
        pkce_verifier_nearmiss::ATTACK,
        pkce_verifier_duplicate::ATTACK,
        pkce_verifier_in_query::ATTACK,
        pkce_verifier_json_body::ATTACK,
        pkce_downgrade_no_challenge::ATTACK,
        pkce_burn_then_omit::ATTACK,
        pkce_burn_variants::ATTACK,
        pkce_verifier_bruteforce::ATTACK,
        pkce_cross_session::ATTACK,
        pkce_cross_user::ATTACK,
        pkce_secret_not_substitute::ATTACK,
        pkce_verifier_not_auth::ATTACK,
    ],
};

//! The token response. What a client makes of the answer to its token request.

mod dpop_nonce_loop;
mod repeated;
mod rp_429_storm;
mod token_401_basic;
mod token_500_retry;
mod token_content_type;
mod token_error_200;
mod token_error_injection;
mod token_invalid_grant_loop;
mod token_malformed;
mod token_missing_idtoken;
mod token_oversize;
mod token_scope_widened;
mod token_substitution;
mod token_success_400;
mod token_type_unknown;
mod token_types;
mod written;

use crate::attack::{ClientAttack, Family};

/// What a client makes of the answer to its token request.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "token_response",
    title: "The token response",
    about: "What a client makes of the answer to its token request.",
    attacks: &[
        token_type_unknown::ATTACK,
        token_error_200::ATTACK,
        token_success_400::ATTACK,
        token_content_type::ATTACK,
        token_malformed::ATTACK,
        token_types::ATTACK,
        token_oversize::ATTACK,
        token_missing_idtoken::ATTACK,
        token_scope_widened::ATTACK,
        token_500_retry::ATTACK,
        token_invalid_grant_loop::ATTACK,
        token_401_basic::ATTACK,
        token_error_injection::ATTACK,
        token_substitution::ATTACK,
        dpop_nonce_loop::ATTACK,
        rp_429_storm::ATTACK,
    ],
};

//! Mix-up. Several servers, several users, and who is taken for whom.

mod audience_injection;
mod browser_swap;
mod called;
mod coat;
mod corf;
mod cosf;
mod cross_as_credentials;
mod cuckoo_token;
mod dpop_key_shared;
mod insufficient_scope_loop;
mod mixup_classic;
mod mixup_per_as_redirect;
mod mixup_token_endpoint;
mod naive_session_integrity;
mod prm_foreign_as;
mod prm_resource_mismatch;
mod token_passthrough;

use crate::attack::{ClientAttack, Family};

/// Several servers, several users, and who is taken for whom.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "mixup",
    title: "Mix-up",
    about: "Several servers, several users, and who is taken for whom.",
    attacks: &[
        mixup_classic::ATTACK,
        mixup_per_as_redirect::ATTACK,
        mixup_token_endpoint::ATTACK,
        naive_session_integrity::ATTACK,
        coat::ATTACK,
        corf::ATTACK,
        cosf::ATTACK,
        browser_swap::ATTACK,
        audience_injection::ATTACK,
        cross_as_credentials::ATTACK,
        dpop_key_shared::ATTACK,
        cuckoo_token::ATTACK,
        prm_resource_mismatch::ATTACK,
        prm_foreign_as::ATTACK,
        token_passthrough::ATTACK,
        insufficient_scope_loop::ATTACK,
    ],
};

//! The claims of the ID token. Which claims a client believes.

mod account_key;
mod idt_acr;
mod idt_at_hash;
mod idt_aud_extra;
mod idt_aud_wrong;
mod idt_auth_time;
mod idt_azp_wrong;
mod idt_exp;
mod idt_iat;
mod idt_iss_template;
mod idt_iss_wrong;
mod idt_nbf_future;
mod idt_no_validation;
mod idt_nonce_missing;
mod idt_nonce_replay;
mod idt_nonce_wrong;
mod idt_sub;
mod idt_time_types;
mod tenant_claim;

use crate::attack::{ClientAttack, Family};

/// Which claims a client believes.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "id_token_claims",
    title: "The claims of the ID token",
    about: "Which claims a client believes.",
    attacks: &[
        idt_iss_wrong::ATTACK,
        idt_iss_template::ATTACK,
        idt_aud_wrong::ATTACK,
        idt_aud_extra::ATTACK,
        idt_azp_wrong::ATTACK,
        idt_exp::ATTACK,
        idt_time_types::ATTACK,
        idt_nbf_future::ATTACK,
        idt_iat::ATTACK,
        idt_nonce_wrong::ATTACK,
        idt_nonce_missing::ATTACK,
        idt_nonce_replay::ATTACK,
        idt_sub::ATTACK,
        idt_at_hash::ATTACK,
        idt_auth_time::ATTACK,
        idt_acr::ATTACK,
        idt_no_validation::ATTACK,
        account_key::ATTACK,
        tenant_claim::ATTACK,
    ],
};

//! The claims of the ID token. Which claims a client believes.

mod idt_aud_wrong;
mod idt_exp;
mod idt_iss_wrong;
mod idt_nonce_missing;
mod idt_time_types;

use crate::attack::{ClientAttack, Family};

/// Which claims a client believes.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "id_token_claims",
    title: "The claims of the ID token",
    about: "Which claims a client believes.",
    attacks: &[
        idt_iss_wrong::ATTACK,
        idt_aud_wrong::ATTACK,
        idt_exp::ATTACK,
        idt_time_types::ATTACK,
        idt_nonce_missing::ATTACK,
    ],
};

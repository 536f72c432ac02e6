//! The signature of the ID token. Which signatures and keys a client believes.

mod idt_alg_none;
mod idt_hs256_pubkey;

use crate::attack::{ClientAttack, Family};

/// Which signatures and keys a client believes.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "id_token_signature",
    title: "The signature of the ID token",
    about: "Which signatures and keys a client believes.",
    attacks: &[idt_alg_none::ATTACK, idt_hs256_pubkey::ATTACK],
};

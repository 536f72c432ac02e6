//! The signature of the ID token. Which signatures and keys a client believes.

mod idt_alg_none;
mod idt_alg_unregistered;
mod idt_b64_malleable;
mod idt_crit;
mod idt_duplicate_claims;
mod idt_es256_zero;
mod idt_header_key;
mod idt_header_url;
mod idt_hs256_pubkey;
mod idt_hs256_secret;
mod idt_json_serialization;
mod idt_jwe_unexpected;
mod idt_jwe_zip_bomb;
mod idt_kid_injection;
mod idt_kid_missing_multi;
mod idt_kid_unknown;
mod idt_oversize;
mod idt_sig_bitflip;
mod idt_sig_stripped;
mod idt_sig_wrong_key;
mod idt_typ_confusion;
mod jwks_confused;
mod jwks_flood;
mod jwks_rotation;
mod jwks_weak_key;

use crate::attack::{ClientAttack, Family};

/// Which signatures and keys a client believes.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "id_token_signature",
    title: "The signature of the ID token",
    about: "Which signatures and keys a client believes.",
    attacks: &[
        idt_alg_none::ATTACK,
        idt_sig_stripped::ATTACK,
        idt_sig_wrong_key::ATTACK,
        idt_sig_bitflip::ATTACK,
        idt_hs256_pubkey::ATTACK,
        idt_hs256_secret::ATTACK,
        idt_alg_unregistered::ATTACK,
        idt_es256_zero::ATTACK,
        idt_b64_malleable::ATTACK,
        idt_kid_unknown::ATTACK,
        idt_kid_missing_multi::ATTACK,
        idt_kid_injection::ATTACK,
        idt_header_key::ATTACK,
        idt_header_url::ATTACK,
        idt_crit::ATTACK,
        idt_typ_confusion::ATTACK,
        idt_json_serialization::ATTACK,
        idt_duplicate_claims::ATTACK,
        idt_jwe_unexpected::ATTACK,
        idt_jwe_zip_bomb::ATTACK,
        idt_oversize::ATTACK,
        jwks_weak_key::ATTACK,
        jwks_rotation::ATTACK,
        jwks_flood::ATTACK,
        jwks_confused::ATTACK,
    ],
};

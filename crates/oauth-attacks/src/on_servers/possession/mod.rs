//! Proof of possession. Tokens that are bound to a key, by DPoP or mutual TLS.

mod dpop_bearer_downgrade;
mod dpop_code_binding;
mod dpop_jti_replay;
mod dpop_nonce;
mod dpop_proof_negatives;
mod dpop_required_bypass;
mod mtls_token_binding;
mod shown;

use crate::attack::{Family, ServerAttack};

/// Tokens that are bound to a key, by DPoP or mutual TLS.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "possession",
    title: "Proof of possession",
    about: "Tokens that are bound to a key, by DPoP or mutual TLS.",
    attacks: &[
        dpop_proof_negatives::ATTACK,
        dpop_jti_replay::ATTACK,
        dpop_nonce::ATTACK,
        dpop_code_binding::ATTACK,
        dpop_bearer_downgrade::ATTACK,
        dpop_required_bypass::ATTACK,
        mtls_token_binding::ATTACK,
    ],
};

//! Client authentication. How a client proves who it is, and how somebody else might.

mod asserted;
mod assertion_alg;
mod assertion_aud;
mod assertion_claims;
mod assertion_crit;
mod assertion_key_injection;
mod assertion_replay;
mod clientauth_double;
mod clientauth_enumeration;
mod clientauth_id_mismatch;
mod clientauth_method_downgrade;
mod clientauth_missing;
mod clientauth_query;
mod clientauth_wrong_secret;
mod mtls_header_spoof;
mod secrets;

use crate::attack::{Family, ServerAttack};

/// How a client proves who it is, and how somebody else might.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "client_authentication",
    title: "Client authentication",
    about: "How a client proves who it is, and how somebody else might.",
    attacks: &[
        clientauth_missing::ATTACK,
        clientauth_wrong_secret::ATTACK,
        clientauth_double::ATTACK,
        clientauth_id_mismatch::ATTACK,
        clientauth_method_downgrade::ATTACK,
        clientauth_query::ATTACK,
        assertion_alg::ATTACK,
        assertion_aud::ATTACK,
        assertion_replay::ATTACK,
        assertion_claims::ATTACK,
        assertion_key_injection::ATTACK,
        assertion_crit::ATTACK,
        mtls_header_spoof::ATTACK,
        clientauth_enumeration::ATTACK,
    ],
};

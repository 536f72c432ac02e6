//! Introspection, revocation, UserInfo. What endpoints that take tokens make of those that are not for them.

mod introspect_dead;
mod introspect_foreign_aud;
mod introspect_unauth;
mod probes;
mod revoke_cascade;
mod revoke_foreign;
mod userinfo_token_misuse;
mod userinfo_transport;

use crate::attack::{Family, ServerAttack};

/// What endpoints that take tokens make of those that are not for them.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "token_use",
    title: "Introspection, revocation, UserInfo",
    about: "What endpoints that take tokens make of those that are not for them.",
    attacks: &[
        introspect_unauth::ATTACK,
        introspect_foreign_aud::ATTACK,
        introspect_dead::ATTACK,
        revoke_foreign::ATTACK,
        revoke_cascade::ATTACK,
        userinfo_token_misuse::ATTACK,
        userinfo_transport::ATTACK,
    ],
};

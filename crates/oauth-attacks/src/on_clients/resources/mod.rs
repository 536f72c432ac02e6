//! UserInfo, refresh and resources. What a client does with its tokens.

mod access_token_inspect;
mod claims;
mod refresh_concurrency;
mod refresh_idt_changed;
mod refresh_invalid_grant;
mod refresh_omitted;
mod refresh_rotation;
mod refresh_scope;
mod session;
mod userinfo_distributed_ssrf;
mod userinfo_garbage;
mod userinfo_sub;
mod userinfo_unsigned;

use crate::attack::{ClientAttack, Family};

/// What a client does with its tokens.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "resources",
    title: "UserInfo, refresh and resources",
    about: "What a client does with its tokens.",
    attacks: &[
        userinfo_sub::ATTACK,
        userinfo_unsigned::ATTACK,
        userinfo_distributed_ssrf::ATTACK,
        userinfo_garbage::ATTACK,
        refresh_idt_changed::ATTACK,
        refresh_rotation::ATTACK,
        refresh_omitted::ATTACK,
        refresh_concurrency::ATTACK,
        refresh_invalid_grant::ATTACK,
        refresh_scope::ATTACK,
        access_token_inspect::ATTACK,
    ],
};

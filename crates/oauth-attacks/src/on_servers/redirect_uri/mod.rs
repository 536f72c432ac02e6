//! The redirect URI. Where a server lets itself be talked into sending its answers.

mod address;
pub(in crate::on_servers) mod astray;
mod redirect_authority;
mod redirect_case_normalise;
mod redirect_control;
mod redirect_duplicate;
mod redirect_error_open;
mod redirect_fragment;
mod redirect_loopback_abuse;
mod redirect_loopback_port;
mod redirect_missing;
mod redirect_path;
mod redirect_query;
mod redirect_registered_phish;
mod redirect_scheme;
mod redirect_unicode;
mod redirect_unregistered;
mod redirect_wildcard;

use crate::attack::{Family, ServerAttack};

/// Where a server lets itself be talked into sending its answers.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "redirect_uri",
    title: "The redirect URI",
    about: "Where a server lets itself be talked into sending its answers.",
    attacks: &[
        redirect_unregistered::ATTACK,
        redirect_path::ATTACK,
        redirect_query::ATTACK,
        redirect_fragment::ATTACK,
        redirect_authority::ATTACK,
        redirect_case_normalise::ATTACK,
        redirect_unicode::ATTACK,
        redirect_control::ATTACK,
        redirect_scheme::ATTACK,
        redirect_wildcard::ATTACK,
        redirect_loopback_port::ATTACK,
        redirect_loopback_abuse::ATTACK,
        redirect_missing::ATTACK,
        redirect_duplicate::ATTACK,
        redirect_error_open::ATTACK,
        redirect_registered_phish::ATTACK,
    ],
};

//! The redirect URI. Where a server lets itself be talked into sending its answers.

use crate::attack::{Family, ServerAttack};

/// Where a server lets itself be talked into sending its answers.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "redirect_uri",
    title: "The redirect URI",
    about: "Where a server lets itself be talked into sending its answers.",
    attacks: &[],
};

//! Discovery and endpoints. Metadata that lies, and endpoints that lead elsewhere.

mod token_redirect_307;

use crate::attack::{ClientAttack, Family};

/// Metadata that lies, and endpoints that lead elsewhere.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "discovery",
    title: "Discovery and endpoints",
    about: "Metadata that lies, and endpoints that lead elsewhere.",
    attacks: &[token_redirect_307::ATTACK],
};

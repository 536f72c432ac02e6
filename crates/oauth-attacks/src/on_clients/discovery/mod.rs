//! Discovery and endpoints. Metadata that lies, and endpoints that lead elsewhere.

mod discovery_garbage;
mod discovery_http_endpoint;
mod discovery_issuer_mismatch;
mod discovery_redirect;
mod discovery_shell;
mod discovery_ssrf;
mod discovery_toctou;
mod tls_invalid;
mod token_redirect;
mod token_redirect_302;
mod token_redirect_307;
mod userinfo_redirect;

use crate::attack::{ClientAttack, Family};

/// Metadata that lies, and endpoints that lead elsewhere.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "discovery",
    title: "Discovery and endpoints",
    about: "Metadata that lies, and endpoints that lead elsewhere.",
    attacks: &[
        discovery_issuer_mismatch::ATTACK,
        discovery_http_endpoint::ATTACK,
        discovery_ssrf::ATTACK,
        discovery_shell::ATTACK,
        discovery_toctou::ATTACK,
        discovery_redirect::ATTACK,
        discovery_garbage::ATTACK,
        token_redirect_307::ATTACK,
        token_redirect_302::ATTACK,
        userinfo_redirect::ATTACK,
        tls_invalid::ATTACK,
    ],
};

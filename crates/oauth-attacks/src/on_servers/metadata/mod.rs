//! Metadata, keys, registration and logout. What a server says of itself, and whom it lets in.

mod dcr_foreign_management;
mod dcr_privilege;
mod dcr_redirect_scheme;
mod dcr_ssrf;
mod idtoken_content;
mod jwks_leak;
mod logout_csrf;
mod logout_redirect;
mod meta_issuer;
mod registering;
mod sessions;
mod subject_confusion;

use crate::attack::{Family, ServerAttack};

/// What a server says of itself, and whom it lets in.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "metadata",
    title: "Metadata, keys, registration and logout",
    about: "What a server says of itself, and whom it lets in.",
    attacks: &[
        meta_issuer::ATTACK,
        jwks_leak::ATTACK,
        idtoken_content::ATTACK,
        dcr_redirect_scheme::ATTACK,
        dcr_ssrf::ATTACK,
        dcr_foreign_management::ATTACK,
        dcr_privilege::ATTACK,
        subject_confusion::ATTACK,
        logout_redirect::ATTACK,
        logout_csrf::ATTACK,
    ],
};

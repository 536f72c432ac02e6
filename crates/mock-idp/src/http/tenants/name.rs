//! What a tenant can be called.

use crate::ports::dice::Dice;

/// What a path of the root tenant begins with, and so no tenant's name.
const TAKEN: &[&str] = &[
    "authorize",
    "consent",
    "create",
    "jwks",
    "login",
    "logout",
    "mcp",
    "otp",
    "resource",
    "select",
    "session",
    "token",
    "userinfo",
];

/// Whether `name` can be a tenant's: one path segment of at most 64 unreserved characters that no endpoint is called.
/// What begins with a dot or an underscore is the server's own.
pub(crate) fn is_name(name: &str) -> bool {
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
    (1..=64).contains(&name.len())
        && !name.starts_with(['.', '_'])
        && name.bytes().all(legal)
        && !TAKEN.contains(&name)
}

/// A name that nobody else has.
pub(crate) fn fresh_name(dice: &dyn Dice) -> String {
    let mut octets = [0; 8];
    dice.fill(&mut octets);
    octets.iter().fold("t-".to_owned(), |name, octet| format!("{name}{octet:02x}"))
}

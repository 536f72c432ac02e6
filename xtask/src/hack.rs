//! cargo-hack, which runs a command of cargo for every combination of features.

use crate::machine::Tool;

/// The one that is installed; another that somebody has is as good.
pub(crate) const TOOL: Tool =
    Tool { package: "cargo-hack", program: "cargo-hack", version: "0.6.46", exactly: false, locked: true };

/// What is run: every feature by itself and with each other one, and none; all of them together are what the step `extras`
/// tests. Clippy refuses the compiler's warnings as well, and leaves alone what was built with them allowed. `default` is no
/// feature of its own: whatever it brings has its turn by itself.
pub(crate) const ARGUMENTS: &[&str] = &[
    "hack",
    "clippy",
    "--feature-powerset",
    "--depth",
    "2",
    "--exclude-features",
    "default",
    "--package",
    "pkce-core",
    "--package",
    "oauth-types",
    "--package",
    "pkce-client",
    "--package",
    "mock-idp",
    "--package",
    "mock-idp-cli",
    "--",
    "--deny",
    "warnings",
];

//! The clients, what each plays and what it leaves, and why.

use super::Expect::{Refused, Works};
use super::{Client, Expect};

mod go;
mod java;
mod node;
mod python;
mod rust;

/// Goes through without a refusal.
const WORKS: Expect = Works(&[]);
/// The poll that comes before the person's decision.
const POLLED: Expect = Works(&["rfc8628-pending"]);
/// Why a client leaves what it may well know.
const OLD: &str = "before OAuth 2.1, or discouraged by it; one client shows that it can be played";
const OLD_FLOWS: &[&str] = &["plain", "hybrid", "implicit", "password"];
/// What no other client needs.
const MCP: (&str, &[&str]) = ("for MCP clients", &["cimd", "mcp-server"]);
const WRONG_VERIFIER: Expect = Refused("rfc7636-verifier-wrong");
/// The proof that comes before the nonce, at each of the two endpoints that give one.
const NONCE: Expect = Works(&["rfc9449-nonce-missing"]);
/// The same from a client that keeps one nonce for an origin, and finds two servers there.
const MIXED_NONCES: Expect = Works(&["rfc9449-nonce-missing", "rfc9449-nonce-wrong"]);
/// A token that was taken back.
const REVOKED: Expect = Refused("rfc6749-refresh-token-unknown");

pub(in crate::interop) const CLIENTS: &[Client] = &[
    node::OPENID_CLIENT,
    node::OIDC_CLIENT_TS,
    node::OIDC_CLIENT_TS_SPA,
    node::PASSPORT_OPENIDCONNECT,
    node::MSAL_NODE,
    node::MCP_SDK,
    python::AUTHLIB,
    python::MSAL,
    rust::OAUTH2,
    rust::OPENIDCONNECT,
    rust::HUSKARL,
    go::GO_OIDC,
    java::NIMBUS,
];

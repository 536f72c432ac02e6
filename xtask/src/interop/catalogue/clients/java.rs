//! Clients for Java.

use super::{MCP, NONCE, OLD, OLD_FLOWS, POLLED, REVOKED, WORKS, WRONG_VERIFIER};
use crate::interop::catalogue::Client;
use crate::interop::catalogue::Expect::Works;
use crate::interop::programs::Runtime;

pub(super) const NIMBUS: Client = Client {
    id: "nimbus",
    package: "oauth2-oidc-sdk",
    runtime: Runtime::Java,
    https: false,
    probes: &[],
    plays: &[
        ("code", WORKS),
        ("oauth21", WORKS),
        ("oidc", WORKS),
        ("tampered-verifier", WRONG_VERIFIER),
        ("secret-basic", WORKS),
        ("secret-post", WORKS),
        ("secret-jwt", WORKS),
        ("private-key-jwt", WORKS),
        ("mtls", WORKS),
        ("mtls-self-signed", WORKS),
        ("par", WORKS),
        ("jar", WORKS),
        ("jarm", WORKS),
        ("form-post", WORKS),
        ("rar", WORKS),
        ("resource", WORKS),
        ("dpop", WORKS),
        ("dpop-nonce", NONCE),
        ("fapi2", NONCE),
        ("fapi2-signing", NONCE),
        ("device", POLLED),
        ("ciba", Works(&["ciba-pending"])),
        ("client-credentials", WORKS),
        ("token-exchange", WORKS),
        ("jwt-bearer", WORKS),
        ("introspection", WORKS),
        ("revocation", REVOKED),
        ("registration", WORKS),
        ("logout", WORKS),
        ("sealed", WORKS),
    ],
    leaves: &[(OLD, OLD_FLOWS), MCP],
    remarks: &[
        "Its users send every request themselves: they keep the nonces for DPoP, and ask again where one is wanted.",
    ],
};

//! Clients for Go.

use super::{MCP, OLD, OLD_FLOWS, POLLED, WORKS, WRONG_VERIFIER};
use crate::interop::catalogue::Client;
use crate::interop::programs::Runtime;

/// On top of golang.org/x/oauth2.
pub(super) const GO_OIDC: Client = Client {
    id: "go-oidc",
    package: "github.com/coreos/go-oidc/v3",
    runtime: Runtime::Go,
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
        ("form-post", WORKS),
        ("rar", WORKS),
        ("resource", WORKS),
        ("device", POLLED),
        ("client-credentials", WORKS),
        ("token-exchange", WORKS),
        ("jwt-bearer", WORKS),
    ],
    leaves: &[
        (OLD, OLD_FLOWS),
        MCP,
        ("it verifies tokens of back-channel logout, and begins no logout", &["logout"]),
        (
            "no support",
            &[
                "par",
                "jar",
                "jarm",
                "dpop",
                "dpop-nonce",
                "fapi2",
                "fapi2-signing",
                "ciba",
                "introspection",
                "revocation",
                "registration",
                "sealed",
            ],
        ),
    ],
    remarks: &[
        "Its tokens come by `golang.org/x/oauth2`. Say with `AuthStyle` how the client authenticates: left to find \
             out, it sends every client's name in a header first, which for a public client is wrong.",
    ],
};

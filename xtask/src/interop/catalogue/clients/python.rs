//! Clients for Python.

use super::{MCP, OLD, OLD_FLOWS, POLLED, REVOKED, WORKS, WRONG_VERIFIER};
use crate::interop::catalogue::Client;
use crate::interop::programs::Runtime;

pub(super) const AUTHLIB: Client = Client {
    id: "authlib",
    package: "authlib",
    runtime: Runtime::Python,
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
        ("introspection", WORKS),
        ("revocation", REVOKED),
        ("sealed", WORKS),
    ],
    leaves: &[
        (OLD, OLD_FLOWS),
        MCP,
        ("in its clients for web frameworks alone", &["logout"]),
        (
            "its session on top of requests has no support",
            &["par", "jar", "jarm", "dpop", "dpop-nonce", "fapi2", "fapi2-signing", "ciba", "registration"],
        ),
    ],
    remarks: &[
        "The assertions of `private_key_jwt` and `client_secret_jwt` live for an hour, and the server \
         takes 300 seconds: give it `exp` in `claims`, or the server the amount `assertion-seconds`.",
        "A `claims` that is given to `PrivateKeyJWT` or `ClientSecretJWT` keeps the first `jti`, which \
         is then used twice: register a new one for each request.",
    ],
};

pub(super) const MSAL: Client = Client {
    id: "msal",
    package: "msal",
    runtime: Runtime::Python,
    https: true,
    probes: &[],
    plays: &[
        ("code", WORKS),
        ("oidc", WORKS),
        ("tampered-verifier", WRONG_VERIFIER),
        ("secret-post", WORKS),
        ("secret-jwt", WORKS),
        ("private-key-jwt", WORKS),
        ("mtls", WORKS),
        ("mtls-self-signed", WORKS),
        ("form-post", WORKS),
        ("device", POLLED),
        ("client-credentials", WORKS),
    ],
    leaves: &[
        (OLD, OLD_FLOWS),
        MCP,
        ("it asks for `openid` whatever its user asks for", &["oauth21"]),
        (
            "on behalf of a user by RFC 7523 with Entra's `requested_token_use`, and not by RFC 8693",
            &["token-exchange"],
        ),
        ("with Entra's `requested_token_use` alone", &["jwt-bearer"]),
        ("bound tokens come by its broker alone", &["dpop", "dpop-nonce", "fapi2", "fapi2-signing"]),
        ("its authorization request takes no further parameters", &["rar", "resource"]),
        ("its logout clears its cache alone", &["logout"]),
        (
            "no support",
            &["secret-basic", "par", "jar", "jarm", "ciba", "introspection", "revocation", "registration", "sealed"],
        ),
    ],
    remarks: &[
        "It verifies no signature of an ID token and knows no UserInfo; its own assertions are signed with RSA alone, \
             and others are given to it as `client_assertion`.",
    ],
};

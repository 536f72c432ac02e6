//! The clients, what each plays and what it leaves, and why.

use super::Expect::{Refused, Works};
use super::{Client, Expect};
use crate::interop::programs::Runtime;

/// Goes through without a refusal.
const WORKS: Expect = Works(&[]);
/// The poll that comes before the person's decision.
const POLLED: Expect = Works(&["rfc8628-pending"]);
/// Why a client leaves what it may well know.
const OLD: &str = "OAuth 2.1 leaves it out; one client shows that it can be played";
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
    Client {
        id: "openid-client",
        package: "openid-client",
        runtime: Runtime::Node,
        probes: &[],
        plays: &[
            ("code", WORKS),
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
            ("dpop-nonce", MIXED_NONCES),
            ("fapi2", MIXED_NONCES),
            ("fapi2-signing", MIXED_NONCES),
            ("device", POLLED),
            ("ciba", Works(&["ciba-pending"])),
            ("client-credentials", WORKS),
            ("token-exchange", WORKS),
            ("jwt-bearer", WORKS),
            ("introspection", WORKS),
            ("revocation", REVOKED),
            ("registration", WORKS),
            ("logout", WORKS),
            ("plain", WORKS),
            ("hybrid", WORKS),
            ("implicit", WORKS),
            ("password", WORKS),
        ],
        leaves: &[MCP],
        remarks: &["With DPoP it keeps one nonce for an origin. UserInfo and the token endpoint each have their \
             own, so where both are at one origin every change from one to the other costs a request."],
    },
    Client {
        id: "mcp-sdk",
        package: "@modelcontextprotocol/sdk",
        runtime: Runtime::Node,
        // It asks wherever metadata of a protected resource might be, and whether a server sends of its own accord.
        probes: &["rfc8414-no-such-path", "rfc6749-method-not-allowed"],
        plays: &[
            ("code", WORKS),
            ("tampered-verifier", WRONG_VERIFIER),
            ("secret-basic", WORKS),
            ("secret-post", WORKS),
            ("client-credentials", WORKS),
            ("registration", WORKS),
            ("cimd", Works(&["rfc6750-token-missing"])),
            ("mcp-server", Works(&["rfc6750-token-missing", "mcp-scope-missing"])),
        ],
        leaves: &[
            (OLD, OLD_FLOWS),
            (
                "MCP does not use it",
                &[
                    "mtls",
                    "mtls-self-signed",
                    "par",
                    "jar",
                    "jarm",
                    "form-post",
                    "rar",
                    "dpop",
                    "dpop-nonce",
                    "fapi2",
                    "fapi2-signing",
                    "device",
                    "ciba",
                    "token-exchange",
                    "jwt-bearer",
                    "introspection",
                    "revocation",
                    "logout",
                ],
            ),
            ("with client_credentials only", &["secret-jwt", "private-key-jwt"]),
            ("it takes the resource from the metadata of a protected resource", &["resource"]),
        ],
        remarks: &[
            "Asked for more scope, it refreshes if it has a refresh token, gets what it had, and gives up: without a \
             refresh token it asks the user.",
            "It registers for the scope that the resource names first. Asked for more later, it is refused by \
             `rfc6749-scope-not-allowed`: a client that is configured, or called by the URL of its metadata, is not.",
        ],
    },
    Client {
        id: "authlib",
        package: "authlib",
        runtime: Runtime::Python,
        probes: &[],
        plays: &[
            ("code", WORKS),
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
        ],
        leaves: &[
            (OLD, OLD_FLOWS),
            MCP,
            (
                "its session on top of requests has no support",
                &[
                    "par",
                    "jar",
                    "jarm",
                    "dpop",
                    "dpop-nonce",
                    "fapi2",
                    "fapi2-signing",
                    "ciba",
                    "registration",
                    "logout",
                ],
            ),
        ],
        remarks: &[
            "The assertions of `private_key_jwt` and `client_secret_jwt` live for an hour, and the server \
             takes 300 seconds: give it `exp` in `claims`, or the server the amount `assertion-seconds`.",
            "A `claims` that is given to `PrivateKeyJWT` or `ClientSecretJWT` keeps the first `jti`, which \
             is then used twice: register a new one for each request.",
        ],
    },
    Client {
        id: "oauth2",
        package: "oauth2",
        runtime: Runtime::Rust,
        probes: &[],
        plays: &[
            ("code", WORKS),
            ("tampered-verifier", WRONG_VERIFIER),
            ("secret-basic", WORKS),
            ("secret-post", WORKS),
            ("mtls", WORKS),
            ("mtls-self-signed", WORKS),
            ("resource", WORKS),
            ("device", POLLED),
            ("client-credentials", WORKS),
            ("introspection", WORKS),
            ("revocation", REVOKED),
        ],
        leaves: &[
            (OLD, OLD_FLOWS),
            MCP,
            (
                "no support",
                &[
                    "secret-jwt",
                    "private-key-jwt",
                    "par",
                    "jar",
                    "jarm",
                    "form-post",
                    "dpop",
                    "dpop-nonce",
                    "fapi2",
                    "fapi2-signing",
                    "ciba",
                    "token-exchange",
                    "jwt-bearer",
                    "registration",
                    "logout",
                ],
            ),
            ("what was granted is dropped, unless its user writes a type for it", &["rar"]),
        ],
        remarks: &[],
    },
    Client {
        id: "openidconnect",
        package: "openidconnect",
        runtime: Runtime::Rust,
        probes: &[],
        plays: &[
            ("code", WORKS),
            ("tampered-verifier", WRONG_VERIFIER),
            ("secret-basic", WORKS),
            ("secret-post", WORKS),
            ("device", POLLED),
            ("registration", WORKS),
            ("logout", WORKS),
        ],
        leaves: &[
            (OLD, OLD_FLOWS),
            MCP,
            (
                "no support",
                &[
                    "secret-jwt",
                    "private-key-jwt",
                    "par",
                    "jar",
                    "jarm",
                    "form-post",
                    "rar",
                    "dpop",
                    "dpop-nonce",
                    "fapi2",
                    "fapi2-signing",
                    "ciba",
                    "token-exchange",
                    "jwt-bearer",
                ],
            ),
            (
                "the code of the crate oauth2, which plays it",
                &["mtls", "mtls-self-signed", "resource", "client-credentials", "introspection", "revocation"],
            ),
        ],
        remarks: &[],
    },
    Client {
        id: "huskarl",
        package: "huskarl",
        runtime: Runtime::Rust,
        probes: &[],
        plays: &[
            ("code", WORKS),
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
            ("client-credentials", WORKS),
            ("token-exchange", WORKS),
            ("jwt-bearer", WORKS),
            ("revocation", REVOKED),
            ("registration", WORKS),
        ],
        leaves: &[
            (OLD, OLD_FLOWS),
            MCP,
            ("in its crate for resource servers", &["introspection"]),
            ("no support", &["ciba", "logout"]),
        ],
        remarks: &[],
    },
];

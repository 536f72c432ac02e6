//! Clients for Node.

use super::{MCP, MIXED_NONCES, NONCE, OLD, OLD_FLOWS, POLLED, REVOKED, WORKS, WRONG_VERIFIER};
use crate::interop::catalogue::Client;
use crate::interop::catalogue::Expect::Works;
use crate::interop::programs::Runtime;

pub(super) const OPENID_CLIENT: Client = Client {
    id: "openid-client",
    package: "openid-client",
    runtime: Runtime::Node,
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
        ("sealed", WORKS),
        ("plain", WORKS),
        ("hybrid", WORKS),
        ("implicit", WORKS),
        ("password", WORKS),
    ],
    leaves: &[MCP],
    remarks: &["With DPoP it keeps one nonce for an origin. UserInfo and the token endpoint each have their \
         own, so where both are at one origin every change from one to the other costs a request."],
};

pub(super) const MCP_SDK: Client = Client {
    id: "mcp-sdk",
    package: "@modelcontextprotocol/sdk",
    runtime: Runtime::Node,
    https: false,
    // It asks wherever metadata of a protected resource might be, and whether a server sends of its own accord.
    probes: &["rfc8414-no-such-path", "rfc6749-method-not-allowed"],
    plays: &[
        ("code", WORKS),
        ("tampered-verifier", WRONG_VERIFIER),
        ("secret-basic", WORKS),
        ("secret-post", WORKS),
        ("secret-jwt", WORKS),
        ("private-key-jwt", WORKS),
        ("resource", WORKS),
        ("client-credentials", WORKS),
        ("token-exchange", WORKS),
        ("jwt-bearer", WORKS),
        ("registration", WORKS),
        ("cimd", Works(&["rfc6750-token-missing"])),
        ("mcp-server", Works(&["rfc6750-token-missing", "mcp-scope-missing"])),
    ],
    leaves: &[
        (OLD, OLD_FLOWS),
        ("played as `mcp-server`", &["oauth21", "oidc"]),
        ("a draft for an extension of MCP uses it, and the SDK does not", &["dpop", "dpop-nonce"]),
        (
            "MCP does not use it",
            &[
                "sealed",
                "mtls",
                "mtls-self-signed",
                "par",
                "jar",
                "jarm",
                "form-post",
                "rar",
                "fapi2",
                "fapi2-signing",
                "device",
                "ciba",
                "introspection",
                "revocation",
                "logout",
            ],
        ),
    ],
    remarks: &[
        "Asked for more scope, it refreshes if it has a refresh token, gets what it had, and gives up: without a \
         refresh token it asks the user.",
        "It registers for the scope that the resource names first. Asked for more later, it is refused by \
         `rfc6749-scope-not-allowed`: a client that is configured, or called by the URL of its metadata, is not.",
    ],
};

pub(super) const MSAL_NODE: Client = Client {
    id: "msal-node",
    package: "@azure/msal-node",
    runtime: Runtime::Node,
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
        ("resource", WORKS),
    ],
    leaves: &[
        (OLD, OLD_FLOWS),
        MCP,
        (
            "it sends `client-request-id` in the address and in the body, and is refused by \
             `rfc6749-token-parameters-in-query`",
            &["client-credentials", "jwt-bearer"],
        ),
        ("it asks for codes at `/devicecode` beside the token endpoint, whatever the metadata name", &["device"]),
        ("it asks for `openid` whatever its user asks for", &["oauth21"]),
        ("what was granted is dropped", &["rar"]),
        (
            "on behalf of a user by RFC 7523 with Entra's `requested_token_use`, and not by RFC 8693",
            &["token-exchange"],
        ),
        ("every request is made one for a bearer token", &["dpop", "dpop-nonce", "fapi2", "fapi2-signing"]),
        ("its logout clears its cache alone", &["logout"]),
        (
            "no support",
            &["secret-basic", "par", "jar", "jarm", "ciba", "introspection", "revocation", "registration", "sealed"],
        ),
    ],
    remarks: &["It verifies no signature of an ID token and knows no UserInfo."],
};

/// The library is made for pages, and so are its storage and its keys.
pub(super) const OIDC_CLIENT_TS: Client = Client {
    id: "oidc-client-ts",
    package: "oidc-client-ts",
    runtime: Runtime::Node,
    https: false,
    probes: &[],
    plays: &[
        ("code", WORKS),
        ("oauth21", WORKS),
        ("oidc", WORKS),
        ("tampered-verifier", WRONG_VERIFIER),
        ("secret-basic", WORKS),
        ("secret-post", WORKS),
        ("mtls", WORKS),
        ("mtls-self-signed", WORKS),
        ("resource", WORKS),
        ("revocation", REVOKED),
        ("logout", WORKS),
    ],
    leaves: &[
        (OLD, OLD_FLOWS),
        MCP,
        ("its assertions are made in pages alone, which keep no secret", &["secret-jwt"]),
        ("its proofs are made with `window.crypto`: played in Chromium", &["dpop", "dpop-nonce"]),
        ("`UserManager` drops what was granted", &["rar"]),
        REQUEST_GIVEN,
        READS_URLS,
        ("no support", UNKNOWN_TO_OIDC_CLIENT_TS),
    ],
    remarks: &[],
};

/// The same where it is at home.
pub(super) const OIDC_CLIENT_TS_SPA: Client = Client {
    id: "oidc-client-ts-spa",
    package: "oidc-client-ts",
    runtime: Runtime::Chromium,
    https: false,
    probes: &[],
    plays: &[
        ("code", WORKS),
        ("oauth21", WORKS),
        ("oidc", WORKS),
        ("tampered-verifier", WRONG_VERIFIER),
        ("resource", WORKS),
        ("dpop", WORKS),
        ("dpop-nonce", NONCE),
        ("logout", WORKS),
    ],
    leaves: &[
        (OLD, OLD_FLOWS),
        MCP,
        ("a page keeps no secret", &["secret-basic", "secret-post", "secret-jwt"]),
        ("at a server with TLS, whose authority no browser knows: played in Node", &["revocation"]),
        ("a page does not choose its certificate", &["mtls", "mtls-self-signed"]),
        ("`UserManager` drops what was granted", &["rar"]),
        REQUEST_GIVEN,
        READS_URLS,
        ("no support", UNKNOWN_TO_OIDC_CLIENT_TS),
    ],
    remarks: &[
        "`loadUserInfo` shows UserInfo every token as a bearer token, also one that is bound by DPoP: leave it \
             out then, and ask with `dpopProof`.",
    ],
};

const REQUEST_GIVEN: (&str, &[&str]) =
    ("it sends a `request` that is given to it, made before its `state` and challenge", &["par", "jar"]);
const READS_URLS: (&str, &[&str]) = ("it reads answers from URLs alone", &["form-post"]);
const UNKNOWN_TO_OIDC_CLIENT_TS: &[&str] = &[
    "private-key-jwt",
    "jarm",
    "fapi2",
    "fapi2-signing",
    "device",
    "ciba",
    "client-credentials",
    "token-exchange",
    "jwt-bearer",
    "introspection",
    "registration",
    "sealed",
];

pub(super) const PASSPORT_OPENIDCONNECT: Client = Client {
    id: "passport-openidconnect",
    package: "passport-openidconnect",
    runtime: Runtime::Node,
    https: false,
    probes: &[],
    plays: &[
        // As it is first, and then with PKCE.
        ("code", Works(&["rfc7636-challenge-missing"])),
        ("oidc", Works(&["rfc7636-challenge-missing"])),
        ("tampered-verifier", WRONG_VERIFIER),
        ("secret-post", WORKS),
        ("mtls", WORKS),
        ("mtls-self-signed", WORKS),
        ("rar", WORKS),
        ("resource", WORKS),
    ],
    leaves: &[
        (OLD, OLD_FLOWS),
        MCP,
        ("it takes no answer without an ID token", &["oauth21"]),
        ("its transport sends the secret in the body; a header is its user's, by `customHeaders`", &["secret-basic"]),
        ("by its transport alone", &["client-credentials"]),
        ("it can ask for it, and reads answers from the query alone", &["form-post"]),
        (
            "no support",
            &[
                "secret-jwt",
                "private-key-jwt",
                "par",
                "jar",
                "jarm",
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
                "registration",
                "logout",
                "sealed",
            ],
        ),
    ],
    remarks: &[
        "It knows no PKCE. A strict server refuses it as it is; with a subclass of some fifteen lines it goes through.",
        "It verifies no signature of an ID token, reads no metadata, and refreshes nothing: fresh tokens are asked for by \
             its transport, as the package `passport-oauth2-refresh` does.",
    ],
};

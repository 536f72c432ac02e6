//! Which foreign client plays which flow, and how it has to end: the data behind a run and behind docs/INTEROP.md.

use super::programs::Runtime;

/// Something users do.
pub(super) struct Flow {
    pub(super) id: &'static str,
    /// What is played, for readers.
    pub(super) says: &'static str,
    /// What the server has to offer, as `member` or `member=value` of its metadata.
    pub(super) needs: &'static [&'static str],
    /// Requests that the journal has to show, as `POST /par 201`: proof that it was played and not only said.
    pub(super) seen: &'static [&'static str],
    /// Why the server cannot play its part yet, if it cannot.
    pub(super) waits: Option<&'static str>,
}

/// A published client library and how each flow has to end with it.
pub(super) struct Client {
    /// The folder below fixtures/clients, and the name on the command line.
    pub(super) id: &'static str,
    /// The name it is published under.
    pub(super) package: &'static str,
    pub(super) runtime: Runtime,
    /// Rules that it may break in any flow, by asking for what is not there.
    pub(super) probes: &'static [&'static str],
    pub(super) plays: &'static [(&'static str, Expect)],
}

/// How a flow has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// It goes through; on its way the server refuses by these rules and by no others.
    Works(&'static [&'static str]),
    /// The client is refused by this rule, as it should be.
    Refused(&'static str),
    /// The client cannot do it, and why.
    Cannot(&'static str),
}

use Expect::{Cannot, Refused, Works};

pub(super) const FLOWS: &[Flow] = &[
    Flow {
        id: "code",
        says: "code and PKCE, ID token, UserInfo, refresh",
        needs: &["code_challenge_methods_supported=S256", "userinfo_endpoint"],
        seen: &["GET /authorize 302", "POST /token 200", "GET /userinfo 200"],
        waits: None,
    },
    Flow {
        id: "tampered-verifier",
        says: "a code_verifier that does not fit its challenge",
        needs: &["code_challenge_methods_supported=S256"],
        seen: &["GET /authorize 302", "POST /token 400"],
        waits: None,
    },
    Flow {
        id: "device",
        says: "device authorization, polled until a person approves",
        needs: &["device_authorization_endpoint"],
        seen: &["POST /device_authorization 200", "POST /device 200", "POST /token 200"],
        waits: None,
    },
];

/// A client that asks for nothing that is not there.
const fn client(
    id: &'static str,
    package: &'static str,
    runtime: Runtime,
    plays: &'static [(&'static str, Expect)],
) -> Client {
    Client { id, package, runtime, probes: &[], plays }
}

pub(super) const CLIENTS: &[Client] = &[
    client("openid-client", "openid-client", Runtime::Node, OPENID_CLIENT),
    Client {
        // It asks wherever metadata of a protected resource might be.
        probes: &["rfc8414-no-such-path"],
        ..client("mcp-sdk", "@modelcontextprotocol/sdk", Runtime::Node, MCP_SDK)
    },
    client("authlib", "authlib", Runtime::Python, AUTHLIB),
    client("oauth2", "oauth2", Runtime::Rust, OAUTH2),
    client("openidconnect", "openidconnect", Runtime::Rust, OPENIDCONNECT),
    client("huskarl", "huskarl", Runtime::Rust, HUSKARL),
];

const WRONG_VERIFIER: (&str, Expect) = ("tampered-verifier", Refused("rfc7636-verifier-wrong"));

const DEVICE: (&str, Expect) = ("device", Works(&["rfc8628-pending"]));

const OPENID_CLIENT: &[(&str, Expect)] = &[("code", Works(&[])), WRONG_VERIFIER, DEVICE];

const AUTHLIB: &[(&str, Expect)] = &[("code", Works(&[])), WRONG_VERIFIER, DEVICE];

const OAUTH2: &[(&str, Expect)] = &[("code", Works(&[])), WRONG_VERIFIER, DEVICE];

const OPENIDCONNECT: &[(&str, Expect)] = &[("code", Works(&[])), WRONG_VERIFIER, DEVICE];

const HUSKARL: &[(&str, Expect)] = &[("code", Works(&[])), WRONG_VERIFIER, DEVICE];

const MCP_SDK: &[(&str, Expect)] =
    &[("code", Works(&[])), WRONG_VERIFIER, ("device", Cannot("it knows no device authorization"))];

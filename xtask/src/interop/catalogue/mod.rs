//! Which foreign client plays which flow, and how it has to end: the data behind a run and behind docs/INTEROP.md.

mod clients;

use mock_idp::Profile;

use super::programs::Runtime;

pub(super) use self::clients::CLIENTS;

/// Which server a flow is played at. Those but [`At::Tls`] are without TLS, unless a client insists on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// With every document, and every choice made strictly.
    Strict,
    /// With TLS, and a certification authority of its own.
    Tls,
    /// DPoP proofs need a nonce.
    Nonce,
    /// With this profile.
    Of(Profile),
}

impl At {
    /// What stands above the configuration file.
    pub(super) fn opening(self) -> String {
        let nonce = "on = [\"dpop-nonce-required\"]\n";
        match self {
            // Nobody waits five seconds for a test.
            Self::Strict => "amount = { device-interval-seconds = 1, ciba-interval-seconds = 1 }\n".to_owned(),
            Self::Tls => String::new(),
            Self::Nonce => nonce.to_owned(),
            Self::Of(profile @ (Profile::Fapi2 | Profile::Fapi2MessageSigning)) => {
                format!("profile = \"{profile}\"\n{nonce}")
            }
            Self::Of(profile) => format!("profile = \"{profile}\"\n"),
        }
    }

    /// A name of its own.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Tls => "tls",
            Self::Nonce => "nonce",
            Self::Of(profile) => profile.name(),
        }
    }

    /// As a client takes it that does not insist on TLS.
    pub(super) fn place(self) -> Place {
        Place { at: self, tls: self == Self::Tls }
    }
}

/// A server, with or without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: At,
    pub(super) tls: bool,
}

impl Place {
    /// A name of its own.
    pub(super) fn name(self) -> String {
        let Self { at, tls } = self;
        if tls && at != At::Tls { format!("{}-tls", at.name()) } else { at.name().to_owned() }
    }
}

/// Something users do.
pub(super) struct Flow {
    pub(super) id: &'static str,
    /// What is played, for readers.
    pub(super) says: &'static str,
    /// What the server has to offer, as `member` or `member=value` of its metadata.
    pub(super) needs: &'static [&'static str],
    /// Requests that the journal has to show, as `POST /par 201`: proof that it was played and not only said.
    pub(super) seen: &'static [&'static str],
    /// What a client is told to play.
    pub(super) program: &'static str,
    pub(super) at: At,
}

/// A published client library and how each flow has to end with it.
pub(super) struct Client {
    /// The name on the command line.
    pub(super) id: &'static str,
    /// The name it is published under.
    pub(super) package: &'static str,
    pub(super) runtime: Runtime,
    /// Whether it takes no issuers but those with https, on loopback either.
    pub(super) https: bool,
    /// Rules that it may break in any flow, by asking for what is not there.
    pub(super) probes: &'static [&'static str],
    pub(super) plays: &'static [(&'static str, Expect)],
    /// What it does not play, and why.
    pub(super) leaves: &'static [(&'static str, &'static [&'static str])],
    /// What its users should know, in sentences.
    pub(super) remarks: &'static [&'static str],
}

/// How a flow has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// It goes through; on its way the server refuses by these rules and by no others.
    Works(&'static [&'static str]),
    /// The client is refused by this rule, as it should be.
    Refused(&'static str),
}

impl Client {
    /// Where it plays `flow`.
    pub(super) fn place(&self, flow: &Flow) -> Place {
        let Place { at, tls } = flow.at.place();
        Place { at, tls: tls || self.https }
    }

    /// How `flow` has to end, or why it is not played.
    pub(super) fn expects(&self, flow: &str) -> Option<Result<Expect, &'static str>> {
        let played = self.plays.iter().find(|(id, _)| *id == flow).map(|(_, expect)| Ok(*expect));
        let left = || self.leaves.iter().find(|(_, flows)| flows.contains(&flow)).map(|(why, _)| Err(*why));
        played.or_else(left)
    }
}

impl Flow {
    /// The same at another server.
    const fn at(self, at: At) -> Self {
        Self { at, ..self }
    }

    /// The same at a server of this profile.
    const fn of(self, profile: Profile) -> Self {
        self.at(At::Of(profile))
    }

    /// What is played as another flow.
    const fn playing(self, program: &'static str) -> Self {
        Self { program, ..self }
    }
}

/// A flow: its id, what is played, what the server has to offer, and what it has to see.
const fn flow(
    id: &'static str,
    says: &'static str,
    needs: &'static [&'static str],
    seen: &'static [&'static str],
) -> Flow {
    Flow { id, says, needs, seen, program: id, at: At::Strict }
}

const LOGGED_IN: &[&str] = &["POST /token 200"];

pub(super) const FLOWS: &[Flow] = &[
    flow(
        "code",
        "code and PKCE, ID token, UserInfo, refresh",
        &["code_challenge_methods_supported=S256"],
        &["POST /token 200", "GET /userinfo 200"],
    ),
    flow(
        "oauth21",
        "OAuth 2.1: code, PKCE and refresh, without OpenID Connect",
        &["code_challenge_methods_supported=S256"],
        LOGGED_IN,
    )
    .of(Profile::Oauth21),
    flow(
        "oidc",
        "OpenID Connect: the same as `code`",
        &["userinfo_endpoint"],
        &["POST /token 200", "GET /userinfo 200"],
    )
    .of(Profile::Oidc)
    .playing("code"),
    flow(
        "tampered-verifier",
        "a code_verifier that does not fit its challenge",
        &["code_challenge_methods_supported=S256"],
        &["POST /token 400"],
    ),
    flow(
        "secret-basic",
        "client_secret_basic",
        &["token_endpoint_auth_methods_supported=client_secret_basic"],
        LOGGED_IN,
    ),
    flow(
        "secret-post",
        "client_secret_post",
        &["token_endpoint_auth_methods_supported=client_secret_post"],
        LOGGED_IN,
    ),
    flow(
        "secret-jwt",
        "client_secret_jwt, HS256",
        &["token_endpoint_auth_methods_supported=client_secret_jwt"],
        LOGGED_IN,
    ),
    flow(
        "private-key-jwt",
        "private_key_jwt, ES256, for the issuer",
        &["token_endpoint_auth_methods_supported=private_key_jwt"],
        LOGGED_IN,
    ),
    flow(
        "mtls",
        "tls_client_auth, and tokens bound to the certificate",
        &["token_endpoint_auth_methods_supported=tls_client_auth"],
        &["POST /token 200", "GET /userinfo 200"],
    )
    .at(At::Tls),
    flow(
        "mtls-self-signed",
        "self_signed_tls_client_auth, and tokens bound to the certificate",
        &["token_endpoint_auth_methods_supported=self_signed_tls_client_auth"],
        &["POST /token 200", "GET /userinfo 200"],
    )
    .at(At::Tls),
    flow(
        "par",
        "a pushed authorization request",
        &["pushed_authorization_request_endpoint"],
        &["POST /par 201", "POST /token 200"],
    ),
    flow("jar", "a signed request object", &["request_parameter_supported"], LOGGED_IN),
    flow("jarm", "a signed authorization response", &["response_modes_supported=jwt"], LOGGED_IN),
    flow(
        "form-post",
        "an authorization response in a form",
        &["response_modes_supported=form_post"],
        &["GET /authorize 200", "POST /token 200"],
    ),
    flow(
        "rar",
        "authorization_details, and what was granted of them",
        &["authorization_details_types_supported"],
        LOGGED_IN,
    ),
    flow("resource", "a resource indicator, and a token for it", &[], LOGGED_IN),
    flow(
        "dpop",
        "tokens bound to a key at the token endpoint, at UserInfo and at refresh",
        &["dpop_signing_alg_values_supported=ES256"],
        &["POST /token 200", "GET /userinfo 200"],
    ),
    flow(
        "dpop-nonce",
        "the same at a server that asks for its nonce",
        &["dpop_signing_alg_values_supported=ES256"],
        &["POST /token 200", "GET /userinfo 200"],
    )
    .at(At::Nonce)
    .playing("dpop"),
    flow(
        "fapi2",
        "FAPI 2.0 Security Profile: pushed, private_key_jwt, DPoP with nonce",
        &["require_pushed_authorization_requests", "dpop_signing_alg_values_supported=ES256"],
        &["POST /par 201", "POST /token 200", "GET /userinfo 200"],
    )
    .of(Profile::Fapi2),
    flow(
        "fapi2-signing",
        "FAPI 2.0 Message Signing: beside that, request and response are signed",
        &["require_pushed_authorization_requests", "request_parameter_supported"],
        &["POST /par 201", "POST /token 200", "GET /userinfo 200"],
    )
    .of(Profile::Fapi2MessageSigning),
    flow(
        "device",
        "device authorization, polled until a person approves",
        &["device_authorization_endpoint"],
        &["POST /device_authorization 200", "POST /device 200", "POST /token 200"],
    ),
    flow(
        "ciba",
        "a request on the back channel, polled until the user agrees",
        &["backchannel_authentication_endpoint"],
        &["POST /bc-authorize 200", "POST /ciba 200", "POST /token 200"],
    ),
    flow(
        "client-credentials",
        "tokens for the client itself",
        &["grant_types_supported=client_credentials"],
        LOGGED_IN,
    ),
    flow(
        "token-exchange",
        "a token for another token",
        &["grant_types_supported=urn:ietf:params:oauth:grant-type:token-exchange"],
        LOGGED_IN,
    ),
    flow(
        "jwt-bearer",
        "a token for an assertion",
        &["grant_types_supported=urn:ietf:params:oauth:grant-type:jwt-bearer"],
        LOGGED_IN,
    ),
    flow("introspection", "a token looked at", &["introspection_endpoint"], LOGGED_IN),
    flow(
        "revocation",
        "a refresh token taken back, and then refused",
        &["revocation_endpoint"],
        &["POST /token 400"],
    )
    // Some clients give tokens to https alone, even on loopback.
    .at(At::Tls),
    flow("registration", "a client that introduces itself", &["registration_endpoint"], LOGGED_IN),
    flow(
        "cimd",
        "a client that is called by the URL of its metadata",
        &["client_id_metadata_document_supported"],
        LOGGED_IN,
    )
    .of(Profile::Mcp),
    flow(
        "mcp-server",
        "an MCP server: found from its first refusal, used, and stepped up for",
        &[],
        &["POST /mcp 401", "POST /token 200", "POST /mcp 403", "POST /mcp 200"],
    )
    .of(Profile::Mcp),
    flow("logout", "logout, and back at the client", &["end_session_endpoint"], LOGGED_IN),
    flow(
        "sealed",
        "an encrypted ID token, and signed claims at UserInfo",
        &["id_token_encryption_alg_values_supported=ECDH-ES", "userinfo_signing_alg_values_supported=ES256"],
        &["POST /token 200", "GET /userinfo 200"],
    ),
    flow("plain", "RFC 7636 with its method plain", &["code_challenge_methods_supported=plain"], LOGGED_IN)
        .of(Profile::Rfc7636),
    flow(
        "hybrid",
        "code and ID token from the authorization endpoint",
        &["response_types_supported=code id_token"],
        LOGGED_IN,
    )
    .of(Profile::Legacy),
    flow("implicit", "an ID token without a code", &["response_types_supported=id_token"], &["GET /authorize 302"])
        .of(Profile::Legacy),
    flow("password", "the user's password", &["grant_types_supported=password"], LOGGED_IN).of(Profile::Legacy),
];

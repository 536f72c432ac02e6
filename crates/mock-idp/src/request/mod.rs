//! What arrived: a request, read and bounded, and what is found out about it on the way.
//!
//! What holds headers has no `Debug`, so they cannot be printed.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use oauth_types::Params;

use crate::certificate::ClientCertificate;
use crate::clients::{Authenticated, Client, Clients, Identified};
use crate::memory::{Confirmation, Life, Note, Notes, Scope};
use crate::people::{People, Script, Wanted};
use crate::ports::Ports;
use crate::world::Policy;

mod found;
mod host;
mod place;
mod resolved;
mod seen;

pub(crate) use found::{Found, Held, Spent};
pub(crate) use host::Host;
pub(crate) use place::Place;
pub(crate) use resolved::{Admission, Presented, Resolved, TokenKind, is_token68};
pub(crate) use seen::{Learned, Seen};

/// A request at one of the endpoints.
pub(crate) struct Arrival<'a> {
    /// At which issuer.
    pub place: &'a Place,
    /// By which method.
    pub method: &'a Method,
    /// At which path below the issuer.
    pub path: &'static str,
    /// With which headers.
    pub headers: &'a HeaderMap,
    /// The parameters of the query.
    pub query: &'a Params,
    /// The parameters of a form body, if there was one.
    pub form: Option<&'a Params>,
    /// The body, if there was one.
    pub body: &'a Bytes,
    /// What the client showed of itself in the TLS handshake. No header says anything of that.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "certificates are judged by RFC 8705 alone"))]
    pub certificate: Option<&'a ClientCertificate>,
    /// The tenant's time, in seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
    /// What the person in front of the browser was told to do next.
    pub script: &'a Script,
    /// What is found out on the way, for the journal.
    pub seen: &'a Seen,
}

impl Arrival<'_> {
    /// Whether it came by POST.
    pub(crate) fn posted(&self) -> bool {
        self.method == Method::POST
    }
}

/// How the parameters of an authorization request came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// By a pushed authorization request (RFC 9126), and not through the browser.
    pub pushed: bool,
    /// In a signed request object (RFC 9101).
    pub signed: bool,
}

/// An authorization request, before anything is known of it but the parameters that the browser brought.
pub(crate) struct Packed<'a> {
    /// The request as it arrived.
    pub arrival: &'a Arrival<'a>,
    /// Its parameters; some may occur twice.
    pub params: &'a Params,
    /// The client that `client_id` names.
    pub client: &'a Arc<Client>,
    /// The ports.
    pub ports: &'a Ports,
    /// What the server decides.
    pub policy: &'a Policy,
}

/// The parameters that an authorization request refers to or carries (RFC 9126 §4, RFC 9101 §6.3).
#[derive(Debug, Default)]
pub(crate) struct Unpacked {
    /// They take the place of those that the browser brought.
    pub params: Params,
    /// How they came.
    pub origin: Origin,
    /// What was remembered when they were pushed.
    pub notes: Option<(Notes, Notes)>,
}

impl Unpacked {
    /// Writes down which parameters came beside it and say something else. They count for nothing (RFC 9101 §6.3).
    pub(crate) fn overrule(&self, packed: &Packed<'_>) {
        for (name, value) in packed.params.iter() {
            let carrier = name == "request" || name == "request_uri";
            if !carrier && self.params.all(name).all(|own| own != value) {
                packed.arrival.seen.ignores(name);
            }
        }
    }
}

/// An authorization request of an identified client (RFC 6749 §4.1.1).
pub(crate) struct AuthorizationRequest<'a> {
    /// The request as it arrived.
    pub arrival: &'a Arrival<'a>,
    /// Its parameters, none of them twice.
    pub params: &'a Params,
    /// How they came.
    pub origin: Origin,
    /// The client.
    pub client: &'a Identified,
    /// What the client proved to hold, if the request was made by the client itself, as when it is pushed.
    pub proofs: &'a [Confirmation],
    /// The people.
    pub people: &'a People,
    /// The ports.
    pub ports: &'a Ports,
    /// What the server decides.
    pub policy: &'a Policy,
}

impl AuthorizationRequest<'_> {
    /// The client.
    pub(crate) fn client(&self) -> &Client {
        self.client.client()
    }

    /// Whether the response type has this word: `code`, `token`, `id_token` (RFC 6749 §3.1.1).
    pub(crate) fn asks_for(&self, kind: &str) -> bool {
        self.params.get("response_type").is_some_and(|kinds| kinds.split(' ').any(|own| own == kind))
    }
}

/// The authorization as it is being made.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The scope to be granted.
    pub scope: Scope,
    /// What is asked of the login.
    pub wanted: Wanted,
    pub(crate) code_notes: Notes,
    pub(crate) grant_notes: Notes,
}

impl Draft {
    pub(crate) fn new(scope: Scope) -> Self {
        Self { scope, wanted: Wanted::default(), code_notes: Notes::default(), grant_notes: Notes::default() }
    }

    /// Remembers a note for as long as it lives.
    pub(crate) fn remember<N: Note>(&mut self, note: &N) {
        match N::LIFE {
            Life::Code => self.code_notes.set(note),
            Life::Grant => self.grant_notes.set(note),
        }
    }

    /// A note that was remembered so far.
    pub(crate) fn note<N: Note>(&self) -> Option<N> {
        match N::LIFE {
            Life::Code => self.code_notes.find(),
            Life::Grant => self.grant_notes.find(),
        }
    }
}

/// Credentials of a client as they arrived (RFC 6749 §2.3).
pub(crate) struct Attempt<'a> {
    /// The request as it arrived.
    pub arrival: &'a Arrival<'a>,
    /// The parameters of its body, none of them twice.
    pub params: &'a Params,
    /// The clients that are configured.
    pub clients: &'a Clients,
    /// The people.
    pub people: &'a People,
    /// The ports.
    pub ports: &'a Ports,
    /// What the server decides.
    pub policy: &'a Policy,
}

/// What a request may prove the possession of: a key, a certificate.
pub(crate) struct Proof<'a> {
    /// The request as it arrived.
    pub arrival: &'a Arrival<'a>,
    /// The access token it comes with, if it is made at a protected resource.
    pub token: Option<&'a str>,
    /// The ports.
    pub ports: &'a Ports,
    /// What the server decides.
    pub policy: &'a Policy,
}

/// A request for tokens: of an authenticated client at the token endpoint (RFC 6749 §3.2), or of an identified one
/// whose response type asks for tokens at once (RFC 6749 §4.2).
pub(crate) struct TokenRequest<'a> {
    /// The request as it arrived.
    pub arrival: &'a Arrival<'a>,
    /// Its parameters, none of them twice.
    pub params: &'a Params,
    /// The grant type; `implicit` at the authorization endpoint (RFC 7591 §2).
    pub grant_type: &'a str,
    /// What the client proved to hold.
    pub proofs: &'a [Confirmation],
    /// The people.
    pub people: &'a People,
    /// The ports.
    pub ports: &'a Ports,
    /// What the server decides.
    pub policy: &'a Policy,
    client: &'a Arc<Client>,
    method: &'static str,
}

impl<'a> TokenRequest<'a> {
    /// The request of an authenticated client. The grant type is what it says.
    pub(crate) fn authenticated(
        attempt: &Attempt<'a>,
        client: &'a Authenticated,
        proofs: &'a [Confirmation],
    ) -> Self {
        let Attempt { arrival, params, people, ports, policy, .. } = *attempt;
        let grant_type = params.get("grant_type").unwrap_or_default();
        let method = client.method();
        Self { arrival, params, grant_type, proofs, people, ports, policy, client: client.client(), method }
    }

    /// The request of an identified client, at the authorization endpoint.
    pub(crate) fn identified(request: &AuthorizationRequest<'a>) -> Self {
        let AuthorizationRequest { arrival, params, client, proofs, people, ports, policy, .. } = *request;
        let (grant_type, client, method) = ("implicit", client.client(), "none");
        Self { arrival, params, grant_type, proofs, people, ports, policy, client, method }
    }

    /// What a token is made for that nobody asks for: the client is taken at its word.
    pub(crate) fn minted(attempt: &Attempt<'a>, client: &'a Arc<Client>) -> Self {
        let Attempt { arrival, params, people, ports, policy, .. } = *attempt;
        let method = if client.is_public() { "none" } else { "client_secret_basic" };
        Self { arrival, params, grant_type: "", proofs: &[], people, ports, policy, client, method }
    }

    /// Whether the client only said who it is: a public client has no credentials (RFC 6749 §2.1).
    pub(crate) fn is_public(&self) -> bool {
        self.method == "none"
    }

    /// The client.
    pub(crate) fn client(&self) -> &'a Arc<Client> {
        self.client
    }
}

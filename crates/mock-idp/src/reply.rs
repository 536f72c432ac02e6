//! What leaves: an answer that is still data, so that it can be edited before it is signed and encoded.
//!
//! What holds codes or tokens has no `Debug`, so it cannot be printed.

use std::sync::Arc;

use http::StatusCode;
use oauth_types::fault::Point;
use oauth_types::{Algorithm, Params, ResponseMode};
use serde_json::{Map, Value};

use crate::memory::Authorization;
use crate::ports::keys::KeyError;
use crate::ports::store::{Key, Record, StoreError};
use crate::refusal::Refusal;

/// An answer of an endpoint.
pub(crate) enum Reply {
    /// An authorization response that goes back to the client (RFC 6749 §4.1.2).
    Authorization { response: AuthorizationResponse, refusal: Option<Refusal> },
    /// Tokens (RFC 6749 §5.1).
    Tokens(TokenReply),
    /// A JSON document: metadata, keys, claims.
    Document { at: Point, members: Map<String, Value> },
    /// An error as JSON (RFC 6749 §5.2).
    Error(Refusal),
    /// An error at a protected resource (RFC 6750 §3).
    Challenge(Refusal),
    /// A page for the person in front of the browser; nothing is redirected.
    Page(Refusal),
    /// The server itself failed. `to` is where an authorization response would have gone.
    Broken { what: Broken, to: Option<AuthorizationResponse> },
}

/// A failure of the server, not of the request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key failed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why a request got no further: it was refused, or the server failed.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The request broke a rule.
    Refused(Refusal),
    /// The server failed.
    Broken(Broken),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Broken(error.into())
    }
}

/// An authorization response (RFC 6749 §4.1.2 and §4.1.2.1), not yet put into a URL or a form.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizationResponse {
    /// Where it goes: the redirect URI as it was sent.
    pub redirect_uri: String,
    /// How it travels.
    pub mode: ResponseMode,
    /// What it says.
    pub params: Params,
}

/// An authorization response on its way out: a status, headers, and a body if there is one.
pub(crate) struct Delivery {
    /// A `Location`, if the browser is redirected.
    pub location: Option<String>,
    /// A page, if the browser is to submit a form.
    pub page: Option<Page>,
}

/// A page of HTML.
pub(crate) struct Page {
    /// The text.
    pub html: String,
    /// Its content security policy.
    pub policy: String,
}

/// A successful token response that is still data (RFC 6749 §5.1).
pub(crate) struct TokenReply {
    /// What the access token stands for. A narrowed scope replaces it.
    pub authorization: Arc<Authorization>,
    /// The members, but for the tokens that are to be signed.
    pub members: Map<String, Value>,
    /// The tokens that are to be signed, in the order of signing.
    pub tokens: Vec<Unsigned>,
    /// What the store has to keep before the answer leaves.
    pub(crate) records: Vec<(Key, Record)>,
}

impl TokenReply {
    pub(crate) fn new(authorization: Arc<Authorization>) -> Self {
        Self { authorization, members: Map::new(), tokens: Vec::new(), records: Vec::new() }
    }

    /// Adds a member.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.members.insert(name.to_owned(), value.into());
    }
}

/// A JWT that is not signed yet. A later one may hold the hash of an earlier one.
pub(crate) struct Unsigned {
    /// The member of the token response that it becomes.
    pub member: &'static str,
    /// Where a fault edits it.
    pub at: Point,
    /// What it is signed with.
    pub algorithm: Algorithm,
    /// The JOSE header, `alg` and `kid` included (RFC 7515 §4).
    pub header: Map<String, Value>,
    /// The claims (RFC 7519 §4).
    pub claims: Map<String, Value>,
    /// A claim that gets the left half of the hash of another member, once that is signed
    /// (OpenID Connect Core §3.1.3.6, `at_hash`).
    pub hash: Option<(&'static str, &'static str)>,
}

/// The HTTP status an error code is answered with at the token endpoint (RFC 6749 §5.2).
pub(crate) fn token_status(refusal: &Refusal) -> StatusCode {
    match refusal.error() {
        oauth_types::ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    }
}

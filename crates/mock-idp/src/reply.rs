//! What leaves: an answer that is still data, so that it can be edited before it is signed and encoded.
//!
//! What holds codes or tokens has no `Debug`, so it cannot be printed.

use std::sync::Arc;

use http::StatusCode;
use oauth_types::fault::Point;
use oauth_types::{Algorithm, ContentEncryption, KeyManagement, Params, ResponseMode, Secret};
use serde_json::{Map, Value};

use crate::clients::Client;
use crate::jose::PublicKeys;
use crate::memory::{Authorization, Bound, Confirmation, Login, Note};
use crate::ports::keys::{KeyError, RotationError};
use crate::ports::outbound::Reach;
use crate::ports::store::{Key, Kind, Record, StoreError};
use crate::refusal::Refusal;
use crate::sessions::state::BrowserState;

/// An answer of an endpoint.
pub(crate) enum Reply {
    /// An authorization response that goes back to the client (RFC 6749 §4.1.2).
    Authorization { response: AuthorizationResponse, refusal: Option<Refusal> },
    /// Tokens (RFC 6749 §5.1).
    Tokens(TokenReply),
    /// A JSON document: metadata, keys, claims.
    Document { at: Point, status: StatusCode, members: Map<String, Value> },
    /// A signed document, of this media type (RFC 9701 §5, OpenID Connect Core §5.3.2).
    Jwt { token: Unsigned, content_type: &'static str },
    /// Nothing but a status.
    Empty(StatusCode),
    /// A page for the person in front of the browser.
    Html { status: StatusCode, page: Page },
    /// A redirect within the server, or to a place that was checked, by 303.
    Redirect(String),
    /// An error as JSON (RFC 6749 §5.2).
    Error(Refusal),
    /// An error at a protected resource (RFC 6750 §3), the scheme that the token came with, and the scope it needs.
    Challenge { refusal: Refusal, scheme: &'static str, scope: Option<String> },
    /// An error for the person in front of the browser; nothing is redirected.
    Page(Refusal),
    /// The server itself failed. `to` is where an authorization response would have gone.
    Broken { what: Broken, to: Option<AuthorizationResponse> },
}

impl Reply {
    /// Why a request at an endpoint that answers in JSON got no further.
    pub(crate) fn stopped(stop: Stop) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::Error(refusal),
            Stop::Broken(what) => Self::Broken { what, to: None },
        }
    }
}

/// Something that the server sends to somebody else.
pub(crate) struct Outgoing {
    /// Where to.
    pub url: String,
    /// How far it may go: [`Client::reach`].
    pub reach: Reach,
    /// What it carries.
    pub carries: Cargo,
}

/// What the server sends to somebody else, by POST.
pub(crate) enum Cargo {
    /// A form with a token that is signed first (OpenID Connect Back-Channel Logout §2.5).
    Token(Unsigned),
    /// JSON, with a bearer token (OpenID Connect CIBA §10.2).
    Json(Value, Secret),
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
    /// The keys could not be replaced when a fault asked for it.
    #[error("the keys cannot be rotated: {0}")]
    Rotation(#[from] RotationError),
    /// A token cannot be made for a client with the keys that the client has.
    #[error("a token cannot be sealed for the client: {0}")]
    Seal(String),
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
pub(crate) struct AuthorizationResponse {
    /// The client it goes to.
    pub client: Arc<Client>,
    /// Where it goes: the redirect URI as it was sent.
    pub redirect_uri: String,
    /// How it travels.
    pub mode: ResponseMode,
    /// What it says.
    pub params: Params,
    /// Who logged in, if that is known.
    pub login: Option<Login>,
    /// The state of the browser, if clients may ask whether it is still the same.
    pub browser: Option<BrowserState>,
    /// The tokens that are to be signed into it (RFC 6749 §4.2.2), in the order of signing.
    pub tokens: Vec<Unsigned>,
}

/// An authorization response in a token of its own (JARM §2): the token, and how it travels.
pub(crate) struct Envelope {
    /// The token; its claims are the parameters.
    pub token: Unsigned,
    /// How it travels.
    pub mode: ResponseMode,
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

/// What an answer of a protected resource says of how to get access (RFC 9110 §11.6.1), each with its parameters.
#[derive(Debug, Default)]
pub(crate) struct Challenges(pub Vec<Challenge>);

/// One challenge.
#[derive(Debug)]
pub(crate) struct Challenge {
    /// The authentication scheme.
    pub scheme: &'static str,
    /// Its parameters, in order.
    pub params: Vec<(&'static str, String)>,
}

impl Challenges {
    /// Adds a scheme.
    pub(crate) fn scheme(&mut self, scheme: &'static str) -> &mut Challenge {
        self.0.push(Challenge { scheme, params: Vec::new() });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// Adds a parameter to every scheme that was added before.
    pub(crate) fn everywhere(&mut self, name: &'static str, value: &str) {
        for challenge in &mut self.0 {
            challenge.params.push((name, value.to_owned()));
        }
    }
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

    /// Remembers a note of the grant in every record that is made, for tokens that follow from these.
    pub(crate) fn inherit<N: Note>(&mut self, note: &N) {
        for (_, record) in &mut self.records {
            Arc::make_mut(&mut record.authorization).notes.set(note);
        }
    }

    /// Binds the access token to what the client proved to hold (RFC 7800 §3.1): in its claims, and in its record.
    pub(crate) fn bind_access_token(&mut self, tenant: &str, confirmation: &Confirmation) {
        let opaque = self.members.get("access_token").and_then(Value::as_str).map(str::to_owned);
        let handle = match self.token("access_token") {
            None => opaque,
            Some(token) => {
                let cnf = token.claims.entry("cnf").or_insert_with(|| Map::new().into());
                if let Some(cnf) = cnf.as_object_mut() {
                    cnf.insert(confirmation.method.clone().into_owned(), confirmation.value.clone().into());
                }
                token.claims.get("jti").and_then(Value::as_str).map(str::to_owned)
            }
        };
        if let Some(handle) = handle {
            self.bind_record(Key::of(Kind::ACCESS, tenant, &handle), confirmation);
        }
    }

    /// Binds the refresh token, if there is one, to what the client proved to hold.
    pub(crate) fn bind_refresh_token(&mut self, tenant: &str, confirmation: &Confirmation) {
        if let Some(token) = self.members.get("refresh_token").and_then(Value::as_str) {
            self.bind_record(Key::of(Kind::REFRESH, tenant, token), confirmation);
        }
    }

    fn bind_record(&mut self, key: Key, confirmation: &Confirmation) {
        for (_, record) in self.records.iter_mut().filter(|(own, _)| *own == key) {
            let Bound(mut bound) = record.notes.find().unwrap_or_default();
            if !bound.contains(confirmation) {
                bound.push(confirmation.clone());
            }
            Arc::make_mut(&mut record.notes).set(&Bound(bound));
        }
    }

    /// Says in the ID token which session the login belongs to, if there are both.
    pub(crate) fn name_session(&mut self) {
        let sid = self.authorization.login.as_ref().and_then(|login| login.session.clone());
        if let (Some(sid), Some(token)) = (sid, self.token("id_token")) {
            token.claims.insert("sid".to_owned(), sid.into());
        }
    }

    /// Takes the refresh token back, if there is one.
    pub(crate) fn withhold_refresh_token(&mut self, tenant: &str) {
        if let Some(Value::String(token)) = self.members.remove("refresh_token") {
            let key = Key::of(Kind::REFRESH, tenant, &token);
            self.records.retain(|(own, _)| *own != key);
        }
    }

    /// The token that becomes a member, if there is one.
    pub(crate) fn token(&mut self, member: &str) -> Option<&mut Unsigned> {
        self.tokens.iter_mut().find(|token| token.member == member)
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
    /// Claims that get the left half of the hash of another member, once that is there
    /// (OpenID Connect Core §3.1.3.6, `at_hash`; §3.3.2.11, `c_hash`).
    pub hash: Vec<(&'static str, &'static str)>,
    /// What else is done to it than signing it with a key of this server.
    pub seal: Seal,
}

/// What is done to a token for its client alone. By default, nothing.
#[derive(Debug, Default)]
pub(crate) struct Seal {
    /// The client's secret, if the token is signed with that: HS256 (OpenID Connect Core §10.1).
    pub secret: Option<Secret>,
    /// To whom it is encrypted once it is signed.
    pub encrypted: Option<Encrypted>,
    /// Whether the client asks for an encryption that this server does not know. Such a token never leaves.
    pub unknown: bool,
    /// Whether it is not signed, since the client asked for encryption alone (OpenID Connect Core §5.3.2).
    pub plain: bool,
    /// Whether it does not leave, but the handle it is known by: its `jti` (RFC 6749 §1.4).
    pub opaque: bool,
}

/// To whom a token is encrypted, and how (OpenID Connect Core §10.2).
#[derive(Debug)]
pub(crate) struct Encrypted {
    /// How its key is made known: `alg`.
    pub algorithm: KeyManagement,
    /// What its content is encrypted with: `enc`.
    pub content: ContentEncryption,
    /// The client that can read it.
    pub client: Arc<Client>,
    /// The client's public keys, once they are at hand.
    pub keys: Option<Arc<PublicKeys>>,
}

/// The HTTP status an error code is answered with at the token endpoint (RFC 6749 §5.2).
pub(crate) fn token_status(refusal: &Refusal) -> StatusCode {
    match refusal.error() {
        oauth_types::ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    }
}

//! What arrived: a request, read and bounded, and what is found out about it on the way.
//!
//! What holds headers has no `Debug`, so they cannot be printed.

use std::sync::{Mutex, OnceLock, PoisonError};

use http::HeaderMap;
use oauth_types::Params;

use crate::clients::{Authenticated, Client};
use crate::memory::{Life, Note, Notes, Scope};
use crate::ports::Ports;
use crate::ports::store::{Key, Record};
use crate::refusal::Rule;
use crate::world::Policy;

/// One issuer of a server: where its endpoints are, and how its records are told from others'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The issuer identifier, without a trailing slash (RFC 8414 §2).
    pub issuer: String,
    /// The tenant's name; empty for the one at the root.
    pub tenant: String,
}

impl Place {
    /// The URL of an endpoint, such as `/token`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}

/// A request at one of the endpoints.
pub(crate) struct Arrival<'a> {
    /// At which issuer.
    pub place: &'a Place,
    /// With which headers.
    pub headers: &'a HeaderMap,
    /// The parameters of the query.
    pub query: &'a Params,
    /// The parameters of a form body, if there was one.
    pub form: Option<&'a Params>,
    /// The tenant's time, in seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
    /// What is found out on the way, for the journal.
    pub seen: &'a Seen,
}

/// What is found out about a request on the way: it ends up in the journal.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    client_id: OnceLock<String>,
    relaxations: Mutex<Vec<&'static str>>,
    failure: OnceLock<String>,
}

impl Seen {
    /// Says which client a request is about.
    pub(crate) fn client(&self, client_id: &str) {
        self.client_id.get_or_init(|| client_id.to_owned());
    }

    /// Says that a request passed only because of the named relaxation.
    pub(crate) fn relaxed(&self, name: &'static str) {
        let mut names = self.relaxations.lock().unwrap_or_else(PoisonError::into_inner);
        if !names.contains(&name) {
            names.push(name);
        }
    }

    pub(crate) fn client_id(&self) -> Option<&str> {
        self.client_id.get().map(String::as_str)
    }

    /// Says that the server itself failed, and at what.
    pub(crate) fn failed(&self, what: String) {
        self.failure.get_or_init(|| what);
    }

    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    pub(crate) fn into_parts(self) -> (Option<String>, Vec<&'static str>) {
        (self.client_id.into_inner(), self.relaxations.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An authorization request of an identified client (RFC 6749 §4.1.1).
pub(crate) struct AuthorizationRequest<'a> {
    /// The request as it arrived.
    pub arrival: &'a Arrival<'a>,
    /// Its parameters, none of them twice.
    pub params: &'a Params,
    /// What the server decides.
    pub policy: &'a Policy,
}

/// The authorization as it is being made.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The scope to be granted.
    pub scope: Scope,
    /// Who logs in: `login_hint`, until the login (OpenID Connect Core §3.1.2.1).
    pub login_hint: Option<String>,
    pub(crate) code_notes: Notes,
    pub(crate) grant_notes: Notes,
}

impl Draft {
    pub(crate) fn new(scope: Scope, login_hint: Option<String>) -> Self {
        Self { scope, login_hint, code_notes: Notes::default(), grant_notes: Notes::default() }
    }

    /// Remembers a note for as long as it lives.
    pub(crate) fn remember<N: Note>(&mut self, note: &N) {
        match N::LIFE {
            Life::Code => self.code_notes.set(note),
            Life::Grant => self.grant_notes.set(note),
        }
    }
}

/// Credentials of a client as they arrived (RFC 6749 §2.3).
pub(crate) struct Attempt<'a> {
    /// The request as it arrived.
    pub arrival: &'a Arrival<'a>,
    /// The parameters of its body, none of them twice.
    pub params: &'a Params,
}

/// A token request of an authenticated client (RFC 6749 §3.2).
pub(crate) struct TokenRequest<'a> {
    /// The request as it arrived.
    pub arrival: &'a Arrival<'a>,
    /// Its parameters, none of them twice.
    pub params: &'a Params,
    /// Proof of the client.
    pub client: &'a Authenticated,
    /// The ports.
    pub ports: &'a Ports,
    /// What the server decides.
    pub policy: &'a Policy,
}

impl TokenRequest<'_> {
    /// The client.
    pub(crate) fn client(&self) -> &Client {
        self.client.client()
    }
}

/// The code or refresh token that a token request is about. It is not spent yet.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its key in the store.
    pub key: Key,
    /// The record.
    pub record: Record,
    /// Whether it has been spent before. Such a request is judged like any other, and refused at last.
    pub spent: bool,
    /// The rule that a replay of it breaks.
    pub replay: &'static Rule,
}

impl Found {
    /// A note of the code or of the grant.
    pub(crate) fn note<N: Note>(&self) -> Option<N> {
        note(&self.record)
    }
}

/// Proof that a code or refresh token was spent by this request and no other. Only the pipeline makes one.
#[derive(Debug)]
pub(crate) struct Spent(Record);

impl Spent {
    pub(crate) fn new(record: Record) -> Self {
        Self(record)
    }

    /// The record.
    pub(crate) fn record(&self) -> &Record {
        &self.0
    }

    /// A note of the code or of the grant.
    pub(crate) fn note<N: Note>(&self) -> Option<N> {
        note(&self.0)
    }
}

fn note<N: Note>(record: &Record) -> Option<N> {
    match N::LIFE {
        Life::Code => record.code_notes.find(),
        Life::Grant => record.authorization.notes.find(),
    }
}

//! The journal: every request, what was decided, and why.

use std::borrow::Cow;
use std::fmt;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, Response};
use oauth_types::Params;
use oauth_types::fault::Point;
use oauth_types::journal::Ending;

use super::notices::Notice;
use crate::ports::store::GrantId;
use crate::refusal::{Refused, place};

mod har;
pub(crate) mod pages;
pub(crate) mod reading;
mod secrets;
pub(crate) mod snapshot;
mod wire;

/// How many octets of a body are kept.
const BODY: usize = 16 * 1024;

/// One request and what came of it.
///
/// `Debug` shows the names of parameters and headers, not their values: these may be secrets.
#[derive(Clone)]
#[non_exhaustive]
pub struct Entry {
    /// Counts the requests of a tenant, from 1. A journal that is cleared counts on.
    pub number: u64,
    /// When, in seconds since 1970-01-01T00:00:00Z by the server's clock.
    pub at: u64,
    /// Which endpoint it came to, if to one.
    pub point: Option<Point>,
    /// The method.
    pub method: Method,
    /// The path, without the tenant if it is one that is served: `/token`.
    pub path: Cow<'static, str>,
    /// The parameters of the query and of the form, in this order.
    pub params: Params,
    /// How many of [`Entry::params`] came in the query.
    pub in_query: usize,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, if it was no form: its first 16 KiB.
    pub body: Bytes,
    /// Whether all of the body is here, if it was no form.
    pub is_whole: bool,
    /// Whether the client showed a certificate in the TLS handshake.
    pub with_certificate: bool,
    /// The status of the answer, whether or not all of it left; 0 if the client gave up before there was one.
    pub status: u16,
    /// The rest of the answer.
    pub answer: Answer,
    /// The `error` of the answer, on the wire of whatever kind.
    pub refusal: Option<Refused>,
    /// The relaxations that it took for the request to pass.
    pub relaxations: Vec<&'static str>,
    /// The parameters that were not looked at, since others took their place: those that came beside a request object
    /// or a pushed request (RFC 9101 §6.3).
    pub ignored: Vec<String>,
    /// The client it was about, as far as that is known.
    pub client_id: Option<String>,
    /// How the client authenticated, by its name in the registry: `client_secret_basic`, `none`.
    pub auth_method: Option<&'static str>,
    /// Who logged in.
    pub user: Option<String>,
    /// The family that its codes and tokens belong to.
    pub grant: Option<GrantId>,
    /// How many faults changed the answer.
    pub faults: u32,
    /// The parameters of an authorization response that faults changed.
    pub altered: Vec<String>,
    /// What the server sent to others before it answered, and what came of it.
    pub notices: Vec<Notice>,
    /// What failed, if the server itself did.
    pub failure: Option<String>,
    /// How it ended: a fault may have broken the connection, and the client may have gone away.
    pub ending: Ending,
}

/// What left, beside the status.
///
/// `Debug` shows the names of the headers and the length of the body.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Answer {
    /// The headers.
    pub headers: HeaderMap,
    /// The body: its first 16 KiB.
    pub body: Bytes,
    /// How many octets the whole body had.
    pub octets: usize,
}

impl Answer {
    pub(crate) fn of(response: &Response<Bytes>) -> Self {
        let mut headers = response.headers().clone();
        for name in [LOCATION, SET_COOKIE] {
            if let http::header::Entry::Occupied(mut values) = headers.entry(name) {
                values.iter_mut().for_each(|value| value.set_sensitive(true));
            }
        }
        Self { headers, body: begin(response.body()), octets: response.body().len() }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("headers", &Names(&self.headers)).field("octets", &self.octets).finish()
    }
}

/// The names of headers.
struct Names<'a>(&'a HeaderMap);

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys().map(http::HeaderName::as_str)).finish()
    }
}

/// Whether a body is kept as it arrived, and whether all arrived that its length announced: what cannot be read is left.
pub(crate) fn is_whole(body: &Bytes, headers: &HeaderMap) -> bool {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    body.len() <= BODY && announced.is_none_or(|announced| announced <= body.len())
}

/// As much of a body as is kept. A longer one is not kept alive by its beginning.
pub(crate) fn begin(body: &Bytes) -> Bytes {
    match body.len() > BODY {
        true => Bytes::copy_from_slice(&body[..BODY]),
        false => body.clone(),
    }
}

impl Entry {
    fn octets(&self) -> usize {
        let params: usize = self.params.iter().map(|(name, value)| name.len() + value.len() + 48).sum();
        let headers: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
        let ignored: usize = self.ignored.iter().map(|name| name.len() + 24).sum();
        let answer: usize =
            self.answer.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
        size_of::<Self>() + params + headers + ignored + answer + self.body.len() + self.answer.body.len()
    }
}

/// The headers of a request, to be kept.
///
/// As they arrive, they are slices of what was read from a connection, and keep all of it.
pub(crate) fn kept(mut headers: HeaderMap) -> HeaderMap {
    let mut octets = BytesMut::with_capacity(headers.values().map(HeaderValue::len).sum());
    for (name, value) in &mut headers {
        octets.extend_from_slice(value.as_bytes());
        if let Ok(own) = HeaderValue::from_maybe_shared(octets.split().freeze()) {
            *value = own;
        }
        // Shown as `Sensitive` by whoever prints the headers of an entry.
        value.set_sensitive(*name == AUTHORIZATION || *name == COOKIE || *name == "dpop" || *name == "x-api-key");
    }
    headers
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("number", &self.number)
            .field("at", &self.at)
            .field("point", &self.point)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("params", &self.params)
            .field("headers", &Names(&self.headers))
            .field("is_whole", &self.is_whole)
            .field("with_certificate", &self.with_certificate)
            .field("status", &self.status)
            .field("answer", &self.answer)
            .field("refusal", &self.refusal)
            .field("relaxations", &self.relaxations)
            .field("ignored", &self.ignored)
            .field("client_id", &self.client_id)
            .field("auth_method", &self.auth_method)
            .field("user", &self.user)
            .field("grant", &self.grant)
            .field("faults", &self.faults)
            .field("altered", &self.altered)
            .field("notices", &self.notices)
            .field("failure", &self.failure)
            .field("ending", &self.ending)
            .finish()
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.method, self.path.escape_debug(), self.status)?;
        if let Some(client) = &self.client_id {
            write!(f, " client {}", client.escape_debug())?;
        }
        if let Some(refused) = &self.refusal {
            write!(f, " {} {} ({})", refused.error, refused.rule, place(refused.document, refused.section))?;
            if let Some(hint) = &refused.hint {
                write!(f, ": {}", hint.escape_debug())?;
            }
        }
        if !self.relaxations.is_empty() {
            write!(f, " relaxed: {}", self.relaxations.join(", "))?;
        }
        if !self.ignored.is_empty() {
            write!(f, " ignored: {}", self.ignored.join(", "))?;
        }
        if self.faults > 0 {
            write!(f, " faults: {}", self.faults)?;
        }
        for Notice { url, outcome } in &self.notices {
            match outcome {
                Ok(status) => write!(f, " sent to {}: {status}", url.escape_debug())?,
                Err(why) => write!(f, " not sent to {}: {}", url.escape_debug(), why.escape_debug())?,
            }
        }
        if let Some(failure) = &self.failure {
            write!(f, " {failure}")?;
        }
        if self.ending != Ending::Answered {
            write!(f, " {}", self.ending)?;
        }
        Ok(())
    }
}

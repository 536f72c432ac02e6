//! The journal: every request, what was decided, and why.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderValue, Method};
use oauth_types::Params;

use super::departure::Ending;
use super::notices::Notice;
use crate::refusal::{Refused, place};

/// How many entries a tenant's journal keeps. Older ones are forgotten.
pub(crate) const KEPT: usize = 4096;

/// About how many octets of requests a tenant's journal keeps.
const MOST_OCTETS: usize = 8 * 1024 * 1024;

/// One request and what came of it.
///
/// `Debug` shows the names of parameters and headers, not their values: these may be secrets.
#[derive(Clone)]
#[non_exhaustive]
pub struct Entry {
    /// When, in seconds since 1970-01-01T00:00:00Z by the server's clock.
    pub at: u64,
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
    /// The status of the answer, whether or not all of it left; 0 if the client gave up before there was one.
    pub status: u16,
    /// The `error` of the answer, on the wire of whatever kind.
    pub refusal: Option<Refused>,
    /// The relaxations that it took for the request to pass.
    pub relaxations: Vec<&'static str>,
    /// The parameters that were not looked at, since others took their place: those that came beside a request object
    /// or a pushed request (RFC 9101 §6.3).
    pub ignored: Vec<String>,
    /// The client it was about, as far as that is known.
    pub client_id: Option<String>,
    /// How many faults changed the answer.
    pub faults: u32,
    /// What the server sent to others before it answered, and what came of it.
    pub notices: Vec<Notice>,
    /// What failed, if the server itself did.
    pub failure: Option<String>,
    /// How it ended: a fault may have broken the connection, and the client may have gone away.
    pub ending: Ending,
}

impl Entry {
    fn octets(&self) -> usize {
        let params: usize = self.params.iter().map(|(name, value)| name.len() + value.len() + 48).sum();
        let headers: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
        let ignored: usize = self.ignored.iter().map(|name| name.len() + 24).sum();
        size_of::<Self>() + params + headers + ignored
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
        value.set_sensitive(*name == AUTHORIZATION || *name == COOKIE || *name == "dpop");
    }
    headers
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("at", &self.at)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("params", &self.params)
            .field("headers", &self.headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>())
            .field("status", &self.status)
            .field("refusal", &self.refusal)
            .field("relaxations", &self.relaxations)
            .field("ignored", &self.ignored)
            .field("client_id", &self.client_id)
            .field("faults", &self.faults)
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

/// The entries of one tenant, in order.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    entries: VecDeque<Entry>,
    /// About how many octets they take.
    octets: usize,
}

impl Pages {
    /// Adds an entry. Gives the oldest if it has to go.
    fn write(&mut self, entry: Entry) -> Option<Entry> {
        self.octets += entry.octets();
        self.entries.push_back(entry);
        self.excess()
    }

    /// Takes the oldest entry out if there are too many, or too large ones.
    fn excess(&mut self) -> Option<Entry> {
        let large = self.octets > MOST_OCTETS && self.entries.len() > 1;
        let oldest = (large || self.entries.len() > KEPT).then(|| self.entries.pop_front()).flatten()?;
        self.octets -= oldest.octets();
        Some(oldest)
    }
}

impl Journal {
    pub(crate) fn write(&self, entry: Entry) {
        let mut forgotten = self.pages().write(entry);
        // Freeing an entry takes longer than anything else here, so nobody waits for it.
        while let Some(oldest) = forgotten {
            drop(oldest);
            forgotten = self.pages().excess();
        }
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.pages().entries.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        *self.pages() = Pages::default();
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn entry(value: &str) -> Entry {
        Entry {
            at: 0,
            method: Method::GET,
            path: Cow::Borrowed("/authorize"),
            params: Params::new().with("state", value),
            in_query: 1,
            headers: HeaderMap::new(),
            status: 200,
            refusal: None,
            relaxations: Vec::new(),
            ignored: Vec::new(),
            client_id: None,
            faults: 0,
            notices: Vec::new(),
            failure: None,
            ending: Ending::Answered,
        }
    }

    #[test]
    fn the_last_entries_are_kept() {
        let journal = Journal::default();
        for number in 0..KEPT + 10 {
            journal.write(entry(&number.to_string()));
        }
        let entries = journal.entries();
        assert_eq!((entries.len(), entries[0].params.get("state")), (KEPT, Some("10")));
        journal.clear();
        assert!(journal.entries().is_empty());
    }

    #[test]
    fn headers_are_kept_without_what_they_were_read_with() {
        let read = Bytes::from_static(b"host: mock\r\naccept: */*, text/html");
        let mut headers = HeaderMap::new();
        for (name, part) in [("host", 6..10), ("accept", 20..23), ("accept", 25..34)] {
            headers.append(name, HeaderValue::from_maybe_shared(read.slice(part)).expect("a value"));
        }
        let kept = kept(headers.clone());
        assert_eq!(kept, headers);
        let outside = |value: &HeaderValue| !read.as_ptr_range().contains(&value.as_bytes().as_ptr());
        assert!(headers.values().all(|value| !outside(value)));
        assert!(kept.values().all(outside));
    }

    #[test]
    fn large_requests_do_not_pile_up() {
        let journal = Journal::default();
        let large = "x".repeat(60_000);
        for _ in 0..1_000 {
            journal.write(entry(&large));
        }
        let kept: usize = journal.entries().iter().map(Entry::octets).sum();
        assert!(kept <= MOST_OCTETS && kept > MOST_OCTETS / 2, "{kept}");
    }
}

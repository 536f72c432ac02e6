//! The journal: every request, what was decided, and why.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, Method};
use oauth_types::Params;

use crate::escape;
use crate::refusal::Refused;

/// How many entries a tenant's journal keeps. Older ones are forgotten.
pub(crate) const KEPT: usize = 4096;

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
    /// The path, without the tenant: `/token`.
    pub path: &'static str,
    /// The parameters of the query and of the form, in this order.
    pub params: Params,
    /// How many of [`Entry::params`] came in the query.
    pub in_query: usize,
    /// The headers.
    pub headers: HeaderMap,
    /// The status of the answer.
    pub status: u16,
    /// The `error` of the answer, on the wire of whatever kind.
    pub refusal: Option<Refused>,
    /// The relaxations that it took for the request to pass.
    pub relaxations: Vec<&'static str>,
    /// The client it was about, as far as that is known.
    pub client_id: Option<String>,
    /// How many faults changed the answer.
    pub faults: u32,
    /// What failed, if the server itself did.
    pub failure: Option<String>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("at", &self.at)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("params", &self.params.iter().map(|(name, _)| escape::name(name)).collect::<Vec<_>>())
            .field("headers", &self.headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>())
            .field("status", &self.status)
            .field("refusal", &self.refusal)
            .field("relaxations", &self.relaxations)
            .field("client_id", &self.client_id)
            .field("faults", &self.faults)
            .field("failure", &self.failure)
            .finish()
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.method, self.path, self.status)?;
        if let Some(client) = &self.client_id {
            write!(f, " client {}", client.escape_debug())?;
        }
        if let Some(refused) = &self.refusal {
            write!(f, " {} {} ({} section {})", refused.error, refused.rule, refused.document, refused.section)?;
            if let Some(hint) = &refused.hint {
                write!(f, ": {}", hint.escape_debug())?;
            }
        }
        if !self.relaxations.is_empty() {
            write!(f, " relaxed: {}", self.relaxations.join(", "))?;
        }
        if self.faults > 0 {
            write!(f, " faults: {}", self.faults)?;
        }
        if let Some(failure) = &self.failure {
            write!(f, " {failure}")?;
        }
        Ok(())
    }
}

/// The entries of one tenant, in order.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<VecDeque<Entry>>);

impl Journal {
    pub(crate) fn write(&self, entry: Entry) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

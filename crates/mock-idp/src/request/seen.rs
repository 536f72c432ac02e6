//! What is found out about a request while it is answered.

use std::sync::{Mutex, OnceLock, PoisonError};

use http::{HeaderName, HeaderValue};
use oauth_types::params::display_name;

use crate::ports::store::GrantId;
use crate::reply::Outgoing;

/// What is found out about a request on the way: for the journal, and for the answer beside what it says.
#[derive(Default)]
pub(crate) struct Seen {
    client_id: OnceLock<String>,
    relaxations: Mutex<Vec<&'static str>>,
    ignored: Mutex<Vec<String>>,
    failure: OnceLock<String>,
    auth_method: OnceLock<&'static str>,
    user: OnceLock<String>,
    grant: OnceLock<GrantId>,
    headers: Mutex<Vec<(HeaderName, HeaderValue)>>,
    outgoing: Mutex<Vec<Outgoing>>,
}

impl Seen {
    /// Says which client a request is about.
    pub(crate) fn client(&self, client_id: &str) {
        self.client_id.get_or_init(|| client_id.to_owned());
    }

    /// Says how the client authenticated.
    pub(crate) fn authenticated(&self, method: &'static str) {
        self.auth_method.get_or_init(|| method);
    }

    /// Says who logged in.
    pub(crate) fn user(&self, user: &str) {
        self.user.get_or_init(|| user.to_owned());
    }

    /// Says which family of codes and tokens a request is about. What was said first counts.
    pub(crate) fn family(&self, grant: GrantId) {
        self.grant.get_or_init(|| grant);
    }

    /// Says that a request passed only because of the named relaxation.
    pub(crate) fn relaxed(&self, name: &'static str) {
        let mut names = self.relaxations.lock().unwrap_or_else(PoisonError::into_inner);
        if !names.contains(&name) {
            names.push(name);
        }
    }

    /// Says that a parameter was not looked at, since another document says what counts.
    pub(crate) fn ignores(&self, name: &str) {
        let name = display_name(name).into_owned();
        let mut names = self.ignored.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// Adds a header to the answer, whatever the answer will be.
    pub(crate) fn answer_with(&self, name: HeaderName, value: HeaderValue) {
        self.headers.lock().unwrap_or_else(PoisonError::into_inner).push((name, value));
    }

    /// Says what the server has to send to somebody else before it answers.
    pub(crate) fn send(&self, outgoing: Outgoing) {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner).push(outgoing);
    }

    pub(crate) fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        std::mem::take(&mut *self.headers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn outgoing(&self) -> Vec<Outgoing> {
        std::mem::take(&mut *self.outgoing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Everything that was learned.
    pub(crate) fn learned(self) -> Learned {
        Learned {
            client_id: self.client_id.into_inner(),
            auth_method: self.auth_method.into_inner(),
            user: self.user.into_inner(),
            grant: self.grant.into_inner(),
            relaxations: self.relaxations.into_inner().unwrap_or_else(PoisonError::into_inner),
            ignored: self.ignored.into_inner().unwrap_or_else(PoisonError::into_inner),
            failure: self.failure.into_inner(),
        }
    }
}

/// What was found out about a request, for the journal.
#[derive(Debug)]
pub(crate) struct Learned {
    /// The client it is about.
    pub client_id: Option<String>,
    /// How the client authenticated.
    pub auth_method: Option<&'static str>,
    /// Who logged in.
    pub user: Option<String>,
    /// The family of codes and tokens it is about.
    pub grant: Option<GrantId>,
    /// The relaxations that it took.
    pub relaxations: Vec<&'static str>,
    /// The parameters that were not looked at.
    pub ignored: Vec<String>,
    /// What the server failed at.
    pub failure: Option<String>,
}

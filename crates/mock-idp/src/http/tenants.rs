//! Tenants: the first path segment is an issuer, made on first use.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::barriers::Barriers;
use super::journal::Journal;
use super::tap::Faults;
use crate::people::Script;
use crate::request::Place;

/// How many tenants one server makes by itself.
const MOST: usize = 10_000;

/// One issuer, with a journal, faults and a script of its own.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) place: Place,
    pub(crate) journal: Journal,
    pub(crate) faults: Arc<Faults>,
    pub(crate) barriers: Arc<Barriers>,
    pub(crate) script: Script,
}

/// Every tenant of a server.
#[derive(Debug)]
pub(crate) struct Tenants {
    root: Arc<Tenant>,
    named: RwLock<HashMap<String, Arc<Tenant>>>,
}

impl Tenants {
    /// Tenants below `issuer`, which is that of the root and has no trailing slash.
    pub(crate) fn new(issuer: &str) -> Self {
        Self { root: Tenant::new(issuer.to_owned(), String::new()), named: RwLock::default() }
    }

    pub(crate) fn root(&self) -> &Arc<Tenant> {
        &self.root
    }

    /// The tenant called `name`; the empty name is the root's. `None` if there are too many already.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Tenant>> {
        if name.is_empty() {
            return Some(self.root.clone());
        }
        if let Some(tenant) = self.named.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(tenant.clone());
        }
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        if named.len() >= MOST && !named.contains_key(name) {
            return None;
        }
        let make = || Tenant::new(format!("{}/{name}", self.root.place.issuer), name.to_owned());
        Some(named.entry(name.to_owned()).or_insert_with(make).clone())
    }
}

impl Tenant {
    fn new(issuer: String, tenant: String) -> Arc<Self> {
        let place = Place { issuer, tenant };
        Arc::new(Self {
            place,
            journal: Journal::default(),
            faults: Arc::default(),
            barriers: Arc::default(),
            script: Script::default(),
        })
    }
}

/// What a path of the root tenant begins with, and so no tenant's name.
const TAKEN: &[&str] = &[
    "authorize",
    "consent",
    "create",
    "jwks",
    "login",
    "logout",
    "mcp",
    "resource",
    "select",
    "session",
    "token",
    "userinfo",
];

/// Whether `name` can be a tenant's: one path segment of at most 64 unreserved characters that no endpoint is called.
pub(crate) fn is_name(name: &str) -> bool {
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
    (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(legal) && !TAKEN.contains(&name)
}

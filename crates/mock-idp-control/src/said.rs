//! What the server answers.

use std::collections::BTreeMap;

use oauth_types::clock::Reading;
use oauth_types::fault::{Barrier, Fault};
use serde::Deserialize;
use serde_json::Value;

/// A server that can answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Ready {
    /// `ok`.
    pub status: String,
    /// The issuer of the tenant at the root.
    pub issuer: String,
    /// The version of the server.
    pub version: String,
}

/// What a scenario can choose by name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Choices {
    /// For `profile`.
    pub profiles: Vec<Choice>,
    /// For `on` and `off`.
    pub switches: Vec<Switch>,
    /// For `amount`.
    pub amounts: Vec<Amount>,
    /// For `without`; not every profile speaks all of them.
    pub documents: Vec<String>,
}

/// Something with a name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Choice {
    /// The name.
    pub name: String,
    /// What it is.
    pub says: String,
}

/// A choice between two ways; off is the default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Switch {
    /// The name.
    pub name: String,
    /// What it does when it is on.
    pub says: String,
    /// Whether it relaxes what a document asks for.
    pub relaxes: bool,
}

/// A number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Amount {
    /// The name.
    pub name: String,
    /// What it is.
    pub says: String,
    /// What it is unless something else is said.
    pub default: u64,
}

/// A tenant in a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ListedTenant {
    /// What it is called in paths of the control API.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// Whether it is frozen.
    pub frozen: bool,
    /// When it is gone, in seconds since 1970-01-01T00:00:00Z by the clock of the tenant at the root; `None` if never.
    pub ends_at: Option<u64>,
}

/// A tenant as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TenantState {
    /// What it is called in paths of the control API.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// Whether it is frozen.
    pub frozen: bool,
    /// When it is gone, in seconds since 1970-01-01T00:00:00Z by the clock of the tenant at the root; `None` if never.
    pub ends_at: Option<u64>,
    /// How its clock stands.
    pub clock: Reading,
    /// How it is described.
    pub description: Description,
    /// How much of what it has: `barriers`, `clients`, `faults`, `journal`, `logins`, `users`.
    pub counts: BTreeMap<String, u64>,
}

/// How a tenant is described. Its clients and people have calls of their own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Description {
    /// The profile.
    pub profile: String,
    /// What tokens are signed with.
    pub alg: String,
    /// How long a code lives, in seconds.
    pub code_seconds: u64,
    /// How long an access token and an ID token live, in seconds.
    pub token_seconds: u64,
    /// The relaxation `legacy`.
    pub legacy: bool,
    /// The relaxation `any-client`.
    pub any_client: bool,
    /// Switches that were turned on.
    pub on: Vec<String>,
    /// Switches that were turned off.
    pub off: Vec<String>,
    /// Amounts that were set.
    pub amount: BTreeMap<String, u64>,
    /// Documents that were left out.
    pub without: Vec<String>,
    /// The identifiers of its clients.
    pub clients: Vec<String>,
    /// The identifiers of its users.
    pub users: Vec<String>,
}

/// The keys of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Keys {
    /// The `kid` of the key that signs now, by algorithm.
    pub signing: BTreeMap<String, String>,
    /// The public keys (RFC 7517).
    pub published: Vec<Value>,
}

/// A fault that has a name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct NamedFault {
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub says: String,
    /// The section that says how it should be.
    pub section: String,
    /// The fault in full.
    pub fault: Fault,
}

/// A fault that is mounted.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct MountedFault {
    /// Its number, never used again by the same tenant.
    pub id: u64,
    /// The fault.
    pub fault: Fault,
    /// How often something left that it was meant for.
    pub matched: u32,
    /// How often it acted.
    pub fired: u32,
}

/// A barrier that stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct StandingBarrier {
    /// Its number, never used again by the same tenant.
    pub id: u64,
    /// The barrier.
    pub barrier: Barrier,
    /// How many requests it has held.
    pub arrived: u64,
    /// How many wait now.
    pub waiting: usize,
    /// Whether it was released, and holds nothing further.
    pub released: bool,
}

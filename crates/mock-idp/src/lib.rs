//! A mock authorization server for tests of OAuth 2.0 and OpenID Connect clients. It verifies everything, misbehaves
//! on command, and explains every refusal.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use mock_idp::MockIdp;
//!
//! let idp = MockIdp::start().await; // 127.0.0.1, a free port; ready at once, stopped when dropped
//! assert!(idp.issuer().starts_with("http://127.0.0.1:"));
//! # }
//! ```
//!
//! Without configuration there are two clients, `public` and `confidential` (its secret is `secret`), which may use
//! any loopback redirect URI, and two users, `alice` and `bob`. Login is automatic as `alice`; `login_hint` names
//! another. PKCE with S256 is required of every client.

mod clients;
pub mod conformance;
mod documents;
mod endpoints;
mod escape;
mod http;
mod memory;
mod people;
mod pipeline;
mod ports;
mod profiles;
mod redirect;
mod refusal;
mod reply;
mod request;
mod server;
mod spec;
mod specs;
mod world;

pub use clients::Client;
pub use http::journal::Entry;
pub use http::tap::Mounted;
pub use people::User;
pub use refusal::{Document, Refused, Rule};
pub use server::{Builder, MockIdp, StartError, Tenant};
pub use world::Policy;

pub use ports::{clock, dice, keys};

/// What is remembered between requests, and where.
pub mod store {
    pub use crate::memory::{Authorization, Note, Notes, Scope};
    pub use crate::ports::memory::MemoryStore;
    #[cfg(feature = "sqlite")]
    pub use crate::ports::sqlite::SqliteStore;
    pub use crate::ports::store::{BoxFuture, GrantId, Kept, Key, Kind, Record, Store, StoreError, Taken};
}

/// Every document this server speaks, in the order their checks run.
pub fn documents() -> Vec<&'static Document> {
    let mut documents: Vec<&'static Document> = Vec::new();
    for spec in specs::all() {
        if !documents.contains(&spec.document()) {
            documents.push(spec.document());
        }
    }
    documents
}

/// Every rule this server enforces, by id.
pub fn rules() -> Vec<&'static Rule> {
    let spine = [
        clients::RULES,
        redirect::RULES,
        people::RULES,
        pipeline::RULES,
        endpoints::authorize::RULES,
        endpoints::token::RULES,
        endpoints::userinfo::RULES,
        http::extract::RULES,
        http::router::RULES,
    ];
    let mut rules: Vec<&'static Rule> = spine.into_iter().flatten().copied().collect();
    rules.extend(specs::all().iter().flat_map(|spec| spec.rules()));
    rules.sort_by_key(|rule| rule.id);
    rules
}

//! RFC 8414: OAuth 2.0 Authorization Server Metadata.
//!
//! The document itself is made by `endpoints/metadata.rs`; this file puts it where RFC 8414 §3 wants it.

use http::Method;
use oauth_types::fault::Point;

use crate::documents;
use crate::refusal::Document;
use crate::spec::{Endpoint, Spec};
use crate::world::Amount;

static ENDPOINTS: &[Endpoint] = &[Endpoint {
    path: "/.well-known/oauth-authorization-server",
    methods: &[Method::GET, Method::HEAD],
    at: Point::Discovery,
    page: false,
}];

/// How long a client may keep metadata and keys.
pub(crate) static MAX_AGE: Amount = Amount {
    name: "jwks-max-age-seconds",
    says: "How long a client may keep the metadata and the key set before it asks again, in seconds; 0 asks it to ask \
           each time",
    default: 0,
};

static AMOUNTS: &[&Amount] = &[&MAX_AGE];

#[derive(Debug)]
pub(crate) struct Metadata;

impl Spec for Metadata {
    fn document(&self) -> &'static Document {
        &documents::RFC8414
    }

    fn optional(&self) -> bool {
        true
    }

    fn amounts(&self) -> &'static [&'static Amount] {
        AMOUNTS
    }

    fn endpoints(&self) -> &'static [Endpoint] {
        ENDPOINTS
    }
}

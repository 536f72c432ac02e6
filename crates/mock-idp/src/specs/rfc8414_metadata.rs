//! RFC 8414: OAuth 2.0 Authorization Server Metadata.
//!
//! The document itself is made by `endpoints/metadata.rs`; this file puts it where RFC 8414 §3 wants it.

use http::Method;
use oauth_types::fault::Point;

use crate::documents;
use crate::refusal::Document;
use crate::spec::{Endpoint, Spec};

static ENDPOINTS: &[Endpoint] = &[Endpoint {
    path: "/.well-known/oauth-authorization-server",
    methods: &[Method::GET, Method::HEAD],
    at: Point::Discovery,
    page: false,
}];

#[derive(Debug)]
pub(crate) struct Metadata;

impl Spec for Metadata {
    fn document(&self) -> &'static Document {
        &documents::RFC8414
    }

    fn optional(&self) -> bool {
        true
    }

    fn endpoints(&self) -> &'static [Endpoint] {
        ENDPOINTS
    }
}

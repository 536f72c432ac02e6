//! RFC 8414: OAuth 2.0 Authorization Server Metadata.
//!
//! The document itself is made by `endpoints/metadata.rs`; this file puts it where RFC 8414 §3 wants it.

use crate::documents;
use crate::refusal::Document;
use crate::spec::Spec;

#[derive(Debug)]
pub(crate) struct Metadata;

impl Spec for Metadata {
    fn document(&self) -> &'static Document {
        &documents::RFC8414
    }

    fn optional(&self) -> bool {
        true
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/.well-known/oauth-authorization-server"]
    }
}

//! OpenID Connect Discovery 1.0.
//!
//! The document itself is made by `endpoints/metadata.rs`; this file puts it where §4 wants it and adds the members
//! that §3 requires beyond RFC 8414.

use http::Method;
use oauth_types::Algorithm;
use oauth_types::fault::Point;
use serde_json::{Map, Value, json};

use crate::refusal::Document;
use crate::spec::{Endpoint, Facts, Spec};

static ENDPOINTS: &[Endpoint] = &[Endpoint {
    path: "/.well-known/openid-configuration",
    methods: &[Method::GET, Method::HEAD],
    at: Point::Discovery,
    page: false,
}];

#[derive(Debug)]
pub(crate) struct Discovery;

impl Spec for Discovery {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn optional(&self) -> bool {
        true
    }

    fn endpoints(&self) -> &'static [Endpoint] {
        ENDPOINTS
    }

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        let algorithms: Vec<_> = facts.issued().chain(Algorithm::KEYED_HASH.iter().copied()).collect();
        document.entry("subject_types_supported").or_insert_with(|| json!(["public"]));
        document.insert("id_token_signing_alg_values_supported".to_owned(), json!(algorithms));
    }
}

static DOCUMENT: Document = Document {
    name: "OpenID Connect Discovery 1.0",
    title: "OpenID Connect Discovery 1.0",
    url: "https://openid.net/specs/openid-connect-discovery-1_0.html",
};

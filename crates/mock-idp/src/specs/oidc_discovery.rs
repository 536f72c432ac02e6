//! OpenID Connect Discovery 1.0.
//!
//! The document itself is made by `endpoints/metadata.rs`; this file puts it where §4 wants it and adds the members
//! that §3 requires beyond RFC 8414.

use oauth_types::Algorithm;
use serde_json::{Map, Value, json};

use crate::refusal::Document;
use crate::request::Place;
use crate::spec::Spec;
use crate::world::Policy;

#[derive(Debug)]
pub(crate) struct Discovery;

impl Spec for Discovery {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn optional(&self) -> bool {
        true
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/.well-known/openid-configuration"]
    }

    fn metadata(&self, _place: &Place, _policy: &Policy, document: &mut Map<String, Value>) {
        let algorithms: Vec<&str> = Algorithm::SIGNING.iter().map(|algorithm| algorithm.as_str()).collect();
        document.insert("subject_types_supported".to_owned(), json!(["public"]));
        document.insert("id_token_signing_alg_values_supported".to_owned(), json!(algorithms));
    }
}

static DOCUMENT: Document = Document {
    name: "OpenID Connect Discovery 1.0",
    title: "OpenID Connect Discovery 1.0",
    url: "https://openid.net/specs/openid-connect-discovery-1_0.html",
};

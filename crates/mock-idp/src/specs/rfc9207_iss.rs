//! RFC 9207: OAuth 2.0 Authorization Server Issuer Identification.
//!
//! Every authorization response, errors included, says which server it comes from.

use serde_json::{Map, Value};

use crate::refusal::Document;
use crate::reply::AuthorizationResponse;
use crate::request::Place;
use crate::spec::{Facts, Spec};

#[derive(Debug)]
pub(crate) struct IssuerIdentification;

impl Spec for IssuerIdentification {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn optional(&self) -> bool {
        true
    }

    fn metadata(&self, _facts: &Facts<'_>, document: &mut Map<String, Value>) {
        document.insert("authorization_response_iss_parameter_supported".to_owned(), true.into());
    }

    /// "The `iss` parameter value is the issuer identifier of the authorization server" (RFC 9207 §2).
    fn respond(&self, place: &Place, response: &mut AuthorizationResponse) {
        response.params.push("iss", place.issuer.clone());
    }
}

static DOCUMENT: Document = Document {
    name: "RFC 9207",
    title: "OAuth 2.0 Authorization Server Issuer Identification",
    url: "https://www.rfc-editor.org/rfc/rfc9207",
};

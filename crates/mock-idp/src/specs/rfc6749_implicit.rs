//! RFC 6749 §4.2: the implicit grant, an access token in the fragment of a redirect. Legacy: RFC 9700 §2.1.2 advises
//! against it, since tokens leak and cannot be bound to a client there.

use crate::documents;
use crate::refusal::{Document, Refusal};
use crate::request::{AuthorizationRequest, Draft};
use crate::spec::Spec;
use crate::world::LEGACY;

#[derive(Debug)]
pub(crate) struct Implicit;

impl Spec for Implicit {
    fn document(&self) -> &'static Document {
        &documents::RFC6749
    }

    fn name(&self) -> &'static str {
        "RFC 6749 implicit"
    }

    fn optional(&self) -> bool {
        true
    }

    /// It is a grant type by name (RFC 7591 §2), and none at the token endpoint.
    fn grant_type(&self) -> Option<&'static str> {
        Some("implicit")
    }

    fn response_types(&self) -> &'static [&'static str] {
        &["token"]
    }

    fn authorize(&self, request: &AuthorizationRequest<'_>, _draft: &mut Draft) -> Result<(), Refusal> {
        if request.params.get("response_type") == Some("token") {
            request.arrival.seen.relaxed(LEGACY);
        }
        Ok(())
    }
}

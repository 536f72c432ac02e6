//! FAPI 2.0 Security Profile: what it asks of an answer that no other document asks for.
//!
//! The rest of it is in the documents it builds on, and in the choices that the profile `fapi2` makes among theirs.

use crate::documents;
use crate::refusal::Document;
use crate::spec::Spec;
use crate::world::Switch;

#[derive(Debug)]
pub(crate) struct SecurityProfile;

impl Spec for SecurityProfile {
    fn document(&self) -> &'static Document {
        &documents::FAPI2_SECURITY
    }

    fn optional(&self) -> bool {
        true
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }
}

static SWITCHES: &[&Switch] = &[&SEE_OTHER];

/// A POST is redirected by 303 in any case (RFC 9700 §4.12).
pub(crate) static SEE_OTHER: Switch = Switch {
    name: "redirect-by-303",
    says: "Authorization responses are redirected by 303 and never by 302 (FAPI 2.0 Security Profile section 5.3.2.2)",
    relaxes: false,
};

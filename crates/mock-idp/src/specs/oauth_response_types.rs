//! OAuth 2.0 Multiple Response Type Encoding Practices §2.1: the response modes `query` and `fragment`.

use oauth_types::ResponseMode;

use crate::documents;
use crate::refusal::Document;
use crate::reply::{AuthorizationResponse, Delivery};
use crate::spec::Spec;

#[derive(Debug)]
pub(crate) struct QueryAndFragment;

impl Spec for QueryAndFragment {
    fn document(&self) -> &'static Document {
        &documents::RESPONSE_TYPES
    }

    fn response_modes(&self) -> &'static [ResponseMode] {
        &[ResponseMode::Query, ResponseMode::Fragment]
    }

    fn deliver(&self, response: &AuthorizationResponse) -> Option<Delivery> {
        let location = match response.mode {
            ResponseMode::Query => response.params.append_to_query(&response.redirect_uri),
            ResponseMode::Fragment => format!("{}#{}", response.redirect_uri, response.params.encode()),
            _ => return None,
        };
        Some(Delivery { location: Some(location), page: None })
    }
}

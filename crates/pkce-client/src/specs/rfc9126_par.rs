//! RFC 9126, Pushed Authorization Requests: the request goes from the client to the server, and through the browser only
//! the name it is given.

use http::StatusCode;
use oauth_types::Params;
use serde_json::Value;

use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::discover::Server;
use crate::error::{Defect, Error};
use crate::specs::Spec;
use crate::token::members_at;
use crate::transport::{BoxFuture, Endpoint};

/// The longest `request_uri` that is sent through a browser, in octets.
const MAX_LENGTH: usize = 2048;

/// Requests are pushed.
pub(crate) struct Pushed;

impl ClientBuilder {
    /// Pushes each authorization request to the server before the browser is sent there, so that nobody on the way can
    /// read or change it. A request that cannot be pushed is not sent in another way.
    ///
    /// To a server that insists on it (`require_pushed_authorization_requests`), requests are pushed in any case. That a
    /// server merely offers it changes nothing: a client that pushes when it may would be talked out of it by whoever takes
    /// the offer away.
    pub fn pushed_requests(self) -> Self {
        self.with_spec(Pushed)
    }
}

/// Whether the server takes no other requests than pushed ones (§5).
pub(crate) fn is_required(server: &Server) -> bool {
    server.says("require_pushed_authorization_requests")
}

impl Spec for Pushed {
    fn accept(&self, server: &Server) -> Result<(), Error> {
        server.endpoint(Endpoint::PushedAuthorization, false).map(drop)
    }

    fn carry<'a>(&'a self, client: &'a Client, params: Params) -> BoxFuture<'a, Result<Params, Error>> {
        Box::pin(push(client, params))
    }
}

/// §2.1, §2.2: posts the request, and returns what goes through the browser.
async fn push(client: &Client, params: Params) -> Result<Params, Error> {
    const ENDPOINT: Endpoint = Endpoint::PushedAuthorization;
    let members = members_at(ENDPOINT, client.post(ENDPOINT, params).await?, StatusCode::CREATED)?;
    let defective = |defect| Error::Protocol { endpoint: ENDPOINT, defect };
    let request_uri = match members.get("request_uri") {
        None => return Err(defective(Defect::Missing("request_uri"))),
        Some(Value::String(uri)) if is_uri(uri) => uri,
        Some(_) => return Err(defective(Defect::Member("request_uri"))),
    };
    Ok(Params::new().with("client_id", client.client_id()).with("request_uri", request_uri))
}

fn is_uri(text: &str) -> bool {
    text.len() <= MAX_LENGTH && text.contains(':') && text.bytes().all(|octet| octet.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_uri_is_one_that_a_browser_can_carry() {
        assert!(is_uri("urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c"));
        for text in ["", "no colon", "urn:a b", "urn:\n"] {
            assert!(!is_uri(text), "{text:?}");
        }
        assert!(!is_uri(&format!("urn:{}", "a".repeat(MAX_LENGTH))));
    }
}

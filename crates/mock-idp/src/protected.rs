//! What the protected resources of this server have in common (RFC 6749 §7): what they say of themselves, for whom a
//! token is, and how they refuse.

use http::StatusCode;
use oauth_types::fault::Point;
use serde_json::{Map, Value, json};

use crate::memory::Bound;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::request::{Place, Resolved};
use crate::spec::Call;
use crate::world::Switch;

/// Where RFC 9728 §3 has the metadata of resources.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// A protected resource of this server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resource {
    /// Its path below the issuer: empty for the issuer itself.
    pub path: &'static str,
    /// Its name, for people (RFC 9728 §2, `resource_name`).
    pub name: &'static str,
    /// The scopes that are asked for first; without any, those of the authorization server.
    pub scopes: &'static [&'static str],
    /// The ways of RFC 6750 to present a token that it takes.
    pub bearer: &'static [&'static str],
}

impl Resource {
    /// Its identifier (RFC 9728 §1.2).
    pub(crate) fn url(&self, place: &Place) -> String {
        place.url(self.path)
    }

    /// Where its metadata is: the well-known part comes between the host and the path (RFC 9728 §3.1).
    pub(crate) fn metadata_url(&self, place: &Place) -> String {
        place.well_known(WELL_KNOWN, self.path)
    }

    /// Its metadata (RFC 9728 §2).
    pub(crate) fn metadata(&self, call: &Call<'_>) -> Reply {
        let place = call.arrival.place;
        let server = call.spine.metadata(place);
        let mut members = Map::new();
        let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
        set("resource", self.url(place).into());
        set("authorization_servers", json!([place.issuer]));
        set("resource_name", self.name.into());
        set("bearer_methods_supported", json!(self.bearer_methods(call)));
        if !self.scopes.is_empty() {
            set("scopes_supported", json!(self.scopes));
        }
        let scopes = self.scopes.is_empty().then_some("scopes_supported");
        let bound = ["dpop_signing_alg_values_supported", "tls_client_certificate_bound_access_tokens"];
        for name in bound.into_iter().chain(scopes) {
            if let Some(value) = server.get(name) {
                set(name, value.clone());
            }
        }
        Reply::Document { at: Point::ResourceMetadata, status: StatusCode::OK, members }
    }

    fn bearer_methods(&self, call: &Call<'_>) -> Vec<&'static str> {
        let query = call.policy.is_on(&TOKEN_IN_QUERY);
        self.bearer.iter().copied().filter(|way| *way != "query" || query).collect()
    }
}

/// For whom a token is (RFC 7519 §4.1.3).
pub(crate) fn audience(resolved: &Resolved) -> Vec<&str> {
    match resolved.claims.get("aud") {
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        Some(value) => value.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}

/// A refusal of a token that was admitted, and so came by the scheme it is for. `scope` is what is needed.
pub(crate) fn refuse(refusal: Refusal, resolved: &Resolved, scope: Option<String>) -> Reply {
    let Bound(bound) = resolved.kept.record.notes.find().unwrap_or_default();
    let scheme = if bound.iter().any(|own| own.method == "jkt") { "DPoP" } else { "Bearer" };
    Reply::Challenge { refusal, scheme, scope }
}

/// RFC 6750 says what it does; the metadata of resources says that it is on.
pub(crate) static TOKEN_IN_QUERY: Switch = Switch {
    name: "token-in-query",
    says: "An access token is accepted in the query of a URL, where it ends up in logs (RFC 6750 section 2.3)",
    relaxes: true,
};

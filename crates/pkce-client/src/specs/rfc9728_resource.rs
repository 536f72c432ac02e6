//! RFC 9728, Protected Resource Metadata: a resource says whose tokens it takes.
//!
//! What it says is a stranger's word: it is about the resource that was asked for, or it is nothing; it is found at the
//! resource's own origin; and it leads nobody into a network that the resource is not in.

mod reach;

use http::header::ACCEPT;
use serde_json::{Map, Value};
use url::Url;

pub(crate) use self::reach::may_lead;
use crate::address::Http;
use crate::client::send;
use crate::discover::inserted;
use crate::error::{AddressError, Defect, Error};
use crate::specs::rfc6750_bearer::Challenge;
use crate::specs::rfc7591_registration::texts;
use crate::token::{members, text};
use crate::transport::{Endpoint, HttpClient, HttpRequest};

const WELL_KNOWN: &str = "oauth-protected-resource";

/// The most authorization servers and scopes that are read.
const MOST: usize = 64;

const ENDPOINT: Endpoint = Endpoint::Resource;

/// What a protected resource says of itself (§2).
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceMetadata {
    resource: String,
    servers: Vec<String>,
    scopes: Option<Vec<String>>,
    others: Map<String, Value>,
}

/// Why a protected resource cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceError {
    /// The URL of the resource, or the one it names for its metadata, is not used.
    #[error("the address of the resource, or of its metadata, is unusable: {0}")]
    Address(AddressError),
    /// Its metadata are at another origin.
    #[error("the resource names an address for its metadata that is at another origin")]
    OtherOrigin,
    /// It names several addresses for its metadata.
    #[error("the resource names several addresses for its metadata")]
    Ambiguous,
    /// There are no metadata. The status is that of the last address that was tried.
    #[error("the resource has no metadata: status {0}")]
    NotFound(u16),
    /// The metadata are about another resource (§3.3).
    #[error("the metadata are about another resource")]
    OtherResource,
    /// It names no authorization server.
    #[error("the resource names no authorization server")]
    NoServer,
    /// It does not name the authorization server that was chosen.
    #[error("the resource does not name the authorization server that was chosen")]
    NotListed,
    /// An authorization server, or an endpoint of it, is at an address that is not used.
    #[error("the authorization server, or its {0}, is at an address that is not used: {1}")]
    Server(&'static str, AddressError),
    /// The server does not know the client, and the client cannot introduce itself there.
    #[error("the client is not registered at the authorization server, and cannot introduce itself there")]
    Unknown,
    /// The request goes to another resource than the tokens are for.
    #[error("the request goes to another resource than the tokens are for")]
    Elsewhere,
}

impl ResourceMetadata {
    /// The identifier of the resource, which tokens are asked for with (RFC 8707).
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The issuers of the authorization servers whose tokens it takes, in its order.
    pub fn authorization_servers(&self) -> &[String] {
        &self.servers
    }

    /// The scopes it knows, if it says so.
    pub fn scopes_supported(&self) -> Option<&[String]> {
        self.scopes.as_deref()
    }

    /// Another member, as the resource said it.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.others.get(name)
    }

    /// The metadata that a resource has which says nothing: its own origin is the server.
    pub(crate) fn assumed(asked: &Asked) -> Self {
        let servers = vec![asked.url.origin().ascii_serialization()];
        Self { resource: asked.text.clone(), servers, scopes: None, others: Map::new() }
    }

    fn read(mut all: Map<String, Value>) -> Result<Self, Defect> {
        let resource = text(&mut all, "resource")?.ok_or(Defect::Missing("resource"))?;
        let servers = texts(&all, "authorization_servers")?.unwrap_or_default();
        let scopes = texts(&all, "scopes_supported")?;
        if servers.len() > MOST {
            return Err(Defect::Member("authorization_servers"));
        }
        if scopes.as_ref().is_some_and(|scopes| scopes.len() > MOST) {
            return Err(Defect::Member("scopes_supported"));
        }
        Ok(Self { resource, servers, scopes, others: all })
    }
}

/// The URL of a resource as the caller has written it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    text: String,
    pub(crate) url: Url,
}

impl Asked {
    pub(crate) fn new(addresses: Http, text: &str) -> Result<Self, ResourceError> {
        let url = addresses.secure(text).map_err(ResourceError::Address)?;
        Ok(Self { text: text.to_owned(), url })
    }

    /// Whether a request goes to this resource, or below it.
    pub(crate) fn holds(&self, to: &http::Uri) -> bool {
        // The path is compared as it will be sent: without segments of dots.
        let Ok(to) = Url::parse(&to.to_string()) else { return false };
        let bare = to.username().is_empty() && to.password().is_none();
        bare && is_below(&to, &self.url)
    }

    /// Fetches the metadata (§3.1): from where a challenge says, or else from the well-known addresses, the one with the
    /// path first (MCP 2025-11-25, Protected Resource Metadata Discovery Requirements).
    pub(crate) async fn metadata(
        &self,
        http: &dyn HttpClient,
        addresses: Http,
        challenges: &[Challenge],
    ) -> Result<ResourceMetadata, Error> {
        let found = match named(challenges)? {
            Some(address) => vec![self.judge(addresses, address)?],
            None => self.well_known(),
        };
        let mut status = 0;
        for address in found {
            let request = http::Request::get(address.as_str()).header(ACCEPT, "application/json").body(Vec::new());
            let request = request.map_err(|_| ResourceError::Address(AddressError::NotAUrl))?;
            let response = send(http, HttpRequest::new(ENDPOINT, request)).await?;
            if response.status().is_client_error() {
                status = response.status().as_u16();
                continue;
            }
            let read = ResourceMetadata::read(members(ENDPOINT, response)?);
            let metadata = read.map_err(|defect| Error::Protocol { endpoint: ENDPOINT, defect })?;
            if !self.is_meant_by(&metadata.resource, &address) {
                return Err(ResourceError::OtherResource.into());
            }
            return Ok(metadata);
        }
        Err(ResourceError::NotFound(status).into())
    }

    /// An address that the resource names: at its own origin, so that it cannot have anything else asked for.
    fn judge(&self, addresses: Http, address: &str) -> Result<Url, ResourceError> {
        let address = addresses.endpoint(&self.url, address).map_err(ResourceError::Address)?;
        if address.origin() == self.url.origin() { Ok(address) } else { Err(ResourceError::OtherOrigin) }
    }

    fn well_known(&self) -> Vec<Url> {
        let mut root = self.url.clone();
        root.set_path("");
        root.set_query(None);
        let inserted = |url: &Url| {
            let mut found = Url::parse(&inserted(url, WELL_KNOWN)).ok()?;
            found.set_query(url.query());
            Some(found)
        };
        let mut found: Vec<Url> = [&self.url, &root].into_iter().filter_map(inserted).collect();
        found.dedup();
        found
    }

    /// §3.3: the identifier is the one that was asked for, or the one that the address of the metadata was made of, if that
    /// holds what was asked for.
    fn is_meant_by(&self, resource: &str, address: &Url) -> bool {
        if is_same(resource, &self.text) {
            return true;
        }
        let path = address.path().strip_prefix("/.well-known/").and_then(|rest| rest.strip_prefix(WELL_KNOWN));
        let Some(path) = path.filter(|path| path.is_empty() || path.starts_with('/')) else { return false };
        let origin = address.origin().ascii_serialization();
        let made_of = format!("{origin}{path}");
        let holds = Url::parse(&made_of).is_ok_and(|identifier| is_below(&self.url, &identifier));
        address.query().is_none() && is_same(resource, &made_of) && holds
    }
}

/// The address of the metadata that challenges name (§5.1), at most one.
fn named(challenges: &[Challenge]) -> Result<Option<&str>, ResourceError> {
    let mut addresses = challenges.iter().filter_map(|challenge| challenge.parameter("resource_metadata"));
    let Some(first) = addresses.next() else { return Ok(None) };
    if addresses.all(|other| other == first) { Ok(Some(first)) } else { Err(ResourceError::Ambiguous) }
}

/// Compared as text; an empty path may be written as a slash (RFC 3986 §6.2.3).
fn is_same(one: &str, other: &str) -> bool {
    let bare = |text: &str| match Url::parse(text) {
        Ok(url) if url.path() == "/" && url.query().is_none() => text.strip_suffix('/').unwrap_or(text).to_owned(),
        _ => text.to_owned(),
    };
    bare(one) == bare(other)
}

/// Whether `url` is `base` or a path below it.
fn is_below(url: &Url, base: &Url) -> bool {
    let path = base.path().strip_suffix('/').unwrap_or(base.path());
    let below = url.path().strip_prefix(path);
    url.origin() == base.origin() && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Asked {
        Asked::new(Http { localhost: false }, text).expect("a resource")
    }

    #[test]
    fn the_well_known_address_with_the_path_comes_first() {
        let found = |text: &str| asked(text).well_known().iter().map(Url::to_string).collect::<Vec<_>>();
        let both = [
            "https://a.example/.well-known/oauth-protected-resource/mcp",
            "https://a.example/.well-known/oauth-protected-resource",
        ];
        assert_eq!(found("https://a.example/mcp"), both);
        assert_eq!(found("https://a.example/mcp/?x=1"), [&format!("{}?x=1", both[0]), both[1]]);
        assert_eq!(found("https://a.example/"), both[1..]);
        assert_eq!(found("https://a.example"), both[1..]);
    }

    #[test]
    fn metadata_are_about_the_resource_or_about_what_holds_it() {
        let means = |resource: &str, at: &str| {
            asked("https://a.example/t/mcp").is_meant_by(resource, &Url::parse(at).expect("a URL"))
        };
        let root = "https://a.example/.well-known/oauth-protected-resource";
        let anywhere = "https://a.example/t/metadata.json";
        for at in [root, anywhere] {
            assert!(means("https://a.example/t/mcp", at), "{at}");
        }
        assert!(means("https://a.example", root) && means("https://a.example/", root));
        assert!(means("https://a.example/t", &format!("{root}/t")));
        // Who has a part of an origin does not speak for all of it.
        assert!(!means("https://a.example", anywhere) && !means("https://a.example", &format!("{root}/t/mcp")));
        assert!(!means("https://a.example/u", &format!("{root}/u")), "it does not hold it");
        assert!(!means("https://a.example/t/m", &format!("{root}/t/m")), "a segment is whole");
        for resource in ["https://a.example/t/mcp/", "https://b.example/t/mcp", "http://a.example/t/mcp", ""] {
            assert!(!means(resource, &format!("{root}/t/mcp")), "{resource}");
        }
    }

    #[test]
    fn requests_go_to_the_resource_or_below_it() {
        let holds = |to: &str| asked("https://a.example/mcp").holds(&to.parse().expect("a URI"));
        for to in ["https://a.example/mcp", "https://a.example/mcp?x=1", "https://a.example:443/mcp/more"] {
            assert!(holds(to), "{to}");
        }
        for to in [
            "https://a.example/",
            "https://a.example/mcp2",
            "https://a.example/mcp/../other",
            "https://a.example/mcp/%2e%2e/other",
            "https://b.example/mcp",
            "http://a.example/mcp",
            "https://a.example:444/mcp",
            "https://u@a.example/mcp",
            "/mcp",
        ] {
            assert!(!holds(to), "{to}");
        }
    }
}

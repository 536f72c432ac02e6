//! Metadata documents: where they are (OpenID Connect Discovery §4, RFC 8414 §3), and which are accepted.

use std::collections::BTreeMap;

use http::header::ACCEPT;
use oauth_types::ProviderMetadata;
use serde_json::Value;
use url::Url;

use crate::address::Http;
use crate::authentication::Authentication;
use crate::error::{AddressError, ConfigError, Defect, DiscoveryError, Error};
use crate::issuer::IssuerPolicy;
use crate::transport::{Endpoint, HttpClient, HttpRequest};

/// A server whose metadata was accepted. It is fixed for the life of the client: a document that changes between
/// the authorization request and the token request cannot redirect the code.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) issuer: String,
    pub(crate) authorization_endpoint: Url,
    /// By their members.
    endpoints: BTreeMap<&'static str, Url>,
    /// Those for clients that authenticate by their connection (RFC 8705 §5).
    aliases: BTreeMap<&'static str, Url>,
    pub(crate) iss_advertised: bool,
    pub(crate) metadata: ProviderMetadata,
}

/// Every member of the metadata that is the address of an endpoint.
const ENDPOINTS: [Endpoint; 9] = [
    Endpoint::Token,
    Endpoint::Jwks,
    Endpoint::Userinfo,
    Endpoint::PushedAuthorization,
    Endpoint::Revocation,
    Endpoint::Introspection,
    Endpoint::DeviceAuthorization,
    Endpoint::Registration,
    Endpoint::EndSession,
];

impl Server {
    /// Where `endpoint` is; with `by_connection`, where clients are expected that authenticate by their connection.
    ///
    /// # Errors
    /// [`Error::NoEndpoint`] if the server has none.
    pub(crate) fn endpoint(&self, endpoint: Endpoint, by_connection: bool) -> Result<&Url, Error> {
        let member = endpoint.member().ok_or(Error::NoEndpoint(endpoint))?;
        let alias = self.aliases.get(member).filter(|_| by_connection);
        alias.or_else(|| self.endpoints.get(member)).ok_or(Error::NoEndpoint(endpoint))
    }

    /// Every address that something is sent to, with its member.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&'static str, &Url)> {
        let authorization = ("authorization_endpoint", &self.authorization_endpoint);
        let others = self.endpoints.iter().chain(&self.aliases).map(|(name, url)| (*name, url));
        std::iter::once(authorization).chain(others)
    }

    /// A member of the metadata that lists words. One of another type lists nothing.
    pub(crate) fn offers(&self, member: &str, word: &str) -> bool {
        self.metadata.other.get(member).is_some_and(|listed| lists(listed, word))
    }

    /// A member of the metadata that says yes or no, and no if it is absent.
    pub(crate) fn says(&self, member: &str) -> bool {
        self.metadata.other.get(member) == Some(&Value::Bool(true))
    }
}

/// Which document says where the metadata are.
#[derive(Clone, Copy)]
enum Kind {
    OpenId,
    OAuth,
}

/// What is asked of a server's metadata.
pub(crate) struct Terms<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) issuers: &'a IssuerPolicy,
    pub(crate) http: Http,
    pub(crate) unadvertised_pkce: bool,
    pub(crate) authentication: &'a dyn Authentication,
}

impl Terms<'_> {
    /// Fetches the metadata of the issuer and holds it against these terms.
    pub(crate) async fn discover(&self, transport: &dyn HttpClient) -> Result<Server, Error> {
        let issuer = self.issuer_url()?;
        let addresses = [(Kind::OpenId, openid_address(self.issuer)), (Kind::OAuth, oauth_address(&issuer))];
        self.first_of(transport, &issuer, &addresses).await
    }

    /// The same in the order of MCP (2025-11-25, Authorization Server Metadata Discovery): RFC 8414 first, and OpenID
    /// Connect Discovery with the path inserted before it is appended.
    pub(crate) async fn discover_as_mcp(&self, transport: &dyn HttpClient) -> Result<Server, Error> {
        let issuer = self.issuer_url()?;
        let mut addresses = vec![(Kind::OAuth, oauth_address(&issuer))];
        if issuer.path() != "/" {
            addresses.push((Kind::OpenId, inserted(&issuer, "openid-configuration")));
        }
        addresses.push((Kind::OpenId, openid_address(self.issuer)));
        self.first_of(transport, &issuer, &addresses).await
    }

    /// The first document there is. A server that does not know an address says "not found" there, in one way or another.
    async fn first_of(
        &self,
        transport: &dyn HttpClient,
        issuer: &Url,
        addresses: &[(Kind, String)],
    ) -> Result<Server, Error> {
        let (mut openid, mut oauth) = (0, 0);
        for (kind, address) in addresses {
            let response = fetch(transport, address).await?;
            let status = response.status();
            if !status.is_client_error() {
                return self.accept(issuer, read(response)?);
            }
            match kind {
                Kind::OpenId => openid = status.as_u16(),
                Kind::OAuth => oauth = status.as_u16(),
            }
        }
        Err(DiscoveryError::NotFound { openid, oauth }.into())
    }

    /// Holds metadata that the caller brought against these terms.
    pub(crate) fn judge(&self, metadata: ProviderMetadata) -> Result<Server, Error> {
        self.accept(&self.issuer_url()?, metadata)
    }

    fn issuer_url(&self) -> Result<Url, ConfigError> {
        self.http.issuer(self.issuer).map_err(ConfigError::Issuer)
    }

    fn accept(&self, issuer: &Url, metadata: ProviderMetadata) -> Result<Server, Error> {
        self.issuers.judge_metadata(self.issuer, &metadata.issuer)?;
        let s256 = metadata.code_challenge_methods_supported.iter().flatten().any(|method| method == "S256");
        if !s256 && !self.unadvertised_pkce {
            return Err(DiscoveryError::PkceNotAdvertised.into());
        }
        let refused = |name| move |reason| DiscoveryError::Endpoint { name, reason };
        let authorization = metadata.authorization_endpoint.as_deref();
        let authorization = authorization.ok_or(DiscoveryError::Missing("authorization_endpoint"))?;
        let authorization_endpoint = self.http.authorization_endpoint(issuer, authorization);
        let members = serde_json::to_value(&metadata).unwrap_or_default();
        let endpoints = self.endpoints(issuer, &members)?;
        if !endpoints.contains_key("token_endpoint") {
            return Err(DiscoveryError::Missing("token_endpoint").into());
        }
        let aliases = match members.get("mtls_endpoint_aliases") {
            Some(aliases) => self.endpoints(issuer, aliases)?,
            None => BTreeMap::new(),
        };
        self.check_authentication(&metadata)?;
        Ok(Server {
            issuer: self.issuer.to_owned(),
            authorization_endpoint: authorization_endpoint.map_err(refused("authorization_endpoint"))?,
            endpoints,
            aliases,
            iss_advertised: metadata.authorization_response_iss_parameter_supported,
            metadata,
        })
    }

    /// The addresses in `members`, each judged, whether it will be used or not.
    fn endpoints(&self, issuer: &Url, members: &Value) -> Result<BTreeMap<&'static str, Url>, Error> {
        let mut endpoints = BTreeMap::new();
        for name in ENDPOINTS.into_iter().filter_map(Endpoint::member) {
            let refused = |reason| DiscoveryError::Endpoint { name, reason };
            let address = match members.get(name) {
                None | Some(Value::Null) => continue,
                Some(Value::String(address)) => address,
                Some(_) => return Err(refused(AddressError::NotAUrl).into()),
            };
            endpoints.insert(name, self.http.endpoint(issuer, address).map_err(refused)?);
        }
        Ok(endpoints)
    }

    /// A secret is sent in the way the caller named, or not at all. Absent means `client_secret_basic` (RFC 8414 §2).
    /// Algorithms are listed for those who sign.
    fn check_authentication(&self, metadata: &ProviderMetadata) -> Result<(), ConfigError> {
        let method = self.authentication.method();
        let offered = match &metadata.token_endpoint_auth_methods_supported {
            None => method == "client_secret_basic",
            Some(methods) => methods.iter().any(|offered| offered == method),
        };
        if !offered && method != "none" {
            return Err(ConfigError::AuthMethod(method));
        }
        let member = "token_endpoint_auth_signing_alg_values_supported";
        match (self.authentication.algorithm(), metadata.other.get(member)) {
            (Some(algorithm), Some(listed)) if !lists(listed, algorithm.as_str()) => {
                Err(ConfigError::SigningAlgorithm { algorithm, member })
            }
            _ => Ok(()),
        }
    }
}

/// Whether `word` is one of those in a list. What is no list has none.
fn lists(listed: &Value, word: &str) -> bool {
    listed.as_array().is_some_and(|words| words.iter().any(|offered| offered == word))
}

async fn fetch(transport: &dyn HttpClient, address: &str) -> Result<http::Response<Vec<u8>>, Error> {
    let request = http::Request::get(address).header(ACCEPT, "application/json").body(Vec::new());
    let request = request.map_err(|_| ConfigError::Issuer(AddressError::NotAUrl))?;
    crate::client::send(transport, HttpRequest::new(Endpoint::Discovery, request)).await
}

fn read(response: http::Response<Vec<u8>>) -> Result<ProviderMetadata, Error> {
    let defective = |defect| Error::Protocol { endpoint: Endpoint::Discovery, defect };
    let members = crate::token::members(Endpoint::Discovery, response)?;
    serde_json::from_value(Value::Object(members)).map_err(|_| defective(Defect::Metadata))
}

/// OpenID Connect Discovery §4: the path is appended, after a `/` at the end is removed.
fn openid_address(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer))
}

/// RFC 8414 §3.1: the path is inserted between host and path, after a `/` at the end is removed.
fn oauth_address(issuer: &Url) -> String {
    inserted(issuer, "oauth-authorization-server")
}

/// A well-known address with the path of `url` after its name (RFC 8414 §3.1, RFC 9728 §3.1).
pub(crate) fn inserted(url: &Url, name: &str) -> String {
    let origin = url.origin().ascii_serialization();
    let path = url.path().strip_suffix('/').unwrap_or(url.path());
    format!("{origin}/.well-known/{name}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_addresses_are_built_as_each_document_says() {
        let both = |issuer: &str| (openid_address(issuer), oauth_address(&Url::parse(issuer).expect("a URL")));
        let (openid, oauth) = both("https://a.example/tenant/");
        assert_eq!(openid, "https://a.example/tenant/.well-known/openid-configuration");
        assert_eq!(oauth, "https://a.example/.well-known/oauth-authorization-server/tenant");
        let (openid, oauth) = both("http://127.0.0.1:8080");
        assert_eq!(openid, "http://127.0.0.1:8080/.well-known/openid-configuration");
        assert_eq!(oauth, "http://127.0.0.1:8080/.well-known/oauth-authorization-server");
    }
}

//! Metadata documents: where they are (OpenID Connect Discovery §4, RFC 8414 §3), and which are accepted.

use http::header::ACCEPT;
use oauth_types::ProviderMetadata;
use serde_json::Value;
use url::Url;

use crate::address::Http;
use crate::error::{AddressError, ConfigError, Defect, DiscoveryError, Error, IssuerDifference};
use crate::token::ClientAuth;
use crate::transport::{Endpoint, HttpClient, HttpRequest};

/// A server whose metadata was accepted. It is fixed for the life of the client: a document that changes between
/// the authorization request and the token request cannot redirect the code.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) issuer: String,
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: Url,
    pub(crate) jwks_uri: Option<Url>,
    pub(crate) userinfo_endpoint: Option<Url>,
    pub(crate) iss_advertised: bool,
    pub(crate) metadata: ProviderMetadata,
}

/// What is asked of a server's metadata.
pub(crate) struct Terms<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) http: Http,
    pub(crate) unadvertised_pkce: bool,
    pub(crate) auth: &'a ClientAuth,
}

impl Terms<'_> {
    /// Fetches the metadata of the issuer and holds it against these terms.
    pub(crate) async fn discover(&self, transport: &dyn HttpClient) -> Result<Server, Error> {
        let issuer = self.issuer_url()?;
        let openid = fetch(transport, &openid_address(self.issuer)).await?;
        let status = openid.status();
        // A server that knows only RFC 8414 says "not found" there, in one way or another.
        if !status.is_client_error() {
            return self.accept(&issuer, read(openid)?);
        }
        let oauth = fetch(transport, &oauth_address(&issuer)).await?;
        if oauth.status().is_client_error() {
            let (openid, oauth) = (status.as_u16(), oauth.status().as_u16());
            return Err(DiscoveryError::NotFound { openid, oauth }.into());
        }
        self.accept(&issuer, read(oauth)?)
    }

    /// Holds metadata that the caller brought against these terms.
    pub(crate) fn judge(&self, metadata: ProviderMetadata) -> Result<Server, Error> {
        self.accept(&self.issuer_url()?, metadata)
    }

    fn issuer_url(&self) -> Result<Url, ConfigError> {
        self.http.issuer(self.issuer).map_err(ConfigError::Issuer)
    }

    fn accept(&self, issuer: &Url, metadata: ProviderMetadata) -> Result<Server, Error> {
        if let Some(difference) = IssuerDifference::between(self.issuer, &metadata.issuer) {
            return Err(DiscoveryError::Issuer(difference).into());
        }
        let s256 = metadata.code_challenge_methods_supported.iter().flatten().any(|method| method == "S256");
        if !s256 && !self.unadvertised_pkce {
            return Err(DiscoveryError::PkceNotAdvertised.into());
        }
        let refused = |name| move |reason| DiscoveryError::Endpoint { name, reason };
        let checked = |name, text: &Option<String>| {
            let url = text.as_deref().map(|text| self.http.endpoint(issuer, text));
            url.transpose().map_err(refused(name))
        };
        let authorization = metadata.authorization_endpoint.as_deref();
        let authorization = authorization.ok_or(DiscoveryError::Missing("authorization_endpoint"))?;
        let authorization_endpoint = self.http.authorization_endpoint(issuer, authorization);
        let token_endpoint = checked("token_endpoint", &metadata.token_endpoint)?;
        self.check_authentication(&metadata)?;
        Ok(Server {
            issuer: self.issuer.to_owned(),
            authorization_endpoint: authorization_endpoint.map_err(refused("authorization_endpoint"))?,
            token_endpoint: token_endpoint.ok_or(DiscoveryError::Missing("token_endpoint"))?,
            jwks_uri: checked("jwks_uri", &metadata.jwks_uri)?,
            userinfo_endpoint: checked("userinfo_endpoint", &metadata.userinfo_endpoint)?,
            iss_advertised: metadata.authorization_response_iss_parameter_supported,
            metadata,
        })
    }

    /// A secret is sent in the way the caller named, or not at all. Absent means `client_secret_basic` (RFC 8414 §2).
    fn check_authentication(&self, metadata: &ProviderMetadata) -> Result<(), ConfigError> {
        let method = self.auth.method();
        let offered = match &metadata.token_endpoint_auth_methods_supported {
            None => method == "client_secret_basic",
            Some(methods) => methods.iter().any(|offered| offered == method),
        };
        if offered || matches!(self.auth, ClientAuth::None) { Ok(()) } else { Err(ConfigError::AuthMethod(method)) }
    }
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
    let origin = issuer.origin().ascii_serialization();
    let path = issuer.path().strip_suffix('/').unwrap_or(issuer.path());
    format!("{origin}/.well-known/oauth-authorization-server{path}")
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

//! What the metadata of a server are, and what they may say.

use oauth_attacks::{Provider, Rejected};
use oauth_types::ProviderMetadata;
use reqwest::header::LOCATION;
use serde_json::Value;
use url::{Host, Url};

use super::{Defence, Login, Victim};

impl Victim {
    /// RFC 8414 section 3.
    pub(super) async fn metadata(&self, provider: &Provider) -> Result<ProviderMetadata, Rejected> {
        let (issuer, http) = (&provider.issuer, self.web(provider)?);
        let address = format!("{issuer}/.well-known/openid-configuration");
        let mut response = http.get(address).send().await.map_err(|_| Rejected::new("no answer"))?;
        let moved = response.headers().get(LOCATION).and_then(|place| place.to_str().ok()).map(str::to_owned);
        let moved = moved.filter(|_| !self.on(Defence::MetadataNotRedirected));
        if let Some(place) = &moved {
            response = self.http.get(place).send().await.map_err(|_| Rejected::new("no answer"))?;
        }
        let (_, document) = self.read(response).await?;
        let metadata = serde_json::from_value::<ProviderMetadata>(document);
        if !self.on(Defence::MetadataExpectedBroken) {
            assert!(metadata.is_ok(), "a program that expects no broken metadata");
        }
        let metadata = metadata.map_err(|_| Rejected::new("no metadata"))?;
        let compared = moved.is_none() && self.on(Defence::MetadataIssuerCompared);
        if compared && !self.is_metadata_of(&metadata.issuer, issuer) {
            return Err(Rejected::new("metadata of another issuer"));
        }
        self.check_endpoints(&metadata)?;
        Ok(metadata)
    }

    /// The same, asking everybody with a client that trusts the certification authority of this provider.
    pub(crate) fn trusting(mut self, provider: &Provider) -> Self {
        self.http = self.web(provider).expect("an HTTP client");
        self
    }

    /// What this provider is asked with: a client that trusts its certification authority, and nobody else.
    fn web(&self, provider: &Provider) -> Result<reqwest::Client, Rejected> {
        let Some(pem) = &provider.ca_pem else { return Ok(self.http.clone()) };
        let trusted = reqwest::Certificate::from_pem(pem.as_bytes()).map_err(|_| Rejected::new("no authority"))?;
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let http = http.tls_certs_only([trusted]);
        let http = http.tls_danger_accept_invalid_certs(!self.on(Defence::CertificatesVerified));
        let http = http.tls_danger_accept_invalid_hostnames(!self.on(Defence::HostsVerified));
        http.build().map_err(|_| Rejected::new("no HTTP client"))
    }

    /// "The issuer [...] uses the https scheme", and so do its endpoints, but for those on the loopback interface.
    fn check_endpoints(&self, metadata: &ProviderMetadata) -> Result<(), Rejected> {
        let pushing = metadata.other.get("pushed_authorization_request_endpoint").and_then(Value::as_str);
        let needed = [&metadata.authorization_endpoint, &metadata.token_endpoint];
        if needed.iter().any(|endpoint| endpoint.is_none()) {
            return Err(Rejected::new("metadata without endpoints"));
        }
        let asked = [&metadata.token_endpoint, &metadata.jwks_uri, &metadata.userinfo_endpoint];
        let mut asked = asked.into_iter().flatten().map(String::as_str).chain(pushing);
        match self.on(Defence::EndpointsEncrypted) && asked.any(|endpoint| !is_guarded(endpoint)) {
            true => Err(Rejected::new("an endpoint that anybody can listen to")),
            false => Ok(()),
        }
    }

    /// The login as the response and the metadata of now would have it.
    pub(super) async fn as_it_is_now(&self, mut login: Login, issuer: Option<&str>) -> Result<Login, Rejected> {
        if !self.on(Defence::ServerOfLogin)
            && let Some(named) = self.known().into_iter().find(|own| Some(own.issuer.as_str()) == issuer)
        {
            login.metadata = self.metadata(&named).await?;
            login.provider = named;
        }
        if !self.on(Defence::MetadataPinned) {
            login.metadata = self.metadata(&login.provider).await?;
        }
        Ok(login)
    }

    /// RFC 9700 section 4.4.2.2.
    pub(super) fn check_redirect(&self, login: &Login, address: &str) -> Result<(), Rejected> {
        let came_to = address.split(['?', '#']).next().unwrap_or_default();
        match came_to == login.redirect_uri || !self.on(Defence::RedirectCompared) {
            true => Ok(()),
            false => Err(Rejected::new("response at another redirect URI")),
        }
    }
}

/// Whether nobody can listen to what is sent there.
fn is_guarded(endpoint: &str) -> bool {
    let Ok(url) = Url::parse(endpoint) else { return false };
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

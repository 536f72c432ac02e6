//! What is known of a server under test: where it is, which clients it knows, and how its users log in.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use oauth_types::{Params, ProviderMetadata, Secret};
use serde_json::Value;

use crate::agent::{Agent, AgentError, Request, Tls};
use crate::attack::Need;
use crate::browser::{Login, SentBackAtOnce};
pub use crate::registration::{ClientAuth, Registration, Role};
use crate::time::{SystemTime, Time};
use crate::trace::Party;

/// A server under test.
///
/// ```no_run
/// # async fn example() -> Result<(), oauth_attacks::TargetError> {
/// use oauth_attacks::Target;
/// let target = Target::discover("https://login.example")
///     .await?
///     .public("app", "http://127.0.0.1:9/callback")
///     .confidential("web", "s3cret", "https://web.example/callback");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Target {
    pub(crate) metadata: ProviderMetadata,
    pub(crate) document: Value,
    pub(crate) cast: BTreeMap<Role, Registration>,
    pub(crate) scope: String,
    pub(crate) second_scope: Option<String>,
    pub(crate) second_user: Option<String>,
    pub(crate) resources: Option<[String; 2]>,
    pub(crate) second_issuer: Option<Box<Target>>,
    pub(crate) registration_token: Option<Secret>,
    pub(crate) login: Arc<dyn Login>,
    pub(crate) time: Arc<dyn Time>,
    pub(crate) trust: Option<String>,
}

/// Why a server cannot be attacked at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The server could not be asked.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// Neither well-known address has a metadata document.
    #[error("neither {0} nor {1} is a metadata document")]
    NoMetadata(String, String),
    /// RFC 8414 section 3.3: the issuer in the document is not the one asked for.
    #[error("the metadata names the issuer {found}, not {asked}")]
    OtherIssuer {
        /// The issuer that was asked for.
        asked: String,
        /// The issuer in the document.
        found: String,
    },
    /// The metadata lacks an endpoint that every attack needs.
    #[error("the metadata names no {0}")]
    NoEndpoint(&'static str),
}

impl Target {
    /// Reads the server's metadata (OpenID Connect Discovery section 4, RFC 8414 section 3).
    ///
    /// # Errors
    /// [`TargetError`] when there is no document, or it is another issuer's, or it lacks an endpoint.
    pub async fn discover(issuer: &str) -> Result<Self, TargetError> {
        Self::discover_by(&Agent::new(Tls::for_url(issuer))?, issuer).await
    }

    /// As [`Target::discover`], trusting the certificates that these authorities sign, in PEM, and no others.
    ///
    /// # Errors
    /// As [`Target::discover`].
    pub async fn discover_trusting(issuer: &str, pem: &str) -> Result<Self, TargetError> {
        let agent = Agent::new(Tls::Only(pem.into()))?;
        Ok(Self::discover_by(&agent, issuer).await?.trust(pem))
    }

    async fn discover_by(agent: &Agent, issuer: &str) -> Result<Self, TargetError> {
        let places = well_known(issuer);
        for place in &places {
            let answer = agent.send(Request::get(Party::Attacker, Party::Server, place, Params::new())).await?;
            let metadata = serde_json::from_str::<ProviderMetadata>(&answer.body).ok();
            let Some(metadata) = metadata.filter(|_| answer.status == 200) else { continue };
            if metadata.issuer != issuer {
                return Err(TargetError::OtherIssuer { asked: issuer.to_owned(), found: metadata.issuer });
            }
            let document = serde_json::from_str(&answer.body).unwrap_or_default();
            return Ok(Self { document, ..Self::described_by(metadata)? });
        }
        let [first, second] = places;
        Err(TargetError::NoMetadata(first, second))
    }

    /// A server that publishes no metadata, described by hand.
    ///
    /// # Errors
    /// [`TargetError::NoEndpoint`] without an authorization and a token endpoint.
    pub fn described_by(metadata: ProviderMetadata) -> Result<Self, TargetError> {
        let missing = [
            ("authorization_endpoint", metadata.authorization_endpoint.is_none()),
            ("token_endpoint", metadata.token_endpoint.is_none()),
        ];
        if let Some((name, _)) = missing.into_iter().find(|(_, missing)| *missing) {
            return Err(TargetError::NoEndpoint(name));
        }
        Ok(Self {
            document: serde_json::to_value(&metadata).unwrap_or_default(),
            metadata,
            cast: BTreeMap::new(),
            scope: "openid".to_owned(),
            second_scope: None,
            second_user: None,
            resources: None,
            second_issuer: None,
            registration_token: None,
            login: Arc::new(SentBackAtOnce),
            time: Arc::new(SystemTime),
            trust: None,
        })
    }

    /// With a client that plays this part.
    #[must_use]
    pub fn playing(mut self, role: Role, client: Registration) -> Self {
        self.cast.insert(role, client);
        self
    }

    /// With a public client.
    #[must_use]
    pub fn public(self, client_id: impl Into<String>, redirect_uri: impl Into<String>) -> Self {
        self.playing(Role::Public, Registration::public(client_id, redirect_uri))
    }

    /// With a confidential client that authenticates with `client_secret_basic`.
    #[must_use]
    pub fn confidential(
        self,
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        self.playing(Role::Confidential, Registration::confidential(client_id, secret, redirect_uri))
    }

    /// With this client, public or confidential as it says.
    #[must_use]
    pub fn client(self, client: Registration) -> Self {
        let role = if client.is_public() { Role::Public } else { Role::Confidential };
        self.playing(role, client)
    }

    /// With another client, for attacks in which one client takes what belongs to another.
    #[must_use]
    pub fn second_client(self, client: Registration) -> Self {
        self.playing(Role::Second, client)
    }

    /// With a second redirect URI, which the public and the confidential client given so far have too.
    #[must_use]
    pub fn second_redirect_uri(mut self, redirect_uri: impl Into<String>) -> Self {
        let redirect_uri = redirect_uri.into();
        for role in [Role::Public, Role::Confidential] {
            if let Some(client) = self.cast.get_mut(&role) {
                client.redirect_uris.push(redirect_uri.clone());
            }
        }
        self
    }

    /// With this scope in every authorization request instead of `openid`.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// With a second user, whom the server logs in when `login_hint` has this value.
    #[must_use]
    pub fn second_user(mut self, login_hint: impl Into<String>) -> Self {
        self.second_user = Some(login_hint.into());
        self
    }

    /// With a second scope value, which the clients may ask for as well, but do not unless an attack makes them.
    #[must_use]
    pub fn second_scope(mut self, scope: impl Into<String>) -> Self {
        self.second_scope = Some(scope.into());
        self
    }

    /// With two resources for which tokens may be asked (RFC 8707).
    #[must_use]
    pub fn resources(mut self, first: impl Into<String>, second: impl Into<String>) -> Self {
        self.resources = Some([first.into(), second.into()]);
        self
    }

    /// With a second issuer of the same installation, where clients with the same ids are registered.
    #[must_use]
    pub fn second_issuer(mut self, other: Self) -> Self {
        self.second_issuer = Some(Box::new(other));
        self
    }

    /// With the initial access token that registering a client takes (RFC 7591 section 3).
    #[must_use]
    pub fn registration_token(mut self, token: impl Into<Secret>) -> Self {
        self.registration_token = Some(token.into());
        self
    }

    /// With a clock that can be moved, for attacks that need time to pass.
    #[must_use]
    pub fn time(mut self, time: impl Time + 'static) -> Self {
        self.time = Arc::new(time);
        self
    }

    /// Trusting the certificates that these authorities sign, in PEM, and no others.
    #[must_use]
    pub fn trust(mut self, pem: impl Into<String>) -> Self {
        self.trust = Some(pem.into());
        self
    }

    /// With another way to get users through login and consent.
    #[must_use]
    pub fn login(mut self, login: impl Login + 'static) -> Self {
        self.login = Arc::new(login);
        self
    }

    /// The server's metadata.
    pub fn metadata(&self) -> &ProviderMetadata {
        &self.metadata
    }

    /// The client with this role.
    pub fn role(&self, role: Role) -> Option<&Registration> {
        self.cast.get(&role)
    }

    /// An endpoint, by its member of the metadata.
    pub fn endpoint(&self, member: &str) -> Option<&str> {
        let metadata = &self.metadata;
        match member {
            "authorization_endpoint" => metadata.authorization_endpoint.as_deref(),
            "token_endpoint" => metadata.token_endpoint.as_deref(),
            "userinfo_endpoint" => metadata.userinfo_endpoint.as_deref(),
            "jwks_uri" => metadata.jwks_uri.as_deref(),
            _ => metadata.other.get(member)?.as_str(),
        }
    }

    /// An endpoint for clients that authenticate with mutual TLS (RFC 8705 section 5).
    pub(crate) fn mtls_endpoint(&self, member: &str) -> Option<&str> {
        self.metadata.other.get("mtls_endpoint_aliases")?.get(member)?.as_str()
    }

    /// The metadata as it was read.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Whether every authorization request must be pushed (RFC 9126 section 5).
    pub(crate) fn wants_pushed_requests(&self) -> bool {
        self.document["require_pushed_authorization_requests"] == true
    }

    /// What is needed to reach the endpoints.
    pub(crate) fn tls(&self) -> Tls {
        if let Some(pem) = &self.trust {
            return Tls::Only(pem.as_str().into());
        }
        let metadata = &self.metadata;
        let endpoints = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.userinfo_endpoint];
        let plain = endpoints.into_iter().flatten().all(|url| Tls::for_url(url) == Tls::Untrusted);
        if plain { Tls::Untrusted } else { Tls::Trusted }
    }

    /// Whether this prerequisite is there for this client.
    pub(crate) fn has(&self, need: Need, client: Option<&Registration>) -> bool {
        match need {
            Need::Client(role) => self.cast.contains_key(&role),
            Need::SecondRedirectUri => client.is_some_and(|client| client.redirect_uris.len() > 1),
            Need::SecondUser => self.second_user.is_some() || self.login.has_second_user(),
            Need::SecondScope => self.second_scope.is_some(),
            Need::Resources => self.resources.is_some(),
            Need::Endpoint(member) => self.endpoint(member).is_some(),
            Need::Metadata(member) => !self.document[member].is_null(),
            Need::SecondIssuer => self.second_issuer.is_some(),
            Need::Forms => self.login.shows_forms(),
            Need::Clock => self.time.can_be_moved(),
            // That is for the runner and the options to say.
            Need::Alone | Need::Permission => true,
        }
    }

    /// Whether the server says that it does not take `plain`.
    pub(crate) fn claims_s256_only(&self) -> bool {
        let methods = self.metadata.code_challenge_methods_supported.as_ref();
        methods.is_some_and(|methods| !methods.iter().any(|method| method == "plain"))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("issuer", &self.metadata.issuer)
            .field("cast", &self.cast)
            .finish_non_exhaustive()
    }
}

/// The two places where the metadata of `issuer` may be.
pub(crate) fn well_known(issuer: &str) -> [String; 2] {
    const OPENID: &str = "/.well-known/openid-configuration";
    const OAUTH: &str = "/.well-known/oauth-authorization-server";
    let trimmed = issuer.trim_end_matches('/');
    let path_at = trimmed.find("://").and_then(|at| Some(at + 3 + trimmed[at + 3..].find('/')?));
    let (origin, path) = trimmed.split_at(path_at.unwrap_or(trimmed.len()));
    [format!("{trimmed}{OPENID}"), format!("{origin}{OAUTH}{path}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_looked_for_where_both_documents_say() {
        let places = well_known("https://a.example/t/1");
        assert_eq!(places[0], "https://a.example/t/1/.well-known/openid-configuration");
        assert_eq!(places[1], "https://a.example/.well-known/oauth-authorization-server/t/1");
        assert_eq!(well_known("https://a.example")[1], "https://a.example/.well-known/oauth-authorization-server");
    }

    #[test]
    fn a_target_without_a_token_endpoint_is_none() {
        let text = r#"{"issuer":"https://a.example","authorization_endpoint":"https://a.example/authorize"}"#;
        let metadata = serde_json::from_str(text).expect("metadata");
        let error = Target::described_by(metadata).expect_err("no token endpoint");
        assert!(matches!(error, TargetError::NoEndpoint("token_endpoint")));
    }
}

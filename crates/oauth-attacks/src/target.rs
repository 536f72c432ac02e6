//! What is known of a server under test: where it is, which clients it knows, and how its users log in.

use std::fmt;
use std::sync::Arc;

use oauth_types::{Params, ProviderMetadata, Secret};

use crate::agent::{Agent, AgentError, Request, Tls};
use crate::attack::Need;
use crate::browser::{Login, SentBackAtOnce};
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
    pub(crate) public: Option<Registration>,
    pub(crate) confidential: Option<Registration>,
    pub(crate) second: Option<Registration>,
    pub(crate) scope: String,
    pub(crate) second_user: Option<String>,
    pub(crate) login: Arc<dyn Login>,
}

/// A client as the server under test knows it.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Its `client_id`.
    pub client_id: String,
    /// How it authenticates at the token endpoint.
    pub auth: ClientAuth,
    /// Its redirect URIs; the first is used unless an attack needs the second.
    pub redirect_uris: Vec<String>,
}

/// How a client authenticates at the token endpoint (RFC 6749 section 2.3).
#[derive(Debug, Clone)]
pub enum ClientAuth {
    /// Not at all: a public client.
    None,
    /// `client_secret_basic`.
    Basic(Secret),
    /// `client_secret_post`.
    Post(Secret),
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
        let agent = Agent::new(Tls::for_url(issuer))?;
        let places = well_known(issuer);
        for place in &places {
            let answer = agent.send(Request::get(Party::Attacker, Party::Server, place, Params::new())).await?;
            let metadata = serde_json::from_str::<ProviderMetadata>(&answer.body).ok();
            let Some(metadata) = metadata.filter(|_| answer.status == 200) else { continue };
            if metadata.issuer != issuer {
                return Err(TargetError::OtherIssuer { asked: issuer.to_owned(), found: metadata.issuer });
            }
            return Self::described_by(metadata);
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
            metadata,
            public: None,
            confidential: None,
            second: None,
            scope: "openid".to_owned(),
            second_user: None,
            login: Arc::new(SentBackAtOnce),
        })
    }

    /// With a public client.
    #[must_use]
    pub fn public(mut self, client_id: impl Into<String>, redirect_uri: impl Into<String>) -> Self {
        self.public = Some(Registration::public(client_id, redirect_uri));
        self
    }

    /// With a confidential client that authenticates with `client_secret_basic`.
    #[must_use]
    pub fn confidential(
        self,
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        self.client(Registration::confidential(client_id, secret, redirect_uri))
    }

    /// With this client, public or confidential as it says.
    #[must_use]
    pub fn client(mut self, client: Registration) -> Self {
        let place = if client.is_public() { &mut self.public } else { &mut self.confidential };
        *place = Some(client);
        self
    }

    /// With another client, for attacks in which one client takes what belongs to another.
    #[must_use]
    pub fn second_client(mut self, client: Registration) -> Self {
        self.second = Some(client);
        self
    }

    /// With a second redirect URI, which the public and the confidential client given so far have too.
    #[must_use]
    pub fn second_redirect_uri(mut self, redirect_uri: impl Into<String>) -> Self {
        let redirect_uri = redirect_uri.into();
        for client in [&mut self.public, &mut self.confidential].into_iter().flatten() {
            client.redirect_uris.push(redirect_uri.clone());
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

    /// What is needed to reach the endpoints.
    pub(crate) fn tls(&self) -> Tls {
        let metadata = &self.metadata;
        let endpoints = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.userinfo_endpoint];
        let trusted = endpoints.into_iter().flatten().any(|url| Tls::for_url(url) == Tls::Trusted);
        if trusted { Tls::Trusted } else { Tls::Untrusted }
    }

    /// Whether this prerequisite is there for this client.
    pub(crate) fn has(&self, need: Need, client: &Registration) -> bool {
        match need {
            Need::SecondClient => self.second.is_some(),
            Need::SecondRedirectUri => client.redirect_uris.len() > 1,
            Need::Userinfo => self.metadata.userinfo_endpoint.is_some(),
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
        let clients = [&self.public, &self.confidential, &self.second];
        f.debug_struct("Target")
            .field("issuer", &self.metadata.issuer)
            .field("clients", &clients.into_iter().flatten().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Registration {
    /// A public client.
    pub fn public(client_id: impl Into<String>, redirect_uri: impl Into<String>) -> Self {
        Self { client_id: client_id.into(), auth: ClientAuth::None, redirect_uris: vec![redirect_uri.into()] }
    }

    /// A confidential client that authenticates with `client_secret_basic`.
    pub fn confidential(
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self { auth: ClientAuth::Basic(secret.into()), ..Self::public(client_id, redirect_uri) }
    }

    /// The same client, sending its secret in the body (`client_secret_post`).
    #[must_use]
    pub fn secret_in_body(mut self) -> Self {
        if let ClientAuth::Basic(secret) = self.auth {
            self.auth = ClientAuth::Post(secret);
        }
        self
    }

    /// Whether the client has no secret.
    pub fn is_public(&self) -> bool {
        matches!(self.auth, ClientAuth::None)
    }

    /// The secret, if the client has one.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        match &self.auth {
            ClientAuth::None => None,
            ClientAuth::Basic(secret) | ClientAuth::Post(secret) => Some(secret),
        }
    }

    /// The redirect URI that is used unless an attack needs another.
    pub(crate) fn redirect_uri(&self) -> &str {
        self.redirect_uris.first().map_or("", String::as_str)
    }
}

/// The two places where the metadata of `issuer` may be.
fn well_known(issuer: &str) -> [String; 2] {
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

    #[test]
    fn client_secrets_are_not_shown() {
        let client = Registration::confidential("web", "canary-secret", "http://127.0.0.1/cb").secret_in_body();
        assert!(!format!("{client:?}").contains("canary"));
    }
}

//! From a resource to a client at its authorization server.

use oauth_types::ProviderMetadata;
use serde_json::json;
use url::Url;

use super::{Access, ResourceClient, State};
use crate::client::Client;
use crate::discover::Server;
use crate::error::{DiscoveryError, Error};
use crate::session::Session;
use crate::specs::draft_client_id_metadata::SUPPORTED;
use crate::specs::mcp_authorization::builder::Terms;
use crate::specs::mcp_authorization::scopes::Scopes;
use crate::specs::rfc6750_bearer::Challenge;
use crate::specs::rfc7591_registration::{Registration, UNREGISTERED, authenticated};
use crate::specs::rfc9728_resource::{ResourceError, ResourceMetadata, may_lead};
use crate::transport::Endpoint;

/// What asks for tokens that outlive the visit of the user (OpenID Connect Core §11).
const OFFLINE: &str = "offline_access";

/// A client at the authorization server of a resource.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) metadata: ResourceMetadata,
}

impl Connection {
    /// The scopes to ask for first: those of the challenge, or else those that the resource knows, or else none. Where the
    /// server has a scope for refresh tokens, that too.
    pub(super) fn scopes(&self, challenges: &[Challenge]) -> Scopes {
        let challenged = challenges.iter().map(Scopes::of).find(|scopes| !scopes.is_empty());
        let known = || self.metadata.scopes_supported().unwrap_or_default().iter().map(String::as_str);
        let scopes = challenged.unwrap_or_else(|| Scopes::from_words(known()));
        let offered = self.client.metadata().scopes_supported.iter().flatten();
        match offered.into_iter().any(|scope| scope == OFFLINE) {
            true => scopes.and(&Scopes::from_words([OFFLINE])),
            false => scopes,
        }
    }
}

impl ResourceClient {
    /// The connection there is, or a new one.
    pub(super) async fn connected(&self, state: &mut State, challenges: &[Challenge]) -> Result<Connection, Error> {
        match &state.connection {
            Some(connection) => Ok(connection.clone()),
            None => self.connect(state, challenges).await,
        }
    }

    /// Asks the resource whose tokens it takes now. A client that is known there already is used again.
    pub(super) async fn connect(&self, state: &mut State, challenges: &[Challenge]) -> Result<Connection, Error> {
        let metadata = self.terms.metadata(challenges).await?;
        let issuer = self.terms.chosen(&metadata)?;
        let now = self.terms.ports.clock.now();
        let registration = |state: &State| {
            let here = |known: &&Registration| known.issuer() == issuer && !known.is_expired(now);
            state.registrations.iter().find(here).cloned()
        };
        let known = state.connection.take().filter(|connection| connection.client.issuer() == issuer);
        let expired =
            known.is_some() && state.registrations.iter().any(|r| r.issuer() == issuer && r.is_expired(now));
        let connection = match known.filter(|_| !expired) {
            Some(known) => Connection { metadata, ..known },
            None => {
                let (client, new) = self.terms.introduce(&issuer, registration(state)).await?;
                if let Some(new) = new {
                    state.registrations.retain(|registration| registration.issuer() != issuer);
                    state.registrations.push(new);
                }
                Connection { client, metadata }
            }
        };
        Ok(state.connection.insert(connection).clone())
    }

    /// Takes up the tokens that the store keeps, if they are for this resource and of this client.
    pub(super) async fn restore(&self, state: &mut State) -> Result<(), Error> {
        let Some(store) = &self.terms.store else { return Ok(()) };
        let Some((_, tokens)) = store.load().await? else { return Ok(()) };
        let ours = |issuer: &str| state.registrations.iter().any(|r| r.issuer() == issuer);
        // Without the registration that they were got with, the tokens are nobody's.
        if !ours(tokens.issuer()) && self.terms.identity.document.is_none() {
            return Ok(());
        }
        let connection = match self.connect(state, &[]).await {
            Ok(connection) => connection,
            // The resource may say more when it refuses a request.
            Err(Error::ProtectedResource(ResourceError::NotFound(_))) => return Ok(()),
            Err(error) => return Err(error),
        };
        let session = match Session::restore(&connection.client, store.clone()).await {
            Ok(Some(session)) => session,
            Ok(None) | Err(Error::OtherClient) => return Ok(()),
            Err(error) => return Err(error),
        };
        if session.is_for(&connection.client, connection.metadata.resource()).await {
            let scopes = session.scopes().await;
            let scopes = Scopes::from_words(scopes.iter().map(String::as_str));
            state.access = Some(Access { session, scopes });
        }
        Ok(())
    }
}

impl Terms {
    /// What the resource says of itself.
    pub(super) async fn metadata(&self, challenges: &[Challenge]) -> Result<ResourceMetadata, Error> {
        let found = self.asked.metadata(&*self.http, self.ports.addresses, challenges).await;
        match found {
            Err(Error::ProtectedResource(ResourceError::NotFound(_))) if self.without_metadata => {
                Ok(ResourceMetadata::assumed(&self.asked))
            }
            found => found,
        }
    }

    /// The authorization server to go to.
    fn chosen(&self, metadata: &ResourceMetadata) -> Result<String, ResourceError> {
        let listed = metadata.authorization_servers();
        let chosen = match &self.server {
            Some(chosen) => listed.iter().find(|issuer| *issuer == chosen).ok_or(ResourceError::NotListed)?,
            None => listed.first().ok_or(ResourceError::NoServer)?,
        };
        let refused = |reason| ResourceError::Server("issuer", reason);
        let url = self.ports.addresses.issuer(chosen).map_err(refused)?;
        may_lead(&self.asked.url, &url).map_err(refused)?;
        if url.scheme() == "http" && self.asked.url.scheme() != "http" {
            return Err(refused(crate::error::AddressError::LoopbackFromAfar));
        }
        Ok(chosen.clone())
    }

    /// A client that the server knows, or gets to know (MCP 2025-11-25, Client Registration Approaches): the one that is
    /// registered, or else the one of the document, or else one that registers.
    async fn introduce(
        &self,
        issuer: &str,
        registration: Option<Registration>,
    ) -> Result<(Client, Option<Registration>), Error> {
        let server = self.discovered(issuer).await?;
        if let Some(registration) = registration {
            let builder = self.builder(issuer, registration.client_id());
            let client = authenticated(builder, &registration).with_metadata(server.metadata)?;
            return Ok((client, None));
        }
        if let Some(document) = self.identity.document.as_ref().filter(|_| server.says(SUPPORTED)) {
            let builder = document.name(self.builder(issuer, document.url()));
            return Ok((builder.with_metadata(server.metadata)?, None));
        }
        let request = self.identity.request.clone().ok_or(ResourceError::Unknown)?;
        if server.endpoint(Endpoint::Registration, false).is_err() {
            return Err(ResourceError::Unknown.into());
        }
        let builder = self.builder(issuer, UNREGISTERED);
        let (client, registration) = builder.register_at(server, self.http.clone(), request).await?;
        Ok((client, Some(registration)))
    }

    /// The metadata of the server, none of whose endpoints is where the resource could not lead itself.
    async fn discovered(&self, issuer: &str) -> Result<Server, Error> {
        let builder = self.builder(issuer, UNREGISTERED);
        let server = match builder.terms()?.discover_as_mcp(&*self.http).await {
            Err(Error::Discovery(DiscoveryError::NotFound { .. })) if self.is_assumed(issuer) => {
                builder.terms()?.judge(assumed(issuer)?)?
            }
            found => found?,
        };
        for (name, url) in server.addresses() {
            may_lead(&self.asked.url, url).map_err(|reason| ResourceError::Server(name, reason))?;
        }
        Ok(server)
    }

    /// Whether nothing but the origin of the resource says that this is its server.
    fn is_assumed(&self, issuer: &str) -> bool {
        self.without_metadata && self.asked.url.origin().ascii_serialization() == issuer
    }
}

/// The server that MCP servers of 2025-03-26 had without saying so (Fallbacks for Servers without Metadata Discovery).
fn assumed(issuer: &str) -> Result<ProviderMetadata, Error> {
    let at = |path: &str| Url::parse(issuer).and_then(|url| url.join(path)).map(String::from).unwrap_or_default();
    let members = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "registration_endpoint": at("/register"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"]
    });
    serde_json::from_value(members).map_err(|_| DiscoveryError::NotFound { openid: 404, oauth: 404 }.into())
}

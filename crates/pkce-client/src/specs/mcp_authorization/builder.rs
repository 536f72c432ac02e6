//! How a protected resource, and who asks for access to it, is described.

use std::fmt;
use std::sync::Arc;

use crate::address::Http;
use crate::builder::ClientBuilder;
use crate::clock::{Clock, SystemClock};
use crate::dice::{Dice, SystemDice};
use crate::error::{ConfigError, Error};
use crate::specs::draft_client_id_metadata::ClientDocument;
use crate::specs::mcp_authorization::ResourceClient;
#[cfg(not(target_family = "wasm"))]
use crate::specs::mcp_authorization::login::NativeLogin as DefaultLogin;
#[cfg(target_family = "wasm")]
use crate::specs::mcp_authorization::login::NoLogin as DefaultLogin;
use crate::specs::mcp_authorization::login::{OwnAccount, ResourceLogin};
use crate::specs::rfc7591_registration::{Registration, RegistrationRequest};
use crate::specs::rfc9728_resource::Asked;
use crate::store::TokenStore;
use crate::transport::HttpClient;
#[cfg(not(target_family = "wasm"))]
use crate::user_agent::{SystemBrowser, UserAgent};

type Configure = Box<dyn Fn(ClientBuilder) -> ClientBuilder + Send + Sync>;

/// A resource to be.
#[must_use = "call build()"]
pub struct ResourceClientBuilder {
    url: String,
    registrations: Vec<Registration>,
    identity: Identity,
    server: Option<String>,
    login: Box<dyn ResourceLogin>,
    store: Option<Arc<dyn TokenStore>>,
    configure: Configure,
    without_metadata: bool,
    http: Option<Arc<dyn HttpClient>>,
    ports: Ports,
}

/// How the client introduces itself where nobody has registered it.
#[derive(Default)]
pub(super) struct Identity {
    pub(super) document: Option<ClientDocument>,
    pub(super) request: Option<RegistrationRequest>,
}

/// What every client that is made has in common.
pub(super) struct Ports {
    pub(super) addresses: Http,
    pub(super) clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    #[cfg(not(target_family = "wasm"))]
    user_agent: Arc<dyn UserAgent>,
}

/// All that was said of the resource.
pub(super) struct Terms {
    pub(super) asked: Asked,
    pub(super) identity: Identity,
    pub(super) server: Option<String>,
    pub(super) login: Box<dyn ResourceLogin>,
    pub(super) store: Option<Arc<dyn TokenStore>>,
    pub(super) without_metadata: bool,
    pub(super) http: Arc<dyn HttpClient>,
    pub(super) ports: Ports,
    configure: Configure,
}

impl ResourceClientBuilder {
    pub(super) fn new(url: String) -> Self {
        let ports = Ports {
            addresses: Http { localhost: false },
            clock: Arc::new(SystemClock),
            dice: Arc::new(SystemDice),
            #[cfg(not(target_family = "wasm"))]
            user_agent: Arc::new(SystemBrowser),
        };
        Self {
            url,
            registrations: Vec::new(),
            identity: Identity::default(),
            server: None,
            login: Box::new(DefaultLogin),
            store: None,
            configure: Box::new(|builder| builder),
            without_metadata: false,
            http: None,
            ports,
        }
    }

    /// Says who the client is at one server: there it introduces itself no more. Call it for each registration there is,
    /// those of earlier runs included ([`ResourceClient::registrations`]).
    pub fn registered(mut self, registration: Registration) -> Self {
        self.registrations.retain(|known| known.issuer() != registration.issuer());
        self.registrations.push(registration);
        self
    }

    /// Has the client be called by the URL of `document`, at servers that read such and do not know it already.
    pub fn documented(mut self, document: ClientDocument) -> Self {
        self.identity.document = Some(document);
        self
    }

    /// Has the client register (RFC 7591) at servers that do not know it already and do not read its document.
    pub fn registering(mut self, request: impl Into<RegistrationRequest>) -> Self {
        self.identity.request = Some(request.into());
        self
    }

    /// Chooses the authorization server by its issuer. The resource has to name it. The default is the first that it names.
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.server = Some(issuer.into());
        self
    }

    /// Keeps the tokens in `store`, and takes up those that it keeps for this resource. Bring the registration, too, if the
    /// client has registered itself.
    pub fn keep_in(mut self, store: impl TokenStore + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Says more about the client, such as [`ClientBuilder::dpop`] or [`ClientBuilder::private_key_jwt`]. It is called for
    /// each client that is made. Ports and addresses are said here instead.
    pub fn client(mut self, configure: impl Fn(ClientBuilder) -> ClientBuilder + Send + Sync + 'static) -> Self {
        self.configure = Box::new(configure);
        self
    }

    /// Logs in by `login`. The default is `NativeLogin`; in a browser, nobody logs in until this says how, and whoever
    /// would have to hears [`Error::ReauthRequired`].
    pub fn logging_in_by(mut self, login: impl ResourceLogin + 'static) -> Self {
        self.login = Box::new(login);
        self
    }

    /// Asks for access on the client's own account (RFC 6749 §4.4): nobody logs in.
    pub fn on_its_own_account(self) -> Self {
        self.logging_in_by(OwnAccount)
    }

    /// Accepts a resource without metadata, as MCP servers of the revision 2025-03-26 are: its origin is taken for its
    /// authorization server, and if that has no metadata either, for one with the endpoints `/authorize`, `/token` and
    /// `/register` that verifies S256.
    ///
    /// Nothing says then that the server is the resource's, or that it protects the code.
    pub fn allow_missing_metadata(mut self) -> Self {
        self.without_metadata = true;
        self
    }

    /// Accepts `http://localhost` where `http://127.0.0.1` and `http://[::1]` are accepted, as
    /// [`ClientBuilder::allow_http_localhost`].
    pub fn allow_http_localhost(mut self) -> Self {
        self.ports.addresses = Http { localhost: true };
        self
    }

    /// Sends requests through `http` instead of the bundled transport, those to the resource included.
    pub fn http(mut self, http: impl HttpClient + 'static) -> Self {
        self.http = Some(Arc::new(http));
        self
    }

    /// Reads the time from `clock` instead of the operating system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.ports.clock = Arc::new(clock);
        self
    }

    /// Draws from `dice` instead of the operating system's. For tests.
    pub fn dice(mut self, dice: impl Dice + 'static) -> Self {
        self.ports.dice = Arc::new(dice);
        self
    }

    /// Opens logins with `user_agent` instead of the system's browser.
    #[cfg(not(target_family = "wasm"))]
    pub fn user_agent(mut self, user_agent: impl UserAgent + 'static) -> Self {
        self.ports.user_agent = Arc::new(user_agent);
        self
    }

    /// Makes the resource. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::ProtectedResource`] if its URL is not used; [`Error::Config`] if there is no transport.
    pub fn build(self) -> Result<ResourceClient, Error> {
        let asked = Asked::new(self.ports.addresses, &self.url)?;
        let terms = Terms {
            asked,
            identity: self.identity,
            server: self.server,
            login: self.login,
            store: self.store,
            without_metadata: self.without_metadata,
            http: transport(self.http)?,
            ports: self.ports,
            configure: self.configure,
        };
        Ok(ResourceClient::new(terms, self.registrations))
    }
}

impl Terms {
    /// A client at `issuer`, with all that was said of clients.
    pub(super) fn builder(&self, issuer: &str, client_id: &str) -> ClientBuilder {
        let mut builder = (self.configure)(ClientBuilder::new(issuer, client_id));
        builder.addresses = self.ports.addresses;
        builder.http = Some(Arc::clone(&self.http));
        builder.clock = Arc::clone(&self.ports.clock);
        builder.dice = Arc::clone(&self.ports.dice);
        #[cfg(not(target_family = "wasm"))]
        {
            builder.user_agent = Arc::clone(&self.ports.user_agent);
        }
        builder
    }
}

fn transport(http: Option<Arc<dyn HttpClient>>) -> Result<Arc<dyn HttpClient>, ConfigError> {
    match http {
        Some(http) => Ok(http),
        #[cfg(all(feature = "reqwest", not(target_family = "wasm")))]
        None => Ok(Arc::new(crate::reqwest_transport::ReqwestTransport::builder().build()?)),
        #[cfg(not(all(feature = "reqwest", not(target_family = "wasm"))))]
        None => Err(ConfigError::NoTransport),
    }
}

impl fmt::Debug for ResourceClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceClientBuilder")
            .field("url", &self.url)
            .field("server", &self.server)
            .field("registrations", &self.registrations)
            .finish_non_exhaustive()
    }
}

//! How a client is described before it is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use oauth_types::{Algorithm, ProviderMetadata, Secret};

use crate::address::Http;
use crate::authentication::{Authentication, Basic, Post, Public};
use crate::client::{Client, Inner};
use crate::clock::{Clock, SystemClock};
use crate::dice::{Dice, SystemDice};
use crate::discover::{Server, Terms};
use crate::error::{ConfigError, Error};
use crate::issuer::IssuerPolicy;
use crate::jwks::KeyCache;
#[cfg(not(target_family = "wasm"))]
use crate::paste::PastePrompt;
use crate::public_key::is_verified;
use crate::specs::oidc_backchannel_logout::Received;
use crate::specs::{self, Spec, rfc9101_jar, rfc9126_par};
use crate::transport::HttpClient;
#[cfg(not(target_family = "wasm"))]
use crate::user_agent::{SystemBrowser, UserAgent};

/// The most that clocks may be allowed to differ.
const MAX_LEEWAY: Duration = Duration::from_secs(5 * 60);

/// The longest time a login may be open.
const MAX_LOGIN_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A client to be: a public one, until it is given a secret.
#[must_use = "call discover() or with_metadata() to make the client"]
pub struct ClientBuilder {
    pub(crate) issuer: String,
    pub(crate) issuers: IssuerPolicy,
    pub(crate) client_id: String,
    pub(crate) authentication: Box<dyn Authentication>,
    specs: Vec<Box<dyn Spec>>,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) loopback_path: String,
    login_lifetime: Duration,
    leeway: Duration,
    trusted_audiences: Vec<String>,
    algorithms: Vec<Algorithm>,
    unadvertised_pkce: bool,
    missing_nonce: bool,
    pub(crate) addresses: Http,
    pub(crate) http: Option<Arc<dyn HttpClient>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dice: Arc<dyn Dice>,
    #[cfg(not(target_family = "wasm"))]
    pub(crate) user_agent: Arc<dyn UserAgent>,
    #[cfg(not(target_family = "wasm"))]
    pub(crate) paste: Option<Arc<dyn PastePrompt>>,
}

impl ClientBuilder {
    pub(crate) fn new(issuer: &str, client_id: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            issuers: IssuerPolicy::exact(),
            client_id: client_id.to_owned(),
            authentication: Box::new(Public),
            specs: Vec::new(),
            redirect_uri: None,
            loopback_path: "/callback".to_owned(),
            login_lifetime: Duration::from_secs(15 * 60),
            leeway: Duration::from_secs(60),
            trusted_audiences: Vec::new(),
            algorithms: vec![Algorithm::Rs256],
            unadvertised_pkce: false,
            missing_nonce: false,
            addresses: Http { localhost: false },
            http: None,
            clock: Arc::new(SystemClock),
            dice: Arc::new(SystemDice),
            #[cfg(not(target_family = "wasm"))]
            user_agent: Arc::new(SystemBrowser),
            #[cfg(not(target_family = "wasm"))]
            paste: None,
        }
    }

    /// Makes it a confidential client that sends its secret by HTTP Basic (RFC 6749 §2.3.1), `client_secret_basic`.
    pub fn secret(self, secret: impl Into<Secret>) -> Self {
        self.authenticated_by(Basic(secret.into()))
    }

    /// Makes it a confidential client that sends its secret in the body, `client_secret_post`.
    pub fn secret_in_body(self, secret: impl Into<Secret>) -> Self {
        self.authenticated_by(Post(secret.into()))
    }

    /// Where web logins come back to. Sent octet by octet as written here, in both requests.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// The path native logins come back to, as registered. Default `/callback`.
    ///
    /// It is fixed because a server may let only the port vary (RFC 8252 §7.3).
    pub fn loopback_path(mut self, path: impl Into<String>) -> Self {
        self.loopback_path = path.into();
        self
    }

    /// How long a login may take before its response is refused. Default 15 minutes, at most a day.
    pub fn login_lifetime(mut self, lifetime: Duration) -> Self {
        self.login_lifetime = lifetime.min(MAX_LOGIN_LIFETIME);
        self
    }

    /// How far the server's clock may be off. Default 60 seconds, at most 5 minutes.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(MAX_LEEWAY);
        self
    }

    /// Audiences an ID token may have besides this client (OpenID Connect Core §3.1.3.7, rule 3). Default none.
    pub fn trusted_audiences<S: Into<String>>(mut self, audiences: impl IntoIterator<Item = S>) -> Self {
        self.trusted_audiences = audiences.into_iter().map(Into::into).collect();
        self
    }

    /// The only algorithms an ID token may be signed with. Default RS256 alone, the one every client is registered
    /// with unless it asked for another (OpenID Connect Core §3.1.3.7, rule 7). The metadata has no say in it.
    /// ES512 and the keyed hashes cannot be allowed.
    pub fn id_token_algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Accepts a server that does not announce S256 in `code_challenge_methods_supported`.
    ///
    /// The challenge is sent all the same, and always as S256. Call this only for a server that is known to verify
    /// it: otherwise nothing ties the code to this login (RFC 9700 §2.1.1).
    pub fn allow_unadvertised_pkce(mut self) -> Self {
        self.unadvertised_pkce = true;
        self
    }

    /// Accepts ID tokens that do not repeat the `nonce` of the login, from a server that is known to leave it out. One that
    /// is there is compared all the same.
    ///
    /// What ties the code to this login is PKCE alone then (RFC 9700 §2.1.1), so that it cannot be combined with
    /// [`ClientBuilder::allow_unadvertised_pkce`].
    pub fn allow_missing_nonce(mut self) -> Self {
        self.missing_nonce = true;
        self
    }

    /// Accepts `http://localhost` where `http://127.0.0.1` and `http://[::1]` are accepted.
    ///
    /// The name may be resolved to another machine or be answered by another program (RFC 8252 §8.3).
    pub fn allow_http_localhost(mut self) -> Self {
        self.addresses = Http { localhost: true };
        self
    }

    /// Sends requests through `http` instead of the bundled transport.
    pub fn http(mut self, http: impl HttpClient + 'static) -> Self {
        self.http = Some(Arc::new(http));
        self
    }

    /// Reads the time from `clock` instead of the operating system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Draws states, nonces and verifiers from `dice` instead of the operating system's. For tests.
    pub fn dice(mut self, dice: impl Dice + 'static) -> Self {
        self.dice = Arc::new(dice);
        self
    }

    /// Opens native logins with `user_agent` instead of the system's browser.
    #[cfg(not(target_family = "wasm"))]
    pub fn user_agent(mut self, user_agent: impl UserAgent + 'static) -> Self {
        self.user_agent = Arc::new(user_agent);
        self
    }

    /// Fetches the server's metadata and makes the client.
    ///
    /// `/.well-known/openid-configuration` is asked first, then the address of RFC 8414 §3.1.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::Discovery`], [`Error::Transport`] or [`Error::Protocol`].
    pub async fn discover(self) -> Result<Client, Error> {
        let http = self.transport()?;
        let server = self.terms()?.discover(&*http).await?;
        self.finish(server, http)
    }

    /// Makes the client from metadata that is known already. It is held against the same rules.
    ///
    /// # Errors
    /// [`Error::Config`] or [`Error::Discovery`].
    pub fn with_metadata(self, metadata: ProviderMetadata) -> Result<Client, Error> {
        let http = self.transport()?;
        let server = self.terms()?.judge(metadata)?;
        self.finish(server, http)
    }

    /// Proves who the client is in this way, and in no other.
    pub(crate) fn authenticated_by(mut self, authentication: impl Authentication + 'static) -> Self {
        self.authentication = Box::new(authentication);
        self
    }

    /// Has a document take part in what the client sends and believes.
    pub(crate) fn with_spec(mut self, spec: impl Spec) -> Self {
        specs::place(&mut self.specs, spec);
        self
    }

    /// A document that takes part, from now on if it did not before.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn spec_mut<S: Spec + Default>(&mut self) -> &mut S {
        specs::find(&mut self.specs)
    }

    /// What the server's metadata is held against, after the caller's own words were.
    pub(crate) fn terms(&self) -> Result<Terms<'_>, ConfigError> {
        if self.client_id.is_empty() || !self.client_id.bytes().all(|octet| matches!(octet, 0x20..=0x7e)) {
            return Err(ConfigError::ClientId);
        }
        self.issuers.check(&self.issuer)?;
        if let Some(uri) = &self.redirect_uri {
            self.addresses.redirect_uri(uri).map_err(ConfigError::RedirectUri)?;
        }
        let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~/".contains(&octet);
        if !self.loopback_path.starts_with('/') || !self.loopback_path.bytes().all(plain) {
            return Err(ConfigError::LoopbackPath);
        }
        if self.missing_nonce && self.unadvertised_pkce {
            return Err(ConfigError::NeitherNonceNorPkce);
        }
        self.authentication.judge()?;
        if self.algorithms.is_empty() {
            return Err(ConfigError::NoAlgorithm);
        }
        if let Some(unknown) = self.algorithms.iter().find(|algorithm| !is_verified(**algorithm)) {
            return Err(ConfigError::Algorithm(*unknown));
        }
        Ok(Terms {
            issuer: &self.issuer,
            issuers: &self.issuers,
            http: self.addresses,
            unadvertised_pkce: self.unadvertised_pkce,
            authentication: &*self.authentication,
        })
    }

    fn needs_certificate(&self) -> bool {
        self.authentication.is_in_connection() || self.specs.iter().any(|spec| spec.is_in_connection())
    }

    pub(crate) fn transport(&self) -> Result<Arc<dyn HttpClient>, ConfigError> {
        match &self.http {
            Some(http) => Ok(Arc::clone(http)),
            // RFC 8705 §2: the certificate is shown by the transport, and this one has none.
            None if self.needs_certificate() => Err(ConfigError::NoIdentity),
            #[cfg(all(feature = "reqwest", not(target_family = "wasm")))]
            None => Ok(Arc::new(crate::reqwest_transport::ReqwestTransport::builder().build()?)),
            #[cfg(not(all(feature = "reqwest", not(target_family = "wasm"))))]
            None => Err(ConfigError::NoTransport),
        }
    }

    pub(crate) fn finish(self, server: Server, http: Arc<dyn HttpClient>) -> Result<Client, Error> {
        let mut specs = self.specs;
        if rfc9126_par::is_required(&server) {
            specs::place(&mut specs, rfc9126_par::Pushed);
        }
        specs.iter().try_for_each(|spec| spec.accept(&server))?;
        rfc9101_jar::judge(&server, &specs)?;
        specs.iter_mut().try_for_each(|spec| spec.prepare(&*self.dice))?;
        let inner = Inner {
            client_id: self.client_id,
            issuers: self.issuers,
            addresses: self.addresses,
            authentication: self.authentication,
            specs,
            server,
            redirect_uri: self.redirect_uri,
            loopback_path: self.loopback_path,
            login_lifetime: self.login_lifetime,
            leeway: self.leeway,
            missing_nonce: self.missing_nonce,
            trusted_audiences: self.trusted_audiences,
            algorithms: self.algorithms,
            http,
            clock: self.clock,
            dice: self.dice,
            #[cfg(not(target_family = "wasm"))]
            user_agent: self.user_agent,
            #[cfg(not(target_family = "wasm"))]
            paste: self.paste,
            keys: KeyCache::default(),
            logout_tokens: Received::default(),
        };
        Ok(Client { inner: Arc::new(inner) })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("authentication", &self.authentication.method())
            .finish_non_exhaustive()
    }
}

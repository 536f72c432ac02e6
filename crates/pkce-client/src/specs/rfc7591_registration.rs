//! RFC 7591, Dynamic Client Registration: a client introduces itself to the server, and is told who it is.

mod kept;

use std::sync::Arc;

use http::HeaderValue;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use oauth_types::Secret;
use serde_json::{Map, Value};

pub use self::kept::Registration;
use crate::authentication::{Authentication, Basic, Post};
use crate::builder::ClientBuilder;
use crate::client::{Client, send};
use crate::client_metadata::{ClientMetadata, Kind, LOOPBACK};
use crate::discover::Server;
use crate::error::{ConfigError, Defect, Error};
use crate::exchange::{Form, uri};
use crate::specs::rfc6750_bearer::authorization;
use crate::token::{TokenType, members_at};
use crate::transport::{Endpoint, HttpClient, HttpRequest};

/// What a client is called until the server has told it.
pub(crate) const UNREGISTERED: &str = "unregistered";

/// What a client that registers brings: what it says of itself, and who vouches for it.
#[must_use = "give it to ClientBuilder::register"]
#[derive(Clone)]
pub struct RegistrationRequest {
    metadata: ClientMetadata,
    token: Option<Secret>,
    statement: Option<Secret>,
}

/// Why a registration cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The server has registered something else than was asked for (§3.2.1 allows it to), in this member.
    #[error("the server has registered another {0} than was asked for")]
    Differs(&'static str),
    /// The secret has expired (§3.2.1): the client has to register anew.
    #[error("the secret of the client has expired: it has to register anew")]
    Expired,
    /// The server has given nothing to manage the registration with (RFC 7592 §3).
    #[error("the server has given no token to manage the registration with")]
    Unmanaged,
}

impl RegistrationRequest {
    /// A registration as `metadata` says.
    pub fn new(metadata: ClientMetadata) -> Self {
        Self { metadata, token: None, statement: None }
    }

    /// Shows a token that allows to register (§1.2, initial access token).
    pub fn initial_access_token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sends what somebody whom the server trusts has signed about this software (§2.3). It takes precedence over what
    /// the client says itself.
    pub fn software_statement(mut self, statement: impl Into<Secret>) -> Self {
        self.statement = Some(statement.into());
        self
    }
}

impl From<ClientMetadata> for RegistrationRequest {
    fn from(metadata: ClientMetadata) -> Self {
        Self::new(metadata)
    }
}

impl Client {
    /// Starts to describe a client that the server does not know yet: [`ClientBuilder::register`] makes it.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), pkce_client::Error> {
    /// use pkce_client::{Client, ClientMetadata};
    ///
    /// let to_be = Client::unregistered("https://issuer.example");
    /// let (client, registration) = to_be.register(ClientMetadata::native("My CLI")).await?;
    /// // Keep `registration`; the next time it is enough:
    /// let client = Client::registered(&registration).discover().await?;
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    pub fn unregistered(issuer: &str) -> ClientBuilder {
        ClientBuilder::new(issuer, UNREGISTERED)
    }

    /// Starts to describe a client that is registered, with what it got then. If it signs who it is, or shows a
    /// certificate, that has to be named again, as [`ClientBuilder::private_key_jwt`] or [`ClientBuilder::mtls`].
    ///
    /// A secret that has expired is not sent: [`RegistrationError::Expired`].
    pub fn registered(registration: &Registration) -> ClientBuilder {
        let builder = Self::builder(registration.issuer(), registration.client_id());
        let builder = match registration.redirect_uris() {
            [uri] => match uri.strip_prefix(LOOPBACK).filter(|path| path.starts_with('/')) {
                Some(path) => builder.loopback_path(path),
                None => builder.redirect_uri(uri),
            },
            _ => builder,
        };
        authenticated(builder, registration)
    }
}

impl ClientBuilder {
    /// Fetches the server's metadata, registers the client there (§3.1) and makes it.
    ///
    /// It registers for the way of authentication that this builder names. If it names none: for `none`,
    /// `client_secret_basic` or `client_secret_post`, the first that the server offers, and for one with a secret if it is
    /// a service. What is registered has to be what was asked for, as far as the server says what it is: a client whose
    /// responses went elsewhere, or that could not say who it is, is of no use to anybody.
    ///
    /// One request is sent, and never a second one: each makes a client.
    ///
    /// # Errors
    /// As [`ClientBuilder::discover`]; [`Error::NoEndpoint`] if clients cannot register there; [`Error::Config`] if
    /// something of the metadata is unusable; [`Error::OAuth`] if the server refuses; [`Error::Registration`] if it has
    /// registered something else.
    pub async fn register(self, request: impl Into<RegistrationRequest>) -> Result<(Client, Registration), Error> {
        let request = request.into();
        request.metadata.judge(self.addresses)?;
        let http = self.transport()?;
        let server = self.terms()?.discover(&*http).await?;
        self.register_at(server, http, request).await
    }

    /// Registers at a server whose metadata are accepted already.
    pub(crate) async fn register_at(
        mut self,
        server: Server,
        http: Arc<dyn HttpClient>,
        request: RegistrationRequest,
    ) -> Result<(Client, Registration), Error> {
        let RegistrationRequest { metadata, token, statement } = request;
        metadata.judge(self.addresses)?;
        let metadata = metadata.coming_back_to(&self.loopback_path);
        let method = method(&server, &*self.authentication, metadata.kind())?;
        if let Some(uri) = self.redirect_uri.as_ref().filter(|uri| !metadata.redirect_uris().contains(uri)) {
            return Err(ConfigError::UnregisteredRedirectUri(uri.clone()).into());
        }
        let mut body = metadata.members(method);
        if let Some(statement) = &statement {
            body.insert("software_statement".to_owned(), statement.expose().into());
        }
        let registration = sent(&server, &*http, body, token.as_ref()).await?;
        registration.client_id().clone_into(&mut self.client_id);
        let builder = match (&metadata.redirect_uris(), metadata.kind(), &self.redirect_uri) {
            ([uri], Kind::Web, None) => self.redirect_uri(uri),
            _ => self,
        };
        let client = authenticated(builder, &registration).finish(server, http)?;
        Ok((client, registration))
    }
}

/// The way of authentication to register for.
fn method(server: &Server, own: &dyn Authentication, kind: Kind) -> Result<&'static str, ConfigError> {
    if own.method() != "none" {
        return Ok(own.method());
    }
    let listed = &server.metadata.token_endpoint_auth_methods_supported;
    let offered = |method: &&str| match listed {
        // RFC 8414 §2: "If omitted, the default is "client_secret_basic"".
        None => *method == "client_secret_basic",
        Some(listed) => listed.iter().any(|offered| offered == method),
    };
    let none = (kind != Kind::Service).then_some("none");
    let known = none.into_iter().chain(["client_secret_basic", "client_secret_post"]);
    known.into_iter().find(offered).ok_or(ConfigError::AuthMethod("client_secret_basic"))
}

/// One request to the registration endpoint.
async fn sent(
    server: &Server,
    http: &dyn HttpClient,
    body: Map<String, Value>,
    token: Option<&Secret>,
) -> Result<Registration, Error> {
    let endpoint = Endpoint::Registration;
    let mut request = posted(uri(endpoint, server.endpoint(endpoint, false)?)?, &body);
    if let Some(token) = token {
        request.headers_mut().insert(AUTHORIZATION, bearer(token)?);
    }
    let response = send(http, HttpRequest::new(endpoint, request)).await?;
    let mut members = members_at(endpoint, response, http::StatusCode::CREATED)?;
    let read = Registration::read(&server.issuer, &mut members);
    let mut registration = read.map_err(|defect| Error::Protocol { endpoint, defect })?;
    registration.as_asked(&body)?;
    Ok(registration)
}

pub(crate) fn posted(to: http::Uri, body: &Map<String, Value>) -> http::Request<Vec<u8>> {
    let mut request = http::Request::new(serde_json::to_vec(body).unwrap_or_default());
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = to;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    request
}

/// A token of the caller or of a store, if it fits into a header.
pub(crate) fn bearer(token: &Secret) -> Result<HeaderValue, Error> {
    let fits = !token.is_empty() && token.expose().bytes().all(|octet| octet.is_ascii_graphic());
    if fits { Ok(authorization(TokenType::Bearer, token)) } else { Err(ConfigError::Token.into()) }
}

/// Has the client say who it is with what it got when it registered. What signs, or is a certificate, the caller names.
pub(crate) fn authenticated(builder: ClientBuilder, registration: &Registration) -> ClientBuilder {
    let inner: Box<dyn Authentication> = match (registration.method(), registration.secret()) {
        ("client_secret_basic", Some(secret)) => Box::new(Basic(secret.clone())),
        ("client_secret_post", Some(secret)) => Box::new(Post(secret.clone())),
        ("client_secret_jwt", Some(secret)) => return builder.client_secret_jwt(secret.clone()),
        ("none", _) => return builder,
        (method, _) if builder.authentication.method() == method => return builder,
        (method, _) => return builder.authenticated_by(Owed(method.to_owned())),
    };
    builder.authenticated_by(Expiring { inner, at: registration.secret_expires_at() })
}

/// A secret that is not sent any more once it has expired.
struct Expiring {
    inner: Box<dyn Authentication>,
    at: Option<u64>,
}

impl Authentication for Expiring {
    fn method(&self) -> &'static str {
        self.inner.method()
    }

    fn authenticate(&self, client: &Client, form: &mut Form) -> Result<(), Error> {
        if self.at.is_some_and(|at| client.inner.clock.now() >= at) {
            return Err(RegistrationError::Expired.into());
        }
        self.inner.authenticate(client, form)
    }
}

/// A way that the caller has to name, because it is with a key or a certificate.
pub(crate) struct Owed(pub(crate) String);

impl Authentication for Owed {
    fn method(&self) -> &'static str {
        "none"
    }

    fn authenticate(&self, _client: &Client, _form: &mut Form) -> Result<(), Error> {
        Err(self.judge().err().map_or(Error::OtherClient, Error::from))
    }

    fn judge(&self) -> Result<(), ConfigError> {
        Err(ConfigError::AuthMethodOwed(self.0.clone()))
    }
}

/// Takes out a list of texts.
pub(crate) fn texts(members: &Map<String, Value>, name: &'static str) -> Result<Option<Vec<String>>, Defect> {
    let malformed = Defect::Member(name);
    let Some(value) = members.get(name) else { return Ok(None) };
    let texts = value.as_array().ok_or(malformed)?.iter();
    texts.map(|text| text.as_str().map(str::to_owned).ok_or(malformed)).collect::<Result<_, _>>().map(Some)
}

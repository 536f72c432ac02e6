//! The client: one value for one server and one `client_id`, shared freely.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::ACCEPT;
use oauth_types::{Algorithm, Params, ProviderMetadata, Secret};
use serde_json::{Map, Value};

use crate::address::Http;
use crate::asked::Asked;
use crate::authentication::Authentication;
use crate::builder::ClientBuilder;
use crate::callback::Callback;
use crate::claims::{Expectations, IdClaims, Occasion, Recipient};
use crate::clock::Clock;
use crate::dice::Dice;
use crate::discover::Server;
use crate::error::{Defect, Error, FinishError};
use crate::exchange::uri;
use crate::issuer::IssuerPolicy;
use crate::jwks::KeyCache;
use crate::jwt::{Jwt, JwtError, JwtKind};
use crate::login::LoginRequest;
#[cfg(not(target_family = "wasm"))]
use crate::paste::PastePrompt;
use crate::pending::{Accepted, Flow, Pending, RejectReason, Rejected};
use crate::session::Session;
use crate::specs::oidc_backchannel_logout::Received;
use crate::specs::{Spec, rfc8707_resource};
use crate::token::{TokenResponse, TokenType};
use crate::transport::{Endpoint, HttpClient, HttpRequest, TransportError};
#[cfg(not(target_family = "wasm"))]
use crate::user_agent::UserAgent;

/// The longest signed token that is read, in octets, where no answer with a limit of its own brought it.
pub(crate) const MAX_JWT: usize = 1024 * 1024;

/// A client of one authorization server.
///
/// Cloning it is cheap and shares the metadata, the keys and the transport.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) client_id: String,
    pub(crate) issuers: IssuerPolicy,
    /// Which http addresses are used besides https.
    pub(crate) addresses: Http,
    pub(crate) authentication: Box<dyn Authentication>,
    /// The documents that take part in every exchange, in their order.
    pub(crate) specs: Vec<Box<dyn Spec>>,
    pub(crate) server: Server,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) loopback_path: String,
    pub(crate) login_lifetime: Duration,
    pub(crate) leeway: Duration,
    pub(crate) missing_nonce: bool,
    pub(crate) trusted_audiences: Vec<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) http: Arc<dyn HttpClient>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dice: Arc<dyn Dice>,
    #[cfg(not(target_family = "wasm"))]
    pub(crate) user_agent: Arc<dyn UserAgent>,
    #[cfg(not(target_family = "wasm"))]
    pub(crate) paste: Option<Arc<dyn PastePrompt>>,
    pub(crate) keys: KeyCache,
    pub(crate) logout_tokens: Received,
}

impl Client {
    /// Fetches the metadata of `issuer` and makes a public client, with everything else as in [`Client::builder`].
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::Discovery`], [`Error::Transport`] or [`Error::Protocol`].
    #[cfg(all(feature = "reqwest", not(target_family = "wasm")))]
    pub async fn discover(issuer: &str, client_id: &str) -> Result<Self, Error> {
        Self::builder(issuer, client_id).discover().await
    }

    /// Starts to describe a client. `issuer` is written exactly as the server writes it.
    pub fn builder(issuer: &str, client_id: &str) -> ClientBuilder {
        ClientBuilder::new(issuer, client_id)
    }

    /// Starts to describe a login.
    pub fn login(&self) -> LoginRequest<'_> {
        LoginRequest::new(self)
    }

    /// Logs the user in through their browser and a listener on the loopback interface (RFC 8252 §7.3).
    ///
    /// The same as `self.login().scopes(scopes).native()`, see [`LoginRequest::native`].
    ///
    /// # Errors
    /// As [`LoginRequest::native`].
    #[cfg(not(target_family = "wasm"))]
    pub async fn login_native<S: AsRef<str>>(&self, scopes: impl IntoIterator<Item = S>) -> Result<Session, Error> {
        self.login().scopes(scopes).native().await
    }

    /// Holds the authorization response against the login and redeems its code: [`Client::open`] if it is signed,
    /// [`Pending::accept`], then [`Client::redeem`].
    ///
    /// # Errors
    /// [`FinishError::Rejected`] hands the login back when nothing was sent, because a forged response must not
    /// destroy the real one. After [`FinishError::Failed`] the login is used up.
    pub async fn finish(&self, pending: Pending, callback: Callback) -> Result<Session, FinishError> {
        Ok(self.redeem(self.accept(pending, callback).await?).await?)
    }

    /// [`Client::open`], then [`Pending::accept`].
    pub(crate) async fn accept(&self, pending: Pending, callback: Callback) -> Result<Accepted, Rejected> {
        let opened = match self.presume(&pending, &callback) {
            Some(reason) => return Err(Rejected { pending, reason }),
            None => self.open(&pending, callback).await,
        };
        let reason = match opened {
            Ok(callback) => return pending.accept(callback),
            Err(Error::OtherClient) => RejectReason::OtherClient,
            Err(Error::Jwt { error, .. }) => RejectReason::Signature(error),
            Err(_) => RejectReason::NoKeys,
        };
        Err(Rejected { pending, reason })
    }

    /// Redeems an accepted code, once: whatever happens, it is not sent a second time.
    ///
    /// # Errors
    /// [`Error::OtherClient`] if the login was begun for another server or `client_id`, and nothing is sent;
    /// [`Error::Transport`], [`Error::OAuth`], [`Error::Protocol`] or [`Error::IdToken`] otherwise.
    pub async fn redeem(&self, accepted: Accepted) -> Result<Session, Error> {
        let Accepted { flow, state, code } = accepted;
        if !self.owns(&flow) {
            return Err(Error::OtherClient);
        }
        let mut params = Params::new()
            .with("grant_type", "authorization_code")
            .with("code", code.expose())
            .with("redirect_uri", &flow.redirect_uri)
            .with("code_verifier", flow.verifier.expose());
        rfc8707_resource::name(&mut params, &flow.resources);
        let mut response = self.token(params).await?;
        if flow.details.is_some() && response.details.is_none() {
            let defect = Defect::Missing("authorization_details");
            return Err(Error::Protocol { endpoint: Endpoint::Token, defect });
        }
        let claims = match &flow.openid {
            None => None,
            Some(openid) => {
                let occasion = Occasion::Login { sent: openid, code: &code, state: &state };
                Some(self.verify(&mut response, occasion).await?)
            }
        };
        let asked = Asked { scopes: flow.scopes, resources: flow.resources, details: flow.details };
        Ok(Session::new(self.clone(), asked, response, claims))
    }

    /// The server's issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.inner.server.issuer
    }

    /// The identifier the server knows this client by.
    pub fn client_id(&self) -> &str {
        &self.inner.client_id
    }

    /// The server's metadata, as accepted when the client was made.
    pub fn metadata(&self) -> &ProviderMetadata {
        &self.inner.server.metadata
    }

    pub(crate) fn owns(&self, flow: &Flow) -> bool {
        flow.issuer == self.issuer() && flow.client_id == self.client_id()
    }

    /// One request to the token endpoint.
    pub(crate) async fn token(&self, params: Params) -> Result<TokenResponse, Error> {
        TokenResponse::read(self.post(Endpoint::Token, params).await?, self.token_type())
    }

    /// Whether the connection proves who the client is, or what its tokens are bound to (RFC 8705 §5).
    pub(crate) fn is_known_by_connection(&self) -> bool {
        self.inner.authentication.is_in_connection() || self.inner.specs.iter().any(|spec| spec.is_in_connection())
    }

    /// The type of access token that is asked for.
    pub(crate) fn token_type(&self) -> TokenType {
        self.inner.specs.iter().find_map(|spec| spec.token_type()).unwrap_or(TokenType::Bearer)
    }

    /// Verifies the ID token of a response completely: signature, claims, and its tie to the access token. Of one that is
    /// encrypted, the signed token inside takes its place: that is what is shown to the server later (OpenID Connect Core
    /// §3.1.2.1, `id_token_hint`).
    pub(crate) async fn verify(
        &self,
        response: &mut TokenResponse,
        occasion: Occasion<'_>,
    ) -> Result<IdClaims, Error> {
        let token = self.decrypted(JwtKind::IdToken, response.id_token.as_ref().ok_or(JwtError::Absent)?, true)?;
        self.judged(&*response.id_token.insert(token), Some(&response.access_token), occasion).await
    }

    /// The claims of a signed ID token, if its signature and they are right.
    pub(crate) async fn judged(
        &self,
        token: &Secret,
        access_token: Option<&Secret>,
        occasion: Occasion<'_>,
    ) -> Result<IdClaims, Error> {
        let id_token = Jwt::parse(JwtKind::IdToken, token.expose(), &self.inner.algorithms)?;
        match occasion {
            // It may be anybody who has brought it.
            Occasion::Elsewhere(_) => self.inner.keys.verify(self, &id_token).await?,
            _ => self.inner.keys.verify_answered(self, &id_token).await?,
        }
        let expected = Expectations { recipient: self.recipient(), access_token, occasion };
        Ok(IdClaims::judge(id_token.claims()?, id_token.algorithm, &expected)?)
    }

    /// Whether tokens of this kind are encrypted for this client.
    pub(crate) fn is_encrypted(&self, kind: JwtKind) -> bool {
        self.inner.specs.iter().any(|spec| spec.encrypts(kind))
    }

    /// What is in a token, if tokens of this kind are encrypted for this client: a signed token if `is_signed`, claims
    /// otherwise. Where they are not, the token as it is.
    pub(crate) fn decrypted(&self, kind: JwtKind, token: &Secret, is_signed: bool) -> Result<Secret, JwtError> {
        match self.inner.specs.iter().find(|spec| spec.encrypts(kind)) {
            Some(spec) => spec.decrypt(kind, token, is_signed),
            None => Ok(token.clone()),
        }
    }

    /// What any token for this client is held against.
    pub(crate) fn recipient(&self) -> Recipient<'_> {
        let inner = &self.inner;
        Recipient {
            issuer: self.issuer(),
            issuers: &inner.issuers,
            client_id: self.client_id(),
            trusted_audiences: &inner.trusted_audiences,
            leeway: inner.leeway,
            missing_nonce: inner.missing_nonce,
            now: inner.clock.now(),
        }
    }

    /// The claims of a token of the server whose signature is right, not judged yet.
    pub(crate) async fn claims_of(
        &self,
        kind: JwtKind,
        token: &str,
        allowed: &[Algorithm],
    ) -> Result<Map<String, Value>, Error> {
        let failed = |error| kind.failed(error);
        if token.len() > MAX_JWT {
            return Err(failed(JwtError::TooLong));
        }
        let jwt = Jwt::parse(kind, token, allowed).map_err(failed)?;
        match kind {
            JwtKind::Userinfo | JwtKind::Introspection => self.inner.keys.verify_answered(self, &jwt).await?,
            _ => self.inner.keys.verify(self, &jwt).await?,
        }
        jwt.claims().map_err(failed)
    }

    /// The server's answer at its `jwks_uri`.
    pub(crate) async fn fetch_keys(&self) -> Result<http::Response<Vec<u8>>, Error> {
        self.fetch(Endpoint::Jwks).await
    }

    /// A GET of a JSON document at an endpoint.
    async fn fetch(&self, endpoint: Endpoint) -> Result<http::Response<Vec<u8>>, Error> {
        let address = self.inner.server.endpoint(endpoint, false)?;
        let request = http::Request::get(uri(endpoint, address)?).header(ACCEPT, "application/json").body(Vec::new());
        let request = request.map_err(|_| Error::NoEndpoint(endpoint))?;
        send(&*self.inner.http, HttpRequest::new(endpoint, request)).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("issuer", &self.issuer())
            .field("client_id", &self.client_id())
            .finish_non_exhaustive()
    }
}

/// Sends a request, and holds the transport to its limits.
pub(crate) async fn send(transport: &dyn HttpClient, request: HttpRequest) -> Result<http::Response<Vec<u8>>, Error> {
    let (endpoint, limit) = (request.endpoint, request.max_body);
    let failed = |source| Error::Transport { endpoint, source };
    let response = transport.send(request).await.map_err(failed)?;
    if response.body().len() > limit {
        return Err(failed(TransportError::TooLarge { limit }));
    }
    if response.status().is_redirection() {
        let defect = Defect::Redirect(response.status().as_u16());
        return Err(Error::Protocol { endpoint, defect });
    }
    Ok(response)
}

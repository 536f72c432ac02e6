//! Protected resources: a request is held against its access token, and against what the token is bound to.

mod access;
mod confirmation;
pub(crate) mod denied;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use oauth_types::{Algorithm, Secret};
use serde_json::{Map, Value};
use url::Url;

pub use self::access::Access;
use self::confirmation::Confirmation;
use self::denied::{AccessError, Denied};
use crate::claims;
use crate::client::Client;
use crate::error::{ConfigError, Error};
use crate::jwt::JwtError;
use crate::public_key::is_verified;
use crate::specs::rfc7662_introspection::Introspection;
use crate::specs::rfc9449_dpop::proof::{Expected, Proof, ProofError};
use crate::specs::rfc9449_dpop::replay::{MemoryProofs, ProofNonces, ProofStore};
use crate::token::TokenType;

/// The longest access token that is read, in octets.
const MAX_TOKEN: usize = 64 * 1024;

/// The longest time that a proof may be shown.
const MAX_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// How many proofs are remembered, where no other store is named.
const MOST_PROOFS: usize = 100_000;

/// A protected resource of the server: it says which requests have access.
///
/// Tokens are verified here ([`Client::verify_access_token`]) or by the server, and so is what they are bound to: a key
/// (DPoP, RFC 9449) or a certificate (RFC 8705 §3). A token that is bound has no access without that, in no way.
/// ```no_run
/// # async fn example(client: pkce_client::Client, request: http::Request<()>) -> Result<(), pkce_client::Denied> {
/// use pkce_client::{ProtectedResource, ResourceRequest};
///
/// let api = ProtectedResource::new(client, "https://api.example");
///
/// // The method and the address as the client used them, whatever proxies are in between.
/// let address = format!("https://api.example{}", request.uri());
/// let asked = ResourceRequest::new(request.method(), &address, request.headers());
/// match api.verify(&asked).await {
///     Ok(access) => access.require_scope("read")?,
///     // Answer with this status and these headers.
///     Err(denied) => drop((denied.status(), denied.headers())),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ProtectedResource {
    client: Client,
    audience: String,
    tokens: Tokens,
    audience_optional: bool,
    bound_only: bool,
    algorithms: Vec<Algorithm>,
    lifetime: Duration,
    proofs: Arc<dyn ProofStore>,
    nonces: Option<Arc<dyn ProofNonces>>,
}

/// Who says what a token stands for.
#[derive(Clone, Copy)]
enum Tokens {
    Itself,
    Server,
    ServerSigned,
}

/// A request as it arrived at the resource.
#[derive(Clone, Copy)]
pub struct ResourceRequest<'a> {
    method: &'a Method,
    url: &'a str,
    headers: &'a HeaderMap,
    certificate: Option<&'a [u8]>,
}

impl<'a> ResourceRequest<'a> {
    /// `url` is absolute, with scheme and host as the client used them: behind a proxy, not what arrives here.
    pub fn new(method: &'a Method, url: &'a str, headers: &'a HeaderMap) -> Self {
        Self { method, url, headers, certificate: None }
    }

    /// The certificate that the connection of the client was authenticated with, in DER. A header that anybody can send is
    /// no such certificate.
    pub fn certificate(self, der: &'a [u8]) -> Self {
        Self { certificate: Some(der), ..self }
    }
}

impl ProtectedResource {
    /// A resource that the server of `client` knows as `audience`. It takes tokens that say themselves what they stand for
    /// (RFC 9068), and proofs that are signed with ES256, PS256 or EdDSA and were made in the last minute.
    pub fn new(client: Client, audience: impl Into<String>) -> Self {
        Self {
            client,
            audience: audience.into(),
            tokens: Tokens::Itself,
            audience_optional: false,
            bound_only: false,
            algorithms: vec![Algorithm::Es256, Algorithm::Ps256, Algorithm::EdDsa, Algorithm::Ed25519],
            lifetime: Duration::from_secs(60),
            proofs: Arc::new(MemoryProofs::new(MOST_PROOFS)),
            nonces: None,
        }
    }

    /// Asks the server what a token stands for, for each request (RFC 7662): [`Client::introspect`].
    pub fn introspecting(self) -> Self {
        Self { tokens: Tokens::Server, ..self }
    }

    /// The same with answers that are signed (RFC 9701): [`Client::introspect_signed`].
    pub fn introspecting_signed(self) -> Self {
        Self { tokens: Tokens::ServerSigned, ..self }
    }

    /// Takes introspected tokens of which the server does not say for whom they are (`aud` is optional, RFC 7662 §2.2). Call
    /// this only for a server that tells a resource about nothing but its own tokens.
    pub fn allow_introspected_without_audience(self) -> Self {
        Self { audience_optional: true, ..self }
    }

    /// Refuses tokens that are bound to nothing: whoever steals one could use it.
    pub fn require_bound_tokens(self) -> Self {
        Self { bound_only: true, ..self }
    }

    /// The only algorithms that proofs may be signed with.
    ///
    /// # Errors
    /// [`ConfigError::NoAlgorithm`], or [`ConfigError::Algorithm`] for one that is not verified here: keyed hashes and ES512.
    pub fn proof_algorithms(self, algorithms: impl IntoIterator<Item = Algorithm>) -> Result<Self, ConfigError> {
        let algorithms: Vec<_> = algorithms.into_iter().collect();
        match algorithms.iter().find(|algorithm| !is_verified(**algorithm)) {
            Some(unknown) => Err(ConfigError::Algorithm(*unknown)),
            None if algorithms.is_empty() => Err(ConfigError::NoAlgorithm),
            None => Ok(Self { algorithms, ..self }),
        }
    }

    /// How long after it was made a proof may arrive, besides the difference of clocks that the client allows. Default one
    /// minute, at most ten.
    pub fn proof_lifetime(self, lifetime: Duration) -> Self {
        Self { lifetime: lifetime.min(MAX_LIFETIME), ..self }
    }

    /// Remembers proofs in `store`, which all processes of the resource share, instead of the memory of this one.
    pub fn proof_store(self, store: impl ProofStore + 'static) -> Self {
        Self { proofs: Arc::new(store), ..self }
    }

    /// Takes only proofs with one of these nonces (RFC 9449 §9), so that none can be made in advance.
    pub fn proof_nonces(self, nonces: impl ProofNonces + 'static) -> Self {
        Self { nonces: Some(Arc::new(nonces)), ..self }
    }

    /// Says what access a request has.
    ///
    /// The token is in the `Authorization` header and nowhere else, and valid for this resource. If it is bound to a key,
    /// there is one proof, for this request and this token, by that key, and it was not seen before (RFC 9449 §4.3, §7.1);
    /// a bound token is not taken as a bearer token (§7.2). If it is bound to a certificate, it is the one of the connection
    /// (RFC 8705 §3).
    ///
    /// # Errors
    /// [`Denied`], with what to answer.
    pub async fn verify(&self, request: &ResourceRequest<'_>) -> Result<Access, Denied> {
        let refuse = |error, schemes: &[TokenType]| self.refuse(error, schemes);
        let every = self.schemes(request);
        let (scheme, token) = shown(request).map_err(|error| refuse(error, every))?;
        let schemes = &[scheme][..];
        let proof = match scheme {
            TokenType::Dpop => Some(self.proof(request, &token).map_err(|error| refuse(error, schemes))?),
            TokenType::Bearer => None,
        };
        let claims = self.claims(&token).await.map_err(|error| refuse(error, schemes))?;
        let bound = self.held(&claims, proof.as_ref(), request.certificate).map_err(|error| {
            let is_downgrade = matches!(error, AccessError::Downgrade);
            refuse(error, if is_downgrade { &[TokenType::Dpop] } else { schemes })
        })?;
        if let Some(proof) = &proof {
            self.first(proof).await.map_err(|error| refuse(error, schemes))?;
        }
        let nonce = proof.and_then(|_| self.nonce());
        Ok(Access { claims, bound, scheme, algorithms: self.listed(), nonce })
    }

    /// Which ways of showing a token there are.
    fn schemes(&self, request: &ResourceRequest<'_>) -> &'static [TokenType] {
        match self.bound_only && request.certificate.is_none() {
            true => &[TokenType::Dpop],
            false => &[TokenType::Dpop, TokenType::Bearer],
        }
    }

    fn refuse(&self, error: AccessError, schemes: &[TokenType]) -> Denied {
        let denied = Denied::new(error, schemes, &self.listed());
        let gives = schemes.contains(&TokenType::Dpop) && denied.status().is_client_error();
        denied.giving(if gives { self.nonce() } else { None })
    }

    fn listed(&self) -> String {
        self.algorithms.iter().map(|algorithm| algorithm.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn now(&self) -> u64 {
        self.client.inner.clock.now()
    }

    fn nonce(&self) -> Option<String> {
        self.nonces.as_ref().map(|nonces| nonces.current(self.now()))
    }

    /// Verifies the proof of a request as far as it speaks for itself.
    fn proof(&self, request: &ResourceRequest<'_>, token: &Secret) -> Result<Proof, AccessError> {
        let target = Url::parse(request.url).ok().filter(Url::has_host).ok_or(AccessError::Address)?;
        let expected = Expected {
            method: request.method,
            target: &target,
            token,
            algorithms: &self.algorithms,
            now: self.now(),
            lifetime: self.lifetime,
            leeway: self.client.inner.leeway,
        };
        let proof = Proof::verify(request.headers, &expected)?;
        let accepted = |nonces: &Arc<dyn ProofNonces>| {
            proof.nonce.as_ref().is_some_and(|nonce| nonces.accepts(nonce.expose(), expected.now))
        };
        match self.nonces.as_ref().is_none_or(accepted) {
            true => Ok(proof),
            false => Err(ProofError::Nonce.into()),
        }
    }

    /// What a token stands for.
    async fn claims(&self, token: &Secret) -> Result<Map<String, Value>, AccessError> {
        let asked = match self.tokens {
            Tokens::Itself => {
                let claims = self.client.access_claims(token, &self.audience).await;
                return claims.map(|claims| claims.claims).map_err(|error| match error {
                    Error::Jwt { error, .. } => AccessError::Token(error),
                    other => AccessError::Unavailable(other),
                });
            }
            Tokens::Server => self.client.introspect(token).await,
            Tokens::ServerSigned => self.client.introspect_signed(token).await,
        };
        self.introspected(asked.map_err(AccessError::Unavailable)?)
    }

    fn introspected(&self, said: Introspection) -> Result<Map<String, Value>, AccessError> {
        if !said.is_active() {
            return Err(AccessError::Inactive);
        }
        let claims = said.members;
        let is_named = claims.contains_key("aud");
        let is_ours = claims::audiences(&claims).is_ok_and(|all| all.contains(&self.audience.as_str()));
        if !is_ours && (is_named || !self.audience_optional) {
            return Err(JwtError::Audience.into());
        }
        if claims.contains_key("iss") {
            claims::judge_issuer(&claims, &self.client.recipient())?;
        }
        Ok(claims)
    }

    /// Holds a request against what its token is bound to. Whether it is bound to anything.
    fn held(
        &self,
        claims: &Map<String, Value>,
        proof: Option<&Proof>,
        certificate: Option<&[u8]>,
    ) -> Result<bool, AccessError> {
        let Some(confirmation) = Confirmation::read(claims)? else {
            let is_wanted = self.bound_only || proof.is_some();
            return if is_wanted { Err(AccessError::Unbound) } else { Ok(false) };
        };
        confirmation.by_key(proof)?;
        confirmation.by_certificate(certificate)?;
        Ok(true)
    }

    /// §11.1: each proof is taken once.
    async fn first(&self, proof: &Proof) -> Result<(), AccessError> {
        match self.proofs.is_first(&proof.id, self.now(), proof.until).await? {
            true => Ok(()),
            false => Err(ProofError::Jwt(JwtError::Replayed).into()),
        }
    }
}

/// The token of a request, and how it is shown (RFC 6750 §2.1, RFC 9449 §7.1).
fn shown(request: &ResourceRequest<'_>) -> Result<(TokenType, Secret), AccessError> {
    let url = Url::parse(request.url).map_err(|_| AccessError::Address)?;
    // RFC 9700 §4.3.2: it may be in a log by now.
    if url.query_pairs().any(|(name, _)| name == "access_token") {
        return Err(AccessError::Request("an access token is in the query"));
    }
    let mut values = request.headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Err(AccessError::NoToken),
        (Some(_), Some(_)) => return Err(AccessError::Request("there are several Authorization headers")),
        (Some(value), None) => value,
    };
    const UNREADABLE: AccessError = AccessError::Request("the Authorization header is not readable");
    let value = value.to_str().map_err(|_| UNREADABLE)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    let known = |known: &TokenType| known.as_str().eq_ignore_ascii_case(scheme);
    let Some(scheme) = [TokenType::Bearer, TokenType::Dpop].into_iter().find(known) else {
        return Err(AccessError::NoToken);
    };
    let token = token.trim_start_matches(' ');
    // token68
    let fits = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~+/=".contains(&octet);
    match (1..=MAX_TOKEN).contains(&token.len()) && token.bytes().all(fits) {
        true => Ok((scheme, Secret::new(token))),
        false => Err(UNREADABLE),
    }
}

impl fmt::Debug for ProtectedResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectedResource")
            .field("client", &self.client)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ResourceRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

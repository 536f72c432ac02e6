//! Clients: who asks, and whether they may be answered.
//!
//! [`Identified`] is proof that a client is known and its redirect URI is its own; only with it may an answer be
//! redirected. [`Authenticated`] is proof that the client at the token endpoint is who it says.

use std::sync::{Arc, OnceLock};

use oauth_types::{Algorithm, ErrorCode, Params, Secret};
use serde_json::{Map, Value};

use crate::doctor;
use crate::documents;
use crate::jose::{JwksError, PublicKeys};
use crate::memory::Scope;
use crate::ports::outbound::Reach;
use crate::redirect::{self, RedirectRule};
use crate::refusal::{Refusal, Rule};
use crate::world::Switch;

mod described;

/// A client of the server (RFC 6749 §2).
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) client_id: String,
    pub(crate) secret: Option<Secret>,
    pub(crate) redirects: Vec<RedirectRule>,
    pub(crate) scope: Option<Vec<String>>,
    pub(crate) grant_types: Vec<String>,
    pub(crate) any_grant_type: bool,
    pub(crate) id_token_algorithm: Option<Algorithm>,
    pub(crate) auth_method: Option<String>,
    pub(crate) metadata: Map<String, Value>,
    /// Whether it introduced itself, and nobody who runs the server knows it.
    pub(crate) stranger: bool,
    keys: OnceLock<Result<Arc<PublicKeys>, JwksError>>,
}

impl Client {
    /// A public client: it has no secret (RFC 6749 §2.1).
    pub fn public(client_id: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            secret: None,
            redirects: Vec::new(),
            scope: None,
            grant_types: vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
            any_grant_type: false,
            id_token_algorithm: None,
            auth_method: None,
            metadata: Map::new(),
            stranger: false,
            keys: OnceLock::new(),
        }
    }

    /// A client that authenticates with a private key (OpenID Connect Core §9, `private_key_jwt`); `jwks` holds the
    /// public ones (RFC 7517 §5). For keys that it publishes, set `jwks_uri` as [`Client::metadata`].
    pub fn with_keys(client_id: impl Into<String>, jwks: impl Into<Value>) -> Self {
        Self::public(client_id).token_endpoint_auth_method("private_key_jwt").metadata("jwks", jwks)
    }

    /// Somebody who is no client but whose assertions are taken (RFC 7523 §3): its `iss`, and its public keys (RFC 7517
    /// §5). It may speak for every user.
    pub fn trusted_issuer(issuer: impl Into<String>, jwks: impl Into<Value>) -> Self {
        let none: [&str; 0] = [];
        Self::public(issuer).grant_types(none).metadata("jwks", jwks).metadata("may_speak_for", "*")
    }

    /// A confidential client with a secret, presented as `client_secret_basic` or `client_secret_post`.
    pub fn confidential(client_id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self { secret: Some(secret.into()), ..Self::public(client_id) }
    }

    /// Registers a redirect URI, compared exactly (RFC 9700 §2.1). If it is `http` on `127.0.0.1` or `[::1]`, its
    /// port may differ (RFC 8252 §7.3).
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirects.push(RedirectRule::Registered(uri.into()));
        self
    }

    /// Accepts any `http` redirect URI on `127.0.0.1`, `[::1]` or `localhost`, as the built-in clients do.
    #[must_use]
    pub fn any_loopback_redirect(mut self) -> Self {
        self.redirects.push(RedirectRule::AnyLoopback);
        self
    }

    /// Restricts the scope that may be asked for. Without this, any well-formed scope is granted.
    #[must_use]
    pub fn scope<S: Into<String>>(mut self, tokens: impl IntoIterator<Item = S>) -> Self {
        self.scope = Some(tokens.into_iter().map(Into::into).collect());
        self
    }

    /// Restricts the grant types. Without this: `authorization_code` and `refresh_token`.
    #[must_use]
    pub fn grant_types<S: Into<String>>(mut self, types: impl IntoIterator<Item = S>) -> Self {
        self.grant_types = types.into_iter().map(Into::into).collect();
        self
    }

    /// Allows every grant type that the server supports, as the built-in clients do.
    #[must_use]
    pub fn any_grant_type(mut self) -> Self {
        self.any_grant_type = true;
        self
    }

    /// What this client's ID tokens are signed with, if not with the server's default
    /// (OpenID Connect Dynamic Client Registration §2, `id_token_signed_response_alg`).
    #[must_use]
    pub fn id_token_signed_response_alg(mut self, algorithm: Algorithm) -> Self {
        self.id_token_algorithm = Some(algorithm);
        self
    }

    /// How this client authenticates, by a name of IANA's registry (RFC 7591 §4.2), and by nothing else.
    ///
    /// Without this: whatever fits its credentials.
    #[must_use]
    pub fn token_endpoint_auth_method(mut self, method: impl Into<String>) -> Self {
        self.auth_method = Some(method.into());
        self
    }

    /// Registers a place that the browser may go on to after logging out, compared exactly (OpenID Connect RP-Initiated
    /// Logout §3.1).
    #[must_use]
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        let uris = self.metadata.entry("post_logout_redirect_uris").or_insert_with(|| Value::Array(Vec::new()));
        if let Some(uris) = uris.as_array_mut() {
            uris.push(uri.into().into());
        }
        self
    }

    /// Sets a member of the client's metadata (RFC 7591 §2) that a document of its own defines, such as `jwks`.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self.keys = OnceLock::new();
        self
    }

    /// The client's identifier.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// A member of its metadata.
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.metadata.get(name)
    }

    /// A member of its metadata that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(Value::as_str)
    }

    /// A member of its metadata that is true.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.member(name) == Some(&Value::Bool(true))
    }

    /// Whether it has nothing to authenticate with (RFC 6749 §2.1).
    pub(crate) fn is_public(&self) -> bool {
        self.secret.is_none() && self.auth_method.as_deref().is_none_or(|method| method == "none")
    }

    /// The keys in its metadata, if there are any (RFC 7591 §2, `jwks`). They are parsed once.
    pub(crate) fn own_keys(&self) -> Option<&Result<Arc<PublicKeys>, JwksError>> {
        let set = self.member("jwks")?;
        Some(self.keys.get_or_init(|| PublicKeys::parse(set).map(Arc::new)))
    }

    /// How far requests to the URLs of its metadata may go.
    pub(crate) fn reach(&self) -> Reach {
        if self.stranger { Reach::Outside } else { Reach::Configured }
    }

    /// What is granted to whoever does not say what it wants, where nobody can be asked (RFC 6749 §3.3): all that the
    /// client is registered for, but for what asks for a login.
    pub(crate) fn default_scope(&self) -> Scope {
        let registered = self.scope.iter().flatten().filter(|token| *token != "openid");
        Scope::parse(&registered.map(String::as_str).collect::<Vec<_>>().join(" ")).unwrap_or_default()
    }

    /// Whether it is known only because any client is.
    pub(crate) fn is_any(&self) -> bool {
        matches!(self.redirects.as_slice(), [RedirectRule::Any])
    }

    pub(crate) fn may_use(&self, grant_type: &str) -> bool {
        self.any_grant_type || self.grant_types.iter().any(|own| own == grant_type)
    }

    /// The two clients of a server without configuration.
    pub(crate) fn built_in() -> [Self; 2] {
        [
            Self::public("public").any_loopback_redirect().any_grant_type(),
            Self::confidential("confidential", "secret").any_loopback_redirect().any_grant_type(),
        ]
    }
}

/// Every client a server knows.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    list: Vec<Arc<Client>>,
    any: bool,
}

impl Clients {
    pub(crate) fn new(clients: Vec<Arc<Client>>, any: bool) -> Self {
        Self { list: clients, any }
    }

    /// The client called `client_id`, if it is configured.
    pub(crate) fn find(&self, client_id: &str) -> Option<Arc<Client>> {
        self.list.iter().find(|client| client.client_id == client_id).cloned()
    }

    /// The first client that is configured.
    pub(crate) fn first(&self) -> Option<Arc<Client>> {
        self.list.first().cloned()
    }

    /// A client called `client_id`, if any will do (the relaxation `any-client`).
    pub(crate) fn any(&self, client_id: &str) -> Option<Arc<Client>> {
        let mut client = Client::public(client_id);
        client.redirects.push(RedirectRule::Any);
        self.any.then(|| Arc::new(client))
    }

    /// Every client that is configured.
    #[cfg(feature = "control")]
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.list.iter()
    }

    /// What is odd about the identifier of no client, and those that there are.
    pub(crate) fn unlike(&self, sent: &str) -> String {
        let ids = || self.list.iter().map(|client| client.client_id.as_str());
        let known = ids().collect::<Vec<_>>().join(", ");
        let odd = match (self.by_secret(sent), doctor::dressed(sent), doctor::placeholder(sent)) {
            (Some(_), _, _) => "client_id and client_secret are swapped. ".to_owned(),
            (_, Some((_, what)), _) => format!("{what}. "),
            (_, _, Some(what)) => format!("{what}. "),
            _ => doctor::did_you_mean(sent, ids()),
        };
        format!("{odd}Known clients: {known}")
    }

    /// The client whose secret this is.
    pub(crate) fn by_secret(&self, secret: &str) -> Option<&Client> {
        self.list.iter().map(AsRef::as_ref).find(|client: &&Client| {
            client.secret.as_ref().is_some_and(|own| !secret.is_empty() && own.matches(secret))
        })
    }
}

/// Proof that a client is known and that the redirect URI is its own. Only [`identify`] makes one.
#[derive(Debug)]
pub(crate) struct Identified {
    client: Arc<Client>,
    redirect_uri: String,
}

impl Identified {
    /// The client.
    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The redirect URI, exactly as it was sent.
    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }
}

/// Proof that the client at the token endpoint is who it says it is. Only the pipeline makes one.
#[derive(Debug)]
pub(crate) struct Authenticated {
    client: Arc<Client>,
    method: &'static str,
}

impl Authenticated {
    pub(crate) fn new(client: Arc<Client>, method: &'static str, _how: Proven) -> Self {
        Self { client, method }
    }

    /// The client.
    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The method by which it authenticated, by a name of IANA's registry (RFC 7591 §4.2).
    pub(crate) fn method(&self) -> &'static str {
        self.method
    }

    /// Whether it only said who it is: a public client has no credentials (RFC 6749 §2.1).
    pub(crate) fn is_public(&self) -> bool {
        self.method == "none"
    }
}

/// What a spec returns that authenticated a client.
#[derive(Debug)]
pub(crate) struct Proven(());

impl Proven {
    /// Says that the caller has checked the client's credentials, or that it has none to check.
    pub(crate) fn by_the_caller() -> Self {
        Self(())
    }
}

/// Says that `redirect_uri` may be answered at, or that the client's only registered one may be.
pub(crate) fn identify(client: Arc<Client>, redirect_uri: Option<&str>) -> Result<Identified, Refusal> {
    let redirect_uri = match (redirect_uri, client.redirects.as_slice()) {
        (Some(uri), _) => uri.to_owned(),
        (None, [RedirectRule::Registered(only)]) => only.clone(),
        (None, []) => return Err(REDIRECT_URI_MISSING.because("None is registered for it")),
        (None, _) => return Err(REDIRECT_URI_MISSING.refuse()),
    };
    redirect::check(&client.redirects, &redirect_uri)?;
    Ok(Identified { client, redirect_uri })
}

/// The refusal of a request whose client is not known.
pub(crate) fn unknown(clients: &Clients, sent: &str) -> Refusal {
    CLIENT_UNKNOWN.because(format!("{}. To accept any, start with --any-client", clients.unlike(sent)))
}

/// The refusal of a request that names no client.
pub(crate) fn missing(params: &Params) -> Refusal {
    doctor::missing(&CLIENT_ID_MISSING, params, "client_id")
}

/// Which documents define methods of client authentication is one thing; which of them will do is another.
pub(crate) static STRONG: Switch = Switch {
    name: "strong-client-authentication",
    says: "Clients authenticate with a key alone: by private_key_jwt or mutual TLS (FAPI 2.0 Security Profile section 5.3.2.1)",
    relaxes: false,
};

pub(crate) static RULES: &[&Rule] = &[&CLIENT_ID_MISSING, &CLIENT_UNKNOWN, &REDIRECT_URI_MISSING];

static CLIENT_ID_MISSING: Rule = Rule {
    id: "rfc6749-client-id-missing",
    document: &documents::RFC6749,
    section: "4.1.1",
    error: ErrorCode::InvalidRequest,
    says: "An authorization request needs client_id",
};

static CLIENT_UNKNOWN: Rule = Rule {
    id: "rfc6749-client-unknown",
    document: &documents::RFC6749,
    section: "4.1.2.1",
    error: ErrorCode::InvalidRequest,
    says: "The client_id is not that of a known client",
};

static REDIRECT_URI_MISSING: Rule = Rule {
    id: "rfc6749-redirect-uri-missing",
    document: &documents::RFC6749,
    section: "3.1.2.3",
    error: ErrorCode::InvalidRequest,
    says: "A client without exactly one registered redirect URI has to send redirect_uri",
};

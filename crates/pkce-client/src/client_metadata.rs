//! What a client says of itself: to a server it registers at (RFC 7591 §2), or in a document of its own.

use serde_json::{Map, Value};

use crate::address::Http;
use crate::asked::judge_scopes;
use crate::error::ConfigError;
use crate::signing_key::SigningKey;

/// Members that have a method or a place of their own, or are the server's business.
const RESERVED: &[&str] = &[
    "application_type",
    "client_id",
    "client_id_issued_at",
    "client_name",
    "client_secret",
    "client_secret_expires_at",
    "client_uri",
    "contacts",
    "grant_types",
    "jwks",
    "jwks_uri",
    "logo_uri",
    "policy_uri",
    "redirect_uris",
    "registration_access_token",
    "registration_client_uri",
    "response_types",
    "scope",
    "software_id",
    "software_statement",
    "software_version",
    "token_endpoint_auth_method",
    "tos_uri",
];

/// Where native logins come back to, at any port (RFC 8252 §7.3).
pub(crate) const LOOPBACK: &str = "http://127.0.0.1";

/// What a client says of itself (RFC 7591 §2).
///
/// How it authenticates is not said here: it is as the [`ClientBuilder`](crate::ClientBuilder) says, or what both sides
/// can do.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientMetadata {
    kind: Kind,
    redirect_uris: Vec<String>,
    grant_types: Vec<String>,
    scopes: Vec<String>,
    contacts: Vec<String>,
    keys: Vec<Value>,
    /// By their members.
    texts: Vec<(&'static str, String)>,
    others: Vec<(String, Value)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Native,
    Web,
    Service,
}

impl ClientMetadata {
    /// A program on the user's machine, with this name for people. Its logins come back to `http://127.0.0.1` with any
    /// port and the path of [`ClientBuilder::loopback_path`](crate::ClientBuilder::loopback_path) (RFC 8252 §7.3), unless
    /// another redirect URI is named.
    pub fn native(name: impl Into<String>) -> Self {
        Self::new(Kind::Native, name, &["authorization_code", "refresh_token"])
    }

    /// A web application, with this name for people. Its logins come back to `redirect_uri`.
    pub fn web(name: impl Into<String>, redirect_uri: impl Into<String>) -> Self {
        Self::new(Kind::Web, name, &["authorization_code", "refresh_token"]).redirect_uri(redirect_uri)
    }

    /// A service that nobody logs in to: it has access on its own account (RFC 6749 §4.4).
    pub fn service(name: impl Into<String>) -> Self {
        Self::new(Kind::Service, name, &["client_credentials"])
    }

    fn new(kind: Kind, name: impl Into<String>, grants: &[&str]) -> Self {
        Self {
            kind,
            redirect_uris: Vec::new(),
            grant_types: grants.iter().map(|grant| (*grant).to_owned()).collect(),
            scopes: Vec::new(),
            contacts: Vec::new(),
            keys: Vec::new(),
            texts: vec![("client_name", name.into())],
            others: Vec::new(),
        }
    }

    /// Names where logins come back to, besides what was named before.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Names a grant that the client will use, besides those of its kind.
    pub fn grant_type(mut self, grant: impl Into<String>) -> Self {
        self.grant_types.push(grant.into());
        self
    }

    /// Names scopes that the client may ask for. Some servers refuse all others from then on.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Names somebody to write to.
    pub fn contact(mut self, contact: impl Into<String>) -> Self {
        self.contacts.push(contact.into());
        self
    }

    /// Publishes the public half of `key` (`jwks`), for [`ClientBuilder::private_key_jwt`](crate::ClientBuilder::private_key_jwt)
    /// and the like.
    pub fn key(mut self, key: &SigningKey) -> Self {
        self.keys.push(Value::Object(key.public_jwk()));
        self
    }

    /// Says where the client publishes its keys.
    pub fn jwks_uri(self, uri: impl Into<String>) -> Self {
        self.text("jwks_uri", uri)
    }

    /// Says where people find out about the client.
    pub fn client_uri(self, uri: impl Into<String>) -> Self {
        self.text("client_uri", uri)
    }

    /// Says where its logo is.
    pub fn logo_uri(self, uri: impl Into<String>) -> Self {
        self.text("logo_uri", uri)
    }

    /// Says where its terms of service are.
    pub fn tos_uri(self, uri: impl Into<String>) -> Self {
        self.text("tos_uri", uri)
    }

    /// Says where its privacy policy is.
    pub fn policy_uri(self, uri: impl Into<String>) -> Self {
        self.text("policy_uri", uri)
    }

    /// Says which software it is, the same for all who run it, and of which version.
    pub fn software(self, id: impl Into<String>, version: impl Into<String>) -> Self {
        self.text("software_id", id).text("software_version", version)
    }

    /// Adds another member, such as `dpop_bound_access_tokens`. One that has a method here, or is the server's to say, is
    /// refused when the client registers.
    pub fn other(mut self, name: impl Into<String>, value: Value) -> Self {
        self.others.push((name.into(), value));
        self
    }

    fn text(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.texts.retain(|(known, _)| *known != name);
        self.texts.push((name, text.into()));
        self
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether the client publishes keys, so that it can sign who it is.
    pub(crate) fn has_keys(&self) -> bool {
        !self.keys.is_empty() || self.texts.iter().any(|(name, _)| *name == "jwks_uri")
    }

    pub(crate) fn redirect_uris(&self) -> &[String] {
        &self.redirect_uris
    }

    /// The same, with somewhere to come back to if none was named.
    pub(crate) fn coming_back_to(&self, loopback_path: &str) -> Self {
        let mut metadata = self.clone();
        if metadata.kind == Kind::Native && metadata.redirect_uris.is_empty() {
            metadata.redirect_uris.push(format!("{LOOPBACK}{loopback_path}"));
        }
        metadata
    }

    /// Judges what the caller gave, before anything is sent.
    pub(crate) fn judge(&self, addresses: Http) -> Result<(), ConfigError> {
        judge_scopes(&self.scopes)?;
        for uri in &self.redirect_uris {
            addresses.redirect_uri(uri).map_err(ConfigError::RedirectUri)?;
        }
        if self.kind == Kind::Web && self.redirect_uris.is_empty() {
            return Err(ConfigError::NoRedirectUri);
        }
        match self.others.iter().find(|(name, _)| RESERVED.contains(&name.as_str())) {
            Some((name, _)) => Err(ConfigError::ReservedParameter(name.clone())),
            None => Ok(()),
        }
    }

    /// As it is sent, for a client that authenticates by `method`.
    pub(crate) fn members(&self, method: &str) -> Map<String, Value> {
        let mut members: Map<String, Value> = self.others.iter().cloned().collect();
        let mut set = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
        let list = |texts: &[String]| Value::from(texts.to_vec());
        for (name, text) in &self.texts {
            set(name, text.as_str().into());
        }
        set("application_type", if self.kind == Kind::Native { "native" } else { "web" }.into());
        set("token_endpoint_auth_method", method.into());
        set("grant_types", list(&self.grant_types));
        // §2.1: the response type code belongs to the grant authorization_code.
        let codes = self.grant_types.iter().any(|grant| grant == "authorization_code");
        set("response_types", if codes { list(&["code".to_owned()]) } else { list(&[]) });
        if !self.redirect_uris.is_empty() {
            set("redirect_uris", list(&self.redirect_uris));
        }
        if !self.scopes.is_empty() {
            set("scope", self.scopes.join(" ").into());
        }
        if !self.contacts.is_empty() {
            set("contacts", list(&self.contacts));
        }
        if !self.keys.is_empty() {
            set("jwks", serde_json::json!({ "keys": self.keys }));
        }
        members
    }
}

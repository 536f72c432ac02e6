//! Clients as a server under test knows them, and as a client under test is known.

use std::fmt;

use oauth_types::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::key::Key;

/// Which part a client plays. What it may do and must prove is how it is registered with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A public client.
    Public,
    /// A confidential client.
    Confidential,
    /// Another client, which takes what belongs to the first one.
    Second,
    /// A public native client with the redirect URI `http://127.0.0.1/…`, whose port may vary (RFC 8252 section 7.3).
    Native,
    /// A client that authenticates with `private_key_jwt`.
    Keyed,
    /// A client that authenticates with mutual TLS.
    MutualTls,
    /// A client whose tokens must be bound by DPoP.
    SenderConstrained,
    /// A client that must push its requests (RFC 9126 section 6).
    Pushing,
    /// A client that must sign its requests (RFC 9101 section 10.5).
    Signing,
    /// A client that may not use the authorization code grant.
    WithoutCode,
    /// A client that may use the hybrid flow, and must use PKCE.
    Hybrid,
    /// A client that uses the device grant (RFC 8628). It need not be able to use codes.
    Device,
    /// Another one, which takes what belongs to the first.
    SecondDevice,
    /// A resource server that may introspect the tokens of the first of the two resources.
    Resource,
    /// A resource server that may introspect the tokens of the second of the two resources only.
    SecondResource,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public client",
            Self::Confidential => "confidential client",
            Self::Second => "second client",
            Self::Native => "native client",
            Self::Keyed => "client with private_key_jwt",
            Self::MutualTls => "client with mutual TLS",
            Self::SenderConstrained => "client that must use DPoP",
            Self::Pushing => "client that must push its requests",
            Self::Signing => "client that must sign its requests",
            Self::WithoutCode => "client that may not use codes",
            Self::Hybrid => "client with the hybrid flow",
            Self::Device => "client with the device grant",
            Self::SecondDevice => "second client with the device grant",
            Self::Resource => "resource server",
            Self::SecondResource => "second resource server",
        })
    }
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
    /// Whether its authorization requests are pushed (RFC 9126).
    pub pushes: bool,
    /// The key it signs its authorization requests with (RFC 9101), if it does.
    pub signs: Option<Key>,
    /// The key its tokens are bound to by DPoP (RFC 9449), if they are.
    pub proves: Option<Key>,
    /// What each of its authorization requests says besides, such as a `response_mode`.
    pub always: Vec<(String, String)>,
    /// What else is registered for it (RFC 7591 section 2), such as `userinfo_signed_response_alg`.
    pub registered: Vec<(String, Value)>,
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
    /// `private_key_jwt`.
    PrivateKeyJwt(Key),
    /// `tls_client_auth` or `self_signed_tls_client_auth`: certificate and private key in PEM.
    MutualTls(Secret),
}

impl Registration {
    /// A public client.
    pub fn public(client_id: impl Into<String>, redirect_uri: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            auth: ClientAuth::None,
            redirect_uris: vec![redirect_uri.into()],
            pushes: false,
            signs: None,
            proves: None,
            always: Vec::new(),
            registered: Vec::new(),
        }
    }

    /// A confidential client that authenticates with `client_secret_basic`.
    pub fn confidential(
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self { auth: ClientAuth::Basic(secret.into()), ..Self::public(client_id, redirect_uri) }
    }

    /// A client that authenticates with `private_key_jwt`.
    pub fn keyed(client_id: impl Into<String>, key: Key, redirect_uri: impl Into<String>) -> Self {
        Self { auth: ClientAuth::PrivateKeyJwt(key), ..Self::public(client_id, redirect_uri) }
    }

    /// A client that authenticates with mutual TLS; `identity` is its certificate and its private key in PEM.
    pub fn with_certificate(
        client_id: impl Into<String>,
        identity: impl Into<Secret>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self { auth: ClientAuth::MutualTls(identity.into()), ..Self::public(client_id, redirect_uri) }
    }

    /// The same client with another redirect URI.
    #[must_use]
    pub fn redirect_uri_too(mut self, redirect_uri: impl Into<String>) -> Self {
        self.redirect_uris.push(redirect_uri.into());
        self
    }

    /// The same client, pushing its authorization requests (RFC 9126).
    #[must_use]
    pub fn pushing(self) -> Self {
        Self { pushes: true, ..self }
    }

    /// The same client, signing its authorization requests (RFC 9101).
    #[must_use]
    pub fn signing(self, key: Key) -> Self {
        Self { signs: Some(key), ..self }
    }

    /// The same client, with this parameter in each of its authorization requests.
    #[must_use]
    pub fn always(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.always.push((name.into(), value.into()));
        self
    }

    /// The same client, with this in its registration (RFC 7591 section 2).
    #[must_use]
    pub fn registering(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.registered.push((name.into(), value.into()));
        self
    }

    /// The same client, whose tokens are bound to this key by DPoP (RFC 9449).
    #[must_use]
    pub fn proving(self, key: Key) -> Self {
        Self { proves: Some(key), ..self }
    }

    /// The same client, sending its secret in the body (`client_secret_post`).
    #[must_use]
    pub fn secret_in_body(mut self) -> Self {
        if let ClientAuth::Basic(secret) = self.auth {
            self.auth = ClientAuth::Post(secret);
        }
        self
    }

    /// Whether the client has nothing to authenticate with.
    pub fn is_public(&self) -> bool {
        matches!(self.auth, ClientAuth::None)
    }

    /// The secret, if the client has one.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        match &self.auth {
            ClientAuth::None | ClientAuth::PrivateKeyJwt(_) => None,
            ClientAuth::Basic(secret) | ClientAuth::Post(secret) | ClientAuth::MutualTls(secret) => Some(secret),
        }
    }

    /// The redirect URI that is used unless an attack needs another.
    pub(crate) fn redirect_uri(&self) -> &str {
        self.redirect_uris.first().map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_secrets_are_not_shown() {
        let client = Registration::confidential("web", "canary-secret", "http://127.0.0.1/cb").secret_in_body();
        assert!(!format!("{client:?}").contains("canary"));
    }
}

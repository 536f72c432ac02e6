//! What a client got when it registered, to be kept with its tokens.

use std::fmt;

use oauth_types::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{RegistrationError, texts};
use crate::error::Defect;
use crate::seal_key::SealKey;
use crate::store::StoreError;
use crate::token::text;
use crate::token_set::{exposed, sealed};

/// The format that is written. Others are not guessed at.
const FORMAT: u32 = 1;

/// The longest text that is read, in octets.
const MAX_LEN: usize = 512 * 1024;

/// What it is sealed for. Nothing else that was sealed is taken for it.
const PURPOSE: &str = "pkce-client: registration of a client";

/// Who a client is at one server (§3.2.1): what it got when it registered, or when somebody registered it there.
///
/// It belongs to that server and is used at no other. `Debug` does not show its secrets, which are wiped when it is
/// dropped. It is not a serde type: [`Registration::to_sealed`] and the loud [`Registration::expose_json`] are the only
/// ways to its octets.
#[derive(Clone)]
pub struct Registration {
    issuer: String,
    client_id: String,
    /// The registered name of the way of authentication.
    method: String,
    secret: Option<Secret>,
    secret_expires_at: Option<u64>,
    redirect_uris: Vec<String>,
    management: Option<Management>,
    /// Whether the client has got it by itself, and could get another.
    is_own: bool,
    /// What the server said, besides secrets.
    metadata: Map<String, Value>,
}

/// Where a registration is managed, and with what (RFC 7592 §3).
#[derive(Clone)]
pub(crate) struct Management {
    pub(crate) uri: String,
    pub(crate) token: Secret,
}

impl Registration {
    /// Who the client is at `issuer`, because somebody has registered it there: without a secret.
    pub fn public(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            client_id: client_id.into(),
            method: "none".to_owned(),
            secret: None,
            secret_expires_at: None,
            redirect_uris: Vec::new(),
            management: None,
            is_own: false,
            metadata: Map::new(),
        }
    }

    /// The same with a secret that is sent by HTTP Basic (RFC 6749 §2.3.1).
    pub fn confidential(issuer: impl Into<String>, client_id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        let method = "client_secret_basic".to_owned();
        Self { method, secret: Some(secret.into()), ..Self::public(issuer, client_id) }
    }

    /// The server it is for.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What the server knows the client by.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The registered name of the way the client authenticates, such as `none` or `client_secret_basic`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// When its secret expires, in seconds since 1970-01-01T00:00:00Z, if it does.
    pub fn secret_expires_at(&self) -> Option<u64> {
        self.secret_expires_at
    }

    /// Whether its secret has expired at this time.
    pub fn is_expired(&self, now: u64) -> bool {
        self.secret_expires_at.is_some_and(|at| now >= at)
    }

    /// Where logins come back to, as the server has said it.
    pub fn redirect_uris(&self) -> &[String] {
        &self.redirect_uris
    }

    /// What else the server has registered, as it said it: its texts prove nothing.
    pub fn metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }

    /// Whether it can be read, changed and deleted (RFC 7592).
    pub fn is_managed(&self) -> bool {
        self.management.is_some()
    }

    /// Everything in it as JSON, **secrets included**, for a store that protects what it keeps: by encryption, or by
    /// being where only this user reads.
    pub fn expose_json(&self) -> Secret {
        exposed(&Written {
            format: FORMAT,
            issuer: &self.issuer,
            client_id: &self.client_id,
            method: &self.method,
            secret: self.secret.as_ref().map(Secret::expose),
            secret_expires_at: self.secret_expires_at,
            redirect_uris: &self.redirect_uris,
            uri: self.management.as_ref().map(|management| management.uri.as_str()),
            token: self.management.as_ref().map(|management| management.token.expose()),
            is_own: self.is_own,
            metadata: &self.metadata,
        })
    }

    /// Reads what [`Registration::expose_json`] wrote.
    ///
    /// # Errors
    /// [`StoreError::Format`] if it is anything else, or of a format that this version does not know.
    pub fn from_exposed_json(json: &str) -> Result<Self, StoreError> {
        if json.len() > MAX_LEN {
            return Err(StoreError::Format);
        }
        let read: Read = serde_json::from_str(json).map_err(|_| StoreError::Format)?;
        let management = match (read.uri, read.token) {
            (Some(uri), Some(token)) => Some(Management { uri, token }),
            (None, None) => None,
            _ => return Err(StoreError::Format),
        };
        if read.format != FORMAT || !is_client_id(&read.client_id) {
            return Err(StoreError::Format);
        }
        Ok(Self {
            issuer: read.issuer,
            client_id: read.client_id,
            method: read.method,
            secret: read.secret,
            secret_expires_at: read.secret_expires_at,
            redirect_uris: read.redirect_uris,
            management,
            is_own: read.is_own,
            metadata: read.metadata,
        })
    }

    /// Everything in it, sealed: only who has `key` can read it, and nobody can change it unnoticed.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] if it is too long or there is no randomness.
    pub fn to_sealed(&self, key: &SealKey) -> Result<String, StoreError> {
        sealed(key, PURPOSE, &self.expose_json())
    }

    /// Opens what [`Registration::to_sealed`] has sealed.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] if it was sealed with another key or changed; [`StoreError::Format`] if it is of a format
    /// that this version does not know.
    pub fn from_sealed(key: &SealKey, sealed: &str) -> Result<Self, StoreError> {
        let octets = key.open(PURPOSE, sealed)?;
        Self::from_exposed_json(std::str::from_utf8(&octets).map_err(|_| StoreError::Format)?)
    }

    pub(crate) fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    pub(crate) fn is_own(&self) -> bool {
        self.is_own
    }

    pub(crate) fn management(&self) -> Option<&Management> {
        self.management.as_ref()
    }

    /// Reads the answer of the server (§3.2.1, RFC 7592 §3). The way of authentication is only known after
    /// [`Registration::as_asked`] if the server does not say it.
    pub(crate) fn read(issuer: &str, members: &mut Map<String, Value>) -> Result<Self, Defect> {
        let client_id = text(members, "client_id")?.ok_or(Defect::Missing("client_id"))?;
        if !is_client_id(&client_id) {
            return Err(Defect::Member("client_id"));
        }
        let secret = text(members, "client_secret")?.map(Secret::new).filter(|secret| !secret.is_empty());
        let expires_at = match members.remove("client_secret_expires_at") {
            None => None,
            Some(Value::Number(number)) => Some(number.as_u64().ok_or(Defect::Member("client_secret_expires_at"))?),
            Some(_) => return Err(Defect::Member("client_secret_expires_at")),
        };
        let uri = text(members, "registration_client_uri")?;
        let token = text(members, "registration_access_token")?.map(Secret::new);
        let management = match (uri, token) {
            (Some(uri), Some(token)) => Some(Management { uri, token }),
            _ => None,
        };
        let redirect_uris = texts(members, "redirect_uris")?.unwrap_or_default();
        // It is long, and the client knows it.
        members.remove("software_statement");
        Ok(Self {
            issuer: issuer.to_owned(),
            client_id,
            method: text(members, "token_endpoint_auth_method")?.unwrap_or_default(),
            // "REQUIRED if "client_secret" is issued. ... or 0 if it will not expire"
            secret_expires_at: expires_at.filter(|at| *at != 0 && secret.is_some()),
            secret,
            redirect_uris,
            management,
            is_own: true,
            metadata: std::mem::take(members),
        })
    }

    /// Holds what was registered against what was asked for. Where the server says nothing, it is as it was asked.
    pub(crate) fn as_asked(&mut self, asked: &Map<String, Value>) -> Result<(), crate::error::Error> {
        let word = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default();
        let wanted = word("token_endpoint_auth_method");
        if self.method.is_empty() {
            wanted.clone_into(&mut self.method);
        }
        if self.method != wanted {
            return Err(RegistrationError::Differs("token_endpoint_auth_method").into());
        }
        if self.method == "none" {
            // One that was not asked for is not used.
            (self.secret, self.secret_expires_at) = (None, None);
        } else if self.method.starts_with("client_secret") && self.secret.is_none() {
            let endpoint = crate::transport::Endpoint::Registration;
            return Err(crate::error::Error::Protocol { endpoint, defect: Defect::Missing("client_secret") });
        }
        self.comes_back_as(asked)?;
        for (name, needed) in [("grant_types", "authorization_code"), ("response_types", "code")] {
            let has = |members: &Map<String, Value>| {
                texts(members, name).ok().flatten().map(|words| words.iter().any(|word| word == needed))
            };
            if has(asked) == Some(true) && has(&self.metadata) == Some(false) {
                return Err(RegistrationError::Differs(name).into());
            }
        }
        Ok(())
    }

    /// Logins come back where the client wants them, and nowhere else.
    fn comes_back_as(&mut self, asked: &Map<String, Value>) -> Result<(), RegistrationError> {
        let wanted = texts(asked, "redirect_uris").ok().flatten().unwrap_or_default();
        if !self.metadata.contains_key("redirect_uris") {
            self.redirect_uris.clone_from(&wanted);
        }
        let within = |some: &[String], others: &[String]| some.iter().all(|uri| others.contains(uri));
        match within(&wanted, &self.redirect_uris) && within(&self.redirect_uris, &wanted) {
            true => Ok(()),
            false => Err(RegistrationError::Differs("redirect_uris")),
        }
    }

    /// Keeps of `before` what an answer to its owner may leave out (RFC 7592 §3).
    pub(crate) fn after(mut self, before: &Self) -> Self {
        if self.management.is_none() {
            self.management.clone_from(&before.management);
        }
        if self.secret.is_none() {
            (self.secret, self.secret_expires_at) = (before.secret.clone(), before.secret_expires_at);
        }
        if self.method.is_empty() {
            self.method.clone_from(&before.method);
        }
        if !self.metadata.contains_key("redirect_uris") {
            self.redirect_uris.clone_from(&before.redirect_uris);
        }
        self
    }
}

/// RFC 6749 Appendix A.1.
fn is_client_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 4096 && text.bytes().all(|octet| matches!(octet, 0x20..=0x7e))
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("method", &self.method)
            .field("secret_expires_at", &self.secret_expires_at)
            .field("is_managed", &self.is_managed())
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    issuer: &'a str,
    client_id: &'a str,
    method: &'a str,
    secret: Option<&'a str>,
    secret_expires_at: Option<u64>,
    redirect_uris: &'a [String],
    uri: Option<&'a str>,
    token: Option<&'a str>,
    is_own: bool,
    metadata: &'a Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    format: u32,
    issuer: String,
    client_id: String,
    method: String,
    secret: Option<Secret>,
    secret_expires_at: Option<u64>,
    redirect_uris: Vec<String>,
    uri: Option<String>,
    token: Option<Secret>,
    is_own: bool,
    metadata: Map<String, Value>,
}

//! What a session consists of once its login is forgotten: its tokens, and whose they are.

use std::fmt;
use std::io;
use std::sync::Arc;

use oauth_types::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::claims::IdClaims;
use crate::dice::SystemDice;
use crate::seal_key::{self, MAX_SEALED, SealError, SealKey};
use crate::specs::rfc9396_rar::Details;
use crate::store::StoreError;
use crate::token::TokenType;

/// The format that is written. Others are not guessed at.
const FORMAT: u32 = 1;

/// The longest text that is read, in octets.
const MAX_LEN: usize = 1024 * 1024;

/// What it is sealed for. A sealed login is not taken for it.
const PURPOSE: &str = "pkce-client: tokens of a session";

/// A token is refreshed this long before it expires, in seconds, or after nine tenths of its life if that is later.
const EARLY: u64 = 60;

/// The tokens of one session, as a [`TokenStore`](crate::TokenStore) keeps them.
///
/// Times in it are absolute, so that a stored token does not become young again. The tokens are wiped when it is
/// dropped, and `Debug` does not show them. It is not a serde type: [`TokenSet::to_sealed`] and the loud
/// [`TokenSet::expose_json`] are the only ways to its octets.
#[derive(Clone)]
pub struct TokenSet {
    /// Drawn when the tokens are kept for the first time: two logins of one user are two sessions.
    pub(crate) login: String,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) access_token: Secret,
    pub(crate) token_type: TokenType,
    /// Nothing if the server did not say.
    pub(crate) expiry: Option<Expiry>,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) scopes: Vec<String>,
    /// What the tokens are for (RFC 8707 §2).
    pub(crate) resources: Vec<String>,
    /// What they are for in detail (RFC 9396 §2).
    pub(crate) details: Details,
    /// What the ID token of the login said.
    pub(crate) claims: Option<Arc<IdClaims>>,
    /// The last verified ID token, for the server to recognise the session by (RP-Initiated Logout §2).
    pub(crate) id_token: Option<Secret>,
}

/// When an access token expires and when to replace it, in seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expiry {
    pub(crate) at: u64,
    pub(crate) refresh_at: u64,
}

impl Expiry {
    pub(crate) fn after(seconds: u64, now: u64) -> Self {
        let at = now.saturating_add(seconds);
        Self { at, refresh_at: at.saturating_sub(EARLY.min(seconds / 10)) }
    }
}

impl TokenSet {
    /// Everything in it as JSON, **tokens included**, for a store that protects what it keeps: by encryption, or by
    /// being where only this user reads.
    pub fn expose_json(&self) -> Secret {
        let written = Written {
            format: FORMAT,
            login: &self.login,
            issuer: &self.issuer,
            client_id: &self.client_id,
            access_token: self.access_token.expose(),
            token_type: self.token_type.as_str(),
            expiry: self.expiry,
            refresh_token: self.refresh_token.as_ref().map(Secret::expose),
            scopes: &self.scopes,
            resources: &self.resources,
            details: &self.details,
            claims: self.claims.as_deref().map(IdClaims::members),
            id_token: self.id_token.as_ref().map(Secret::expose),
        };
        exposed(&written)
    }

    /// Reads what [`TokenSet::expose_json`] wrote. Whoever can change it can say who the user is.
    ///
    /// # Errors
    /// [`StoreError::Format`] if it is anything else, or of a format that this version does not know.
    pub fn from_exposed_json(text: &str) -> Result<Self, StoreError> {
        if text.len() > MAX_LEN {
            return Err(StoreError::Format);
        }
        let read: Read = serde_json::from_str(text).map_err(|_| StoreError::Format)?;
        let claims = read.claims.map(|claims| IdClaims::kept(claims).ok_or(StoreError::Format)).transpose()?;
        let usable =
            |token: &Secret| !token.is_empty() && token.expose().bytes().all(|octet| octet.is_ascii_graphic());
        if read.format != FORMAT || !usable(&read.access_token) {
            return Err(StoreError::Format);
        }
        Ok(Self {
            login: read.login,
            issuer: read.issuer,
            client_id: read.client_id,
            access_token: read.access_token,
            token_type: TokenType::named(&read.token_type).ok_or(StoreError::Format)?,
            expiry: read.expiry,
            refresh_token: read.refresh_token,
            scopes: read.scopes,
            resources: read.resources,
            details: read.details,
            claims: claims.map(Arc::new),
            id_token: read.id_token,
        })
    }

    /// Everything in it, sealed: only who has `key` can read it, and nobody can change it unnoticed. Whoever writes to
    /// the store can still put back what was there before.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] if it is too long or there is no randomness.
    pub fn to_sealed(&self, key: &SealKey) -> Result<String, StoreError> {
        sealed(key, PURPOSE, &self.expose_json())
    }

    /// Opens what [`TokenSet::to_sealed`] has sealed.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] if it was sealed with another key or changed; [`StoreError::Format`] if it is of a format
    /// that this version does not know.
    pub fn from_sealed(key: &SealKey, sealed: &str) -> Result<Self, StoreError> {
        let octets = key.open(PURPOSE, sealed)?;
        Self::from_exposed_json(std::str::from_utf8(&octets).map_err(|_| StoreError::Format)?)
    }

    /// The server that issued the tokens.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The client they were issued to.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The claims of the ID token of the login, if it was an OpenID Connect login.
    pub fn claims(&self) -> Option<&IdClaims> {
        self.claims.as_deref()
    }

    /// When the access token expires, in seconds since 1970-01-01T00:00:00Z, if the server said so.
    pub fn expires_at(&self) -> Option<u64> {
        self.expiry.map(|expiry| expiry.at)
    }

    /// Whether the access token has not expired.
    pub(crate) fn is_usable(&self, now: u64) -> bool {
        self.expiry.is_none_or(|expiry| now < expiry.at)
    }

    /// Whether it is time to replace the access token.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        self.expiry.is_some_and(|expiry| now >= expiry.refresh_at)
    }

    /// Whether both came of one login.
    pub(crate) fn is_of_login(&self, other: &Self) -> bool {
        (&self.login, &self.issuer, &self.client_id) == (&other.login, &other.issuer, &other.client_id)
    }
}

impl fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSet")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("token_type", &self.token_type)
            .field("scopes", &self.scopes)
            .field("expires_at", &self.expires_at())
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

/// JSON with secrets in it, written so that no copy of them is left behind.
pub(crate) fn exposed(value: &impl Serialize) -> Secret {
    // Measured first: a text that grows leaves copies behind that nobody wipes.
    let mut length = Length(0);
    let measured = serde_json::to_writer(&mut length, value);
    let mut text = Vec::with_capacity(length.0);
    measured.and_then(|()| serde_json::to_writer(&mut text, value)).expect("texts, numbers and lists are JSON");
    Secret::new(String::from_utf8(text).expect("JSON is UTF-8"))
}

/// Text with secrets in it, sealed for this purpose alone.
pub(crate) fn sealed(key: &SealKey, purpose: &str, text: &Secret) -> Result<String, StoreError> {
    let nonce = seal_key::nonce(&SystemDice).map_err(SealError::from)?;
    let sealed = key.seal(purpose, nonce, Zeroizing::new(text.expose().as_bytes().to_vec()));
    if sealed.len() > MAX_SEALED { Err(SealError::TooLong.into()) } else { Ok(sealed) }
}

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    login: &'a str,
    issuer: &'a str,
    client_id: &'a str,
    access_token: &'a str,
    token_type: &'a str,
    expiry: Option<Expiry>,
    refresh_token: Option<&'a str>,
    scopes: &'a [String],
    resources: &'a [String],
    #[serde(skip_serializing_if = "Details::is_empty")]
    details: &'a Details,
    claims: Option<&'a Map<String, Value>>,
    id_token: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    format: u32,
    login: String,
    issuer: String,
    client_id: String,
    access_token: Secret,
    token_type: String,
    expiry: Option<Expiry>,
    refresh_token: Option<Secret>,
    scopes: Vec<String>,
    resources: Vec<String>,
    #[serde(default)]
    details: Details,
    claims: Option<Map<String, Value>>,
    id_token: Option<Secret>,
}

/// Counts what is written and keeps nothing.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0 += octets.len();
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! A login that was begun and waits for its authorization response.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_types::Secret;
use pkce_core::Verifier;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::callback::Callback;
use crate::clock::Clock;
use crate::crypto::NONCE_LEN;
use crate::error::OAuthError;
use crate::jwt::JwtError;
use crate::response_mode::Mode;

/// What a login is looked up by: a hash of its `state`, so that a store never holds the `state` itself.
///
/// It is 43 characters of base64url and may appear in cookie names and logs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowKey(String);

impl FlowKey {
    pub(crate) fn of(state: &Secret) -> Self {
        Self(URL_SAFE_NO_PAD.encode(Sha256::digest(state.expose())))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FlowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A login that was begun: everything its authorization response will be held against.
///
/// It is used up by finishing the login, so a response cannot be redeemed twice: it cannot be cloned, and its secrets
/// are wiped when it is dropped. The only way to keep it outside the process is [`Pending::into_sealed`].
#[must_use = "without it the authorization response cannot be accepted"]
pub struct Pending(pub(crate) Box<Expected>);

/// What the authorization response is held against.
pub(crate) struct Expected {
    pub(crate) flow: Flow,
    pub(crate) state: Secret,
    pub(crate) expires_at: u64,
    pub(crate) iss_advertised: bool,
    pub(crate) mode: Mode,
    /// For sealing this login, and nothing else.
    pub(crate) nonce: [u8; NONCE_LEN],
    pub(crate) clock: Arc<dyn Clock>,
}

/// What of a begun login is still needed once its response is accepted.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flow {
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    #[serde(with = "crate::sealed::verifier")]
    pub(crate) verifier: Verifier,
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    /// What was asked for in detail (RFC 9396 §2), if anything was.
    pub(crate) details: Option<Vec<Value>>,
    /// There is one if and only if `openid` was asked for.
    pub(crate) openid: Option<OpenId>,
}

/// What the ID token is held against (OpenID Connect Core §3.1.2.1).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenId {
    pub(crate) nonce: Secret,
    pub(crate) max_age: Option<Duration>,
    /// Of each list, the ID token's `acr` has to be one; of an empty one, whichever.
    pub(crate) acr: Vec<Vec<String>>,
    /// Who has to be logged in, if that was said.
    pub(crate) subject: Option<String>,
}

impl Pending {
    /// Holds an authorization response against this login, without sending anything.
    ///
    /// In this order: the age of the login; whether it is signed, if a signed one was asked for (JARM §2.3); `state`, in
    /// constant time (RFC 6749 §10.12); `iss` (RFC 9207 §2.4), where a wrong one is refused whether or not the server
    /// announced it, also on error responses; the way it came; `error`; `code`.
    ///
    /// A signed response has to be opened first, with [`Client::open`](crate::Client::open), which may need the server's
    /// keys; [`Client::finish`](crate::Client::finish) does both.
    ///
    /// # Errors
    /// [`Rejected`] hands the login back, because a forged response must not destroy the real one.
    pub fn accept(self, callback: Callback) -> Result<Accepted, Rejected> {
        match self.0.judge(&callback) {
            Ok(code) => Ok(Accepted { state: self.0.state, flow: self.0.flow, code }),
            Err(reason) => Err(Rejected { pending: self, reason }),
        }
    }

    /// What to keep this login under until the response arrives.
    pub fn lookup_key(&self) -> FlowKey {
        FlowKey::of(&self.0.state)
    }

    /// When the response comes too late, in seconds since 1970-01-01T00:00:00Z.
    pub fn expires_at(&self) -> u64 {
        self.0.expires_at
    }
}

impl Expected {
    fn judge(&self, callback: &Callback) -> Result<Secret, RejectReason> {
        if self.clock.now() >= self.expires_at {
            return Err(RejectReason::Expired);
        }
        match (self.mode.signed, &callback.response, callback.arrival.is_opened()) {
            (true, Some(_), _) => return Err(RejectReason::NotOpened),
            (true, None, false) => return Err(RejectReason::NotSigned),
            _ => {}
        }
        let state = callback.state.as_ref().ok_or(RejectReason::StateMissing)?;
        if !self.state.matches(state.expose()) {
            return Err(RejectReason::StateMismatch);
        }
        match &callback.iss {
            Some(iss) if *iss != self.flow.issuer => return Err(RejectReason::IssuerMismatch),
            None if self.iss_advertised => return Err(RejectReason::IssuerMissing),
            _ => {}
        }
        if callback.response.is_some() || callback.arrival.is_form() != self.mode.form {
            return Err(RejectReason::Mode);
        }
        if let Some(error) = &callback.error {
            return Err(RejectReason::Denied(error.clone()));
        }
        callback.code.clone().ok_or(RejectReason::CodeMissing)
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending(..)")
    }
}

/// A code that arrived in the response to a login of this process. Only [`Pending::accept`] makes one.
#[must_use = "the code in it has not been redeemed yet"]
pub struct Accepted {
    pub(crate) flow: Flow,
    pub(crate) state: Secret,
    pub(crate) code: Secret,
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Accepted(..)")
    }
}

/// A response that was not accepted. Nothing was sent, so the login is handed back.
#[derive(Debug, thiserror::Error)]
#[error("the authorization response was rejected: {reason}")]
pub struct Rejected {
    /// The login, unharmed.
    pub pending: Pending,
    /// Why its response was rejected.
    pub reason: RejectReason,
}

/// Why an authorization response was rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// It came after the login had expired.
    #[error("the login has expired")]
    Expired,
    /// It has no `state`, or an empty one.
    #[error("it has no state")]
    StateMissing,
    /// Its `state` is not the one sent (RFC 6749 §10.12).
    #[error("its state is not that of this login")]
    StateMismatch,
    /// Its `iss` is another server (RFC 9207 §2.4).
    #[error("its iss is another server")]
    IssuerMismatch,
    /// The server announces `iss` and the response has none (RFC 9207 §2.4).
    #[error("it has no iss, although the server announces one")]
    IssuerMissing,
    /// It is not signed, and a signed one was asked for (JARM §2.3): somebody may have put it there.
    #[error("it is not signed, although that was asked for")]
    NotSigned,
    /// It is signed and was not opened: [`Client::open`](crate::Client::open), or let
    /// [`Client::finish`](crate::Client::finish) do it.
    #[error("it is signed and was not opened: Client::open")]
    NotOpened,
    /// The token it came in is not valid (JARM §2.4).
    #[error("the token it came in is not valid: {0}")]
    Signature(JwtError),
    /// The keys that the token it came in is signed with could not be had. [`Client::open`](crate::Client::open) tells why.
    #[error("the keys to verify it with could not be had")]
    NoKeys,
    /// It came in another way than was asked for: in a form or in the query, signed or not.
    #[error("it came in another way than was asked for")]
    Mode,
    /// The server or the user refused (RFC 6749 §4.1.2.1).
    #[error("the server answered: {0}")]
    Denied(OAuthError),
    /// It has neither `code` nor `error` (RFC 6749 §4.1.2).
    #[error("it has no code")]
    CodeMissing,
    /// The login was begun by a client for another server or with another `client_id`.
    #[error("the login was begun by another client")]
    OtherClient,
}

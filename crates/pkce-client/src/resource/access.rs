//! What a verified request has access to.

use std::fmt;

use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::denied::{AccessError, Denied, nonce_header};
use crate::claims::{self, ClaimError};
use crate::token::TokenType;

/// The access that a request has. Only verification makes one.
#[derive(Clone)]
pub struct Access {
    pub(super) claims: Map<String, Value>,
    pub(super) bound: bool,
    pub(super) scheme: TokenType,
    /// What proofs may be signed with.
    pub(super) algorithms: String,
    /// The one that is given now.
    pub(super) nonce: Option<String>,
}

impl Access {
    /// Whose access it is: a user, or a client on its own account. A server that is asked need not say it.
    pub fn subject(&self) -> Option<&str> {
        claims::said(&self.claims, "sub")
    }

    /// The client that the token was issued to. A server that is asked need not say it.
    pub fn client_id(&self) -> Option<&str> {
        claims::said(&self.claims, "client_id")
    }

    /// Whether the token has this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        claims::has_scope(&self.claims, scope)
    }

    /// Refuses a request whose token has not this scope.
    ///
    /// # Errors
    /// [`Denied`] with 403 and `insufficient_scope` (RFC 6750 §3.1).
    pub fn require_scope(&self, scope: &str) -> Result<(), Denied> {
        if self.has_scope(scope) {
            return Ok(());
        }
        let denied = Denied::new(AccessError::Scope(scope.to_owned()), &[self.scheme], &self.algorithms);
        Err(denied.giving(self.nonce.clone()))
    }

    /// Whether the token is bound to a key or a certificate, which the request has proven.
    pub fn is_bound(&self) -> bool {
        self.bound
    }

    /// When the token expires, in seconds since 1970-01-01T00:00:00Z, as far as that is known.
    pub fn expires_at(&self) -> Option<u64> {
        self.claims.get("exp").and_then(Value::as_u64)
    }

    /// One claim, such as `acr`, `act` or `authorization_details`, if it is there.
    ///
    /// # Errors
    /// [`ClaimError`] if it is there and of another type.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ClaimError> {
        claims::claim(&self.claims, name)
    }

    /// Headers to add to the answer: the nonce for the next proof, if proofs need one (RFC 9449 §9).
    pub fn headers(&self) -> HeaderMap {
        nonce_header(self.nonce.as_deref())
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("bound", &self.bound)
            .field("claims", &self.claims.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

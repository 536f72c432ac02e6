//! RFC 9068, JWT Profile for Access Tokens: a protected resource verifies a token by itself.

use std::fmt;

use oauth_types::Secret;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::claims::{self, ClaimError, judge_issuer, judge_times, required_text, subject};
use crate::client::Client;
use crate::error::Error;
use crate::jwt::{JwtError, JwtKind};

const KIND: JwtKind = JwtKind::AccessToken;

/// The claims of a verified access token. Only verification makes one.
#[derive(Clone)]
pub struct AccessClaims {
    pub(crate) claims: Map<String, Value>,
    subject: String,
}

impl Client {
    /// Verifies an access token that somebody presented to this protected resource, which the server knows as `audience`
    /// (§4).
    ///
    /// Its `typ` has to be `at+jwt`, so that no ID token is taken for one; its algorithm one of
    /// [`ClientBuilder::id_token_algorithms`], its signature one of the server's; `iss`, `aud`, `exp`, `iat`, `sub`,
    /// `client_id` and `jti` have to be there and right (§2.2). Other audiences beside this one are no fault.
    ///
    /// A token that is bound to a key or a certificate (`cnf`) is refused: it is worth nothing without a proof of possession
    /// (RFC 9449 §7.1, RFC 8705 §3), and proofs are not verified here but by [`ProtectedResource::verify`]. Whether the token
    /// was revoked meanwhile, only [`Client::introspect`] can say.
    ///
    /// # Errors
    /// [`Error::Jwt`] if it is not valid; [`Error::Transport`] or [`Error::Protocol`] if the keys of the server cannot be had.
    ///
    /// [`ClientBuilder::id_token_algorithms`]: crate::ClientBuilder::id_token_algorithms
    /// [`ProtectedResource::verify`]: crate::ProtectedResource::verify
    pub async fn verify_access_token(&self, token: &Secret, audience: &str) -> Result<AccessClaims, Error> {
        let token = self.access_claims(token, audience).await?;
        match token.claims.contains_key("cnf") {
            true => Err(KIND.failed(JwtError::Forbidden("cnf"))),
            false => Ok(token),
        }
    }

    /// The same, whatever the token is bound to.
    pub(crate) async fn access_claims(&self, token: &Secret, audience: &str) -> Result<AccessClaims, Error> {
        let claims = self.claims_of(KIND, token.expose(), &self.inner.algorithms).await?;
        self.judge_access(claims, audience).map_err(|error| KIND.failed(error))
    }

    fn judge_access(&self, claims: Map<String, Value>, audience: &str) -> Result<AccessClaims, JwtError> {
        let expected = self.recipient();
        judge_issuer(&claims, &expected)?;
        if !claims::audiences(&claims)?.contains(&audience) {
            return Err(JwtError::Audience);
        }
        judge_times(&claims, &expected)?;
        for name in ["client_id", "jti"] {
            if required_text(&claims, name)?.is_empty() {
                return Err(JwtError::Malformed(name));
            }
        }
        claims::optional_text(&claims, "scope")?;
        let subject = subject(&claims)?.ok_or(JwtError::Missing("sub"))?;
        Ok(AccessClaims { claims, subject })
    }
}

impl AccessClaims {
    /// Whose access it is: a user, or a client on its own account.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The client it was issued to.
    pub fn client_id(&self) -> &str {
        claims::said(&self.claims, "client_id").unwrap_or_default()
    }

    /// Whether it has this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        claims::has_scope(&self.claims, scope)
    }

    /// When it expires, in seconds since 1970-01-01T00:00:00Z.
    pub fn expires_at(&self) -> u64 {
        self.claims.get("exp").and_then(Value::as_u64).unwrap_or_default()
    }

    /// One claim, such as `acr`, `act` or `authorization_details`, if it is there.
    ///
    /// # Errors
    /// [`ClaimError`] if it is there and of another type.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ClaimError> {
        claims::claim(&self.claims, name)
    }
}

impl fmt::Debug for AccessClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AccessClaims").field(&self.claims.keys().collect::<Vec<_>>()).finish()
    }
}

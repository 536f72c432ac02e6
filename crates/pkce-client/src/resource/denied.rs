//! Why a request is refused, and what the resource answers (RFC 6750 §3, RFC 9449 §7.1).

use std::fmt;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::error::code::of_token;
use crate::error::{Error, ErrorCode};
use crate::jwt::{JwtError, JwtKind};
use crate::specs::rfc9449_dpop::NONCE;
use crate::specs::rfc9449_dpop::proof::ProofError;
use crate::specs::rfc9449_dpop::replay::ProofStoreError;
use crate::token::TokenType;

/// Why a request has no access to a protected resource.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// It shows no access token.
    #[error("it has no access token")]
    NoToken,
    /// It shows a token in several ways, or in one that cannot be read (RFC 6750 §2, §3.1).
    #[error("{0}")]
    Request(&'static str),
    /// The address of the request, as the caller gave it, is not an absolute URL. That is no fault of the request.
    #[error("the address of the request is not an absolute URL")]
    Address,
    /// Its proof proves nothing (RFC 9449 §4.3).
    #[error("the DPoP proof is not valid: {0}")]
    Proof(#[from] ProofError),
    /// Its token is not valid, or meant for another resource.
    #[error("the access token is not valid: {0}")]
    Token(#[from] JwtError),
    /// The server says that the token cannot be used (RFC 7662 §2.2).
    #[error("the access token is not active")]
    Inactive,
    /// Its token is bound to a key and was shown as a bearer token (RFC 9449 §7.2).
    #[error("the access token is bound to a key, and was shown without a proof")]
    Downgrade,
    /// Its token is bound to nothing, but was shown as one that is, or has to be.
    #[error("the access token is not bound to anything")]
    Unbound,
    /// Its token is bound to a certificate, and the connection has shown none (RFC 8705 §3).
    #[error("the access token is bound to a certificate, and there is none")]
    NoCertificate,
    /// Its token is bound to another certificate than the one of the connection (RFC 8705 §3).
    #[error("the access token is bound to another certificate")]
    OtherCertificate,
    /// Its token is bound to something that cannot be verified here (`cnf`, RFC 7800 §3.1).
    #[error("the access token is bound in a way that is not understood")]
    Confirmation,
    /// Its token has not the scope that is needed (RFC 6750 §3.1).
    #[error("the access token has not the scope {0:?}")]
    Scope(String),
    /// Whether the token is valid cannot be known now.
    #[error("the access token could not be verified")]
    Unavailable(#[source] Error),
    /// Whether the proof was seen before cannot be known now.
    #[error(transparent)]
    Proofs(#[from] ProofStoreError),
}

/// A request is refused: why, and what to answer.
#[derive(Debug)]
pub struct Denied(Box<Parts>);

#[derive(Debug)]
struct Parts {
    error: AccessError,
    challenges: Vec<String>,
    /// The one that is given now.
    nonce: Option<String>,
}

impl AccessError {
    /// The name of this error, such as `access.downgrade` or `dpop_proof.replayed`.
    pub fn code(&self) -> ErrorCode {
        let name = match self {
            Self::Proof(ProofError::Jwt(error)) => return of_token(JwtKind::Proof, error),
            Self::Proof(error) => return ErrorCode::new("dpop_proof", error.name()),
            Self::Token(error) => return of_token(JwtKind::AccessToken, error),
            Self::Unavailable(error) => return error.code(),
            Self::NoToken => "no_token",
            Self::Request(_) => "request",
            Self::Address => "address",
            Self::Inactive => "inactive",
            Self::Downgrade => "downgrade",
            Self::Unbound => "unbound",
            Self::NoCertificate => "no_certificate",
            Self::OtherCertificate => "other_certificate",
            Self::Confirmation => "confirmation",
            Self::Scope(_) => "scope",
            Self::Proofs(_) => "proofs",
        };
        ErrorCode::new("access", name)
    }

    /// The status, and the code of the error if there is one.
    fn answer(&self) -> (StatusCode, Option<&'static str>) {
        match self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, None),
            Self::Request(_) => (StatusCode::BAD_REQUEST, Some("invalid_request")),
            Self::Proof(ProofError::Nonce) => (StatusCode::UNAUTHORIZED, Some("use_dpop_nonce")),
            Self::Proof(_) => (StatusCode::UNAUTHORIZED, Some("invalid_dpop_proof")),
            Self::Scope(_) => (StatusCode::FORBIDDEN, Some("insufficient_scope")),
            Self::Unavailable(_) | Self::Proofs(_) => (StatusCode::SERVICE_UNAVAILABLE, None),
            Self::Address => (StatusCode::INTERNAL_SERVER_ERROR, None),
            _ => (StatusCode::UNAUTHORIZED, Some("invalid_token")),
        }
    }
}

impl Denied {
    /// `schemes` are those that could have been used, with `algorithms` for proofs.
    pub(super) fn new(error: AccessError, schemes: &[TokenType], algorithms: &str) -> Self {
        let (status, code) = error.answer();
        let challenge = |scheme: &TokenType| {
            let mut parameters = Vec::new();
            if let Some(code) = code {
                parameters.push(format!("error=\"{code}\""));
            }
            // What is no scope (RFC 6749 §3.3) could say something else between the quotes.
            if let AccessError::Scope(scope) = &error
                && scope.bytes().all(|octet| matches!(octet, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
            {
                parameters.push(format!("scope=\"{scope}\""));
            }
            if *scheme == TokenType::Dpop {
                parameters.push(format!("algs=\"{algorithms}\""));
            }
            format!("{} {}", scheme.as_str(), parameters.join(", ")).trim_end().to_owned()
        };
        let challenges = match status.is_client_error() {
            true => schemes.iter().map(challenge).collect(),
            false => Vec::new(),
        };
        Self(Box::new(Parts { error, challenges, nonce: None }))
    }

    /// Has the answer give this nonce, if there is one.
    pub(super) fn giving(mut self, nonce: Option<String>) -> Self {
        self.0.nonce = nonce;
        self
    }

    /// Why.
    pub fn error(&self) -> &AccessError {
        &self.0.error
    }

    /// Why, for good.
    pub fn into_error(self) -> AccessError {
        self.0.error
    }

    /// The status to answer with: 401, 400, 403, or 503 if nothing is known of the token.
    pub fn status(&self) -> StatusCode {
        self.0.error.answer().0
    }

    /// The headers to answer with: `WWW-Authenticate` for every scheme that can be used, and `DPoP-Nonce` if proofs need
    /// one. They tell no more than the code of the error.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = nonce_header(self.0.nonce.as_deref());
        for value in self.0.challenges.iter().filter_map(|text| HeaderValue::from_str(text).ok()) {
            headers.append(WWW_AUTHENTICATE, value);
        }
        headers
    }
}

pub(super) fn nonce_header(nonce: Option<&str>) -> HeaderMap {
    let value = nonce.and_then(|nonce| HeaderValue::from_str(nonce).ok());
    value.map(|value| (NONCE, value)).into_iter().collect()
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the request is refused: {}", self.0.error)
    }
}

impl std::error::Error for Denied {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0.error)
    }
}

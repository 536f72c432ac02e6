//! The `plain` method (RFC 7636 §4.2), for a server that has to speak with clients that cannot hash.
//!
//! Under `plain` the challenge *is* the verifier: whoever reads the authorization request can redeem the code. So the
//! types here are kept apart from the S256 ones, and nothing outside this module accepts them. A server that offers
//! `plain` calls the two functions of this module in place of those of the crate root.
//! ```
//! use pkce_core::plain::{AnyChallenge, check_token_request, read_authorization_request};
//! use pkce_core::{Outcome, Policy};
//! // RFC 7636 §4.3: the method defaults to `plain`.
//! let text = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
//! let stored = read_authorization_request([("code_challenge", text)], Policy::Required).expect("a plain request");
//! assert!(matches!(stored, Some(AnyChallenge::Plain(_))));
//! assert_eq!(
//!     check_token_request(stored.as_ref(), [("code_verifier", text)], Policy::Required),
//!     Ok(Outcome::Verified)
//! );
//! ```

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

use crate::server::{Method, requested, settle};
use crate::unreserved::{self, Unreserved};
use crate::{AuthorizationError, Challenge, ChallengeError, Outcome, Policy, TokenError, VerifierError};

/// A `plain` challenge: the verifier itself, and so as secret as the verifier. Wiped on drop, never printed.
pub struct PlainChallenge(Unreserved);

impl PlainChallenge {
    /// The name of the method, as `code_challenge_method`.
    pub const METHOD: &'static str = "plain";

    /// Reads a challenge from a request, or one that a server has stored.
    ///
    /// # Errors
    /// [`ChallengeError`] unless the text is 43 to 128 unreserved characters (RFC 7636 §4.2).
    pub fn parse(text: &str) -> Result<Self, ChallengeError> {
        let text = Unreserved::parse(text).map_err(|error| match error {
            VerifierError::TooShort { octets } => ChallengeError::TooShort { octets },
            VerifierError::TooLong { octets } => ChallengeError::TooLong { octets },
            VerifierError::InvalidCharacter { at } => ChallengeError::InvalidCharacter { at },
        });
        text.map(Self)
    }

    /// The text, for storage. It is the verifier.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    /// Checks a presented `code_verifier`: its grammar first, then the text itself, compared in constant time.
    ///
    /// RFC 7636 §4.6: `code_verifier == code_challenge`.
    ///
    /// # Errors
    /// [`TokenError::VerifierMalformed`] or [`TokenError::VerifierMismatch`].
    pub fn verify(&self, presented: &str) -> Result<(), TokenError> {
        unreserved::check(presented).map_err(TokenError::VerifierMalformed)?;
        let same = self.0.as_bytes().ct_eq(presented.as_bytes());
        if same.into() { Ok(()) } else { Err(TokenError::VerifierMismatch) }
    }
}

impl ZeroizeOnDrop for PlainChallenge {}

impl fmt::Debug for PlainChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainChallenge(..)")
    }
}

/// A challenge together with its method, which the code is bound to (RFC 7636 §4.4).
#[derive(Debug)]
pub enum AnyChallenge {
    /// The hash of the verifier.
    S256(Challenge),
    /// The verifier itself.
    Plain(PlainChallenge),
}

impl AnyChallenge {
    /// Reads a method and a challenge that a server has stored.
    ///
    /// # Errors
    /// [`AuthorizationError`] for a method that is not spelled exactly, or a malformed challenge.
    pub fn parse(method: &str, text: &str) -> Result<Self, AuthorizationError> {
        Self::of(Method::parse(method)?, text)
    }

    /// `S256` or `plain`.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::S256(_) => Challenge::METHOD,
            Self::Plain(_) => PlainChallenge::METHOD,
        }
    }

    /// The text, for storage. It may be the verifier.
    pub fn expose(&self) -> &str {
        match self {
            Self::S256(challenge) => challenge.as_str(),
            Self::Plain(challenge) => challenge.expose(),
        }
    }

    /// Checks a presented `code_verifier` by the method the code is bound to (RFC 7636 §4.6).
    ///
    /// # Errors
    /// [`TokenError::VerifierMalformed`] or [`TokenError::VerifierMismatch`].
    pub fn verify(&self, presented: &str) -> Result<(), TokenError> {
        match self {
            Self::S256(challenge) => challenge.verify(presented),
            Self::Plain(challenge) => challenge.verify(presented),
        }
    }

    fn of(method: Method, text: &str) -> Result<Self, AuthorizationError> {
        let challenge = match method {
            Method::S256 => Challenge::parse(text).map(Self::S256),
            Method::Plain => PlainChallenge::parse(text).map(Self::Plain),
        };
        challenge.map_err(AuthorizationError::ChallengeMalformed)
    }
}

/// As [`crate::read_authorization_request`], but `plain` is accepted, and a request without a method is `plain`
/// (RFC 7636 §4.3).
///
/// # Errors
/// [`AuthorizationError`], never [`AuthorizationError::MethodOmitted`] or [`AuthorizationError::PlainRefused`].
pub fn read_authorization_request<'a>(
    params: impl IntoIterator<Item = (&'a str, &'a str)>,
    policy: Policy,
) -> Result<Option<AnyChallenge>, AuthorizationError> {
    let found = requested(params, policy)?;
    found.map(|found| AnyChallenge::of(found.method.unwrap_or(Method::Plain), found.challenge)).transpose()
}

/// As [`crate::check_token_request`], by the method the code is bound to.
///
/// # Errors
/// [`TokenError`], as there.
pub fn check_token_request<'a>(
    stored: Option<&AnyChallenge>,
    params: impl IntoIterator<Item = (&'a str, &'a str)>,
    policy: Policy,
) -> Result<Outcome, TokenError> {
    settle(stored, params, policy, AnyChallenge::verify)
}

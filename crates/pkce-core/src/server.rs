//! The server half: what an authorization server decides about PKCE, as two functions without state.
//!
//! Both read a flat list of parameters and look at the ones of RFC 7636 alone. A repeated parameter is an error, also
//! when one of its values is empty; a parameter with an empty value counts as omitted (RFC 6749 §3.1).

use crate::{AuthorizationError, Challenge, TokenError};

/// Whether a client may do without PKCE. S256 is the only method either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    /// Every authorization request carries a challenge (RFC 9700 §2.1.1 for public clients).
    Required,
    /// A request without a challenge is accepted, and then its token request must not carry a verifier.
    Optional,
}

/// What a token request that passed has proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The verifier belongs to the stored challenge.
    Verified,
    /// There was no challenge and there is no verifier: nothing was proved.
    NotUsed,
}

/// Reads `code_challenge` and `code_challenge_method` from an authorization request (RFC 7636 §4.3).
///
/// The challenge is what the server stores with the code; `None` means the client does without PKCE.
/// ```
/// use pkce_core::{AuthorizationError, Policy, read_authorization_request};
/// let challenge = ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
/// let method = ("code_challenge_method", "S256");
/// let stored = read_authorization_request([("client_id", "cli"), challenge, method], Policy::Required)?;
/// assert_eq!(stored.expect("a challenge").as_str(), challenge.1);
///
/// // RFC 7636 §4.3: without a method it would be `plain`.
/// assert_eq!(read_authorization_request([challenge], Policy::Required), Err(AuthorizationError::MethodOmitted));
/// # Ok::<(), AuthorizationError>(())
/// ```
///
/// # Errors
/// [`AuthorizationError`], which the server answers with `invalid_request` (RFC 7636 §4.4.1).
pub fn read_authorization_request<'a>(
    params: impl IntoIterator<Item = (&'a str, &'a str)>,
    policy: Policy,
) -> Result<Option<Challenge>, AuthorizationError> {
    match requested(params, policy)? {
        None => Ok(None),
        Some(Requested { method: None, .. }) => Err(AuthorizationError::MethodOmitted),
        Some(Requested { method: Some(Method::Plain), .. }) => Err(AuthorizationError::PlainRefused),
        Some(Requested { method: Some(Method::S256), challenge }) => {
            Challenge::parse(challenge).map(Some).map_err(AuthorizationError::ChallengeMalformed)
        }
    }
}

/// Checks `code_verifier` of a token request against what was stored with the code (RFC 7636 §4.6).
///
/// | stored | presented | outcome |
/// |---|---|---|
/// | challenge | its verifier | [`Outcome::Verified`] |
/// | challenge | another verifier | [`TokenError::VerifierMismatch`] |
/// | challenge | nothing | [`TokenError::VerifierMissing`] |
/// | nothing | a verifier | [`TokenError::VerifierUnsolicited`] (RFC 9700 §4.8.2) |
/// | nothing | nothing | [`Outcome::NotUsed`], or [`TokenError::ChallengeMissing`] where PKCE is required |
///
/// # Errors
/// [`TokenError`]; [`TokenError::oauth_error`] is the error code of the response.
pub fn check_token_request<'a>(
    stored: Option<&Challenge>,
    params: impl IntoIterator<Item = (&'a str, &'a str)>,
    policy: Policy,
) -> Result<Outcome, TokenError> {
    settle(stored, params, policy, Challenge::verify)
}

/// A method of RFC 7636 §4.2.
pub(crate) enum Method {
    S256,
    Plain,
}

impl Method {
    /// RFC 7636 §6.2.1: the name of a method is case-sensitive.
    pub(crate) fn parse(name: &str) -> Result<Self, AuthorizationError> {
        match name {
            "S256" => Ok(Self::S256),
            "plain" => Ok(Self::Plain),
            _ if ["S256", "plain"].iter().any(|known| known.eq_ignore_ascii_case(name)) => {
                Err(AuthorizationError::MethodMiscased)
            }
            _ => Err(AuthorizationError::MethodUnknown),
        }
    }
}

/// The PKCE part of an authorization request, before the challenge is read.
pub(crate) struct Requested<'a> {
    pub(crate) challenge: &'a str,
    pub(crate) method: Option<Method>,
}

/// Finds the two parameters, each at most once, and never one without the other being noticed.
pub(crate) fn requested<'a>(
    params: impl IntoIterator<Item = (&'a str, &'a str)>,
    policy: Policy,
) -> Result<Option<Requested<'a>>, AuthorizationError> {
    let (mut challenge, mut method) = (None, None);
    for (name, value) in params {
        match name {
            "code_challenge" if challenge.replace(value).is_some() => {
                return Err(AuthorizationError::ChallengeRepeated);
            }
            "code_challenge_method" if method.replace(value).is_some() => {
                return Err(AuthorizationError::MethodRepeated);
            }
            _ => {}
        }
    }
    match (present(challenge), present(method)) {
        (Some(challenge), method) => {
            Ok(Some(Requested { challenge, method: method.map(Method::parse).transpose()? }))
        }
        (None, Some(_)) => Err(AuthorizationError::MethodWithoutChallenge),
        (None, None) => match policy {
            Policy::Required => Err(AuthorizationError::ChallengeMissing),
            Policy::Optional => Ok(None),
        },
    }
}

/// The decision table of the token request, for any kind of stored challenge.
pub(crate) fn settle<'a, C>(
    stored: Option<&C>,
    params: impl IntoIterator<Item = (&'a str, &'a str)>,
    policy: Policy,
    verify: impl FnOnce(&C, &str) -> Result<(), TokenError>,
) -> Result<Outcome, TokenError> {
    let mut verifier = None;
    for (name, value) in params {
        if name == "code_verifier" && verifier.replace(value).is_some() {
            return Err(TokenError::VerifierRepeated);
        }
    }
    match (stored, present(verifier)) {
        (Some(challenge), Some(verifier)) => verify(challenge, verifier).map(|()| Outcome::Verified),
        (Some(_), None) => Err(TokenError::VerifierMissing),
        (None, Some(_)) => Err(TokenError::VerifierUnsolicited),
        (None, None) => match policy {
            Policy::Required => Err(TokenError::ChallengeMissing),
            Policy::Optional => Ok(Outcome::NotUsed),
        },
    }
}

/// RFC 6749 §3.1: parameters sent without a value are treated as if they were omitted.
fn present(value: Option<&str>) -> Option<&str> {
    value.filter(|value| !value.is_empty())
}

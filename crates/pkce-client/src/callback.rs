//! The authorization response as it came back through the browser (RFC 6749 §4.1.2, RFC 9207 §2).

use std::fmt;

use oauth_types::{Params, ParamsError, Secret};

use crate::error::OAuthError;
use crate::pending::FlowKey;
use crate::specs::oidc_jarm;

/// The longest response that is read, in octets. Codes of a few thousand characters exist.
const MAX_LENGTH: usize = 64 * 1024;

/// The parameters of an authorization response, each at most once, none believed yet.
///
/// Only [`Pending::accept`](crate::Pending::accept) decides what they are worth. Tokens that arrive here, in a
/// response that should carry a code, are ignored (RFC 9700 §4.6).
/// ```
/// use pkce_client::{Callback, CallbackError};
/// assert!(Callback::from_query("code=abc&state=xyz").is_ok());
/// assert_eq!(Callback::from_query("code=a&code=b&state=xyz").err(), Some(CallbackError::Duplicate("code")));
/// ```
pub struct Callback {
    pub(crate) state: Option<Secret>,
    pub(crate) iss: Option<String>,
    pub(crate) code: Option<Secret>,
    pub(crate) error: Option<OAuthError>,
    /// A response in a token, which is not opened yet (JARM §2.3).
    pub(crate) response: Option<Secret>,
    pub(crate) arrival: Arrival,
}

/// How a response came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    form: bool,
    /// Its parameters were in a token that was verified.
    opened: bool,
}

impl Arrival {
    const QUERY: Self = Self { form: false, opened: false };
    const FORM: Self = Self { form: true, opened: false };

    pub(crate) fn is_form(self) -> bool {
        self.form
    }

    pub(crate) fn is_opened(self) -> bool {
        self.opened
    }

    pub(crate) fn opened(self) -> Self {
        Self { opened: true, ..self }
    }
}

/// Why a query or a form is not an authorization response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// A parameter is there more than once (RFC 6749 §3.1). Names that OAuth does not define show as `other`.
    #[error("the parameter {0} is there more than once")]
    Duplicate(&'static str),
    /// It is not a list of parameters.
    #[error(transparent)]
    Malformed(#[from] ParamsError),
    /// It is longer than 64 KiB.
    #[error("the authorization response is longer than 64 KiB")]
    TooLong,
}

impl Callback {
    /// Reads the query of the redirect, without its `?` and still percent-encoded.
    ///
    /// # Errors
    /// [`CallbackError`] if a parameter is repeated or the text is malformed or too long.
    pub fn from_query(query: &str) -> Result<Self, CallbackError> {
        Self::read(query, Arrival::QUERY)
    }

    /// Reads the body of the form the browser posted (Form Post Response Mode §2). Only logins that asked for it, with
    /// [`LoginRequest::form_post`](crate::LoginRequest::form_post), take one.
    ///
    /// # Errors
    /// As [`Callback::from_query`].
    pub fn from_form(body: &str) -> Result<Self, CallbackError> {
        Self::read(body, Arrival::FORM)
    }

    /// The key of the login this response claims to belong to: look the [`Pending`](crate::Pending) up by it.
    ///
    /// `None` if there is no `state`. Nothing is proven by it: anybody can send a `state`.
    pub fn lookup_key(&self) -> Option<FlowKey> {
        let claimed = self.response.as_ref().and_then(oidc_jarm::claimed_state);
        claimed.as_ref().or(self.state.as_ref()).map(FlowKey::of)
    }

    fn read(text: &str, arrival: Arrival) -> Result<Self, CallbackError> {
        if text.len() > MAX_LENGTH {
            return Err(CallbackError::TooLong);
        }
        let params = Params::parse(text)?;
        if let Some(name) = params.duplicate(&[]) {
            return Err(CallbackError::Duplicate(known(name)));
        }
        let owned = |name| params.get(name).map(str::to_owned);
        let error = params
            .get("error")
            .map(|code| OAuthError::new(code, params.get("error_description"), params.get("error_uri")));
        Ok(Self {
            state: owned("state").map(Secret::from),
            // An empty `iss` is a wrong issuer, not an absent one.
            iss: params.raw("iss").map(str::to_owned),
            code: owned("code").map(Secret::from),
            error,
            response: owned("response").map(Secret::from),
            arrival,
        })
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("state", &self.state.is_some())
            .field("iss", &self.iss.is_some())
            .field("code", &self.code.is_some())
            .field("error", &self.error.is_some())
            .field("response", &self.response.is_some())
            .finish()
    }
}

/// The name as OAuth defines it, so that no text of the response gets into an error.
fn known(name: &str) -> &'static str {
    const NAMES: &[&str] =
        &["state", "iss", "code", "error", "error_description", "error_uri", "session_state", "response"];
    NAMES.iter().find(|known| **known == name).copied().unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn any_repeated_parameter_is_refused() {
        let refused = |text| Callback::from_query(text).expect_err("a duplicate");
        assert_eq!(refused("state=a&state=a"), CallbackError::Duplicate("state"));
        assert_eq!(refused("iss=a&iss=b"), CallbackError::Duplicate("iss"));
        assert_eq!(refused("canary=a&canary=b"), CallbackError::Duplicate("other"));
        assert_eq!(refused("code=%zz"), CallbackError::Malformed(ParamsError::BadEscape(5)));
        assert_eq!(refused(&"x".repeat(MAX_LENGTH + 1)), CallbackError::TooLong);
    }

    #[test]
    fn a_code_is_kept_octet_by_octet() {
        let callback = Callback::from_form("code=%2B%2F%2525~+%C3%A9%3D&state=s").expect("a response");
        assert_eq!(callback.code.expect("a code").expose(), "+/%25~ é=");
    }

    #[test]
    fn an_empty_issuer_is_not_an_absent_one() {
        let callback = Callback::from_query("iss=&state=&code=").expect("a response");
        assert_eq!(callback.iss.as_deref(), Some(""));
        assert!(callback.state.is_none() && callback.code.is_none());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[ -~é%&=+]{0,200}") {
            let _ = Callback::from_query(&text);
        }
    }
}

//! What went wrong, for whoever runs the application.

use super::csrf::CsrfError;
use crate::callback::CallbackError;
use crate::error::{Error, ErrorCode};
use crate::pending::RejectReason;
use crate::seal_key::SealError;
use crate::specs::oidc_rp_initiated_logout::LogoutError;

/// Why something was refused or failed. It names no code, token or secret, and the browser is told nothing of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BffFailure {
    /// A login was to begin otherwise than by going to its page: in a frame, or as an image.
    #[error("a login was to begin within another page")]
    Embedded,
    /// Where the browser was to go after the login is no path of this application.
    #[error("return_to is not a path of this application")]
    ReturnTo,
    /// The login could not be begun.
    #[error("the login could not be begun: {0}")]
    Begin(#[source] Error),
    /// The response was to be posted, and cookies that come with a posted response have to be `Secure`.
    #[error("a response that is posted needs https")]
    FormPost,
    /// What a login keeps in its cookie is more than browsers take, 4096 octets.
    #[error("the login does not fit into a cookie")]
    CookieTooLong,
    /// The response is not well-formed.
    #[error("the response is not well-formed: {0}")]
    Malformed(#[from] CallbackError),
    /// The response was posted as something else than a form, or is too long.
    #[error("the posted request is no form, or too long")]
    NotAForm,
    /// The response has no `state`, so it belongs to no login.
    #[error("the response has no state")]
    NoState,
    /// The browser has no cookie of any login: it did not begin this one, or lost or blocked the cookie. A login that
    /// begins at one host name and ends at another loses its cookie, too.
    #[error("the browser has no cookie of a login: begun in another browser, at another host name, or blocked")]
    NoCookie,
    /// The browser has cookies of other logins only: this one is over, was begun elsewhere, or there were too many.
    #[error("the browser has cookies of other logins only")]
    OtherFlow,
    /// The login has expired.
    #[error("the login has expired")]
    Expired,
    /// The cookie was changed, is of another key or client, or there are two of its name.
    #[error("the cookie of the login cannot be used{}", .0.map(|error| format!(": {error}")).unwrap_or_default())]
    Tampered(Option<SealError>),
    /// A response to this login turned up in another browser before, so that whoever brings it now may have found it there
    /// (RFC 9700 §4.7).
    #[error("a response to this login was in another browser before")]
    Astray,
    /// The code of this login was sent already: the response came twice.
    #[error("the login was finished already")]
    UsedUp,
    /// The response was rejected: forged, or the server refused ([`RejectReason::Denied`]).
    #[error("the response was rejected: {0}")]
    Rejected(RejectReason),
    /// The code could not be redeemed, or what the server gave for it is not valid.
    #[error("the login could not be finished: {0}")]
    Failed(#[source] Error),
    /// The sessions of browsers cannot be read or written.
    #[error("the sessions cannot be used: {0}")]
    Sessions(#[source] Error),
    /// A request came from another site, or does not show that it comes from this one.
    #[error("a request was refused: {0}")]
    Csrf(#[from] CsrfError),
    /// The user was logged out here, and something of the server's part failed.
    #[error("the server was not told of a logout: {0}")]
    Logout(#[source] Error),
    /// A browser did not come back from a logout that was begun in it.
    #[error("a browser came back from a logout that it did not begin: {0}")]
    LoggedOut(#[from] LogoutError),
    /// A logout token was refused.
    #[error("a logout token was refused: {0}")]
    LogoutToken(#[source] Error),
}

impl BffFailure {
    /// The name of this failure: that of the error in it, or one of the area `web`.
    pub fn code(&self) -> ErrorCode {
        let name = match self {
            Self::Begin(error)
            | Self::Failed(error)
            | Self::Sessions(error)
            | Self::Logout(error)
            | Self::LogoutToken(error) => return error.code(),
            Self::Malformed(error) => return error.code(),
            Self::Rejected(reason) => return reason.code(),
            Self::LoggedOut(error) => return Error::from(*error).code(),
            Self::Embedded => "embedded",
            Self::ReturnTo => "return_to",
            Self::FormPost => "form_post",
            Self::CookieTooLong => "cookie_too_long",
            Self::NotAForm => "not_a_form",
            Self::NoState => "no_state",
            Self::NoCookie => "no_cookie",
            Self::OtherFlow => "other_flow",
            Self::Expired => "expired",
            Self::Tampered(_) => "tampered",
            Self::Astray => "astray",
            Self::UsedUp => "used_up",
            Self::Csrf(CsrfError::CrossSite) => "csrf_cross_site",
            Self::Csrf(CsrfError::Origin) => "csrf_origin",
            Self::Csrf(CsrfError::NoHeader) => "csrf_no_header",
            Self::Csrf(CsrfError::Unknown) => "csrf_unknown",
        };
        ErrorCode::new("web", name)
    }
}

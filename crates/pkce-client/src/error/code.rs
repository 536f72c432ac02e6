//! Names of errors that programs compare and logs keep: they stay as they are when a sentence is worded anew.

mod config;
mod resource;

use std::borrow::Cow;
use std::fmt;

use super::{Defect, Error, FinishError};
use crate::callback::CallbackError;
use crate::error::PasteError;
use crate::issuer::IssuerDifference;
use crate::json::JsonError;
use crate::jwt::{JwtError, JwtKind};
use crate::pending::RejectReason;
use crate::seal_key::SealError;
use crate::specs::oidc_frontchannel_logout::FrontChannelError;
use crate::specs::oidc_rp_initiated_logout::LogoutError;
use crate::specs::rfc8628_device::DeviceError;
use crate::store::StoreError;
use crate::transport::{Endpoint, TransportError};

/// The name of an error, such as `id_token.audience`: what is wrong, and a point before it where.
///
/// It holds nothing but names of this library and of the specifications, and the `error` code of the server's answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ErrorCode {
    area: &'static str,
    name: Cow<'static, str>,
}

impl ErrorCode {
    pub(crate) fn new(area: &'static str, name: impl Into<Cow<'static, str>>) -> Self {
        Self { area, name: name.into() }
    }

    /// Where: `id_token`, `response` for the authorization response, `token` for the token endpoint, and so on.
    pub fn area(&self) -> &'static str {
        self.area
    }

    /// What is wrong there, without the area.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.area, self.name)
    }
}

impl Error {
    /// The name of this error.
    pub fn code(&self) -> ErrorCode {
        let (area, name): (_, Cow<'static, str>) = match self {
            Self::Config(error) => ("config", error.name()),
            Self::Discovery(error) => ("discovery", error.name()),
            Self::Transport { endpoint, source } => (area(*endpoint), source.name()),
            Self::OAuth { endpoint, error } => (area(*endpoint), error.code().to_owned().into()),
            Self::Protocol { endpoint, defect } => (area(*endpoint), defect.name()),
            Self::Rejected(reason) => return reason.code(),
            Self::IdToken(error) => ("id_token", error.name()),
            Self::Jwt { kind, error } => (token(*kind), error.name()),
            Self::Unavailable { endpoint, .. } => (area(*endpoint), "unavailable".into()),
            Self::Device(error) => ("device", error.name()),
            Self::Logout(error) => ("logout", error.name()),
            Self::Registration(error) => ("registration", error.name()),
            Self::ProtectedResource(error) => ("resource", error.name()),
            Self::SubjectMismatch => ("userinfo", "subject".into()),
            Self::NoEndpoint(endpoint) => (area(*endpoint), "absent".into()),
            Self::Resource(error) => ("resource", error.name()),
            Self::Unsupported(_) => ("client", "unsupported".into()),
            Self::ReauthRequired => ("session", "reauth_required".into()),
            Self::Store(error) => ("store", error.name()),
            Self::OtherClient => ("client", "other_client".into()),
            Self::Entropy(_) => ("client", "no_entropy".into()),
            Self::Loopback(_) => ("native", "loopback".into()),
            Self::UserAgent(_) => ("native", "user_agent".into()),
            Self::Pasted(PasteError::Rejected(reason)) => return reason.code(),
            Self::Pasted(error) => ("native", with("pasted", &error.name())),
            Self::LoginTimeout => ("native", "timeout".into()),
        };
        ErrorCode::new(area, name)
    }
}

impl FinishError {
    /// The name of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Rejected(rejected) => rejected.reason.code(),
            Self::Failed(error) => error.code(),
        }
    }
}

impl RejectReason {
    /// The name of this reason.
    pub fn code(&self) -> ErrorCode {
        let name = match self {
            Self::Signature(error) => return of_token(JwtKind::AuthorizationResponse, error),
            Self::Denied(error) => return ErrorCode::new("response", error.code().to_owned()),
            Self::Expired => "expired",
            Self::StateMissing => "state_missing",
            Self::StateMismatch => "state_mismatch",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::IssuerMissing => "issuer_missing",
            Self::NotSigned => "not_signed",
            Self::NotOpened => "not_opened",
            Self::NoKeys => "no_keys",
            Self::Mode => "mode",
            Self::CodeMissing => "code_missing",
            Self::OtherClient => "other_client",
        };
        ErrorCode::new("response", name)
    }
}

impl CallbackError {
    /// The name of this error.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::new(
            "response",
            match self {
                Self::Duplicate(parameter) => with("duplicate", parameter),
                Self::Malformed(_) => "malformed".into(),
                Self::TooLong => "too_long".into(),
            },
        )
    }
}

impl FrontChannelError {
    /// The name of this error.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::new(
            "frontchannel_logout",
            match self {
                Self::Malformed => "malformed".into(),
                Self::Missing(parameter) => with("missing", parameter),
                Self::Issuer => "issuer".into(),
            },
        )
    }
}

/// The area of what an endpoint answers.
fn area(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Discovery => "discovery",
        Endpoint::Jwks => "jwks",
        Endpoint::Token => "token",
        Endpoint::Userinfo => "userinfo",
        Endpoint::PushedAuthorization => "pushed_authorization",
        Endpoint::Revocation => "revocation",
        Endpoint::Introspection => "introspection",
        Endpoint::DeviceAuthorization => "device_authorization",
        Endpoint::Registration => "registration",
        Endpoint::EndSession => "end_session",
        Endpoint::Resource => "resource",
    }
}

/// The area of a signed token.
fn token(kind: JwtKind) -> &'static str {
    match kind {
        JwtKind::IdToken => "id_token",
        JwtKind::AuthorizationResponse => "response_token",
        JwtKind::LogoutToken => "logout_token",
        JwtKind::Userinfo => "userinfo_token",
        JwtKind::Introspection => "introspection_token",
        JwtKind::AccessToken => "access_token",
        JwtKind::Proof => "dpop_proof",
    }
}

/// A name that ends in that of a parameter, a member or a claim.
fn with(word: &str, of: &str) -> Cow<'static, str> {
    format!("{word}_{of}").into()
}

/// The name of what is wrong with a token of this kind.
pub(crate) fn of_token(kind: JwtKind, error: &JwtError) -> ErrorCode {
    ErrorCode::new(token(kind), error.name())
}

/// What has a name within its area.
trait Named {
    fn name(&self) -> Cow<'static, str>;
}

impl Named for JwtError {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::Json(error) => return error.name(),
            Self::Header(parameter) => return with("header", parameter),
            Self::EmbeddedKey(parameter) => return with("embedded", parameter),
            Self::Missing(claim) => return with("missing", claim),
            Self::Malformed(claim) => return with("malformed", claim),
            Self::Forbidden(claim) => return with("forbidden", claim),
            Self::Changed(claim) => return with("changed", claim),
            Self::Absent => "absent",
            Self::NotCompact => "not_compact",
            Self::TooLong => "too_long",
            Self::NotBase64Url => "not_base64url",
            Self::Algorithm => "algorithm",
            Self::Type => "type",
            Self::Critical => "critical",
            Self::NotEncrypted => "not_encrypted",
            Self::KeyManagement => "key_management",
            Self::ContentEncryption => "content_encryption",
            Self::Compressed => "compressed",
            Self::Undecryptable => "undecryptable",
            Self::UnknownKey => "unknown_key",
            Self::AmbiguousKey => "ambiguous_key",
            Self::WeakKey => "weak_key",
            Self::Signature => "signature",
            Self::Replayed => "replayed",
            Self::Issuer => "issuer",
            Self::IssuerNearly(difference) => difference.name(),
            Self::Tenant => "tenant",
            Self::TenantKey => "tenant_key",
            Self::Audience => "audience",
            Self::UntrustedAudience(_) => "untrusted_audience",
            Self::AuthorizedParty => "authorized_party",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::IssuedInFuture { .. } => "issued_in_future",
            Self::Nonce => "nonce",
            Self::AccessTokenHash => "at_hash",
            Self::CodeHash => "c_hash",
            Self::StateHash => "s_hash",
            Self::Acr => "acr",
            Self::Subject => "subject",
            Self::TooOld { .. } => "too_old",
            Self::IssuedBeforeLogin => "issued_before_login",
        };
        name.into()
    }
}

impl Named for Defect {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::Json(error) => return error.name(),
            Self::Missing(member) => return with("missing", member),
            Self::Member(member) => return with("malformed", member),
            Self::Redirect(_) => "redirect",
            Self::Status(_) => "status",
            Self::ContentType => "content_type",
            Self::Metadata => "metadata",
            Self::TokenType(_) => "token_type",
            Self::TooManyKeys => "too_many_keys",
        };
        name.into()
    }
}

impl Named for JsonError {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::Malformed => "not_json",
            Self::NotAnObject => "not_an_object",
            Self::DuplicateMember => "duplicate_member",
            Self::TooDeep => "too_deep",
        };
        name.into()
    }
}

impl IssuerDifference {
    fn name(self) -> &'static str {
        match self {
            Self::TrailingSlash => "issuer_trailing_slash",
            Self::Case => "issuer_case",
            Self::Scheme => "issuer_scheme",
            Self::DefaultPort => "issuer_default_port",
            Self::Template => "issuer_template",
            Self::Other => "issuer",
        }
    }
}

impl Named for TransportError {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::Timeout => "timeout",
            Self::TooLarge { .. } => "too_large",
            Self::Connection(_) => "connection",
        };
        name.into()
    }
}

impl Named for PasteError {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::Beginning => "beginning",
            Self::OtherAddress => "other_address",
            Self::NotAResponse => "not_a_response",
            Self::Malformed(error) => return error.code().name,
            Self::Rejected(reason) => return reason.code().name,
        };
        name.into()
    }
}

impl Named for DeviceError {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Over => "over",
        };
        name.into()
    }
}

impl Named for LogoutError {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::Unexpected => "unexpected",
            Self::Malformed => "malformed",
            Self::StateMissing => "state_missing",
            Self::StateMismatch => "state_mismatch",
        };
        name.into()
    }
}

impl Named for StoreError {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::Sealed(error) => return error.name(),
            Self::Unavailable(_) => "unavailable",
            Self::Busy => "busy",
            Self::Format => "format",
            Self::Exposed => "exposed",
            Self::Contended => "contended",
            Self::Entropy(_) => "no_entropy",
        };
        name.into()
    }
}

impl Named for SealError {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Version => "version",
            Self::UnknownKey => "unknown_key",
            Self::Tampered => "tampered",
            Self::OtherClient => "other_client",
            Self::Expired => "expired",
            Self::Entropy(_) => "no_entropy",
        };
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{AddressError, DiscoveryError, OAuthError};

    #[test]
    fn a_code_says_where_and_what() {
        let cases: [(Error, &str); 10] = [
            (JwtError::Audience.into(), "id_token.audience"),
            (Error::Jwt { kind: JwtKind::LogoutToken, error: JwtError::Missing("sid") }, "logout_token.missing_sid"),
            (Error::Protocol { endpoint: Endpoint::Token, defect: Defect::Redirect(302) }, "token.redirect"),
            (Error::Rejected(RejectReason::StateMismatch), "response.state_mismatch"),
            (Error::Pasted(PasteError::Beginning), "native.pasted_beginning"),
            (Error::Pasted(PasteError::Rejected(RejectReason::StateMismatch)), "response.state_mismatch"),
            (Error::Rejected(RejectReason::Signature(JwtError::Nonce)), "response_token.nonce"),
            (DiscoveryError::Issuer(IssuerDifference::TrailingSlash).into(), "discovery.issuer_trailing_slash"),
            (
                DiscoveryError::Endpoint { name: "token_endpoint", reason: AddressError::Insecure }.into(),
                "discovery.token_endpoint_insecure",
            ),
            (
                Error::OAuth { endpoint: Endpoint::Token, error: OAuthError::new("invalid_grant", None, None) },
                "token.invalid_grant",
            ),
        ];
        for (error, code) in cases {
            assert_eq!(error.code().to_string(), code);
        }
        assert_eq!(CallbackError::Duplicate("state").code().to_string(), "response.duplicate_state");
    }

    #[test]
    fn an_untrusted_audience_is_not_in_its_code() {
        let error = Error::from(JwtError::UntrustedAudience("canary".to_owned()));
        assert_eq!(error.code().to_string(), "id_token.untrusted_audience");
    }
}

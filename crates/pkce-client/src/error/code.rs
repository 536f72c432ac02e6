//! Names of errors that programs compare and logs keep: they stay as they are when a sentence is worded anew.

use std::borrow::Cow;
use std::fmt;

use super::{AddressError, ConfigError, Defect, DiscoveryError, Error, FinishError, IssuerDifference};
use crate::callback::CallbackError;
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
    fn new(area: &'static str, name: impl Into<Cow<'static, str>>) -> Self {
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
            Self::Signature(error) => return ErrorCode::new(token(JwtKind::AuthorizationResponse), error.name()),
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
    }
}

/// A name that ends in that of a parameter, a member or a claim.
fn with(word: &str, of: &str) -> Cow<'static, str> {
    format!("{word}_{of}").into()
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
            Self::UnknownKey => "unknown_key",
            Self::AmbiguousKey => "ambiguous_key",
            Self::WeakKey => "weak_key",
            Self::Signature => "signature",
            Self::Replayed => "replayed",
            Self::Issuer => "issuer",
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

impl Named for ConfigError {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::Issuer(_) => "issuer",
            Self::ClientId => "client_id",
            Self::RedirectUri(_) => "redirect_uri",
            Self::NoRedirectUri => "no_redirect_uri",
            Self::LoopbackPath => "loopback_path",
            Self::ReservedParameter(_) => "reserved_parameter",
            Self::RepeatedParameter(_) => "repeated_parameter",
            Self::Scope => "scope",
            Self::Resource => "resource",
            Self::TooLong => "too_long",
            Self::MaxAgeWithoutOpenid => "max_age_without_openid",
            Self::NeedsOpenid(_) => "needs_openid",
            Self::PromptNone => "prompt_none",
            Self::Locale => "locale",
            Self::Acr => "acr",
            Self::Claims => "claims",
            Self::AuthorizationDetails => "authorization_details",
            Self::FormPostNative => "form_post_native",
            Self::AuthMethod(_) => "auth_method",
            Self::SigningAlgorithm { .. } => "signing_algorithm",
            Self::NotOffered { member, .. } => return with("not_offered", member),
            Self::SignedRequestsRequired => "signed_requests_required",
            Self::ShortSecret => "short_secret",
            Self::NoAlgorithm => "no_algorithm",
            Self::Algorithm(_) => "algorithm",
            Self::NoTransport => "no_transport",
            Self::Roots => "roots",
            Self::Identity => "identity",
            Self::NoIdentity => "no_identity",
            Self::Transport => "transport",
        };
        name.into()
    }
}

impl Named for AddressError {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::NotAUrl => "not_a_url",
            Self::Insecure => "insecure",
            Self::LoopbackFromAfar => "loopback_from_afar",
            Self::Fragment => "fragment",
            Self::Query => "query",
            Self::Userinfo => "user_in_address",
            Self::ReservedParameter => "reserved_parameter",
        };
        name.into()
    }
}

impl Named for DiscoveryError {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::NotFound { .. } => "not_found",
            Self::Issuer(IssuerDifference::TrailingSlash) => "issuer_trailing_slash",
            Self::Issuer(IssuerDifference::Case) => "issuer_case",
            Self::Issuer(IssuerDifference::Other) => "issuer",
            Self::Missing(member) => return with("missing", member),
            Self::Endpoint { name, reason } => return with(name, &reason.name()),
            Self::PkceNotAdvertised => "pkce_not_advertised",
        };
        name.into()
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
    use crate::error::OAuthError;

    #[test]
    fn a_code_says_where_and_what() {
        let cases: [(Error, &str); 8] = [
            (JwtError::Audience.into(), "id_token.audience"),
            (Error::Jwt { kind: JwtKind::LogoutToken, error: JwtError::Missing("sid") }, "logout_token.missing_sid"),
            (Error::Protocol { endpoint: Endpoint::Token, defect: Defect::Redirect(302) }, "token.redirect"),
            (Error::Rejected(RejectReason::StateMismatch), "response.state_mismatch"),
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

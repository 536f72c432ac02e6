//! What an application can do about an error.

use std::time::Duration;

use super::{DiscoveryError, Error, FinishError};
use crate::jwt::JwtError;
use crate::pending::RejectReason;
use crate::specs::rfc7591_registration::RegistrationError;
use crate::specs::rfc8628_device::DeviceError;
use crate::specs::rfc9728_resource::ResourceError;
use crate::store::StoreError;
use crate::transport::TransportError;

/// What an application can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// Try the same again, not before this much time has passed if there is one. Of a login that was begun, nothing can
    /// be tried again: begin a new one.
    Retry {
        /// How long the server wants to be left alone.
        after: Option<Duration>,
    },
    /// Let the user log in again.
    LogInAgain,
    /// Nothing will change until somebody configures something otherwise, in the application or at the server. The
    /// error says what.
    Configure,
    /// A response was not the one that was waited for, and the login goes on: answer the browser with an error, keep the
    /// login, and wait for the right response.
    Ignore,
    /// The server, or somebody in its place, broke a rule that protects the user. Do not try again by yourself; let
    /// somebody look at it.
    Report,
}

impl Error {
    /// What an application can do about it.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Transport { source, .. } => match source {
                TransportError::Timeout | TransportError::Connection(_) => Advice::Retry { after: None },
                TransportError::TooLarge { .. } => Advice::Report,
            },
            Self::Unavailable { retry_after, .. } => Advice::Retry { after: *retry_after },
            Self::OAuth { error, .. } => of_the_server(error.code()),
            Self::Rejected(reason) => reason.advice(),
            Self::IdToken(error) | Self::Jwt { error, .. } => of_a_token(error),
            Self::Store(StoreError::Busy | StoreError::Contended | StoreError::Unavailable(_)) | Self::Entropy(_) => {
                Advice::Retry { after: None }
            }
            Self::Device(DeviceError::Denied | DeviceError::Expired | DeviceError::Over)
            | Self::ReauthRequired
            | Self::Pasted(_)
            | Self::LoginTimeout => Advice::LogInAgain,
            Self::Logout(_) => Advice::Ignore,
            Self::Discovery(DiscoveryError::NotFound { openid: 500.., .. }) => Advice::Retry { after: None },
            Self::Registration(RegistrationError::Differs(_))
            | Self::ProtectedResource(
                ResourceError::Address(_)
                | ResourceError::OtherOrigin
                | ResourceError::Ambiguous
                | ResourceError::OtherResource
                | ResourceError::Server(..),
            ) => Advice::Report,
            Self::Config(_)
            | Self::Registration(_)
            | Self::ProtectedResource(_)
            | Self::Discovery(_)
            | Self::NoEndpoint(_)
            | Self::Unsupported(_)
            | Self::OtherClient
            | Self::Store(_)
            | Self::Resource(_)
            | Self::Loopback(_)
            | Self::UserAgent(_) => Advice::Configure,
            Self::Protocol { .. } | Self::SubjectMismatch => Advice::Report,
        }
    }
}

impl FinishError {
    /// What an application can do about it.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Rejected(rejected) => rejected.reason.advice(),
            Self::Failed(error) => error.advice(),
        }
    }
}

impl RejectReason {
    /// What an application can do about it.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Denied(error) => of_the_server(error.code()),
            Self::Expired | Self::CodeMissing => Advice::LogInAgain,
            Self::OtherClient | Self::NotOpened => Advice::Configure,
            // Anybody can send these to the redirect URI.
            Self::StateMissing
            | Self::StateMismatch
            | Self::IssuerMismatch
            | Self::IssuerMissing
            | Self::NotSigned
            | Self::Signature(_)
            | Self::NoKeys
            | Self::Mode => Advice::Ignore,
        }
    }

    /// Whether anybody could have caused it, so that the real response may still come.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn may_be_forged(&self) -> bool {
        self.advice() == Advice::Ignore
    }
}

/// Of the codes that RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6 and their extensions define.
fn of_the_server(code: &str) -> Advice {
    match code {
        "temporarily_unavailable" | "server_error" | "slow_down" | "authorization_pending" | "use_dpop_nonce" => {
            Advice::Retry { after: None }
        }
        "access_denied"
        | "invalid_grant"
        | "invalid_token"
        | "expired_token"
        | "login_required"
        | "consent_required"
        | "interaction_required"
        | "account_selection_required"
        | "insufficient_user_authentication"
        | "insufficient_scope" => Advice::LogInAgain,
        _ => Advice::Configure,
    }
}

fn of_a_token(error: &JwtError) -> Advice {
    match error {
        // What the user did, and can do otherwise.
        JwtError::TooOld { .. } | JwtError::Acr | JwtError::Subject => Advice::LogInAgain,
        // What is named in a builder method, or is a clock that is wrong.
        JwtError::Algorithm
        | JwtError::KeyManagement
        | JwtError::ContentEncryption
        | JwtError::UntrustedAudience(_)
        | JwtError::IssuerNearly(_)
        | JwtError::Expired { .. }
        | JwtError::NotYetValid { .. }
        | JwtError::IssuedInFuture { .. } => Advice::Configure,
        _ => Advice::Report,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ConfigError, OAuthError};
    use crate::transport::Endpoint;

    #[test]
    fn advice_is_what_helps() {
        let after = Some(Duration::from_secs(7));
        let told = |code| Error::OAuth { endpoint: Endpoint::Token, error: OAuthError::new(code, None, None) };
        let cases: [(Error, Advice); 9] = [
            (Error::Unavailable { endpoint: Endpoint::Token, retry_after: after }, Advice::Retry { after }),
            (
                Error::Transport { endpoint: Endpoint::Jwks, source: TransportError::Timeout },
                Advice::Retry { after: None },
            ),
            (told("invalid_grant"), Advice::LogInAgain),
            (told("invalid_client"), Advice::Configure),
            (ConfigError::NoTransport.into(), Advice::Configure),
            (JwtError::Signature.into(), Advice::Report),
            (JwtError::UntrustedAudience("api".to_owned()).into(), Advice::Configure),
            (Error::Rejected(RejectReason::StateMismatch), Advice::Ignore),
            (Error::ReauthRequired, Advice::LogInAgain),
        ];
        for (error, advice) in cases {
            assert_eq!(error.advice(), advice, "{error}");
        }
    }
}

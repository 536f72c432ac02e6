//! Names of what is wrong before anything is sent: what the caller said, addresses, and metadata.

use std::borrow::Cow;

use super::{Named, with};
use crate::error::{AddressError, ConfigError, DiscoveryError};

impl Named for ConfigError {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::Issuer(_) => "issuer",
            Self::TenantIssuer => "tenant_issuer",
            Self::Tenant(_) => "tenant",
            Self::NoTenant => "no_tenant",
            Self::ClientId => "client_id",
            Self::RedirectUri(_) => "redirect_uri",
            Self::NoRedirectUri => "no_redirect_uri",
            Self::UnregisteredRedirectUri(_) => "unregistered_redirect_uri",
            Self::DocumentUrl => "document_url",
            Self::Token => "token",
            Self::AuthMethodOwed(_) => "auth_method_owed",
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
            Self::NoDecryptionKey(_) => "no_decryption_key",
            Self::NothingEncrypted => "nothing_encrypted",
            Self::NeitherNonceNorPkce => "neither_nonce_nor_pkce",
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
            Self::Inside => "inside",
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
            Self::Issuer(difference) => difference.name(),
            Self::Missing(member) => return with("missing", member),
            Self::Endpoint { name, reason } => return with(name, &reason.name()),
            Self::PkceNotAdvertised => "pkce_not_advertised",
        };
        name.into()
    }
}

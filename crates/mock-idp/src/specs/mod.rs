//! The documents, in the order in which their hooks run. One document is one file; this list is all there is to
//! registering it.

use std::sync::Arc;

use crate::spec::Spec;

pub(crate) mod draft_client_id_metadata;
pub(crate) mod fapi2_security;
pub(crate) mod mcp_authorization;
pub(crate) mod oauth_form_post;
pub(crate) mod oauth_response_types;
pub(crate) mod oidc_backchannel_logout;
pub(crate) mod oidc_ciba;
pub(crate) mod oidc_core;
pub(crate) mod oidc_discovery;
pub(crate) mod oidc_frontchannel_logout;
pub(crate) mod oidc_hybrid;
pub(crate) mod oidc_jarm;
pub(crate) mod oidc_registration;
pub(crate) mod oidc_rp_initiated_logout;
pub(crate) mod oidc_session_management;
pub(crate) mod rfc6749_client_auth;
pub(crate) mod rfc6749_client_credentials;
pub(crate) mod rfc6749_code;
pub(crate) mod rfc6749_implicit;
pub(crate) mod rfc6749_opaque_token;
pub(crate) mod rfc6749_password;
pub(crate) mod rfc6749_refresh;
pub(crate) mod rfc6749_resource_owner;
pub(crate) mod rfc6750_bearer;
pub(crate) mod rfc7009_revocation;
pub(crate) mod rfc7239_forwarded;
pub(crate) mod rfc7523_client_auth;
pub(crate) mod rfc7523_jwt_bearer;
pub(crate) mod rfc7591_registration;
pub(crate) mod rfc7592_management;
pub(crate) mod rfc7636_pkce;
pub(crate) mod rfc7662_introspection;
pub(crate) mod rfc8414_metadata;
pub(crate) mod rfc8628_device;
pub(crate) mod rfc8693_token_exchange;
#[cfg(feature = "tls")]
pub(crate) mod rfc8705_mtls;
pub(crate) mod rfc8707_resource;
pub(crate) mod rfc9068_jwt_access_token;
pub(crate) mod rfc9101_jar;
pub(crate) mod rfc9126_par;
pub(crate) mod rfc9207_iss;
pub(crate) mod rfc9396_rar;
pub(crate) mod rfc9449_dpop;
pub(crate) mod rfc9470_step_up;
pub(crate) mod rfc9701_jwt_introspection;
pub(crate) mod rfc9728_resource_metadata;

/// Every document that is in force unless something else is said.
pub(crate) fn all() -> Vec<Arc<dyn Spec>> {
    vec![
        Arc::new(rfc7591_registration::Registration),
        Arc::new(rfc7592_management::Management),
        Arc::new(oidc_registration::OpenIdRegistration),
        Arc::new(rfc6749_client_auth::ClientAuthentication),
        Arc::new(rfc7523_client_auth::ClientAssertion),
        Arc::new(rfc6749_resource_owner::ResourceOwner),
        Arc::new(rfc6749_code::AuthorizationCode),
        Arc::new(rfc6749_refresh::RefreshToken),
        Arc::new(rfc6749_client_credentials::ClientCredentials),
        Arc::new(rfc7523_jwt_bearer::JwtBearer),
        Arc::new(rfc9126_par::PushedRequests),
        Arc::new(rfc8628_device::DeviceAuthorization::default()),
        Arc::new(oidc_ciba::BackchannelAuthentication),
        Arc::new(rfc7636_pkce::Pkce::default()),
        Arc::new(rfc6750_bearer::Bearer),
        Arc::new(rfc9068_jwt_access_token::JwtAccessToken),
        Arc::new(rfc8707_resource::ResourceIndicators),
        Arc::new(rfc9396_rar::RichRequests),
        Arc::new(rfc9449_dpop::Dpop::default()),
        #[cfg(feature = "tls")]
        Arc::new(rfc8705_mtls::MutualTls),
        Arc::new(oidc_core::OpenIdConnect),
        Arc::new(oidc_rp_initiated_logout::RpInitiatedLogout),
        Arc::new(oidc_backchannel_logout::BackChannelLogout),
        Arc::new(oidc_frontchannel_logout::FrontChannelLogout),
        Arc::new(oidc_session_management::SessionManagement),
        Arc::new(rfc9101_jar::RequestObjects),
        Arc::new(rfc9470_step_up::StepUp),
        // It changes what those above have put into an answer.
        Arc::new(rfc8693_token_exchange::TokenExchange),
        Arc::new(rfc7009_revocation::Revocation),
        Arc::new(rfc7662_introspection::Introspection),
        Arc::new(rfc9701_jwt_introspection::JwtIntrospection),
        // A resource that has metadata of its own names it first.
        Arc::new(mcp_authorization::Mcp),
        Arc::new(rfc9728_resource_metadata::ResourceMetadata),
        Arc::new(fapi2_security::SecurityProfile),
        Arc::new(rfc9207_iss::IssuerIdentification),
        Arc::new(oauth_response_types::QueryAndFragment),
        Arc::new(oauth_form_post::FormPost),
        Arc::new(oidc_jarm::Jarm),
        Arc::new(draft_client_id_metadata::ClientIdMetadata::default()),
        Arc::new(rfc7239_forwarded::Forwarded),
        Arc::new(rfc8414_metadata::Metadata),
        Arc::new(oidc_discovery::Discovery),
        // It remembers what those above have put into an access token.
        Arc::new(rfc6749_opaque_token::OpaqueToken),
    ]
}

/// Documents that no new client should speak, for clients that are not new.
pub(crate) fn legacy() -> Vec<Arc<dyn Spec>> {
    vec![
        Arc::new(rfc6749_password::PasswordCredentials),
        Arc::new(rfc6749_implicit::Implicit),
        Arc::new(oidc_hybrid::ImplicitAndHybrid),
    ]
}

/// Every document this server knows.
pub(crate) fn every() -> Vec<Arc<dyn Spec>> {
    all().into_iter().chain(legacy()).collect()
}

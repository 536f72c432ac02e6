//! The client against a server in memory, and against the mock authorization server.

mod authorization_response;
#[cfg(feature = "axum")]
mod bff;
#[cfg(feature = "axum")]
mod bff_logout;
mod discovery;
mod draft_client_id_metadata;
#[cfg(feature = "reqwest")]
mod fapi2;
mod fapi2_message_signing;
mod flow_store;
#[cfg(feature = "reqwest")]
mod http_conformance;
mod id_token;
mod idp;
mod issuer_policy;
mod keys;
mod mcp_authorization;
mod mcp_lies;
mod misuse;
#[cfg(feature = "reqwest")]
mod mock_idp;
mod native;
#[cfg(feature = "reqwest")]
mod native_in_chromium;
mod native_paste;
mod oauth_form_post;
#[cfg(feature = "reqwest")]
mod odd_servers;
mod oidc_backchannel_logout;
mod oidc_core;
mod oidc_frontchannel_logout;
mod oidc_jarm;
mod oidc_rp_initiated_logout;
mod oidc_signed_userinfo;
#[cfg(feature = "postgres")]
mod postgres_stores;
#[cfg(feature = "reqwest")]
mod processes;
mod properties;
mod protected_resource;
#[cfg(feature = "reqwest")]
mod quick_start;
mod readme;
mod received_id_token;
mod resource;
mod rfc6749_client_credentials;
mod rfc6750_bearer;
mod rfc7009_revocation;
mod rfc7516_jwe;
mod rfc7523_client_assertion;
mod rfc7523_jwt_bearer;
mod rfc7591_registration;
mod rfc7592_management;
mod rfc7662_introspection;
mod rfc8628_device;
mod rfc8693_token_exchange;
mod rfc8705_mtls;
mod rfc8707_resource;
mod rfc9068_access_token;
mod rfc9101_jar;
mod rfc9126_par;
mod rfc9396_rar;
mod rfc9449_dpop;
mod rfc9470_step_up;
mod rfc9701_jwt_introspection;
mod rfc9728_resource;
mod sealed;
mod secrets;
mod session;
mod shared_session;
mod signed;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql_flows;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql_tokens;
#[cfg(feature = "sqlite")]
mod sqlite_tokens;
mod stage;
mod token_response;
mod token_store;
#[cfg(feature = "reqwest")]
mod transport;
mod web;

//! An OAuth 2.0 and OpenID Connect client that is hard to misuse.
//!
//! It logs users in with the authorization code flow and PKCE (RFC 7636), and there is nothing to forget: `state`,
//! `nonce`, the code verifier, the issuer and the redirect URI have no parameters and no setters. They live in one
//! value, [`Pending`], which is used up by finishing the login.
//!
//! # A program on the user's machine
//! ```no_run
//! # async fn example() -> Result<(), pkce_client::Error> {
//! use pkce_client::Client;
//!
//! let client = Client::discover("https://issuer.example", "my-cli").await?;
//! let session = client.login_native(["openid", "offline_access"]).await?;
//! let token = session.access_token().await?; // refreshed when it is about to expire
//! # let _ = token.expose();
//! # Ok(())
//! # }
//! ```
//!
//! # A web application
//! ```no_run
//! # async fn example(query: &str) -> Result<(), Box<dyn std::error::Error>> {
//! use pkce_client::{Callback, Client, Started};
//!
//! let client = Client::builder("https://issuer.example", "my-app")
//!     .secret("s3cret")
//!     .redirect_uri("https://app.example/callback")
//!     .discover()
//!     .await?;
//!
//! // When the user wants to log in: keep `pending` in their session, under `pending.lookup_key()`.
//! let Started { url, pending } = client.login().scopes(["openid", "email"]).begin().await?;
//!
//! // When the browser comes back: take it out of that user's session, and finish.
//! let session = client.finish(pending, Callback::from_query(query)?).await?;
//! let user = session.claims().ok_or("not an OpenID Connect login")?.subject();
//! # let _ = (url, user);
//! # Ok(())
//! # }
//! ```
//! `pending` belongs to one browser. A store that anybody's `state` opens lets an attacker finish their own login in
//! somebody else's browser (RFC 9700 §4.7), so keep it where only that browser's session cookie leads. Outside the
//! process it is sealed: [`Pending::into_sealed`], for a cookie or a [`FlowStore`].
//!
//! On axum, `Bff` of the feature `axum` does all of this: login, callback, logout in both directions, sealed cookies, and
//! protection against the requests of other sites. Handlers take a `User`.
//!
//! # More than the code flow
//! What a server does not offer is an error when it is asked for, never left out in silence.
//! * Signed requests (RFC 9101): [`ClientBuilder::signed_requests`].
//! * Signed responses (JARM), and no others: [`ClientBuilder::signed_responses`].
//! * Responses that are posted (Form Post Response Mode): [`LoginRequest::form_post`].
//! * Rich authorization requests (RFC 9396): [`LoginRequest::authorization_details`].
//! * Step-up authentication (RFC 9470): [`LoginRequest::require_acr`], [`Challenge::step_up`].
//! * Prompts, languages and single claims (OpenID Connect Core §3.1.2.1, §5.5): [`LoginRequest::prompt`],
//!   [`LoginRequest::ui_locales`], [`LoginRequest::claims`].
//!
//! # What is checked
//! * Metadata: its issuer is the one asked for, character by character (RFC 8414 §3.3; for the many tenants of Microsoft
//!   Entra ID there is [`IssuerPolicy::entra_multi_tenant`]); endpoints are https, or http
//!   on a loopback address if the issuer is; S256 is announced.
//! * The authorization response: age, `state`, `iss` (RFC 9207), duplicates, errors. A rejected one hands the login
//!   back, so that a forged response does not destroy the real one.
//! * The token response: media type, status, duplicate members, types; an `error` counts at any status.
//! * The ID token: signature, algorithm, key, and every claim rule of OpenID Connect Core §3.1.3.7, always.
//! * No redirect is followed, every body is bounded, a code is sent once.
//!
//! # Other endpoints
//! * A login on a device without a browser (RFC 8628): [`Client::device`].
//! * Logout: tokens are revoked (RFC 7009) by [`Session::revoke`]; the user's browser is sent to the server's logout
//!   (RP-Initiated Logout) by [`Client::logout`]; logouts that begin elsewhere arrive by [`Client::verify_logout_token`]
//!   (Back-Channel Logout) and [`Client::judge_frontchannel_logout`] (Front-Channel Logout).
//! * UserInfo responses that are signed: [`ClientBuilder::signed_userinfo`]; that are encrypted (RFC 7516), as ID tokens may
//!   be: [`ClientBuilder::encrypted_userinfo`], [`ClientBuilder::encrypted_id_tokens`].
//! * ID tokens that came by another way, such as a sign-in on a phone: [`Client::id_token`].
//! * Services: access on their own account (RFC 6749 §4.4) by [`Client::client_credentials`], one token for another
//!   (RFC 8693) by [`Client::token_exchange`], and tokens for what somebody else has signed (RFC 7523) by
//!   [`Client::jwt_bearer`].
//! * Protected resources: what a token stands for (RFC 7662) by [`Client::introspect`], with a signature (RFC 9701) by
//!   [`Client::introspect_signed`]; tokens that say it themselves (RFC 9068) by [`Client::verify_access_token`]. Whole
//!   requests, with what their tokens are bound to (RFC 9449 §7, RFC 8705 §3), by [`ProtectedResource::verify`].
//!
//! # A client that nobody has registered
//! * It registers itself (RFC 7591) by [`ClientBuilder::register`], and manages its [`Registration`] (RFC 7592) by
//!   [`Client::read_registration`], [`Client::update_registration`] and [`Client::delete_registration`].
//! * Or it is called by the URL where it says who it is (OAuth Client ID Metadata Document): [`Client::documented`].
//! * A resource says whose tokens it takes (RFC 9728), and the rest follows, as for MCP servers: [`ResourceClient`].
//!
//! # Who the client is, and what its tokens are bound to
//! * A secret in a header or in the body (RFC 6749), a signed assertion for the issuer alone (RFC 7523), or a certificate
//!   (RFC 8705): [`ClientBuilder::secret`], [`ClientBuilder::private_key_jwt`], [`ClientBuilder::mtls`]. One of them, as
//!   it was named; never another in its place.
//! * Tokens that are worth nothing to whoever steals them (DPoP, RFC 9449): [`ClientBuilder::dpop`].
//!
//! # Sessions that outlive the process
//! [`Session::keep_in`] keeps the tokens in a [`TokenStore`], [`Session::restore`] takes a session up again. However many
//! tasks and processes share one, they cause one refresh:
//! 1. Under the lease of the store, what it keeps is looked at. Tokens that another process has got are adopted, and
//!    nothing is sent.
//! 2. One request is sent. The old refresh token is kept if there is no new one (RFC 6749 §6).
//! 3. The tokens are stored, unless somebody else has stored others meanwhile; then those are adopted.
//! 4. After `invalid_grant` the store is looked at once more, before the user has to log in again.
//!
//! A process that is killed before its request reached the server, or after it stored the answer, loses nothing. Killed in
//! between, it takes an answer with it that nobody else has heard. A server that takes a rotated refresh token again for a
//! while (a time of grace) gives another; at one that rotates without grace the session is lost: the next process hears
//! `invalid_grant`, says [`Error::ReauthRequired`], and stores nothing that is not so. A server that does not rotate loses
//! nothing at any time.
//!
//! Tokens that cannot be stored are used all the same. [`Session::refresh`] and [`Session::save`] tell the error, every use
//! of the session tries again, and until then the lease is held, so that no other process sends the refresh token that is
//! spent. A session that another process has removed from the store, or replaced by another login, is over.
//!
//! # Runtime
//! Sessions and native logins use the tokio runtime. Transport, time, randomness and browser can be replaced:
//! [`HttpClient`], [`Clock`], [`Dice`], [`UserAgent`]. A transport of your own is held against the contract by
//! [`http_conformance::check`], a store of tokens by [`token_store_conformance::check`]. Users whose browser is on
//! another machine paste its last address: [`ClientBuilder::paste_prompt`].
//!
//! # In a browser
//! For `wasm32-unknown-unknown`, time, timers, tasks and randomness come from the browser in place of the runtime, and the
//! transport is yours, over `fetch` for example. What needs sockets, files or a program is not there: native logins,
//! `FileStore`, `http_conformance` and the features `axum`, `sqlite` and `postgres`; nor are encrypted tokens, and nothing is
//! signed with RSA.

#[cfg(all(target_family = "wasm", not(target_os = "unknown")))]
compile_error!(
    "of the targets of WebAssembly, this is for wasm32-unknown-unknown alone: in a browser, or what is like one"
);
#[cfg(all(target_family = "wasm", any(feature = "axum", feature = "sqlite", feature = "postgres")))]
compile_error!("the features axum, sqlite and postgres are not for browsers");

mod address;
mod asked;
mod authentication;
#[cfg(feature = "axum")]
mod bff;
mod builder;
mod callback;
mod claims;
mod client;
mod client_metadata;
mod clock;
mod crypto;
mod dice;
mod discover;
mod error;
mod exchange;
mod flow_store;
#[cfg(not(target_family = "wasm"))]
pub mod http_conformance;
mod id_token;
mod issuer;
mod json;
mod jwks;
mod jwt;
mod login;
#[cfg(not(target_family = "wasm"))]
mod loopback;
#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(not(target_family = "wasm"))]
mod paste;
mod pending;
mod public_key;
#[cfg(all(feature = "reqwest", not(target_family = "wasm")))]
mod reqwest_transport;
mod resource;
mod response_mode;
mod seal_key;
mod sealed;
mod session;
mod signing_key;
mod specs;
mod store;
mod task;
mod token;
mod token_set;
mod transport;
#[cfg(not(target_family = "wasm"))]
mod user_agent;

#[cfg(feature = "axum")]
pub use bff::{
    Bff, BffBuilder, BffError, BffFailure, CSRF_HEADER, CsrfError, EndedSessions, MemorySessions, NoUser,
    SessionName, User, WebSessions,
};
pub use builder::ClientBuilder;
pub use callback::{Callback, CallbackError};
pub use claims::{ClaimError, IdClaims, UserInfo};
pub use client::Client;
pub use client_metadata::ClientMetadata;
pub use clock::{Clock, SystemClock};
pub use dice::{Dice, NoEntropy, SystemDice};
pub use error::{
    AddressError, Advice, ConfigError, Defect, DiscoveryError, Error, ErrorCode, FinishError, OAuthError, PasteError,
};
pub use flow_store::conformance as flow_store_conformance;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use flow_store::sql::SqlFlows;
pub use flow_store::{FlowStore, FlowStoreError, MemoryFlows};
pub use id_token::{IdTokenCheck, ReceivedIdToken};
pub use issuer::{IssuerDifference, IssuerPolicy};
pub use json::JsonError;
pub use jwt::{JwtError, JwtKind};
pub use login::{LoginRequest, Started};
pub use oauth_types::{Algorithm, ContentEncryption, KeyManagement, ProviderMetadata, Secret};
#[cfg(not(target_family = "wasm"))]
pub use paste::{PastePrompt, TerminalPrompt};
pub use pending::{Accepted, FlowKey, Pending, RejectReason, Rejected};
#[cfg(all(feature = "reqwest", not(target_family = "wasm")))]
pub use reqwest_transport::{ReqwestTransport, ReqwestTransportBuilder};
pub use resource::denied::{AccessError, Denied};
pub use resource::{Access, ProtectedResource, ResourceRequest};
pub use seal_key::{SealError, SealKey};
pub use session::Session;
pub use signing_key::{KeyError, SigningKey};
pub use specs::draft_client_id_metadata::ClientDocument;
#[cfg(not(target_family = "wasm"))]
pub use specs::mcp_authorization::NativeLogin;
pub use specs::mcp_authorization::{AccessRequest, ResourceClient, ResourceClientBuilder, ResourceLogin};
pub use specs::oidc_backchannel_logout::LogoutToken;
pub use specs::oidc_core::Prompt;
pub use specs::oidc_frontchannel_logout::{FrontChannelError, FrontChannelLogout};
pub use specs::oidc_rp_initiated_logout::{LogoutError, LogoutRequest, PendingLogout, StartedLogout};
pub use specs::rfc6749_client_credentials::ClientCredentials;
pub use specs::rfc6750_bearer::Challenge;
#[cfg(not(target_family = "wasm"))]
pub use specs::rfc7516_jwe::DecryptionKey;
pub use specs::rfc7523_jwt_bearer::JwtBearer;
pub use specs::rfc7591_registration::{Registration, RegistrationError, RegistrationRequest};
pub use specs::rfc7662_introspection::Introspection;
pub use specs::rfc8628_device::{DeviceError, DeviceLogin, DeviceRequest};
pub use specs::rfc8693_token_exchange::{ExchangeRequest, ExchangedToken, TokenKind};
pub use specs::rfc9068_access_token::AccessClaims;
pub use specs::rfc9449_dpop::proof::ProofError;
pub use specs::rfc9449_dpop::replay::{MemoryProofs, ProofNonces, ProofStore, ProofStoreError, TimedNonces};
pub use specs::rfc9470_step_up::StepUp;
pub use specs::rfc9728_resource::{ResourceError, ResourceMetadata};
pub use store::conformance as token_store_conformance;
#[cfg(not(target_family = "wasm"))]
pub use store::file::FileStore;
pub use store::memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use store::postgres::{PostgresTokenStore, PostgresTokens};
#[cfg(feature = "sqlite")]
pub use store::sqlite::{SqliteTokenStore, SqliteTokens};
pub use store::{Lease, Replace, StoreError, TokenStore, Version};
pub use token::TokenType;
pub use token_set::TokenSet;
pub use transport::{BoxFuture, Endpoint, HttpClient, HttpRequest, TransportError};
#[cfg(not(target_family = "wasm"))]
pub use user_agent::{SystemBrowser, UserAgent};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

//! What can go wrong, as exact values. None of them holds a body, a code, a verifier, a token or a secret.

mod advice;
pub(crate) mod code;
mod oauth;
mod paste;

use std::time::Duration;

use oauth_types::{Algorithm, KeyManagement};

pub use self::advice::Advice;
pub use self::code::ErrorCode;
pub use self::oauth::OAuthError;
pub use self::paste::PasteError;
use crate::dice::NoEntropy;
use crate::issuer::IssuerDifference;
use crate::json::JsonError;
use crate::jwt::{JwtError, JwtKind};
use crate::pending::{RejectReason, Rejected};
use crate::specs::oidc_rp_initiated_logout::LogoutError;
use crate::specs::rfc7591_registration::RegistrationError;
use crate::specs::rfc8628_device::DeviceError;
use crate::specs::rfc9728_resource::ResourceError;
use crate::store::StoreError;
use crate::token::TokenType;
use crate::transport::{Endpoint, TransportError};

/// Any failure of the client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the caller gave cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The metadata document is not acceptable.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// There was no answer.
    #[error("no answer from the {endpoint}")]
    Transport {
        /// Who was asked.
        endpoint: Endpoint,
        /// What happened.
        source: TransportError,
    },
    /// The server answered with an OAuth error (RFC 6749 §5.2).
    #[error("the {endpoint} answered: {error}")]
    OAuth {
        /// Who answered.
        endpoint: Endpoint,
        /// The error.
        error: OAuthError,
    },
    /// The answer is not what the specification says.
    #[error("the answer of the {endpoint} is unusable: {defect}")]
    Protocol {
        /// Who answered.
        endpoint: Endpoint,
        /// What is wrong with it.
        defect: Defect,
    },
    /// The authorization response was rejected, and the login is over.
    #[error("the authorization response was rejected: {0}")]
    Rejected(RejectReason),
    /// The ID token is not valid; nothing of the token response is used.
    #[error("the ID token is not valid: {0}")]
    IdToken(#[from] JwtError),
    /// Another signed token is not valid; nothing of it is used.
    #[error("the {kind} is not valid: {error}")]
    Jwt {
        /// What it is for.
        kind: JwtKind,
        /// What is wrong with it.
        error: JwtError,
    },
    /// The server cannot answer now.
    #[error("the {endpoint} is not available now")]
    Unavailable {
        /// Who was asked.
        endpoint: Endpoint,
        /// When the server wants to be asked again, if it said so in seconds; at most a day.
        retry_after: Option<Duration>,
    },
    /// The login on another device has ended without a session (RFC 8628 §3.5).
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The browser did not come back from a logout of this process.
    #[error(transparent)]
    Logout(#[from] LogoutError),
    /// The registration of the client cannot be used (RFC 7591, RFC 7592).
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// A protected resource cannot be used (RFC 9728), or is not what the request is for.
    #[error(transparent)]
    ProtectedResource(#[from] ResourceError),
    /// The claims of the UserInfo endpoint are about somebody else (OpenID Connect Core §5.3.2).
    #[error("the userinfo endpoint answered about another subject")]
    SubjectMismatch,
    /// The server has no such endpoint, as its metadata say.
    #[error("the server has no {0}")]
    NoEndpoint(Endpoint),
    /// The address of a resource is not one that a token may be sent to.
    #[error("no token is sent there: {0}")]
    Resource(AddressError),
    /// The server does not offer this, or the login did not ask for it.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The session cannot be continued: the user has to log in again.
    #[error("the user has to log in again")]
    ReauthRequired,
    /// The store of the session's tokens failed. The tokens at hand are not lost by it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The login was begun, or the tokens that a store keeps were issued, for another server or `client_id`.
    #[error("the login was begun by another client")]
    OtherClient,
    /// The source of randomness has failed.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// Nothing can listen on the loopback interface.
    #[error("nothing can listen on the loopback interface")]
    Loopback(#[source] std::io::Error),
    /// The browser could not be opened.
    #[error("the browser could not be opened")]
    UserAgent(#[source] std::io::Error),
    /// The user pasted five texts that are not the response to this login. This is of the last one.
    #[error("what was pasted cannot be used: {0}")]
    Pasted(PasteError),
    /// Nobody came back from the browser in time.
    #[error("the login was not finished in time")]
    LoginTimeout,
}

/// Why a login could not be finished.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FinishError {
    /// The response was rejected before anything was sent. The login is handed back and may still be finished by
    /// the right response.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// The code was sent, or could not be; the login is used up.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// What is wrong with an answer. Says where, never what stood there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// A redirect. It is never followed: the request may carry a code, a verifier and a secret.
    #[error("it is a redirect, status {0}, which is not followed")]
    Redirect(u16),
    /// Another status than the specification asks for.
    #[error("its status is {0}")]
    Status(u16),
    /// The body is not of the media type the specification asks for.
    #[error("its content type is not the one asked for")]
    ContentType,
    /// The body is not acceptable JSON.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// A required member is absent.
    #[error("the member {0} is missing")]
    Missing(&'static str),
    /// A member has the wrong type or an impossible value.
    #[error("the member {0} is malformed")]
    Member(&'static str),
    /// A member of the metadata document has the wrong type.
    #[error("a member of the document has the wrong type")]
    Metadata,
    /// The token is not of the type that was asked for (RFC 6749 §7.1).
    #[error("the token type is not {}", .0.as_str())]
    TokenType(TokenType),
    /// The key set has too many keys.
    #[error("it has too many keys")]
    TooManyKeys,
}

/// What the caller gave cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The issuer is not an https URL without query and fragment (RFC 8414 §2), nor http on a loopback address.
    #[error("the issuer is unusable: {0}")]
    Issuer(AddressError),
    /// The policy for issuers is for many tenants, and the issuer is that of none or of one.
    #[error("the issuer of a client for many tenants ends with /common/v2.0 or /organizations/v2.0")]
    TenantIssuer,
    /// The policy for issuers names something that is no tenant: tenants are named by their identifiers.
    #[error("{0:?} is not the identifier of a tenant, such as 9188040d-6c67-4c5b-b112-36a304b66dad")]
    Tenant(String),
    /// The policy for issuers names no tenant.
    #[error("there is no tenant that users may come from")]
    NoTenant,
    /// The `client_id` is empty or has characters outside %x20-7E (RFC 6749 Appendix A.1).
    #[error("the client_id is empty or has characters outside printable ASCII")]
    ClientId,
    /// The redirect URI is not one a response can be sent to safely (RFC 9700 §2.6).
    #[error("the redirect URI is unusable: {0}")]
    RedirectUri(AddressError),
    /// A web login needs a redirect URI; the client has none.
    #[error("no redirect URI: name it with ClientBuilder::redirect_uri")]
    NoRedirectUri,
    /// The redirect URI of the builder is not among those that are registered.
    #[error("the redirect URI {0} is not among those that the client registers")]
    UnregisteredRedirectUri(String),
    /// The URL of a client's metadata document is not https with a path, or has a query, a fragment, a user name, or
    /// segments of dots (draft-ietf-oauth-client-id-metadata-document §3).
    #[error("the URL of the client's metadata document is not https with a plain path")]
    DocumentUrl,
    /// A token is empty or has characters that do not fit into a header.
    #[error("a token is empty or does not fit into a header")]
    Token,
    /// The client is registered for a way of authentication with a key or a certificate, which has to be named.
    #[error("the client is registered for {0}: name its key or certificate with the method of that name")]
    AuthMethodOwed(String),
    /// The path of the loopback redirect URI does not begin with `/` or has characters that need escaping.
    #[error("the loopback path is unusable")]
    LoopbackPath,
    /// The parameter is the client's own business.
    #[error("the parameter {0} is set by the client and cannot be given")]
    ReservedParameter(String),
    /// The parameter was given before.
    #[error("the parameter {0} is given twice")]
    RepeatedParameter(String),
    /// A scope is empty or has characters that scopes cannot have (RFC 6749 §3.3).
    #[error("a scope is empty or has characters that scopes cannot have")]
    Scope,
    /// A resource is not an absolute URI without a fragment (RFC 8707 §2).
    #[error("a resource is not an absolute URI without a fragment")]
    Resource,
    /// The request is longer than 32 KiB.
    #[error("the authorization request is longer than 32 KiB")]
    TooLong,
    /// `max_age` only means something for an OpenID Connect login.
    #[error("max_age needs the scope openid")]
    MaxAgeWithoutOpenid,
    /// Only an OpenID Connect login can ask for this.
    #[error("{0} needs the scope openid")]
    NeedsOpenid(&'static str),
    /// The prompt `none` cannot be combined with another (OpenID Connect Core §3.1.2.1).
    #[error("the prompt none cannot be combined with another")]
    PromptNone,
    /// A language is not a BCP 47 tag, or there are too many.
    #[error("a language is not a BCP 47 tag, or there are too many")]
    Locale,
    /// A class of login is empty or has a space in it, or a list of them is empty.
    #[error("a class of login is empty or has a space in it")]
    Acr,
    /// The claims parameter has not the shape of OpenID Connect Core §5.5, or asks for `acr` a second time.
    #[error("the claims parameter is malformed, or asks for acr a second time")]
    Claims,
    /// The authorization details have not the shape of RFC 9396 §2: an array of 1 to 64 objects, each with a type.
    #[error("the authorization details are not an array of objects with a type each")]
    AuthorizationDetails,
    /// A response that is posted needs a web server to post it to.
    #[error("a native login cannot ask for a response that is posted")]
    FormPostNative,
    /// The server does not offer this way of client authentication. Use the other, or none.
    #[error("the server does not offer {0}; name another way of client authentication")]
    AuthMethod(&'static str),
    /// The server does not take what a key signs with, as its metadata say.
    #[error("the server does not take {algorithm}: its {member} does not have it")]
    SigningAlgorithm {
        /// What the key signs with.
        algorithm: Algorithm,
        /// The member of the metadata that lists what is taken.
        member: &'static str,
    },
    /// The server does not offer what is asked for, as its metadata say.
    #[error("the server does not offer {value}: its {member} does not have it")]
    NotOffered {
        /// What is asked for.
        value: String,
        /// The member of the metadata that lists what is offered.
        member: &'static str,
    },
    /// The server takes signed requests alone (RFC 9101 §10.5).
    #[error("the server takes signed requests alone: name a key with ClientBuilder::signed_requests")]
    SignedRequestsRequired,
    /// A secret is too short to sign with: HS256 takes at least 32 octets (RFC 7518 §3.2).
    #[error("the secret is shorter than 32 octets, too short to sign with")]
    ShortSecret,
    /// No algorithm is allowed for ID tokens.
    #[error("no algorithm is allowed for ID tokens")]
    NoAlgorithm,
    /// An algorithm is allowed for ID tokens that this client cannot verify.
    #[error("{0} is no algorithm that this client verifies ID tokens with")]
    Algorithm(Algorithm),
    /// There is no key for this, or it is none of what this client decrypts: RSA-OAEP-256, and ECDH-ES alone or with A128KW
    /// or A256KW.
    #[error("there is no ClientBuilder::decryption_key for {0}")]
    NoDecryptionKey(KeyManagement),
    /// There is a key, and nothing is asked to be encrypted.
    #[error("a decryption key needs ClientBuilder::encrypted_id_tokens or ClientBuilder::encrypted_userinfo")]
    NothingEncrypted,
    /// Neither the nonce nor PKCE would tie a code to its login (RFC 9700 §2.1.1).
    #[error("allow_missing_nonce and allow_unadvertised_pkce together leave nothing that ties a code to its login")]
    NeitherNonceNorPkce,
    /// There is no transport: the feature `reqwest` is off or it is in a browser, and `ClientBuilder::http` was not called.
    #[error("no HTTP transport: name one with ClientBuilder::http")]
    NoTransport,
    /// Certification authorities are not certificates in PEM, or there is none.
    #[error("the certificates of the certification authorities are not readable as PEM")]
    Roots,
    /// The certificate of the client and its private key are not readable as PEM, or do not belong together.
    #[error("the client certificate and its private key are not readable as PEM, or do not belong together")]
    Identity,
    /// The bundled transport was to authenticate the client, and has no certificate to show.
    #[error("no client certificate: give one to ReqwestTransport::builder, and that to ClientBuilder::http")]
    NoIdentity,
    /// The bundled transport could not be set up.
    #[error("the HTTP transport could not be set up")]
    Transport,
}

/// Why a URL is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It is not an absolute URL with a host.
    #[error("it is not an absolute URL")]
    NotAUrl,
    /// It is neither https nor http on 127.0.0.1 or `[::1]`.
    #[error("it is neither https nor http on 127.0.0.1 or [::1] (localhost: ClientBuilder::allow_http_localhost)")]
    Insecure,
    /// A server that is not on the loopback interface names an http address there.
    #[error("it is a loopback address, but the issuer is not")]
    LoopbackFromAfar,
    /// It leads into a network of its own, from outside of it.
    #[error("it leads into a private network, from outside of it")]
    Inside,
    /// It has a fragment.
    #[error("it has a fragment")]
    Fragment,
    /// It has a query where none is allowed.
    #[error("it has a query")]
    Query,
    /// It has a user name or a password.
    #[error("it has a user name or a password")]
    Userinfo,
    /// Its query sets a parameter that the client sets.
    #[error("its query has a parameter that the client sets")]
    ReservedParameter,
}

/// Why a metadata document is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// Neither well-known address has a document. The statuses of both are named.
    #[error(
        "no metadata document: status {openid} at .well-known/openid-configuration, \
         {oauth} at .well-known/oauth-authorization-server"
    )]
    NotFound {
        /// Status of the OpenID Connect Discovery address.
        openid: u16,
        /// Status of the RFC 8414 address.
        oauth: u16,
    },
    /// The document names another issuer (RFC 8414 §3.3).
    #[error("the metadata document names another issuer{0}")]
    Issuer(IssuerDifference),
    /// The document lacks an endpoint that every login needs.
    #[error("the metadata document has no {0}")]
    Missing(&'static str),
    /// An endpoint is not one to send anything to.
    #[error("the {name} of the metadata document is unusable: {reason}")]
    Endpoint {
        /// The member of the document.
        name: &'static str,
        /// What is wrong with it.
        reason: AddressError,
    },
    /// The server does not say that it verifies S256 challenges (RFC 9700 §2.1.1).
    #[error(
        "the metadata document does not name S256 in code_challenge_methods_supported; if the server is known to \
         verify it all the same, call ClientBuilder::allow_unadvertised_pkce"
    )]
    PkceNotAdvertised,
}

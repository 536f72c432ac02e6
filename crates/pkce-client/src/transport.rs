//! The HTTP transport: one object-safe trait over the types of the `http` crate.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

/// A future that can be sent between threads and does not name its type.
#[cfg(not(target_family = "wasm"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A future that does not name its type. It stays on its thread, as everything does that waits for a browser.
#[cfg(target_family = "wasm")]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// How long one exchange may take, from connecting to the last octet of the body.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// A metadata document (RFC 8414 §3, OpenID Connect Discovery §4).
    Discovery,
    /// The key set (RFC 7517 §5).
    Jwks,
    /// The token endpoint (RFC 6749 §3.2).
    Token,
    /// The UserInfo endpoint (OpenID Connect Core §5.3).
    Userinfo,
    /// The pushed authorization request endpoint (RFC 9126 §2).
    PushedAuthorization,
    /// The revocation endpoint (RFC 7009 §2).
    Revocation,
    /// The introspection endpoint (RFC 7662 §2).
    Introspection,
    /// The device authorization endpoint (RFC 8628 §3.1).
    DeviceAuthorization,
    /// The client registration endpoint (RFC 7591 §3), and the address of one registration (RFC 7592 §2).
    Registration,
    /// Where the browser is sent to log out (OpenID Connect RP-Initiated Logout §2). Nothing is sent there by the client.
    EndSession,
    /// A protected resource, and its metadata (RFC 9728 §3).
    Resource,
}

impl Endpoint {
    /// The largest body accepted from this endpoint, in octets.
    pub const fn max_body(self) -> usize {
        match self {
            Self::Discovery | Self::Jwks => 512 * 1024,
            Self::Userinfo | Self::Introspection | Self::Resource => 1024 * 1024,
            _ => 256 * 1024,
        }
    }

    /// The member of the server's metadata that says where it is, if it is an endpoint of the server.
    pub const fn member(self) -> Option<&'static str> {
        match self {
            Self::Discovery | Self::Resource => None,
            Self::Jwks => Some("jwks_uri"),
            Self::Token => Some("token_endpoint"),
            Self::Userinfo => Some("userinfo_endpoint"),
            Self::PushedAuthorization => Some("pushed_authorization_request_endpoint"),
            Self::Revocation => Some("revocation_endpoint"),
            Self::Introspection => Some("introspection_endpoint"),
            Self::DeviceAuthorization => Some("device_authorization_endpoint"),
            Self::Registration => Some("registration_endpoint"),
            Self::EndSession => Some("end_session_endpoint"),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discovery => "discovery",
            Self::Jwks => "key set",
            Self::Token => "token endpoint",
            Self::Userinfo => "userinfo endpoint",
            Self::PushedAuthorization => "pushed authorization request endpoint",
            Self::Revocation => "revocation endpoint",
            Self::Introspection => "introspection endpoint",
            Self::DeviceAuthorization => "device authorization endpoint",
            Self::Registration => "registration endpoint",
            Self::EndSession => "end session endpoint",
            Self::Resource => "protected resource",
        })
    }
}

/// One request, with the limits the transport must keep.
///
/// `Debug` shows the endpoint, the method and the limits; the URL's query, the headers and the body stay hidden.
pub struct HttpRequest {
    /// What the request is for.
    pub endpoint: Endpoint,
    /// The request itself.
    pub request: http::Request<Vec<u8>>,
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// How many octets of body may be read before giving up.
    pub max_body: usize,
}

impl HttpRequest {
    /// A request to `endpoint` under that endpoint's limits.
    pub(crate) fn new(endpoint: Endpoint, request: http::Request<Vec<u8>>) -> Self {
        Self { endpoint, request, timeout: TIMEOUT, max_body: endpoint.max_body() }
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("endpoint", &self.endpoint)
            .field("method", self.request.method())
            .field("timeout", &self.timeout)
            .field("max_body", &self.max_body)
            .finish_non_exhaustive()
    }
}

/// Sends requests. Implement it to bring a transport of your own.
///
/// The contract: never follow a redirect, give up after `timeout`, stop reading after `max_body` octets, never send
/// a request twice, keep no cookie, hand out no answer that broke off, and take no proxy the caller did not name. The
/// client refuses redirects and oversized bodies a second time, whatever the transport does. Hold an implementation
/// against [`http_conformance::check`](crate::http_conformance::check) in a test.
pub trait HttpClient: Send + Sync {
    /// Sends `request` once and reads the whole answer.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>>;
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The time ran out.
    #[error("the server did not answer in time")]
    Timeout,
    /// The body was cut off at the limit, in octets.
    #[error("the answer is larger than {limit} octets")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// No connection, or it broke.
    #[error("the connection failed")]
    Connection(#[source] Box<dyn StdError + Send + Sync>),
}

impl TransportError {
    /// Wraps the error of another library. Its text must name no secret.
    pub fn connection(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Connection(source.into())
    }
}

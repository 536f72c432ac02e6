//! The bundled transport, on reqwest.

use std::fmt;

use oauth_types::Secret;

use crate::error::ConfigError;
use crate::transport::{BoxFuture, HttpClient, HttpRequest, TIMEOUT, TransportError};

/// The bundled transport, on reqwest: it follows no redirect, takes no proxy from the environment, keeps every limit of
/// a request, and sends nothing twice.
///
/// It is what clients use that name no other ([`ClientBuilder::http`](crate::ClientBuilder::http)). Build one to trust
/// other certification authorities, or to show a certificate of the client:
/// ```no_run
/// # fn example(ca: &str, chain: &str, key: &str) -> Result<(), Box<dyn std::error::Error>> {
/// use pkce_client::{Client, ReqwestTransport};
///
/// let transport = ReqwestTransport::builder().roots_pem(ca).identity_pem(chain, key).build()?;
/// let client = Client::builder("https://issuer.example", "my-app").mtls().http(transport);
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
pub struct ReqwestTransport(reqwest::Client);

/// A [`ReqwestTransport`] to be.
#[must_use = "call build() to make the transport"]
#[derive(Default)]
pub struct ReqwestTransportBuilder {
    roots: Vec<String>,
    /// The key, and the chain after it.
    identity: Option<Secret>,
}

impl ReqwestTransport {
    /// Starts to describe a transport. Without more, it is the default one.
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder::default()
    }
}

impl ReqwestTransportBuilder {
    /// Trusts these certification authorities, one or several certificates in PEM, besides those of the operating system
    /// and those named before.
    pub fn roots_pem(mut self, pem: impl Into<String>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// Shows this certificate to servers that ask for one (RFC 8705): the chain, beginning with the client's own, and its
    /// private key, both in PEM. Every server that is asked through this transport may ask for it.
    pub fn identity_pem(mut self, chain: &str, key: impl Into<Secret>) -> Self {
        self.identity = Some(Secret::new(format!("{}\n{chain}", key.into().expose())));
        self
    }

    /// Makes the transport, with a client of its own, so that no redirecting client of the application can get in.
    ///
    /// # Errors
    /// [`ConfigError::Roots`] or [`ConfigError::Identity`] if one of these cannot be used; [`ConfigError::Transport`].
    pub fn build(self) -> Result<ReqwestTransport, ConfigError> {
        let mut client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .retry(reqwest::retry::never())
            // Nothing is unpacked, whatever features the application's own use of the library turns on.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .connect_timeout(TIMEOUT)
            .user_agent(concat!("pkce-client/", env!("CARGO_PKG_VERSION")));
        for pem in &self.roots {
            let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).unwrap_or_default();
            if roots.is_empty() {
                return Err(ConfigError::Roots);
            }
            client = client.tls_certs_merge(roots);
        }
        let failure = if self.identity.is_some() { ConfigError::Identity } else { ConfigError::Transport };
        if let Some(pem) = &self.identity {
            let identity = reqwest::Identity::from_pem(pem.expose().as_bytes()).map_err(|_| ConfigError::Identity)?;
            client = client.identity(identity);
        }
        client.build().map(ReqwestTransport).map_err(|_| failure)
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReqwestTransport(..)")
    }
}

impl fmt::Debug for ReqwestTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransportBuilder").finish_non_exhaustive()
    }
}

impl HttpClient for ReqwestTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
        Box::pin(async move {
            let limit = request.max_body;
            let mut outgoing = reqwest::Request::try_from(request.request).map_err(failure)?;
            // Covers the whole exchange, the body included.
            *outgoing.timeout_mut() = Some(request.timeout);
            let mut incoming = self.0.execute(outgoing).await.map_err(failure)?;
            let mut response = http::Response::new(Vec::new());
            *response.status_mut() = incoming.status();
            *response.headers_mut() = std::mem::take(incoming.headers_mut());
            while let Some(chunk) = incoming.chunk().await.map_err(failure)? {
                let body = response.body_mut();
                if chunk.len() > limit - body.len() {
                    return Err(TransportError::TooLarge { limit });
                }
                body.extend_from_slice(&chunk);
            }
            Ok(response)
        })
    }
}

fn failure(error: reqwest::Error) -> TransportError {
    if error.is_timeout() { TransportError::Timeout } else { TransportError::connection(error.without_url()) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::transport::Endpoint;

    #[tokio::test]
    async fn a_server_that_does_not_answer_is_not_waited_for() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/", listener.local_addr().expect("an address"));
        let request = http::Request::get(address).body(Vec::new()).expect("a request");
        let timeout = Duration::from_millis(20);
        let request = HttpRequest { timeout, ..HttpRequest::new(Endpoint::Token, request) };
        let outcome = ReqwestTransport::builder().build().expect("a transport").send(request).await;
        assert!(matches!(outcome, Err(TransportError::Timeout)), "{outcome:?}");
    }
    #[tokio::test]
    async fn an_endless_body_is_not_read_to_its_end() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/", listener.local_addr().expect("an address"));
        let endless = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            stream.read_buf(&mut Vec::with_capacity(4096)).await.expect("a request");
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("the head is read");
            while stream.write_all(&[b' '; 4096]).await.is_ok() {}
        });
        let request = http::Request::get(address).body(Vec::new()).expect("a request");
        let limit = 10_000;
        let request = HttpRequest { max_body: limit, ..HttpRequest::new(Endpoint::Token, request) };
        let outcome = ReqwestTransport::builder().build().expect("a transport").send(request).await;
        assert!(matches!(outcome, Err(TransportError::TooLarge { limit: 10_000 })), "{outcome:?}");
        endless.await.expect("the connection is closed");
    }
}

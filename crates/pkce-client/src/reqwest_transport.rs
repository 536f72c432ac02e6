//! The bundled transport, on reqwest.

use crate::error::ConfigError;
use crate::transport::{BoxFuture, HttpClient, HttpRequest, TIMEOUT, TransportError};

/// A transport with a client of its own, so that no redirecting client of the application can get in.
pub(crate) struct ReqwestTransport(reqwest::Client);

impl ReqwestTransport {
    pub(crate) fn new() -> Result<Self, ConfigError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(TIMEOUT)
            .user_agent(concat!("pkce-client/", env!("CARGO_PKG_VERSION")))
            .build();
        client.map(Self).map_err(|_| ConfigError::Transport)
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

    use super::*;
    use crate::transport::Endpoint;

    #[tokio::test]
    async fn a_server_that_does_not_answer_is_not_waited_for() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/", listener.local_addr().expect("an address"));
        let request = http::Request::get(address).body(Vec::new()).expect("a request");
        let timeout = Duration::from_millis(20);
        let request = HttpRequest { timeout, ..HttpRequest::new(Endpoint::Token, request) };
        let outcome = ReqwestTransport::new().expect("a transport").send(request).await;
        assert!(matches!(outcome, Err(TransportError::Timeout)), "{outcome:?}");
    }
}

//! The mock authorization server as a transport and as what a browser visits, without a socket.

use std::sync::Arc;

use bytes::Bytes;
use mock_idp::clock::{AdjustableClock, Clock as _};
use mock_idp::{Builder, MockIdp};
use pkce_client::{BoxFuture, Callback, Client, ClientBuilder, Clock, HttpClient, HttpRequest, TransportError};
use url::Url;

pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:9/cb";

/// A server and its clock.
#[derive(Clone)]
pub(crate) struct Idp {
    pub(crate) server: Arc<MockIdp>,
    clock: Arc<AdjustableClock>,
}

impl Idp {
    pub(crate) fn new(build: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = Arc::new(AdjustableClock::new());
        let builder = build(MockIdp::builder().issuer("https://idp.example").clock(Arc::clone(&clock)));
        Self { server: Arc::new(builder.in_process().expect("a server")), clock }
    }

    pub(crate) fn client(&self, client_id: &str) -> ClientBuilder {
        let builder = Client::builder(self.server.issuer(), client_id).redirect_uri(REDIRECT_URI);
        builder.http(self.clone()).clock(self.clone())
    }

    /// A browser that stops at the answer.
    pub(crate) async fn visit(&self, url: &Url) -> http::Response<Bytes> {
        let request = http::Request::get(url.as_str()).body(Bytes::new()).expect("a request");
        self.server.call(request).await
    }

    /// The query of the redirect back to the client.
    pub(crate) async fn query(&self, url: &Url) -> String {
        let answer = self.visit(url).await;
        let location = answer.headers().get("location").unwrap_or_else(|| panic!("a redirect, not {answer:?}"));
        let (to, query) = location.to_str().expect("a URL").split_once('?').expect("a query");
        assert_eq!(to, REDIRECT_URI);
        query.to_owned()
    }

    pub(crate) async fn callback(&self, url: &Url) -> Callback {
        Callback::from_query(&self.query(url).await).expect("parameters")
    }

    /// Fails if anything was refused or relaxed.
    pub(crate) fn assert_strict(&self) {
        for entry in self.server.journal().iter() {
            assert!(entry.refusal.is_none() && entry.relaxations.is_empty(), "{entry:?}");
        }
    }
}

impl HttpClient for Idp {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
        Box::pin(async { Ok(self.server.call(request.request.map(Into::into)).await.map(|body| body.to_vec())) })
    }
}

impl Clock for Idp {
    fn now(&self) -> u64 {
        self.clock.now()
    }
}

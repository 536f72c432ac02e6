//! The mock authorization server without a socket: a transport, a clock that waiting moves, and what a browser visits.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mock_idp::clock::Clock as _;
use mock_idp::{Builder, MockIdp};
use pkce_client::{
    BoxFuture, Callback, Client, ClientBuilder, Clock, HttpClient, HttpRequest, Session, Started, TransportError,
};
use url::Url;

pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:9/cb";

/// A server and its clock.
#[derive(Clone)]
pub(crate) struct Idp(Arc<MockIdp>);

impl Idp {
    pub(crate) fn new(builder: Builder) -> Self {
        Self(Arc::new(builder.issuer("https://idp.example").in_process().expect("a server")))
    }

    pub(crate) fn client(&self, client_id: &str) -> ClientBuilder {
        let builder = Client::builder(self.0.issuer(), client_id).redirect_uri(REDIRECT_URI);
        builder.http(self.clone()).clock(self.clone())
    }

    pub(crate) fn mock(&self) -> &MockIdp {
        &self.0
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.0.clock().advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn call(&self, request: http::Request<Vec<u8>>) -> http::Response<Vec<u8>> {
        self.0.call(request.map(Into::into)).await.map(|body| body.to_vec())
    }

    /// A browser that stops at the answer.
    pub(crate) async fn visit(&self, url: &Url) -> http::Response<Bytes> {
        self.0.call(http::Request::get(url.as_str()).body(Bytes::new()).expect("a request")).await
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

    /// Logs a user in, with the client's own browser in between.
    pub(crate) async fn login(&self, client: &Client, scopes: &[&str]) -> Session {
        let Started { url, pending } = client.login().scopes(scopes).begin().await.expect("a login");
        client.finish(pending, self.callback(&url).await).await.expect("a session")
    }

    /// Fails if anything was refused or relaxed.
    pub(crate) fn assert_strict(&self) {
        for entry in self.0.journal().iter() {
            assert!(entry.refusal.is_none() && entry.relaxations.is_empty(), "{entry:?}");
        }
    }
}

impl HttpClient for Idp {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
        Box::pin(async { Ok(self.call(request.request).await) })
    }
}

impl Clock for Idp {
    fn now(&self) -> u64 {
        self.0.clock().now()
    }

    fn wait(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.0.clock().advance(duration);
        Box::pin(std::future::ready(()))
    }
}

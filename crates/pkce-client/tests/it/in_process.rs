//! The mock authorization server without a socket: a transport, a clock that waiting moves, and a browser.

use std::sync::Arc;
use std::time::Duration;

use mock_idp::clock::Clock as _;
use mock_idp::{Builder, MockIdp};
use pkce_client::{
    BoxFuture, Callback, Client, ClientBuilder, Clock, HttpClient, HttpRequest, Session, Started, TransportError,
};
use url::Url;

pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:9/cb";

#[derive(Clone)]
pub(crate) struct Idp(Arc<MockIdp>);

impl Idp {
    pub(crate) fn new(builder: Builder) -> Self {
        Self(Arc::new(builder.issuer("https://idp.example").in_process().expect("a server")))
    }

    pub(crate) fn builder(&self, client_id: &str) -> ClientBuilder {
        let builder = Client::builder(self.0.issuer(), client_id).redirect_uri(REDIRECT_URI);
        builder.http(self.clone()).clock(self.clone())
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.0.clock().advance(Duration::from_secs(seconds));
    }

    pub(crate) fn mock(&self) -> &MockIdp {
        &self.0
    }

    pub(crate) async fn call(&self, request: http::Request<Vec<u8>>) -> http::Response<Vec<u8>> {
        self.0.call(request.map(Into::into)).await.map(|body| body.to_vec())
    }

    pub(crate) async fn get(&self, url: &str) -> http::Response<Vec<u8>> {
        self.call(http::Request::get(url).body(Vec::new()).expect("a request")).await
    }

    /// Logs a user in, with the client's own browser in between.
    pub(crate) async fn login(&self, client: &Client, scopes: &[&str]) -> Session {
        let Started { url, pending } = client.login().scopes(scopes).begin().await.expect("a login");
        let answer = self.get(url.as_str()).await;
        let location = answer.headers().get("location").expect("a redirect").to_str().expect("a URL");
        let location = Url::parse(location).expect("a URL");
        let callback = Callback::from_query(location.query().expect("a query")).expect("parameters");
        client.finish(pending, callback).await.expect("a session")
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

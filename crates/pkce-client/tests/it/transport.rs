//! The bundled transport, over real connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pkce_client::{BoxFuture, Client, Defect, Endpoint, Error, HttpClient, HttpRequest, TransportError};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::stage::{ISSUER, Stage};

/// Stands before any other transport, and counts.
struct Counting {
    next: Box<dyn HttpClient>,
    sent: Arc<AtomicUsize>,
}

impl HttpClient for Counting {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.next.send(request)
    }
}

#[tokio::test]
async fn complaint_02_and_03_a_transport_is_an_object_with_the_types_of_the_crate_http_alone() {
    let (stage, sent) = (Stage::new(), Arc::new(AtomicUsize::new(0)));
    let counting = Counting { next: Box::new(stage.clone()), sent: Arc::clone(&sent) };
    let discovered = tokio::spawn(Client::builder(ISSUER, "app").http(counting).discover());
    assert_eq!(discovered.await.expect("no panic").expect("a client").issuer(), ISSUER);
    assert_eq!(sent.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (target, server) = (MockServer::start().await, MockServer::start().await);
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).expect(0).mount(&target).await;
    let redirect = ResponseTemplate::new(302).insert_header("location", target.uri());
    Mock::given(any()).respond_with(redirect).expect(1).mount(&server).await;
    let error = Client::discover(&server.uri(), "app").await.expect_err("a refusal");
    let Error::Protocol { endpoint: Endpoint::Discovery, defect: Defect::Redirect(302) } = error else {
        panic!("{error:?}")
    };
}

#[tokio::test]
async fn reading_stops_at_the_limit() {
    let server = MockServer::start().await;
    let large = ResponseTemplate::new(200).set_body_raw(vec![b' '; 512 * 1024 + 1], "application/json");
    Mock::given(any()).respond_with(large).mount(&server).await;
    let error = Client::discover(&server.uri(), "app").await.expect_err("a refusal");
    let Error::Transport { endpoint: Endpoint::Discovery, source: TransportError::TooLarge { limit: 524_288 } } =
        error
    else {
        panic!("{error:?}")
    };
}

#[tokio::test]
async fn a_refused_connection_is_told() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let error = Client::discover(&issuer, "app").await.expect_err("a refusal");
    assert!(matches!(error, Error::Transport { source: TransportError::Connection(_), .. }), "{error:?}");
}

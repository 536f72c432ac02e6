//! The bundled transport, over real connections.

use pkce_client::{Client, Defect, Endpoint, Error, TransportError};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

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

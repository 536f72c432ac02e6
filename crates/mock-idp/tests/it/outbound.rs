//! What the server asks of others. How an answer is read is tested in `src/http/outgoing.rs`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use mock_idp::MockIdp;
use mock_idp::outbound::{self, Outbound, OutboundError, Reach};
use mock_idp::store::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// Gives `answer` to the first connection, which it keeps, and says what was asked.
async fn answer(listener: &TcpListener, answer: &str) -> (String, tokio::net::TcpStream) {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let mut asked = vec![0; 4096];
    let read = stream.read(&mut asked).await.expect("a request");
    stream.write_all(answer.as_bytes()).await.expect("it reads");
    asked.truncate(read);
    (String::from_utf8(asked).expect("text"), stream)
}

#[tokio::test]
async fn the_server_asks_others_over_http() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let (listener, address) = listen().await;
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("http://{host}:{}/bye", address.port());
        let request = outbound::post(&url, Reach::Outside, "text/plain", "canary".into()).expect("a request");
        let serve = answer(&listener, "HTTP/1.1 204 Gone\r\n\r\n");
        let ((asked, _kept), response) = tokio::join!(serve, idp.outbound().send(request));
        assert_eq!(response.expect("an answer").status(), 204);
        assert!(asked.starts_with("POST /bye HTTP/1.1\r\n") && asked.ends_with("\r\n\r\ncanary"), "{asked}");
        assert!(asked.contains(&format!("host: {host}:{}\r\n", address.port())), "{asked}");
    }
}

#[tokio::test]
async fn an_answer_has_five_seconds() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let (listener, address) = listen().await;
    for said in ["", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"] {
        let request = outbound::get(&format!("http://{address}/"), Reach::Outside).expect("a request");
        let start = Instant::now();
        let serve = async {
            let kept = answer(&listener, said).await;
            // From here on nothing but time can pass.
            tokio::time::pause();
            kept
        };
        let (_kept, outcome) = tokio::join!(serve, idp.outbound().send(request));
        assert_eq!(outcome.expect_err("no whole answer"), OutboundError::TimedOut);
        assert_eq!(start.elapsed().as_secs(), 5);
        tokio::time::resume();
    }
}

#[tokio::test]
async fn nobody_listening_is_an_error_and_no_wait() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let (listener, address) = listen().await;
    drop(listener);
    let request = outbound::get(&format!("http://{address}/"), Reach::Outside).expect("a request");
    let error = idp.outbound().send(request).await.expect_err("nobody listens");
    assert_eq!(error, OutboundError::Io(std::io::ErrorKind::ConnectionRefused));
}

#[tokio::test]
async fn a_request_that_says_nothing_of_its_reach_is_a_strangers() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let request = Request::get("http://10.0.0.1/").body(Bytes::new()).expect("a request");
    let error = idp.outbound().send(request).await.expect_err("a private address");
    assert_eq!(error.to_string(), "not asked: 10.0.0.1 is a private address");
}

/// Others, as a test imagines them.
#[derive(Debug, Default)]
struct Imagined(Mutex<Vec<String>>);

impl Outbound for Imagined {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, OutboundError>> {
        self.0.lock().expect("no panic").push(request.uri().to_string());
        Box::pin(std::future::ready(Ok(Response::new(Bytes::from("imagined")))))
    }
}

#[tokio::test]
async fn others_can_be_imagined() {
    let imagined = Arc::new(Imagined::default());
    let idp = MockIdp::builder().outbound(imagined.clone()).in_process().expect("a server");
    let request = outbound::get("https://client.example/jwks", Reach::Outside).expect("a request");
    let response = idp.outbound().send(request).await.expect("an answer");
    assert_eq!(response.body(), "imagined");
    assert_eq!(*imagined.0.lock().expect("no panic"), ["https://client.example/jwks"]);
}

//! Requests to others: one connection each, bounded in time and size, to an address that was judged.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
#[cfg(feature = "tls")]
use {
    rustls::{ClientConfig, pki_types::ServerName},
    std::sync::Arc,
    tokio_rustls::{TlsConnector, client::TlsStream},
};

use crate::ports::outbound::{Destination, Outbound, OutboundError, Reach, Why};
use crate::ports::store::BoxFuture;

/// Within this time a name has to be resolved, a connection made, and the whole answer read.
const WITHIN: Duration = Duration::from_secs(5);
/// The most octets of an answer's body.
const MAX_BODY: usize = 64 * 1024;
/// The most octets of an answer's head.
const MAX_HEAD: usize = 64 * 1024;
/// The most headers of an answer.
const MAX_HEADERS: usize = 100;

#[cfg(feature = "tls")]
const NOBODY_TRUSTED: &str = "no certification authority is trusted; Builder::trust names one";

/// Sends requests over TCP, and over TLS where somebody is trusted to say who others are.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    #[cfg(feature = "tls")]
    tls: Option<Arc<ClientConfig>>,
}

impl Outbound for Outgoing {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, OutboundError>> {
        Box::pin(async move {
            let answer = tokio::time::timeout(WITHIN, self.ask(request)).await;
            answer.unwrap_or(Err(OutboundError::TimedOut))
        })
    }
}

impl Outgoing {
    async fn ask(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, OutboundError> {
        let reach = request.extensions().get().copied().unwrap_or(Reach::Outside);
        let destination = Destination::of(request.uri(), reach)?;
        let stream = connect(resolve(&destination).await?, destination.https, reach).await?;
        address(&mut request)?;
        match destination.https {
            true => converse(self.secure(stream, destination.host).await?, request).await,
            false => converse(stream, request).await,
        }
    }

    #[cfg(not(feature = "tls"))]
    async fn secure(&self, _stream: TcpStream, _host: String) -> Result<TcpStream, OutboundError> {
        Err(OutboundError::NoTls)
    }
}

#[cfg(feature = "tls")]
impl Outgoing {
    pub(crate) fn new(tls: Option<Arc<ClientConfig>>) -> Self {
        Self { tls }
    }

    /// Shakes hands with `host`, which has to prove that it is.
    async fn secure(&self, stream: TcpStream, host: String) -> Result<TlsStream<TcpStream>, OutboundError> {
        let Some(tls) = &self.tls else { return Err(OutboundError::Tls(NOBODY_TRUSTED.to_owned())) };
        let name = ServerName::try_from(host).map_err(|_| OutboundError::Refused(Why::NotAUrl))?;
        let shaken = TlsConnector::from(tls.clone()).connect(name, stream).await;
        shaken.map_err(|error| match error.get_ref().and_then(|source| source.downcast_ref::<rustls::Error>()) {
            Some(source) => OutboundError::Tls(source.to_string()),
            None => failed(error),
        })
    }
}

/// The addresses of a destination, as its name resolves now.
async fn resolve(destination: &Destination) -> Result<Vec<SocketAddr>, OutboundError> {
    let addresses = lookup_host((destination.host.as_str(), destination.port)).await.map_err(failed)?;
    Ok(addresses.collect())
}

/// Connects to the first address that may be asked and answers. The name is not resolved a second time.
async fn connect(addresses: Vec<SocketAddr>, https: bool, reach: Reach) -> Result<TcpStream, OutboundError> {
    let mut error = OutboundError::Io(io::ErrorKind::NotFound);
    for address in addresses {
        if let Err(refused) = reach.permits(address.ip(), https) {
            error = refused;
            continue;
        }
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Without it the request is a little late, no more.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(source) => error = failed(source),
        }
    }
    Err(error)
}

/// Writes the request as an origin server reads it (RFC 9112 §3.2.1), with its Host.
fn address(request: &mut Request<Bytes>) -> Result<(), OutboundError> {
    let authority = request.uri().authority().map(|authority| HeaderValue::try_from(authority.as_str()));
    let Some(Ok(host)) = authority else { return Err(OutboundError::Refused(Why::NotAUrl)) };
    let target = request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(target);
    request.headers_mut().insert(HOST, host);
    Ok(())
}

/// Sends the request and reads the whole answer.
async fn converse<S>(stream: S, request: Request<Bytes>) -> Result<Response<Bytes>, OutboundError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut http = http1::Builder::new();
    http.max_buf_size(MAX_HEAD).max_headers(MAX_HEADERS);
    let (mut sender, connection) = http.handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let exchange = async move {
        let response = sender.send_request(request.map(Full::new)).await.map_err(broken)?;
        let (parts, body) = response.into_parts();
        if parts.status.is_redirection() {
            return Err(OutboundError::Redirected(parts.status));
        }
        // The length as announced: what will not be read is not waited for.
        if body.size_hint().lower() > MAX_BODY as u64 {
            return Err(OutboundError::TooLarge);
        }
        match Limited::new(body, MAX_BODY).collect().await {
            Ok(body) => Ok(Response::from_parts(parts, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(OutboundError::TooLarge),
            Err(error) => Err(error.downcast().map_or(OutboundError::NotHttp, |error| broken(*error))),
        }
    };
    let mut exchange = pin!(exchange);
    tokio::select! {
        answer = exchange.as_mut() => answer,
        // It ended; what it read is still there.
        _ = connection => exchange.await,
    }
}

fn failed(error: io::Error) -> OutboundError {
    OutboundError::Io(error.kind())
}

fn broken(error: hyper::Error) -> OutboundError {
    if error.is_parse_too_large() {
        return OutboundError::TooLarge;
    }
    if error.is_parse() {
        return OutboundError::NotHttp;
    }
    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<io::Error>());
    OutboundError::Io(source.map_or(io::ErrorKind::UnexpectedEof, io::Error::kind))
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::net::TcpListener;

    use super::*;
    use crate::ports::outbound::{Range, get};

    const JWKS: &str = "http://127.0.0.1:81/jwks?a=b#c";

    fn request() -> Request<Bytes> {
        let mut request = get(JWKS, Reach::Outside).expect("a request");
        address(&mut request).expect("a host");
        request
    }

    /// Gives `answer` to a request and hangs up, and says what was asked and what came of it.
    async fn ask(answer: &[u8]) -> (String, Result<Response<Bytes>, OutboundError>) {
        let (client, mut server) = duplex(1024);
        let serve = async move {
            let mut asked = vec![0; 1024];
            let read = server.read(&mut asked).await.expect("a request");
            // A client that has heard enough does not read the rest.
            let _ = server.write_all(answer).await;
            asked.truncate(read);
            String::from_utf8(asked).expect("text")
        };
        tokio::join!(serve, converse(client, request()))
    }

    async fn error(answer: &[u8]) -> OutboundError {
        ask(answer).await.1.expect_err("no answer")
    }

    #[tokio::test]
    async fn a_request_names_its_host_and_its_path() {
        let (asked, answer) = ask(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
        assert_eq!(asked, "GET /jwks?a=b HTTP/1.1\r\nhost: 127.0.0.1:81\r\n\r\n");
        assert_eq!(answer.expect("an answer").into_body(), "{}");
    }

    #[tokio::test]
    async fn an_answer_may_be_a_refusal_and_may_end_with_the_connection() {
        let answer = ask(b"HTTP/1.1 503 Later\r\nRetry-After: 9\r\n\r\nlater").await.1.expect("an answer");
        assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (503, &b"later"[..]));
        assert_eq!(answer.headers()["retry-after"], "9");
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        for status in [300, 301, 302, 303, 304, 307, 308] {
            let answer = format!("HTTP/1.1 {status} Elsewhere\r\nLocation: http://10.0.0.1/\r\n\r\n");
            let expected = StatusCode::from_u16(status).expect("a status");
            assert_eq!(error(answer.as_bytes()).await, OutboundError::Redirected(expected));
        }
    }

    #[tokio::test]
    async fn an_answer_is_at_most_64_kib() {
        let whole = |octets: usize| {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {octets}\r\n\r\n");
            [head.into_bytes(), vec![b'a'; octets]].concat()
        };
        assert_eq!(ask(&whole(MAX_BODY)).await.1.expect("an answer").body().len(), MAX_BODY);
        assert_eq!(error(&whole(MAX_BODY + 1)).await, OutboundError::TooLarge);
        let announced = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n";
        assert_eq!(error(announced).await, OutboundError::TooLarge, "what is announced is not waited for");
        let mut chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for _ in 0..17 {
            chunked.extend([&b"1000\r\n"[..], &[b'a'; 4096], b"\r\n"].concat());
        }
        assert_eq!(error(&chunked).await, OutboundError::TooLarge);
        let endless = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'a'; MAX_BODY + 1]].concat();
        assert_eq!(error(&endless).await, OutboundError::TooLarge);
    }

    #[tokio::test]
    async fn a_head_has_its_limits() {
        let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "a".repeat(MAX_HEAD));
        assert_eq!(error(long.as_bytes()).await, OutboundError::TooLarge);
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: a\r\n".repeat(MAX_HEADERS + 1));
        assert_eq!(error(many.as_bytes()).await, OutboundError::TooLarge);
    }

    #[tokio::test]
    async fn what_is_not_http_is_named() {
        for answer in [&b"SSH-2.0-x\r\n\r\n"[..], b"\x15\x03\x01\x00\x02\x02\x46", b"HTTP/1.1 OK\r\n\r\n"] {
            assert_eq!(error(answer).await, OutboundError::NotHttp);
        }
    }

    #[tokio::test]
    async fn a_connection_that_ends_early_is_no_answer() {
        for answer in [&b""[..], b"HTTP/1.1 200 OK\r\nCont", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{"] {
            assert_eq!(error(answer).await, OutboundError::Io(io::ErrorKind::UnexpectedEof));
        }
    }

    #[tokio::test]
    async fn an_address_is_judged_before_it_is_asked() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = listener.local_addr().expect("an address");
        let private = SocketAddr::from(([10, 0, 0, 1], 80));
        let stream = connect(vec![private, here], false, Reach::Outside).await.expect("a connection");
        assert_eq!(stream.peer_addr().expect("an address"), here);
        let refused = connect(vec![private], true, Reach::Outside).await.expect_err("a private address");
        let why = Why::Address { address: private.ip(), range: Range::Private };
        assert_eq!(refused, OutboundError::Refused(why));
        let none = connect(Vec::new(), true, Reach::Outside).await.expect_err("no address");
        assert_eq!(none, OutboundError::Io(io::ErrorKind::NotFound));
    }
}

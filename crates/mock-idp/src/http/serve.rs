//! Connections: accepted, bounded in time, size and number, and ended when the server is.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::lever::{Lever, Sever};
use super::patience::Patience;
#[cfg(feature = "tls")]
pub(crate) use super::tls::Acceptor;
use crate::certificate::ClientCertificate;

/// Within this time the head of a request has to arrive. It also ends idle connections.
pub(crate) const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// Within this time hands have to be shaken.
#[cfg(feature = "tls")]
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// Within this time the body of a request has to arrive.
pub(crate) const BODY_WITHIN: Duration = Duration::from_secs(10);
/// Within this time requests under way have to be finished once the server is stopped.
const FINISH_WITHIN: Duration = Duration::from_secs(5);
/// How long to wait after a failed accept: descriptors do not come back at once.
const BREATH: Duration = Duration::from_millis(20);
/// The most octets of a request's head.
const MAX_HEAD: usize = 64 * 1024;
/// The most headers of a request.
const MAX_HEADERS: usize = 100;
/// The most connections at once. Further ones wait to be accepted.
const MAX_CONNECTIONS: u32 = 4096;

/// Takes connections otherwise than by TCP alone: there is no such thing.
#[cfg(not(feature = "tls"))]
#[derive(Debug, Clone, Copy)]
pub(crate) enum Acceptor {}

/// How connections are taken, and what answers the requests on them.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) acceptor: Option<Acceptor>,
    pub(crate) router: Router,
}

/// Accepts connections until `stop` says so, then lets requests under way finish.
pub(crate) async fn serve(listener: TcpListener, door: Door, stop: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS as usize));
    let from = &listener;
    let next = move || async move {
        let (stream, _) = from.accept().await?;
        // Without it answers are a little late, no more.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    };
    accept(next, &room, door, stop).await;
    // The port is free before the last answer is written.
    drop(listener);
    let _ = tokio::time::timeout(FINISH_WITHIN, room.acquire_many(MAX_CONNECTIONS)).await;
}

/// Serves every stream that `next` gives, as long as there is room, until `stop` says so.
async fn accept<S, F>(next: impl Fn() -> F, room: &Arc<Semaphore>, door: Door, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Sever + Unpin + Send + 'static,
    F: Future<Output = io::Result<S>>,
{
    loop {
        let place = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            place = room.clone().acquire_owned() => place,
        };
        let accepted = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            accepted = next() => accepted,
        };
        // An accept fails when a connection broke at once, or when descriptors ran out; neither ends the server.
        let Ok(stream) = accepted else {
            let _ = tokio::time::timeout(BREATH, stop.wait_for(|stopped| *stopped)).await;
            continue;
        };
        let (Door { acceptor, router }, stop) = (door.clone(), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            match acceptor {
                // In a box: a plain connection takes no more room for it.
                Some(acceptor) => Box::pin(secured(stream, acceptor, router, stop)).await,
                None => connection(stream, router, None, stop).await,
            }
        });
    }
}

/// Shakes hands, and serves the connection.
#[cfg(feature = "tls")]
pub(super) async fn secured<S>(stream: S, acceptor: Acceptor, router: Router, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Sever + Unpin + Send + 'static,
{
    let shaken = tokio::select! {
        _ = stop.wait_for(|stopped| *stopped) => return,
        shaken = tokio::time::timeout(HANDSHAKE_WITHIN, acceptor.accept(stream)) => shaken,
    };
    // Whoever came too slowly, or did not speak TLS, has been told so as far as TLS can.
    if let Ok(Ok((stream, shown))) = shaken {
        connection(stream, router, shown, stop).await;
    }
}

#[cfg(not(feature = "tls"))]
async fn secured<S>(_stream: S, acceptor: Acceptor, _router: Router, _stop: watch::Receiver<bool>) {
    match acceptor {}
}

/// Serves one connection. Each request on it brings along what the client showed of itself.
pub(crate) async fn connection<S>(
    stream: S,
    router: Router,
    shown: Option<ClientCertificate>,
    mut stop: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Sever + Unpin + Send + 'static,
{
    let answers = TowerToHyperService::new(router);
    let lever = Lever::new(stop.clone());
    let own = lever.clone();
    let peer = stream.peer();
    let answers = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(own.clone());
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        if let Some(shown) = &shown {
            request.extensions_mut().insert(shown.clone());
        }
        answers.call(request)
    });
    let mut served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(Patience::new(stream, lever.clone())), answers);
    let stopped = tokio::select! {
        // A connection that broke concerns nobody but its other end.
        _ = &mut served => false,
        _ = stop.wait_for(|stopped| *stopped) => true,
    };
    if stopped {
        Pin::new(&mut served).graceful_shutdown();
        let _ = (&mut served).await;
    }
    let mut stream = served.into_parts().io.into_inner();
    match lever.is_reset() {
        true => stream.stream.sever(),
        // A connection that was idle or took too long has not been told that this is the end; TLS wants to hear it.
        false => {
            let _ = stream.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::sync::{Mutex, mpsc};
    use tokio::task::JoinHandle;
    use tokio::time::{Instant, timeout};

    use super::super::patience::WRITE_WITHIN;
    use super::*;
    use crate::MockIdp;
    use crate::http::router::router;

    const JWKS: &str = "GET /jwks HTTP/1.1\r\nHost: x\r\n\r\n";
    /// What a timer may be late by.
    const SLACK: Duration = Duration::from_secs(1);

    /// A connection to a new server, of which `room` octets are buffered, and the task that serves it.
    fn connect(room: usize) -> (DuplexStream, JoinHandle<()>, watch::Sender<bool>) {
        let (client, server) = duplex(room);
        let (stop, stopped) = watch::channel(false);
        (client, tokio::spawn(connection(server, keys(), None, stopped)), stop)
    }

    fn keys() -> Router {
        router(MockIdp::builder().in_process().expect("a server").app().clone())
    }

    /// Waits until a connection has been left, or for an hour.
    async fn ended(served: JoinHandle<()>) {
        timeout(Duration::from_secs(3600), served).await.expect("the connection is kept").expect("no panic");
    }

    /// Reads an answer that has a length.
    async fn answer(client: &mut DuplexStream) -> String {
        let mut text = String::new();
        loop {
            let mut octets = [0; 4096];
            let read = client.read(&mut octets).await.expect("an answer");
            assert_ne!(read, 0, "closed after {text}");
            text.push_str(std::str::from_utf8(&octets[..read]).expect("text"));
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
            if body.len() == length.parse::<usize>().expect("a number") {
                return text;
            }
        }
    }

    /// Writes one octet of `text` a second, over and over, until the server has closed or answered.
    async fn drip(client: &mut DuplexStream, text: &str) -> String {
        for octet in text.bytes().cycle() {
            if client.write_all(&[octet]).await.is_err() {
                break;
            }
            let mut first = [0];
            match timeout(Duration::from_secs(1), client.read(&mut first)).await {
                Err(_) => {}
                Ok(Ok(1)) => {
                    let mut rest = first.to_vec();
                    let _ = client.read_to_end(&mut rest).await;
                    return String::from_utf8(rest).expect("text");
                }
                Ok(_) => break,
            }
        }
        String::new()
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_drips_in_ends_the_connection() {
        let (mut client, served, _stop) = connect(1024);
        let start = Instant::now();
        drip(&mut client, "GET /jwks HTTP/1.1\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").await;
        ended(served).await;
        assert!(start.elapsed() >= HEAD_WITHIN && start.elapsed() <= HEAD_WITHIN + SLACK, "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_in_is_refused_and_ends_the_connection() {
        for framing in ["Content-Length: 60000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nea60\r\n"] {
            let (mut client, served, _stop) = connect(1024);
            let head = "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n";
            client.write_all(format!("{head}{framing}").as_bytes()).await.expect("the server reads");
            let start = Instant::now();
            let said = drip(&mut client, "a").await;
            assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("connection: close\r\n"), "{said}");
            assert!(said.contains("The body did not arrive in time"), "{said}");
            ended(served).await;
            assert!(
                start.elapsed() >= BODY_WITHIN && start.elapsed() <= BODY_WITHIN + SLACK,
                "{:?}",
                start.elapsed()
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_is_closed() {
        let (mut client, served, _stop) = connect(1024);
        let start = Instant::now();
        ended(served).await;
        assert!(start.elapsed() <= HEAD_WITHIN + SLACK, "before the first request: {:?}", start.elapsed());
        assert_eq!(client.read(&mut [0]).await.expect("an end"), 0);

        let (mut client, served, _stop) = connect(1024);
        client.write_all(JWKS.as_bytes()).await.expect("the server reads");
        assert!(answer(&mut client).await.starts_with("HTTP/1.1 200 "));
        let start = Instant::now();
        ended(served).await;
        assert!(start.elapsed() <= HEAD_WITHIN + SLACK, "between requests: {:?}", start.elapsed());
        assert_eq!(client.read(&mut [0]).await.expect("an end"), 0);
    }

    #[tokio::test]
    async fn every_request_brings_along_what_the_client_showed() {
        let shown = |request: Request<axum::body::Body>| async move {
            request.extensions().get::<ClientCertificate>().map_or("nothing".to_owned(), ClientCertificate::x5t_s256)
        };
        for certificate in [None, Some(ClientCertificate::new(b"abc".to_vec(), []))] {
            let expected = certificate.as_ref().map_or("nothing".to_owned(), ClientCertificate::x5t_s256);
            let (mut client, server) = duplex(1024);
            let (_stop, stopped) = watch::channel(false);
            tokio::spawn(connection(server, Router::new().fallback(shown), certificate, stopped));
            for _ in 0..2 {
                client.write_all(JWKS.as_bytes()).await.expect("the server reads");
                let answer = answer(&mut client).await;
                assert!(answer.ends_with(&format!("\r\n\r\n{expected}")), "{answer}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_reads_is_left() {
        let (mut client, served, _stop) = connect(256);
        client.write_all(JWKS.as_bytes()).await.expect("the server reads");
        let start = Instant::now();
        ended(served).await;
        assert!(start.elapsed() >= WRITE_WITHIN && start.elapsed() <= WRITE_WITHIN + SLACK, "{:?}", start.elapsed());
        drop(client);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_an_octet_a_second_is_left() {
        let (mut client, served, _stop) = connect(256);
        client.write_all(JWKS.as_bytes()).await.expect("the server reads");
        let start = Instant::now();
        while !served.is_finished() {
            let _ = client.read(&mut [0]).await;
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(start.elapsed() <= WRITE_WITHIN + SLACK, "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_late_gets_the_whole_answer() {
        let (mut client, _served, _stop) = connect(256);
        client.write_all(JWKS.as_bytes()).await.expect("the server reads");
        tokio::time::advance(WRITE_WITHIN - SLACK).await;
        assert!(answer(&mut client).await.ends_with("]}"));
        client.write_all(JWKS.as_bytes()).await.expect("the server reads");
        tokio::time::advance(WRITE_WITHIN - SLACK).await;
        assert!(answer(&mut client).await.ends_with("]}"), "the time is counted from each answer anew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopped_server_closes_idle_connections_and_finishes_requests() {
        let start = Instant::now();
        let (mut idle, idle_served, stop) = connect(1024);
        idle.write_all(JWKS.as_bytes()).await.expect("the server reads");
        answer(&mut idle).await;
        stop.send_replace(true);
        ended(idle_served).await;

        let (_silent, silent_served, stop) = connect(1024);
        stop.send_replace(true);
        ended(silent_served).await;

        let (mut busy, busy_served, stop) = connect(1024);
        let request = "POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n";
        busy.write_all(request.as_bytes()).await.expect("the server reads");
        // The request is under way once this is polled: nothing else is ready.
        tokio::task::yield_now().await;
        stop.send_replace(true);
        busy.write_all(b"x").await.expect("the server reads");
        assert!(answer(&mut busy).await.starts_with("HTTP/1.1 400 "));
        ended(busy_served).await;
        assert_eq!(start.elapsed(), Duration::ZERO, "nothing of this waits");
    }

    #[tokio::test(start_paused = true)]
    async fn further_connections_wait_until_there_is_room() {
        let (give, given) = mpsc::unbounded_channel();
        let given = Mutex::new(given);
        let (stop, stopped) = watch::channel(false);
        let room = Arc::new(Semaphore::new(2));
        let next = || async { given.lock().await.recv().await.ok_or(io::ErrorKind::BrokenPipe.into()) };
        let accepting = accept(next, &room, Door { acceptor: None, router: keys() }, stopped);
        let test = async {
            let mut clients: Vec<DuplexStream> = Vec::new();
            for _ in 0..3 {
                let (client, server) = duplex(64 * 1024);
                give.send(server).expect("the server accepts");
                clients.push(client);
            }
            for client in &mut clients {
                client.write_all(JWKS.as_bytes()).await.expect("there is a buffer");
            }
            answer(&mut clients[0]).await;
            answer(&mut clients[1]).await;
            let third = timeout(Duration::from_secs(1), answer(&mut clients[2])).await;
            assert!(third.is_err(), "the third is not served while two are");
            drop(clients.remove(0));
            answer(&mut clients[1]).await;
            stop.send_replace(true);
        };
        tokio::join!(accepting, test);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_accept_does_not_end_the_server() {
        let tries = AtomicUsize::new(0);
        let (client, server) = duplex(64 * 1024);
        let server = Mutex::new(Some(server));
        let (stop, stopped) = watch::channel(false);
        let room = Arc::new(Semaphore::new(8));
        let next = || async {
            match tries.fetch_add(1, Ordering::Relaxed) {
                0..10 => Err(io::Error::from_raw_os_error(24)),
                10 => Ok(server.lock().await.take().expect("asked for once")),
                _ => std::future::pending().await,
            }
        };
        let start = Instant::now();
        let test = async {
            let mut client = client;
            client.write_all(JWKS.as_bytes()).await.expect("there is a buffer");
            assert!(answer(&mut client).await.starts_with("HTTP/1.1 200 "));
            stop.send_replace(true);
        };
        tokio::join!(accept(next, &room, Door { acceptor: None, router: keys() }, stopped), test);
        assert!(start.elapsed() >= 10 * BREATH, "it does not spin: {:?}", start.elapsed());
        let all = timeout(Duration::from_secs(1), room.acquire_many(8)).await;
        assert!(all.is_ok(), "a failed accept takes no room");
    }
}

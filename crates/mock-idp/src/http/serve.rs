//! Connections: accepted, bounded in time, size and number, and ended when the server is.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// Within this time the head of a request has to arrive. It also ends idle connections.
pub(crate) const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// Within this time the body of a request has to arrive.
pub(crate) const BODY_WITHIN: Duration = Duration::from_secs(10);
/// How long to wait after a failed accept: descriptors do not come back at once.
const BREATH: Duration = Duration::from_millis(20);
/// The most octets of a request's head.
const MAX_HEAD: usize = 64 * 1024;
/// The most headers of a request.
const MAX_HEADERS: usize = 100;
/// The most connections at once. Further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 4096;

/// Accepts connections until `stop` says so, then lets requests under way finish.
pub(crate) async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let place = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            place = room.clone().acquire_owned() => place,
        };
        let accepted = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            accepted = listener.accept() => accepted,
        };
        // An accept fails when a connection broke at once, or when descriptors ran out; neither ends the server.
        let Ok((stream, _)) = accepted else {
            let _ = tokio::time::timeout(BREATH, stop.wait_for(|stopped| *stopped)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (router, stop) = (router.clone(), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            connection(stream, router, stop).await;
        });
    }
}

/// Serves one connection.
pub(crate) async fn connection<S>(stream: S, router: Router, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut served = std::pin::pin!(served);
    tokio::select! {
        // A connection that broke concerns nobody but its other end.
        _ = served.as_mut() => return,
        _ = stop.wait_for(|stopped| *stopped) => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

//! By which an answer ends the connection it leaves on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::io::DuplexStream;
use tokio::net::TcpStream;
use tokio::sync::watch;
#[cfg(feature = "tls")]
use tokio_rustls::server::TlsStream;

/// The longest that a request, or its answer, is held.
pub(crate) const HELD_AT_MOST: Duration = Duration::from_secs(600);

const CLOSE: u8 = 1;
const RESET: u8 = 2;

/// Ends one connection. Each request on it brings the same one along.
#[derive(Debug, Clone)]
pub(crate) struct Lever {
    pulled: Arc<AtomicU8>,
    stop: watch::Receiver<bool>,
}

impl Lever {
    /// The lever of a connection that ends when `stop` says so.
    pub(crate) fn new(stop: watch::Receiver<bool>) -> Self {
        Self { pulled: Arc::default(), stop }
    }

    /// Closes the connection once what was written has left.
    pub(crate) fn close(&self) {
        self.pulled.fetch_max(CLOSE, Ordering::Release);
    }

    /// Resets the connection: what was written may not arrive.
    pub(crate) fn reset(&self) {
        self.pulled.fetch_max(RESET, Ordering::Release);
    }

    pub(crate) fn is_pulled(&self) -> bool {
        self.pulled.load(Ordering::Acquire) > 0
    }

    pub(crate) fn is_reset(&self) -> bool {
        self.pulled.load(Ordering::Acquire) == RESET
    }

    /// Waits until the server is stopped, but not longer than anything is held.
    pub(crate) async fn rest(&self) {
        self.wait(HELD_AT_MOST).await;
    }

    /// Waits for so long, or until the server is stopped.
    pub(crate) async fn wait(&self, time: Duration) {
        let mut stop = self.stop.clone();
        // A server that is gone has stopped as well.
        let _ = tokio::time::timeout(time, stop.wait_for(|stopped| *stopped)).await;
    }
}

/// A connection that can be reset.
pub(crate) trait Sever {
    /// Makes the end of the connection a reset.
    fn sever(&self);

    /// The address at its other end, if it has one.
    fn peer(&self) -> Option<SocketAddr>;
}

impl Sever for TcpStream {
    fn sever(&self) {
        // Closing sends a reset if it must not linger. Where that cannot be said, it is an ordinary end.
        let _ = self.set_zero_linger();
    }

    fn peer(&self) -> Option<SocketAddr> {
        self.peer_addr().ok()
    }
}

impl Sever for DuplexStream {
    /// There is nothing to reset: it ends.
    fn sever(&self) {}

    fn peer(&self) -> Option<SocketAddr> {
        None
    }
}

#[cfg(feature = "tls")]
impl<S: Sever> Sever for TlsStream<S> {
    fn sever(&self) {
        self.get_ref().0.sever();
    }

    fn peer(&self) -> Option<SocketAddr> {
        self.get_ref().0.peer()
    }
}

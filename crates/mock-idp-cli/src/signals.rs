//! The signals that end the server, and the one that has it read its configuration again.

/// An interrupt, and on Unix SIGTERM, which a container's engine sends, and SIGHUP.
pub(crate) struct Signals {
    #[cfg(unix)]
    ends: [tokio::signal::unix::Signal; 2],
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Listens from now on: a signal that arrives before it is waited for is not lost.
    pub(crate) fn listen() -> Result<Self, String> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|error| error.to_string());
        let ends = [listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?];
        Ok(Self { ends, hangup: listen(SignalKind::hangup())? })
    }

    /// Waits for the next signal; says whether it is one that ends the server.
    pub(crate) async fn next(&mut self) -> bool {
        let [interrupt, terminate] = &mut self.ends;
        tokio::select! {
            _ = interrupt.recv() => true,
            _ = terminate.recv() => true,
            _ = self.hangup.recv() => false,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Listens.
    pub(crate) fn listen() -> Result<Self, String> {
        Ok(Self {})
    }

    /// Waits for the next interrupt, which ends the server.
    pub(crate) async fn next(&mut self) -> bool {
        // If there is no way to wait for one, none ends the server.
        match tokio::signal::ctrl_c().await {
            Ok(()) => true,
            Err(_) => std::future::pending().await,
        }
    }
}

impl Signals {
    /// Waits for a signal that ends the server.
    pub(crate) async fn end(&mut self) {
        while !self.next().await {}
    }
}

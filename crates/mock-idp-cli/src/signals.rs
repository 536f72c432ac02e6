//! The signals that end this program, and the one that has a server read its configuration again.

/// The exit code of a program that was interrupted.
const INTERRUPTED: i32 = 130;
/// The exit code of a program that was told to end.
#[cfg(unix)]
const TERMINATED: i32 = 143;

/// An interrupt, and on Unix SIGTERM, which a container's engine sends. SIGHUP is left to whoever started this: `nohup` has it
/// ignored.
pub(crate) struct Ends {
    #[cfg(unix)]
    kinds: [tokio::signal::unix::Signal; 2],
}

/// The same, and on Unix SIGHUP.
pub(crate) struct Signals {
    ends: Ends,
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
fn listen(kind: tokio::signal::unix::SignalKind) -> Result<tokio::signal::unix::Signal, String> {
    tokio::signal::unix::signal(kind).map_err(|error| format!("signals cannot be listened for: {error}"))
}

#[cfg(unix)]
impl Ends {
    /// Listens from now on: a signal that arrives before it is waited for is not lost.
    pub(crate) fn listen() -> Result<Self, String> {
        use tokio::signal::unix::SignalKind;
        Ok(Self { kinds: [listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?] })
    }

    /// Waits for one, and says which exit code stands for it.
    pub(crate) async fn next(&mut self) -> i32 {
        let [interrupt, terminate] = &mut self.kinds;
        tokio::select! {
            _ = interrupt.recv() => INTERRUPTED,
            _ = terminate.recv() => TERMINATED,
        }
    }
}

#[cfg(not(unix))]
impl Ends {
    /// Listens.
    pub(crate) fn listen() -> Result<Self, String> {
        Ok(Self {})
    }

    /// Waits for an interrupt, and says which exit code stands for it.
    pub(crate) async fn next(&mut self) -> i32 {
        // If there is no way to wait for one, none ends the program.
        match tokio::signal::ctrl_c().await {
            Ok(()) => INTERRUPTED,
            Err(_) => std::future::pending().await,
        }
    }
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn listen() -> Result<Self, String> {
        Ok(Self {
            ends: Ends::listen()?,
            #[cfg(unix)]
            hangup: listen(tokio::signal::unix::SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal; says whether it is one that ends the server.
    pub(crate) async fn next(&mut self) -> bool {
        #[cfg(unix)]
        tokio::select! {
            _ = self.ends.next() => true,
            _ = self.hangup.recv() => false,
        }
        #[cfg(not(unix))]
        {
            self.end().await;
            true
        }
    }

    /// Waits for a signal that ends the server.
    pub(crate) async fn end(&mut self) {
        self.ends.next().await;
    }
}

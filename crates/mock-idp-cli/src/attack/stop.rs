//! The signals that end a run of attacks before its time.

/// An interrupt, and on Unix SIGTERM. SIGHUP is left to whoever started this: `nohup` has it ignored.
pub(super) struct Stops {
    #[cfg(unix)]
    kinds: [tokio::signal::unix::Signal; 2],
}

/// The exit code of a program that was interrupted.
const INTERRUPTED: i32 = 130;
/// The exit code of a program that was told to end.
#[cfg(unix)]
const TERMINATED: i32 = 143;

#[cfg(unix)]
impl Stops {
    /// Listens from now on: a signal that arrives before it is waited for is not lost.
    pub(super) fn listen() -> Result<Self, String> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|error| format!("signals cannot be listened for: {error}"));
        Ok(Self { kinds: [listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?] })
    }

    /// Waits for one, and says which exit code stands for it.
    pub(super) async fn next(&mut self) -> i32 {
        let [interrupt, terminate] = &mut self.kinds;
        tokio::select! {
            _ = interrupt.recv() => INTERRUPTED,
            _ = terminate.recv() => TERMINATED,
        }
    }
}

#[cfg(not(unix))]
impl Stops {
    /// Listens.
    pub(super) fn listen() -> Result<Self, String> {
        Ok(Self {})
    }

    /// Waits for an interrupt, and says which exit code stands for it.
    pub(super) async fn next(&mut self) -> i32 {
        // If there is no way to wait for one, none ends the run.
        match tokio::signal::ctrl_c().await {
            Ok(()) => INTERRUPTED,
            Err(_) => std::future::pending().await,
        }
    }
}

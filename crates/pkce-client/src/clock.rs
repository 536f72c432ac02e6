//! Time, as a port: the only place that reads the system's clock or waits.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::transport::BoxFuture;

/// What time it is, and how to wait. Inject one to move time in tests.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> u64;

    /// Resolves once `duration` has passed. Waits on the timer of the tokio runtime unless overridden.
    fn wait(&self, duration: Duration) -> BoxFuture<'_, ()> {
        #[expect(clippy::disallowed_methods, reason = "this is the port that waiting goes through")]
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        #[expect(clippy::disallowed_methods, reason = "this is the port that the time comes through")]
        let now = SystemTime::now();
        now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

impl fmt::Debug for dyn Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> u64 {
        (**self).now()
    }

    fn wait(&self, duration: Duration) -> BoxFuture<'_, ()> {
        (**self).wait(duration)
    }
}

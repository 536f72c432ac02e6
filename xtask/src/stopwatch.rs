//! How long things take.

use std::time::{Duration, Instant};

/// Runs from when it is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a measurement of a report; nothing is decided by it")]
        let now = Instant::now();
        Self(now)
    }

    pub(crate) fn took(self) -> Duration {
        self.0.elapsed()
    }
}

//! What time it is for the server under test, and how time passes there.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::attack::Inconclusive;

/// The clock of a server under test.
pub trait Time: Send + Sync {
    /// Seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> u64;

    /// Whether [`Time::pass`] does anything.
    fn can_be_moved(&self) -> bool;

    /// Lets time pass for the server without waiting.
    ///
    /// # Errors
    /// [`Inconclusive`] when the clock cannot be moved.
    fn pass<'a>(&'a self, by: Duration) -> Passing<'a>;
}

/// The end of a time that passes at once.
pub type Passing<'a> = Pin<Box<dyn Future<Output = Result<(), Inconclusive>> + Send + 'a>>;

/// The time of this machine, which passes by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemTime;

impl Time for SystemTime {
    #[expect(clippy::disallowed_methods, reason = "this is the port through which the time comes in")]
    fn now(&self) -> u64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| now.as_secs())
    }

    fn can_be_moved(&self) -> bool {
        false
    }

    fn pass<'a>(&'a self, _by: Duration) -> Passing<'a> {
        Box::pin(std::future::ready(Err(Inconclusive::new("the clock of the server cannot be moved"))))
    }
}

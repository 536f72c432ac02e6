//! The clock. Nothing else in this crate asks what time it is.

use std::fmt::Debug;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time.
pub trait Clock: Debug + Send + Sync {
    /// Seconds since 1970-01-01T00:00:00Z, as in the `NumericDate` of RFC 7519 §2.
    fn now(&self) -> u64;
}

/// A clock that can be moved, stopped and set. Untouched, it follows the system's.
/// ```
/// use mock_idp::clock::{AdjustableClock, Clock};
/// use std::time::Duration;
/// let clock = AdjustableClock::new();
/// clock.set(1_000);
/// clock.advance(Duration::from_secs(61));
/// assert_eq!(clock.now(), 1_061);
/// ```
#[derive(Debug, Default)]
pub struct AdjustableClock(Mutex<Hands>);

#[derive(Debug, Clone, Copy)]
enum Hands {
    /// So many seconds ahead of the system (negative: behind).
    Running(i64),
    /// Standing still.
    Frozen(u64),
}

impl Default for Hands {
    fn default() -> Self {
        Self::Running(0)
    }
}

impl AdjustableClock {
    /// A clock that follows the system's.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the clock forward, whether it runs or stands. Parts of a second are left out.
    pub fn advance(&self, by: Duration) {
        let seconds = by.as_secs();
        self.change(|hands| match hands {
            Hands::Running(ahead) => Hands::Running(ahead.saturating_add_unsigned(seconds)),
            Hands::Frozen(now) => Hands::Frozen(now.saturating_add(seconds)),
        });
    }

    /// Moves the clock back, whether it runs or stands. Parts of a second are left out.
    pub fn rewind(&self, by: Duration) {
        let seconds = by.as_secs();
        self.change(|hands| match hands {
            Hands::Running(ahead) => Hands::Running(ahead.saturating_sub_unsigned(seconds)),
            Hands::Frozen(now) => Hands::Frozen(now.saturating_sub(seconds)),
        });
    }

    /// Stops the clock where it is.
    pub fn freeze(&self) {
        self.change(|hands| Hands::Frozen(read(hands)));
    }

    /// Stops the clock at `seconds` since 1970-01-01T00:00:00Z.
    pub fn set(&self, seconds: u64) {
        self.change(|_| Hands::Frozen(seconds));
    }

    /// Lets the clock follow the system's again.
    pub fn reset(&self) {
        self.change(|_| Hands::Running(0));
    }

    fn change(&self, turn: impl FnOnce(Hands) -> Hands) {
        let mut hands = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *hands = turn(*hands);
    }
}

impl Clock for AdjustableClock {
    fn now(&self) -> u64 {
        read(*self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

fn read(hands: Hands) -> u64 {
    match hands {
        Hands::Running(ahead) => system().saturating_add_signed(ahead),
        Hands::Frozen(now) => now,
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
fn system() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_stands_still_and_can_be_moved() {
        let clock = AdjustableClock::new();
        clock.freeze();
        let now = clock.now();
        assert_eq!(clock.now(), now);
        clock.advance(Duration::from_secs(10));
        clock.rewind(Duration::from_secs(4));
        assert_eq!(clock.now(), now + 6);
    }

    #[test]
    fn a_running_clock_keeps_its_distance() {
        let clock = AdjustableClock::new();
        let before = clock.now();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now() >= before + 3600);
        clock.reset();
        assert!(clock.now() < before + 3600);
    }

    #[test]
    fn the_clock_does_not_overflow() {
        let clock = AdjustableClock::new();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        let _ = clock.now();
        clock.set(5);
        clock.rewind(Duration::from_secs(10));
        assert_eq!(clock.now(), 0);
    }
}

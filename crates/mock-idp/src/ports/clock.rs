//! The clock. Nothing else in this crate asks what time it is.

use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use oauth_types::clock::{Reading, Skew, Turn};

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
pub struct AdjustableClock(Mutex<State>);

#[derive(Debug, Clone, Copy, Default)]
struct State {
    hands: Hands,
    /// Whether a running clock is held where it is, until it is let go on.
    held: bool,
}

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

    /// A clock that stands or runs as `other` does now, and is moved on its own.
    pub fn like(other: &Self) -> Self {
        let clock = Self::default();
        clock.follow(other);
        clock
    }

    /// Stands or runs from now on as `other` does now. One that is only held runs, from where it is held: whoever holds it
    /// lets that one go on, and not this.
    pub fn follow(&self, other: &Self) {
        let State { hands, held } = *other.state();
        *self.state() = State { hands: if held { running(hands) } else { hands }, held: false };
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
        self.stop(|hands| Hands::Frozen(read(hands)));
    }

    /// Stops the clock at `seconds` since 1970-01-01T00:00:00Z.
    pub fn set(&self, seconds: u64) {
        self.stop(|_| Hands::Frozen(seconds));
    }

    /// Lets the clock run on from where it stands.
    pub fn resume(&self) {
        self.change(running);
    }

    /// Lets the clock run ahead of the system's, or behind it.
    pub fn skew(&self, by: Skew) {
        self.change(|_| Hands::Running(by.seconds()));
    }

    /// Whether the clock stands.
    pub fn is_frozen(&self) -> bool {
        matches!(self.state().hands, Hands::Frozen(_))
    }

    /// Stops the clock unless it stands already. [`AdjustableClock::release`] lets it go on only then.
    pub(crate) fn hold(&self) {
        let mut state = self.state();
        if let Hands::Running(_) = state.hands {
            *state = State { hands: Hands::Frozen(read(state.hands)), held: true };
        }
    }

    /// Lets a held clock run on from where it stands.
    pub(crate) fn release(&self) {
        if std::mem::take(&mut self.state().held) {
            self.resume();
        }
    }

    /// Lets the clock follow the system's again.
    pub fn reset(&self) {
        self.change(|_| Hands::Running(0));
    }

    /// Moves the clock as `turn` says.
    pub fn turn(&self, turn: Turn) {
        match turn {
            Turn::Set { seconds } => self.set(seconds),
            Turn::Freeze => self.freeze(),
            Turn::Resume => self.resume(),
            Turn::Advance { seconds } => self.advance(Duration::from_secs(seconds)),
            Turn::Rewind { seconds } => self.rewind(Duration::from_secs(seconds)),
            Turn::Skew { by } => self.skew(by),
            Turn::Reset => self.reset(),
        }
    }

    /// How the clock stands.
    pub fn reading(&self) -> Reading {
        let hands = self.state().hands;
        Reading::new(read(hands), matches!(hands, Hands::Frozen(_)))
    }

    /// Stops the clock, also if it is held: it stands when it is let go on.
    fn stop(&self, turn: impl FnOnce(Hands) -> Hands) {
        let mut state = self.state();
        *state = State { hands: turn(state.hands), held: false };
    }

    fn change(&self, turn: impl FnOnce(Hands) -> Hands) {
        let mut state = self.state();
        state.hands = turn(state.hands);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for AdjustableClock {
    fn now(&self) -> u64 {
        let hands = self.state().hands;
        read(hands)
    }
}

/// Running on from where these hands are.
fn running(hands: Hands) -> Hands {
    let ahead = i128::from(read(hands)) - i128::from(system());
    Hands::Running(i64::try_from(ahead).unwrap_or(if ahead < 0 { i64::MIN } else { i64::MAX }))
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
    fn a_clock_runs_on_from_where_it_stood() {
        let clock = AdjustableClock::new();
        clock.set(1_000);
        assert!(clock.is_frozen());
        clock.resume();
        assert!(!clock.is_frozen() && (1_000..1_010).contains(&clock.now()), "{}", clock.now());
        clock.skew(Skew::Behind);
        assert!((system() - 310..=system() - 300).contains(&clock.now()));
    }

    #[test]
    fn a_clock_that_stood_before_it_was_held_stands_on() {
        let (standing, running) = (AdjustableClock::new(), AdjustableClock::new());
        standing.set(7);
        for clock in [&standing, &running] {
            clock.hold();
            assert!(clock.is_frozen());
            clock.release();
        }
        assert!(standing.is_frozen() && !running.is_frozen());
    }

    #[test]
    fn a_clock_that_is_stopped_while_it_is_held_stands_on() {
        for stop in [AdjustableClock::freeze, |clock: &AdjustableClock| clock.set(7)] {
            let clock = AdjustableClock::new();
            clock.hold();
            stop(&clock);
            clock.release();
            assert!(clock.is_frozen());
        }
    }

    #[test]
    fn a_clock_like_one_that_is_held_runs_from_there() {
        let held = AdjustableClock::new();
        held.advance(Duration::from_secs(3600));
        held.hold();
        let like = AdjustableClock::like(&held);
        assert!(!like.is_frozen() && like.now().abs_diff(held.now()) < 10);
        held.set(7);
        assert!(AdjustableClock::like(&held).is_frozen(), "one that stands by itself");
    }

    #[test]
    fn a_clock_like_another_is_moved_on_its_own() {
        let one = AdjustableClock::new();
        one.set(5);
        let other = AdjustableClock::like(&one);
        one.set(6);
        assert_eq!((one.now(), other.now()), (6, 5));
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

//! Time, as a port: the only place that reads the system's clock or waits.

use std::fmt;
use std::time::Duration;
#[cfg(not(target_family = "wasm"))]
use std::time::{SystemTime, UNIX_EPOCH};

use crate::transport::BoxFuture;

/// What time it is, and how to wait. Inject one to move time in tests.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> u64;

    /// Resolves once `duration` has passed. Waits on the timer of the tokio runtime unless overridden; in a browser, on
    /// `setTimeout`.
    fn wait(&self, duration: Duration) -> BoxFuture<'_, ()> {
        #[cfg(not(target_family = "wasm"))]
        #[expect(clippy::disallowed_methods, reason = "this is the port that waiting goes through")]
        return Box::pin(tokio::time::sleep(duration));
        #[cfg(target_family = "wasm")]
        return Box::pin(browser::sleep(duration));
    }
}

/// The clock of the operating system; in a browser, `Date.now()`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[cfg(not(target_family = "wasm"))]
    fn now(&self) -> u64 {
        #[expect(clippy::disallowed_methods, reason = "this is the port that the time comes through")]
        let now = SystemTime::now();
        now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    #[cfg(target_family = "wasm")]
    fn now(&self) -> u64 {
        // Milliseconds. What is no time, or before 1970, becomes 0.
        (js_sys::Date::now() / 1000.0) as u64
    }
}

impl fmt::Debug for dyn Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// The timers of a browser.
#[cfg(target_family = "wasm")]
mod browser {
    use std::time::Duration;

    use js_sys::{Function, Promise, Reflect};
    use wasm_bindgen_futures::JsFuture;
    use wasm_bindgen_futures::wasm_bindgen::JsCast as _;

    /// The longest time that `setTimeout` waits, in milliseconds: more overflows and is no time at all.
    const LONGEST: u128 = i32::MAX as u128;

    /// Does not end where there is no `setTimeout`: an end would make those who wait between requests hurry.
    pub(super) async fn sleep(duration: Duration) {
        let mut left = duration.as_nanos().div_ceil(1_000_000);
        while left > 0 {
            let part = left.min(LONGEST);
            if !part_passes(part as f64).await {
                std::future::pending::<()>().await;
            }
            left -= part;
        }
    }

    /// Waits for these milliseconds, if that can be waited for.
    async fn part_passes(milliseconds: f64) -> bool {
        let global = js_sys::global();
        let set_timeout = Reflect::get(&global, &"setTimeout".into());
        let Ok(Ok(set_timeout)) = set_timeout.map(|value| value.dyn_into::<Function>()) else { return false };
        let mut started = false;
        let passed = Promise::new(&mut |resolve, _| {
            started = set_timeout.call2(&global, &resolve, &milliseconds.into()).is_ok();
        });
        started && JsFuture::from(passed).await.is_ok()
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

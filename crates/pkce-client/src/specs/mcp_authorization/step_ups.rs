//! How often users were asked for more scope, for nothing (MCP 2025-11-25, Scope Challenge Handling).

use std::sync::{Mutex, PoisonError};

/// For how long it is remembered, in seconds.
const REMEMBERED: u64 = 10 * 60;

/// Logins for more scope after which the resource has not served anything.
#[derive(Default)]
pub(super) struct StepUps(Mutex<InVain>);

#[derive(Default)]
struct InVain {
    count: u32,
    last_at: u64,
}

impl StepUps {
    /// Whether there have been this many lately.
    pub(super) fn were(&self, many: u32, now: u64) -> bool {
        let in_vain = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        in_vain.count >= many && now.abs_diff(in_vain.last_at) < REMEMBERED
    }

    /// Counts one that begins.
    pub(super) fn begin(&self, now: u64) {
        let mut in_vain = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = now.abs_diff(in_vain.last_at) < REMEMBERED;
        let before = if lately { in_vain.count } else { 0 };
        *in_vain = InVain { count: before.saturating_add(1), last_at: now };
    }

    /// The resource has served a request: none was for nothing.
    pub(super) fn have_helped(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).count = 0;
    }
}

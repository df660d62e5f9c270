//! The one timer of a client.

use core::time::Duration;
use std::cell::RefCell;

use gloo_timers::callback::Timeout;

use crate::backoff::MAX_TIMER;
use crate::time::{Instant, whole_micros};

/// Waits for the earliest deadline; set anew only when that changes.
#[derive(Debug, Default)]
pub struct Timer {
    armed: RefCell<Option<(Instant, Timeout)>>,
}

impl Timer {
    /// Returns whether the timer waits for exactly this deadline.
    pub fn is_armed_for(&self, deadline: Option<Instant>) -> bool {
        self.armed.borrow().as_ref().map(|(armed, _)| *armed) == deadline
    }

    /// Waits for `deadline` and for nothing else.
    pub fn arm(&self, deadline: Instant, now: Instant, callback: impl FnOnce() + 'static) {
        let delay = deadline.since(now).min(MAX_TIMER);
        let timeout = Timeout::new(whole_millis(delay), callback);
        self.armed.replace(Some((deadline, timeout)));
    }

    /// Waits for nothing.
    pub fn disarm(&self) {
        self.armed.replace(None);
    }
}

/// Rounded up: a timer that fires a little early would find nothing to do and be set again.
fn whole_millis(delay: Duration) -> u32 {
    u32::try_from(whole_micros(delay).div_ceil(1_000)).unwrap_or(u32::MAX)
}

/// Returns milliseconds, with their fractions.
pub fn to_millis(duration: Duration) -> f64 {
    whole_micros(duration) as f64 / 1_000.0
}

/// Clamped to what a timer can wait; what is no time becomes zero.
pub fn to_duration(millis: f64) -> Duration {
    Duration::from_micros((millis.max(0.0) * 1_000.0) as u64).min(MAX_TIMER)
}

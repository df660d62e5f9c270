//! The clock's reading, given from outside: no code of the pure floors reads a clock.

use core::ops::Add;
use core::time::Duration;

/// A moment of the host's monotonic clock, in microseconds from an origin that only the host knows.
///
/// `std::time::Instant` cannot stand here: it can only be made by reading a clock, and panics on
/// `wasm32-unknown-unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Instant {
    micros: u64,
}

impl Instant {
    /// The clock's origin.
    pub const ORIGIN: Self = Self { micros: 0 };

    /// Makes a moment from a reading in milliseconds, as `performance.now()` gives it.
    ///
    /// What no clock shows (a negative number, `NaN`) becomes the origin.
    #[must_use]
    pub fn from_millis(millis: f64) -> Self {
        // A cast from `f64` saturates and maps NaN to zero, so this is total.
        Self { micros: (millis * 1_000.0) as u64 }
    }

    /// Returns the time from `earlier` to this moment, zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.micros.saturating_sub(earlier.micros))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let micros = whole_micros(duration);
        Self { micros: self.micros.saturating_add(micros) }
    }
}

/// Returns a duration in whole microseconds, the most that a `u64` holds if it is longer.
///
/// Unlike `as_micros` it needs no arithmetic of 128 bits, which is a lot of code in wasm.
#[must_use]
pub fn whole_micros(duration: Duration) -> u64 {
    let micros = u64::from(duration.subsec_micros());
    duration.as_secs().saturating_mul(1_000_000).saturating_add(micros)
}

/// Returns the earlier of two deadlines, either of which may be absent.
#[must_use]
pub fn earliest(left: Option<Instant>, right: Option<Instant>) -> Option<Instant> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (deadline, None) | (None, deadline) => deadline,
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn reads_what_no_clock_shows_as_the_origin() {
        assert_eq!(Instant::from_millis(-1.0), Instant::ORIGIN);
        assert_eq!(Instant::from_millis(f64::NAN), Instant::ORIGIN);
    }

    #[test]
    fn saturates_instead_of_overflowing() {
        let end = Instant::from_millis(f64::INFINITY);
        assert_eq!(end + Duration::MAX, end);
        assert_eq!(Instant::ORIGIN.since(end), Duration::ZERO);
    }

    #[test]
    fn adds_and_subtracts() {
        let later = Instant::from_millis(1.5) + Duration::from_millis(2);
        assert_eq!(later.since(Instant::from_millis(0.5)), Duration::from_millis(3));
        assert_eq!(earliest(Some(later), None), Some(later));
        assert_eq!(earliest(Some(later), Some(Instant::ORIGIN)), Some(Instant::ORIGIN));
        assert_eq!(earliest(None, None), None);
    }
}

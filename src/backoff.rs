//! How long to wait before the next reconnection attempt.

use core::time::Duration;

use crate::random::Random;

/// The longest time that a browser's timer can wait (2³¹ − 1 ms); a longer one fires at once.
pub const MAX_TIMER: Duration = Duration::from_millis(i32::MAX as u64);

/// From here on the exponent stays: 2³¹ times any useful base is far over any cap.
const MAX_EXPONENT: u32 = 31;

/// Over how many times the base clients are spread that were all given the same moment.
const LEAST_SPREAD: u32 = 10;

/// The bounds of the delays, each clamped to [`MAX_TIMER`] when it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackoffConfig {
    /// No delay is shorter. Default 100 ms.
    pub min: Duration,
    /// The upper bound of the first delay. Default 1 s.
    pub base: Duration,
    /// The upper bound of every delay. Default 30 s.
    pub cap: Duration,
}

impl Default for BackoffConfig {
    fn default() -> Self {
        Self {
            min: Duration::from_millis(100),
            base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
        }
    }
}

/// Exponential backoff with full jitter: `min + U(0, min(cap, base · 2ⁿ) − min)`.
///
/// The jitter is drawn after the cap, so clients that have waited long do not all come back at the
/// same moment, and the exponent saturates, so no number of attempts overflows.
///
/// ```
/// use std::time::Duration;
/// use sockeye::backoff::{Backoff, BackoffConfig};
///
/// let mut backoff = Backoff::new(BackoffConfig::default(), 42);
/// let delay = backoff.next_delay();
/// assert!(delay >= Duration::from_millis(100) && delay <= Duration::from_secs(1));
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    config: BackoffConfig,
    exponent: u32,
    random: Random,
}

impl Backoff {
    /// Starts with exponent zero and the random sequence of `seed`.
    #[must_use]
    pub fn new(config: BackoffConfig, seed: u64) -> Self {
        Self { config, exponent: 0, random: Random::new(seed) }
    }

    /// Draws the next delay and raises the exponent.
    pub fn next_delay(&mut self) -> Duration {
        self.next_delay_within(self.config.cap)
    }

    /// Draws the next delay with another cap, and raises the exponent.
    pub fn next_delay_within(&mut self, cap: Duration) -> Duration {
        let cap = cap.min(MAX_TIMER);
        let min = self.config.min.min(cap);
        let ceiling = self.config.base.saturating_mul(1 << self.exponent).clamp(min, cap);
        self.exponent = (self.exponent + 1).min(MAX_EXPONENT);
        min + self.random.duration_up_to(ceiling - min)
    }

    /// Draws what to wait beyond a moment that many clients were given: up to a quarter of the time
    /// until then, and at least up to ten times the base, or to the cap if that is less.
    ///
    /// With the defaults that is 10 s or more, so that of 10,000 clients about 1 % come within the same
    /// tenth of a second.
    pub fn next_spread(&mut self, until_then: Duration) -> Duration {
        let least = self.config.base.saturating_mul(LEAST_SPREAD).min(self.config.cap);
        self.random.duration_up_to((until_then / 4).max(least).min(MAX_TIMER))
    }

    /// Goes back to exponent zero. Call it only after a connection that has proved stable, else one
    /// action that kills every connection becomes a storm of reconnections.
    pub fn reset(&mut self) {
        self.exponent = 0;
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ceiling(config: BackoffConfig, attempt: u32) -> Duration {
        config.base.saturating_mul(2u32.saturating_pow(attempt.min(31))).min(config.cap)
    }

    #[test]
    fn keeps_jitter_under_the_cap_however_long_the_outage() {
        let config = BackoffConfig::default();
        let mut backoff = Backoff::new(config, 1);
        let delays: Vec<_> = (0..100_000).map(|_| backoff.next_delay()).collect();
        for (attempt, delay) in delays.iter().enumerate() {
            assert!(*delay >= config.min);
            assert!(*delay <= ceiling(config, attempt as u32));
        }
        let late: std::collections::BTreeSet<_> = delays.iter().skip(50_000).collect();
        assert!(late.len() > 49_000, "the delays after the cap are still spread");
    }

    #[test]
    fn starts_again_after_a_reset() {
        let mut backoff = Backoff::new(BackoffConfig::default(), 1);
        for _ in 0..40 {
            backoff.next_delay();
        }
        backoff.reset();
        assert!(backoff.next_delay() <= Duration::from_secs(1));
    }

    #[test]
    fn spreads_over_a_quarter_of_the_time_or_ten_times_the_base() {
        let widest = |config, until_then| {
            let mut backoff = Backoff::new(config, 1);
            (0..1_000).map(|_| backoff.next_spread(until_then).as_millis()).max()
        };
        let usual = BackoffConfig::default();
        let quick = BackoffConfig { base: Duration::from_millis(20), ..usual };
        let capped = BackoffConfig { cap: Duration::from_secs(2), ..usual };
        for (config, seconds, bound) in [
            (usual, 0, 10_000),
            (usual, 30, 10_000),
            (usual, 120, 30_000),
            (quick, 0, 200),
            (capped, 0, 2_000),
            (capped, 120, 30_000),
        ] {
            let widest = widest(config, Duration::from_secs(seconds)).unwrap();
            assert!((bound * 95 / 100..=bound).contains(&widest), "{seconds} s: {widest} ms");
        }
        assert!(widest(usual, Duration::MAX).unwrap() <= MAX_TIMER.as_millis());
    }

    proptest! {
        #[test]
        fn never_leaves_its_bounds(
            seed: u64, min: u64, base: u64, cap: u64, attempts in 0usize..80,
        ) {
            let config = BackoffConfig {
                min: Duration::from_micros(min),
                base: Duration::from_micros(base),
                cap: Duration::from_micros(cap),
            };
            let mut backoff = Backoff::new(config, seed);
            for _ in 0..attempts {
                let delay = backoff.next_delay();
                prop_assert!(delay <= config.cap.min(MAX_TIMER));
                prop_assert!(delay >= config.min.min(config.cap).min(MAX_TIMER));
            }
        }
    }
}

//! Whether attempts have failed for so long that they become rare.

use core::time::Duration;

use crate::time::Instant;

/// How long attempts have failed, without the times in which the machine slept.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circuit {
    failing_for: Duration,
    failed_at: Option<Instant>,
    /// How long it may take until the next failure is told. What takes longer was sleep.
    expected: Duration,
}

impl Circuit {
    /// Takes the news of a failure. Returns for how long all attempts have failed.
    pub fn fail(&mut self, now: Instant) -> Duration {
        let since = self.failed_at.map_or(Duration::ZERO, |at| now.since(at));
        self.failing_for = self.failing_for.saturating_add(since.min(self.expected));
        self.failed_at = Some(now);
        self.failing_for
    }

    /// Says how long the next attempt may take, with the wait before it.
    pub fn expect_within(&mut self, time: Duration) {
        self.expected = time;
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn counts_the_time_between_failures_and_no_sleep() {
        let at = |seconds: u32| Instant::from_millis(f64::from(seconds) * 1_000.0);
        let seconds = Duration::from_secs;
        let mut circuit = Circuit::default();
        assert_eq!(circuit.fail(at(100)), Duration::ZERO);
        circuit.expect_within(seconds(30));
        assert_eq!(circuit.fail(at(120)), seconds(20));
        circuit.expect_within(seconds(10));
        assert_eq!(circuit.fail(at(9_000)), seconds(30));
    }
}

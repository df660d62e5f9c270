//! The clock of generators that say more than a timer can fire for.

use std::time::Duration;

use tokio::time::Instant;

/// Counts what is due, so that a rate holds however late the timer is.
#[derive(Clone, Debug)]
pub struct Pace {
    per_second: u32,
    start: Instant,
    taken: u64,
}

impl Pace {
    /// Begins at `start`; `None` for the rate 0, at which nothing is ever due.
    #[must_use]
    pub fn new(per_second: u32, start: Instant) -> Option<Self> {
        (per_second > 0).then_some(Self { per_second, start, taken: 0 })
    }

    /// How long to wait between two looks.
    #[must_use]
    pub fn tick(&self) -> Duration {
        (Duration::from_secs(1) / self.per_second).max(SHORTEST_TICK)
    }

    /// Takes what has become due since the last look; what is older than a second is left out.
    pub fn take(&mut self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.start).as_nanos();
        let due = elapsed * u128::from(self.per_second) / Duration::from_secs(1).as_nanos();
        let due = u64::try_from(due).unwrap_or(u64::MAX);
        let missing = due.saturating_sub(self.taken);
        self.taken = due;
        missing.min(u64::from(self.per_second))
    }
}

const SHORTEST_TICK: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_between_uneven_looks() {
        let start = Instant::now();
        let mut pace = Pace::new(10_000, start).unwrap();
        assert_eq!(pace.tick(), SHORTEST_TICK);
        let looks = [1, 11, 12, 40, 41, 333, 1_000].map(Duration::from_millis);
        let taken: Vec<u64> = looks.iter().map(|&look| pace.take(start + look)).collect();
        assert_eq!(taken, [10, 100, 10, 280, 10, 2_920, 6_670]);
    }

    #[test]
    fn a_long_stall_is_not_made_up_for() {
        let start = Instant::now();
        let mut pace = Pace::new(5, start).unwrap();
        assert_eq!(pace.tick(), Duration::from_millis(200));
        assert_eq!(pace.take(start + Duration::from_secs(60)), 5);
        assert_eq!(pace.take(start + Duration::from_millis(60_100)), 0);
        assert_eq!(pace.take(start + Duration::from_millis(60_200)), 1);
    }

    #[test]
    fn at_rate_zero_there_is_no_pace() {
        assert!(Pace::new(0, Instant::now()).is_none());
    }
}

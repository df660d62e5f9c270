//! The official client: when it reconnects, and nothing else.
//!
//! Source: socket.io-client 4.8.4, `lib/contrib/backo2.ts` and `lib/manager.ts`, with the default options.

use std::time::Duration;

use sockeye::random::Random;
use sockeye::time::Instant;

use crate::client::Client;

const MIN_MS: f64 = 1_000.0;
const MAX_MS: f64 = 5_000.0;
const FACTOR: f64 = 2.0;
const JITTER: f64 = 0.5;

/// As fine as numbers are drawn: a millionth.
const UNIT: u32 = 1_000_000;

/// `Backoff` of `backo2.ts`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    attempts: i32,
}

impl Backoff {
    /// Returns the next delay in milliseconds; `random` is what `Math.random()` gives.
    pub fn duration(&mut self, random: f64) -> f64 {
        let delay = MIN_MS * FACTOR.powi(self.attempts);
        self.attempts += 1;
        let deviation = (random * JITTER * delay).floor();
        let is_even = (random * 10.0).floor() as i64 & 1 == 0;
        let delay = if is_even { delay - deviation } else { delay + deviation };
        delay.min(MAX_MS).trunc()
    }

    /// Starts again with the shortest delays.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

/// The client: `reconnect`, `onreconnect` and `onclose` of `manager.ts`.
#[derive(Debug)]
pub struct Official {
    backoff: Backoff,
    random: Random,
    retry_at: Option<Instant>,
    is_connected: bool,
    wants_connection: bool,
}

impl Client for Official {
    fn new(seed: u64) -> Self {
        Self {
            backoff: Backoff::default(),
            random: Random::new(seed),
            retry_at: None,
            is_connected: false,
            wants_connection: true,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.retry_at
    }

    fn wake(&mut self, now: Instant) {
        if self.retry_at.take_if(|at| *at <= now).is_some() {
            self.wants_connection = true;
        }
    }

    fn wants_connection(&mut self) -> bool {
        std::mem::take(&mut self.wants_connection)
    }

    fn connected(&mut self, _: Instant) {
        self.is_connected = true;
        self.backoff.reset();
    }

    fn pinged(&mut self, _: Instant) {}

    /// It knows no such thing.
    fn postponed(&mut self, _: Duration, _: Instant) {}

    fn closed(&mut self, now: Instant) {
        if std::mem::take(&mut self.is_connected) {
            self.backoff.reset();
        }
        let drawn = self.random.duration_up_to(Duration::from_micros(u64::from(UNIT) - 1));
        let random = f64::from(drawn.subsec_micros()) / f64::from(UNIT);
        let delay = self.backoff.duration(random);
        self.retry_at = Some(now + Duration::from_millis(delay as u64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `Backoff` of socket.io-client 4.8.4 gives with `{ min: 1_000, max: 5_000, jitter: 0.5 }` when
    /// `Math.random` gives this number each time.
    const RECORDED: [(f64, [f64; 6]); 5] = [
        (0.0, [1_000.0, 2_000.0, 4_000.0, 5_000.0, 5_000.0, 5_000.0]),
        (0.05, [975.0, 1_950.0, 3_900.0, 5_000.0, 5_000.0, 5_000.0]),
        (0.37, [1_185.0, 2_370.0, 4_740.0, 5_000.0, 5_000.0, 5_000.0]),
        (0.84, [580.0, 1_160.0, 2_320.0, 4_640.0, 5_000.0, 5_000.0]),
        (0.999_999, [1_499.0, 2_999.0, 5_000.0, 5_000.0, 5_000.0, 5_000.0]),
    ];

    #[test]
    fn waits_as_the_official_client_does() {
        for (random, expected) in RECORDED {
            let mut backoff = Backoff::default();
            assert_eq!(expected.map(|_| backoff.duration(random)), expected, "{random}");
            backoff.reset();
            assert_eq!(backoff.duration(random), expected[0], "{random}");
        }
    }
}

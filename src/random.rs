//! A small generator of random numbers for jitter, seeded from outside.

use core::time::Duration;

/// SplitMix64: the same seed gives the same numbers. Spreads reconnections; keeps no secret.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Starts the sequence that belongs to `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Draws a duration from zero to `limit`, both included.
    pub fn duration_up_to(&mut self, limit: Duration) -> Duration {
        let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
        // The high half of the product maps the draw to 0..=micros without a biased remainder.
        let scaled = u128::from(self.next()) * (u128::from(micros) + 1);
        Duration::from_micros((scaled >> 64) as u64)
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn draws_within_the_limit_and_reaches_both_ends() {
        let mut random = Random::new(7);
        let limit = Duration::from_micros(3);
        let mut seen = [false; 4];
        for _ in 0..200 {
            seen[random.duration_up_to(limit).as_micros() as usize] = true;
        }
        assert_eq!(seen, [true; 4]);
        assert_eq!(random.duration_up_to(Duration::ZERO), Duration::ZERO);
        assert!(random.duration_up_to(Duration::MAX) <= Duration::from_micros(u64::MAX));
    }

    #[test]
    fn repeats_the_sequence_of_its_seed() {
        let draw = |seed| Random::new(seed).duration_up_to(Duration::from_secs(1));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}

//! Randomness that comes from `--seed` alone: the same seed gives the same ids and data.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt, SeedableRng, TryRng};

/// A shared seeded generator; clones draw from the same sequence.
#[derive(Clone, Debug)]
pub struct Dice(Arc<Mutex<ChaCha8Rng>>);

impl Dice {
    /// Creates a generator whose sequence depends on `seed` and `stream`, e.g. a contract's name.
    #[must_use]
    pub fn new(seed: u64, stream: &str) -> Self {
        // FNV-1a: unlike the standard hasher it is the same in every build.
        let mixed = stream.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self::from_seed(mixed)
    }

    /// Returns a generator of its own, so that what one job draws does not depend on other jobs.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::from_seed(self.draw(Rng::next_u64))
    }

    /// Returns a fresh id such as `job-3f9a01bc`.
    #[must_use]
    pub fn id(&self, prefix: &str) -> String {
        format!("{prefix}-{:08x}", self.draw(Rng::next_u32))
    }

    /// Returns a number from `range`.
    #[must_use]
    pub fn within(&self, range: RangeInclusive<u64>) -> u64 {
        self.draw(|rng| rng.random_range(range))
    }

    /// Returns true with the probability `percent` / 100.
    #[must_use]
    pub fn percent(&self, percent: u64) -> bool {
        self.within(1..=100) <= percent
    }

    /// Returns true with the probability `share`, from 0 to 1.
    #[must_use]
    pub fn share(&self, share: f64) -> bool {
        self.draw(|rng| rng.random_bool(share.clamp(0.0, 1.0)))
    }

    /// Returns one of `choices`, or the default when there is none.
    #[must_use]
    pub fn pick<T: Copy + Default>(&self, choices: &[T]) -> T {
        let last = (choices.len() as u64).saturating_sub(1);
        let index = usize::try_from(self.within(0..=last)).unwrap_or_default();
        choices.get(index).copied().unwrap_or_default()
    }

    fn from_seed(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(ChaCha8Rng::seed_from_u64(seed))))
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut ChaCha8Rng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Returns an id that no other run has: 128 bits from the operating system, in hexadecimal.
#[must_use]
pub fn unique_id() -> String {
    let mut bytes = [0; 16];
    let number = match rand::rngs::SysRng.try_fill_bytes(&mut bytes) {
        Ok(()) => u128::from_le_bytes(bytes),
        Err(_) => {
            let now = jiff::Timestamp::now().as_nanosecond();
            (u128::from(std::process::id()) << 96) ^ now.unsigned_abs()
        }
    };
    format!("{number:032x}")
}

/// Returns a seed from the operating system, short enough to be typed again.
#[must_use]
pub fn random_seed() -> u64 {
    let mut bytes = [0; 4];
    match rand::rngs::SysRng.try_fill_bytes(&mut bytes) {
        Ok(()) => u64::from(u32::from_le_bytes(bytes)),
        Err(_) => u64::from(std::process::id()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_gives_same_ids() {
        let (first, second) = (Dice::new(7, "primes"), Dice::new(7, "primes"));
        assert_eq!(first.id("job"), second.id("job"));
        assert_eq!(first.fork().within(0..=1_000_000), second.fork().within(0..=1_000_000));
    }

    #[test]
    fn unique_ids_differ_and_have_128_bits() {
        let (first, second) = (unique_id(), unique_id());
        assert_ne!(first, second);
        assert!(first.len() == 32 && first.bytes().all(|byte| byte.is_ascii_hexdigit()), "{first}");
    }

    #[test]
    fn seeds_and_streams_differ() {
        let first = Dice::new(7, "primes").id("job");
        assert_ne!(first, Dice::new(8, "primes").id("job"));
        assert_ne!(first, Dice::new(7, "jobs").id("job"));
    }
}

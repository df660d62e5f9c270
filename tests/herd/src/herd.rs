//! Many clients, and when they come.

use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

use sockeye::time::Instant;

use crate::client::Client;
use crate::life::Life;
use crate::scenario::Scenario;

/// How long the times are in which attempts are counted together.
pub const BUCKET: Duration = Duration::from_millis(100);

/// How many clients there are, and where their randomness comes from.
#[derive(Clone, Copy, Debug)]
pub struct Herd {
    /// How many.
    pub clients: u32,
    /// The same seed gives the same arrivals.
    pub seed: u64,
}

/// How many attempts began in each tenth of a second since the first server went away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// All of them.
    pub attempts: Vec<u32>,
    /// Those for which a server was there.
    pub served: Vec<u32>,
}

impl Herd {
    /// Lets every client live through a scenario.
    #[must_use]
    pub fn run<C: Client>(self, scenario: &Scenario) -> Arrivals {
        let threads = thread::available_parallelism().map_or(1, |count| count.get() as u32);
        let share = self.clients.div_ceil(threads).max(1);
        let mut all = Arrivals::default();
        thread::scope(|scope| {
            let starts = (0..self.clients).step_by(share as usize);
            let parts: Vec<_> = starts
                .map(|start| start..self.clients.min(start + share))
                .map(|part| scope.spawn(move || self.run_part::<C>(scenario, part)))
                .collect();
            for part in parts {
                // Without its part a herd would only look well spread.
                all.add(&part.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
        });
        all
    }

    fn run_part<C: Client>(self, scenario: &Scenario, part: std::ops::Range<u32>) -> Arrivals {
        let world = (scenario.world)();
        let begin = world.begin();
        let end = begin + scenario.lasts;
        let mut arrivals = Arrivals::default();
        for client in part {
            // Neighbours have nothing in common.
            let seed = self.seed.wrapping_add(u64::from(client).wrapping_mul(7_919));
            let mut life = Life::<C>::new(&world, seed);
            while let Some(attempt) = life.next_attempt(end) {
                if attempt.at > begin {
                    arrivals.count(begin, attempt.at, attempt.is_served);
                }
            }
        }
        arrivals
    }
}

impl Arrivals {
    fn count(&mut self, begin: Instant, at: Instant, is_served: bool) {
        let bucket = (at.since(begin).as_millis() / BUCKET.as_millis()) as usize;
        increment(&mut self.attempts, bucket, 1);
        increment(&mut self.served, bucket, u32::from(is_served));
    }

    fn add(&mut self, other: &Self) {
        for (counts, more) in
            [(&mut self.attempts, &other.attempts), (&mut self.served, &other.served)]
        {
            more.iter().enumerate().for_each(|(bucket, count)| increment(counts, bucket, *count));
        }
    }

    /// The most clients that came to a server in the same tenth of a second.
    #[must_use]
    pub fn worst(&self) -> u32 {
        self.served.iter().copied().max().unwrap_or_default()
    }

    /// All attempts, and those for which a server was there.
    #[must_use]
    pub fn total(&self) -> (u64, u64) {
        let sum = |counts: &[u32]| counts.iter().copied().map(u64::from).sum();
        (sum(&self.attempts), sum(&self.served))
    }
}

fn increment(counts: &mut Vec<u32>, bucket: usize, by: u32) {
    if counts.len() <= bucket {
        counts.resize(bucket + 1, 0);
    }
    if let Some(count) = counts.get_mut(bucket) {
        *count += by;
    }
}

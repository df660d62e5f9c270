//! Jobs that look for primes.

use serde_json::{Map, Value, json};

use super::batches::Batches;
use super::events::{Broadcast, JobEnded, JobStarted};
use crate::contracts::Context;
use crate::dice::Dice;

/// Runs simulated jobs; clones share the same batches.
#[derive(Clone, Debug)]
pub struct Simulator {
    context: Context,
    batches: Batches,
}

impl Simulator {
    /// Creates a simulator without jobs.
    pub fn new(context: Context) -> Self {
        Self { context, batches: Batches::default() }
    }

    /// Starts a job and returns its id; `fail` decides how it ends, `None` leaves that to chance.
    pub fn start_job(&self, fail: Option<bool>) -> String {
        let dice = self.context.dice.fork();
        let id = dice.id("job");
        let (simulator, job_id) = (self.clone(), id.clone());
        self.context.tasks.spawn(async move { simulator.run(job_id, &dice, fail).await });
        id
    }

    async fn run(&self, job_id: String, dice: &Dice, fail: Option<bool>) {
        let fails = fail.unwrap_or_else(|| dice.percent(FAILING_PERCENT));
        let started = JobStarted { job_id: job_id.clone(), pid: dice.within(1_000..=32_768) };
        self.emit(Broadcast::JobStarted(started)).await;

        let mut solutions = 0;
        for _ in 0..dice.within(2..=5) {
            self.context.work(dice.within(300..=1_200)).await;
            if dice.percent(SOLUTION_PERCENT) {
                solutions += 1;
                self.emit(Broadcast::SolutionFound(solution(&job_id, dice))).await;
            }
        }
        if fails {
            self.emit(Broadcast::JobFailed(failure(job_id, dice))).await;
        } else {
            let ended = JobEnded { job_id, exit_code: 0, error: None };
            self.emit(Broadcast::JobCompleted(ended)).await;
            self.count_in_batch(solutions).await;
        }
    }

    /// Without a summary log, completed jobs make up the batches.
    async fn count_in_batch(&self, solutions: u64) {
        if self.context.config.summary_log.is_none() {
            let change = self.batches.job_completed(solutions, &self.context.dice);
            self.emit(change).await;
        }
    }

    async fn emit(&self, broadcast: Broadcast) {
        broadcast.emit(&self.context.emitter).await;
    }
}

fn failure(job_id: String, dice: &Dice) -> JobEnded {
    let (exit_code, error) = dice.pick(&[
        (1, "sieve: invalid range"),
        (137, "killed: out of memory"),
        (124, "timed out after 30 s"),
    ]);
    JobEnded { job_id, exit_code, error: Some(error.to_owned()) }
}

fn solution(job_id: &str, dice: &Dice) -> Map<String, Value> {
    let prime = next_prime(dice.within(100_000_000..=999_000_000));
    Map::from_iter([
        ("id".to_owned(), dice.id("solution").into()),
        ("jobId".to_owned(), job_id.into()),
        ("prime".to_owned(), json!(prime)),
    ])
}

/// Returns the smallest prime that is at least `number`.
fn next_prime(number: u64) -> u64 {
    (number.max(2)..).find(|&candidate| is_prime(candidate)).unwrap_or_default()
}

fn is_prime(number: u64) -> bool {
    (2..)
        .take_while(|divisor| divisor * divisor <= number)
        .all(|divisor| !number.is_multiple_of(divisor))
}

const FAILING_PERCENT: u64 = 15;
const SOLUTION_PERCENT: u64 = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_next_prime() {
        for (number, prime) in [(0, 2), (3, 3), (8, 11), (90, 97), (100_000_000, 100_000_007)] {
            assert_eq!(next_prime(number), prime);
        }
    }
}

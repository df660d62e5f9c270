//! The batches that the simulator makes up when no summary log is watched.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use super::events::Broadcast;
use crate::dice::Dice;

/// The batch that completed jobs are being counted in; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Batches(Arc<Mutex<Option<Batch>>>);

impl Batches {
    /// Counts a job, and returns the new or changed batch.
    pub fn job_completed(&self, solutions: u64, dice: &Dice) -> Broadcast {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = open.is_none();
        let batch =
            open.get_or_insert_with(|| Batch { id: dice.id("batch"), jobs: 0, solutions: 0 });
        batch.jobs += 1;
        batch.solutions += solutions;
        let fields = batch.fields();
        if batch.is_full() {
            *open = None;
        }
        if is_new { Broadcast::BatchAdded(fields) } else { Broadcast::BatchUpdated(fields) }
    }
}

#[derive(Debug)]
struct Batch {
    id: String,
    jobs: u64,
    solutions: u64,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.jobs >= JOBS_PER_BATCH
    }

    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("id".to_owned(), self.id.clone().into()),
            ("status".to_owned(), if self.is_full() { "complete" } else { "running" }.into()),
            ("jobs".to_owned(), self.jobs.into()),
            ("solutions".to_owned(), self.solutions.into()),
        ])
    }
}

const JOBS_PER_BATCH: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_a_batch_updates_it_until_full_then_adds_the_next() {
        let (batches, dice) = (Batches::default(), Dice::new(1, "test"));
        let kinds: Vec<_> = (0..=JOBS_PER_BATCH)
            .map(|_| {
                let change = batches.job_completed(1, &dice);
                let (_, event) = change.address();
                let batch = change.payload()["batch"].clone();
                format!("{event} {} {}", batch["jobs"], batch["status"].as_str().unwrap())
            })
            .collect();
        assert_eq!(
            kinds,
            [
                "batch:added 1 running",
                "batch:updated 2 running",
                "batch:updated 3 running",
                "batch:updated 4 complete",
                "batch:added 1 running",
            ]
        );
    }
}

//! The updates of each job that can be asked for later.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

/// An event that was sent about a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// The event's name.
    pub event: Cow<'static, str>,
    /// Its payload.
    pub payload: Value,
}

/// The last [`KEPT_UPDATES`] updates of every job, until nothing has been said about it for [`KEPT_FOR`], or
/// until there are [`KEPT_JOBS`] newer ones.
#[derive(Debug, Default)]
pub struct History {
    jobs: BTreeMap<String, Job>,
    /// The jobs by their last update.
    order: BTreeSet<(Instant, String)>,
}

impl History {
    /// Keeps an update of the job `job_id`.
    pub fn push(&mut self, now: Instant, job_id: &str, update: Update) {
        let job = self.jobs.entry(job_id.to_owned()).or_insert_with(|| Job::new(now));
        self.order.remove(&(job.last_update, job_id.to_owned()));
        self.order.insert((now, job_id.to_owned()));
        job.last_update = now;
        if job.updates.len() == KEPT_UPDATES {
            job.updates.pop_front();
        }
        job.updates.push_back(update);
        self.forget_old(now);
    }

    /// Returns the newest `limit` updates of a job, oldest first; `None` for an unknown job.
    pub fn of(&mut self, now: Instant, job_id: &str, limit: usize) -> Option<Vec<Update>> {
        self.forget_old(now);
        let updates = &self.jobs.get(job_id)?.updates;
        Some(updates.iter().skip(updates.len().saturating_sub(limit)).cloned().collect())
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some((last_update, _)) = self.order.first()
            && (now.duration_since(*last_update) >= KEPT_FOR || self.order.len() > KEPT_JOBS)
            && let Some((_, job_id)) = self.order.pop_first()
        {
            self.jobs.remove(&job_id);
        }
    }
}

#[derive(Debug)]
struct Job {
    updates: VecDeque<Update>,
    last_update: Instant,
}

impl Job {
    fn new(now: Instant) -> Self {
        Self { updates: VecDeque::new(), last_update: now }
    }
}

/// How many updates of a job are kept.
pub const KEPT_UPDATES: usize = 100;

/// How long they are kept after the last of a job.
pub const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// How many jobs are kept.
const KEPT_JOBS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn update(number: usize) -> Update {
        Update { event: "job:update".into(), payload: number.into() }
    }

    #[test]
    fn keeps_the_last_hundred() {
        let (mut history, now) = (History::default(), Instant::now());
        for number in 0..150 {
            history.push(now, "a", update(number));
        }
        let kept = history.of(now, "a", 1_000).unwrap();
        assert_eq!(kept, (50..150).map(update).collect::<Vec<_>>());
        assert_eq!(history.of(now, "a", 2).unwrap(), [update(148), update(149)]);
        assert_eq!(history.of(now, "b", 2), None);
    }

    #[test]
    fn forgets_a_job_a_day_after_its_last_update() {
        let (mut history, start) = (History::default(), Instant::now());
        let hour = Duration::from_secs(3600);
        history.push(start, "a", update(1));
        history.push(start + 12 * hour, "a", update(2));
        assert!(history.of(start + 35 * hour, "a", 10).is_some());
        assert!(history.of(start + 36 * hour, "a", 10).is_none());
        assert!(history.jobs.is_empty() && history.order.is_empty());
    }

    #[test]
    fn the_job_that_rested_longest_makes_room() {
        let (mut history, now) = (History::default(), Instant::now());
        let at = |second: usize| now + Duration::from_secs(u64::try_from(second).unwrap());
        for job in 0..KEPT_JOBS {
            history.push(at(job), &job.to_string(), update(job));
        }
        history.push(at(KEPT_JOBS), "0", update(0));
        history.push(at(KEPT_JOBS), "new", update(0));
        let mut knows = |job: &str| history.of(at(KEPT_JOBS), job, 1).is_some();
        assert!(knows("0") && knows("new") && knows("2") && !knows("1"));
        assert_eq!((history.jobs.len(), history.order.len()), (KEPT_JOBS, KEPT_JOBS));
    }
}

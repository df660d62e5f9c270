//! Runs many seeds on many threads.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::defects::{self, Defect};
use crate::ledger::{Counts, Failure};
use crate::schedule::Schedule;
use crate::world;

/// What many runs came to.
#[derive(Debug, Default)]
pub struct Report {
    pub seeds: u64,
    pub actions: u64,
    pub faults: u64,
    pub counts: Counts,
    pub seconds: f64,
    /// The failing seed with the smallest number among those that were run. With a mistake: where it was
    /// noticed as it should be.
    pub failed: Option<(u64, Failure)>,
    pub failures: u64,
    /// In which seeds each check failed.
    pub by_check: BTreeMap<&'static str, Vec<u64>>,
}

/// Runs one schedule.
pub fn run(schedule: &Schedule, defect: Option<Defect>, loud: bool) -> Option<Failure> {
    run_and_count(schedule, defect, loud).0
}

/// Runs one schedule. A panic is a failure, too.
fn run_and_count(
    schedule: &Schedule,
    defect: Option<Defect>,
    loud: bool,
) -> (Option<Failure>, Counts) {
    defects::choose(defect);
    let outcome = catch_unwind(AssertUnwindSafe(|| world::run(schedule, defect, loud)));
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let failure = Failure { check: "never panics", text: text.unwrap_or_default() };
        (Some(failure), Counts::default())
    })
}

/// Which seeds are run, and how.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub first: u64,
    pub seeds: u64,
    pub jobs: usize,
    pub defect: Option<Defect>,
    /// Whether to stop soon after a failure.
    pub stops: bool,
}

pub fn run_all(plan: Plan) -> Report {
    let start = Instant::now();
    let next = AtomicU64::new(plan.first);
    let stops = AtomicBool::new(false);
    let report = Mutex::new(Report::default());
    std::thread::scope(|scope| {
        for _ in 0..plan.jobs {
            scope.spawn(|| {
                let mine = work(&next, &stops, plan);
                add(&mut report.lock().unwrap(), mine);
            });
        }
    });
    let mut report = report.into_inner().unwrap();
    report.seconds = start.elapsed().as_secs_f64();
    report
}

fn work(next: &AtomicU64, stops: &AtomicBool, plan: Plan) -> Report {
    let mut report = Report::default();
    while !stops.load(Ordering::Relaxed) {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= plan.first + plan.seeds {
            break;
        }
        let schedule = Schedule::draw(seed);
        report.seeds += 1;
        report.actions += schedule.actions() as u64;
        report.faults += schedule.faults() as u64;
        let (failure, counts) = run_and_count(&schedule, plan.defect, false);
        report.counts.add(counts);
        if let Some(failure) = failure.filter(|_| is_of_defect(&schedule, plan.defect)) {
            report.failures += 1;
            report.by_check.entry(failure.check).or_default().push(seed);
            if plan.defect.is_none_or(|defect| defect.is_noticed_by(failure.check)) {
                report.failed.get_or_insert((seed, failure));
                stops.fetch_or(plan.stops, Ordering::Relaxed);
            }
        }
    }
    report
}

/// What fails without the mistake says nothing of it.
fn is_of_defect(schedule: &Schedule, defect: Option<Defect>) -> bool {
    defect.is_none_or(|defect| run(schedule, defect.background(), false).is_none())
}

fn add(sum: &mut Report, other: Report) {
    sum.seeds += other.seeds;
    sum.actions += other.actions;
    sum.faults += other.faults;
    sum.failures += other.failures;
    sum.counts.add(other.counts);
    for (check, seeds) in other.by_check {
        sum.by_check.entry(check).or_default().extend(seeds);
    }
    let is_smaller = |seed: u64| sum.failed.as_ref().is_none_or(|(smallest, _)| seed < *smallest);
    if other.failed.as_ref().is_some_and(|(seed, _)| is_smaller(*seed)) {
        sum.failed = other.failed;
    }
}

//! What the program prints.

use std::process::ExitCode;

use crate::defects::Defect;
use crate::ledger::{Counts, Failure};
use crate::options::Options;
use crate::runner::{self, Plan, Report};
use crate::schedule::Schedule;
use crate::{contract, shrink};

/// Within so many seeds each mistake has to be noticed.
const DEFECT_LIMIT: u64 = 100_000;

pub fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            println!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    let cases = contract::check();
    println!("the model of the server agrees with {cases} cases of the contract");
    let passed = if options.defects { catch_all(&options) } else { run_seeds(&options) };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_seeds(options: &Options) -> bool {
    if options.loud {
        return run_loud(options);
    }
    hide_panics();
    let Options { seed, seeds, jobs, defect, count, .. } = *options;
    let plan = Plan { first: seed, seeds, jobs, defect, stops: !count };
    let report = runner::run_all(plan);
    for (check, seeds) in report.by_check.iter().filter(|_| count) {
        let some = &seeds[..seeds.len().min(20)];
        println!("{:>7} {check}: seeds {some:?}", seeds.len());
    }
    if let Some((seed, failure)) = &report.failed {
        let flags = defect.map(|defect| format!(" --defect {}", defect.name())).unwrap_or_default();
        println!("seed {seed} fails: {}: {}", failure.check, failure.text);
        println!("to see it again: npm run test:sim -- --seed {seed} --seeds 1 --loud{flags}");
        let schedule = Schedule::draw(*seed);
        let (schedule, failure) = shrink::shrink(schedule, failure.clone(), defect);
        println!("the smallest schedule that fails so: {}: {}", failure.check, failure.text);
        print_schedule(&schedule);
    }
    println!("{}", json(&report, jobs));
    report.failed.is_none()
}

/// Prints all that happens in one run: of the smallest schedule that fails, or of the whole one.
fn run_loud(options: &Options) -> bool {
    let schedule = Schedule::draw(options.seed);
    let failure = runner::run(&schedule, options.defect, false);
    let schedule = match failure.clone() {
        Some(failure) => shrink::shrink(schedule, failure, options.defect).0,
        None => schedule,
    };
    print_schedule(&schedule);
    if let Some(failure) = runner::run(&schedule, options.defect, true) {
        println!("seed {} fails: {}: {}", options.seed, failure.check, failure.text);
    }
    failure.is_none()
}

fn print_schedule(schedule: &Schedule) {
    println!("  {:?}", schedule.setting);
    for step in &schedule.steps {
        println!("  {:>7} ms  {:?}", step.at, step.what);
    }
}

/// Turns each mistake on until it is noticed.
fn catch_all(options: &Options) -> bool {
    hide_panics();
    let chosen = options.defect.map_or_else(Defect::all, |defect| vec![defect]);
    let mut missed = 0;
    for defect in &chosen {
        let (first, seeds, jobs) = (options.seed, DEFECT_LIMIT, options.jobs);
        let plan = Plan { first, seeds, jobs, defect: Some(*defect), stops: true };
        let report = runner::run_all(plan);
        let (seeds, check) = match &report.failed {
            Some((seed, failure)) if !shrinks(*seed, failure, *defect) => {
                (seed - first + 1, "DOES NOT SHRINK")
            }
            Some((seed, failure)) => (seed - first + 1, failure.check),
            None => (report.seeds, "NOT NOTICED"),
        };
        missed += u32::from(check.starts_with(char::is_uppercase));
        println!("{:<28} {seeds:>7} {}  {check}", defect.name(), plural(seeds));
    }
    println!("{{\"defects\":{},\"missed\":{missed}}}", chosen.len());
    missed == 0
}

/// Whether a smaller schedule is found that fails in the same way, also when it runs again.
fn shrinks(seed: u64, failure: &Failure, defect: Defect) -> bool {
    let schedule = Schedule::draw(seed);
    let steps = schedule.steps.len();
    let (smaller, _) = shrink::shrink(schedule, failure.clone(), Some(defect));
    let again = runner::run(&smaller, Some(defect), false);
    smaller.steps.len() < steps && again.is_some_and(|again| again.check == failure.check)
}

fn plural(seeds: u64) -> &'static str {
    if seeds == 1 { "seed " } else { "seeds" }
}

/// A panic is told as a failure, with its seed.
fn hide_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}

fn json(report: &Report, jobs: usize) -> String {
    let per_second = report.seeds as f64 / report.seconds;
    let Counts { repeated, late, cancelled } = report.counts;
    format!(
        "{{\"seeds\":{},\"failures\":{},\"actions\":{},\"repeatedFrames\":{repeated},\
         \"lateAnswers\":{late},\"cancelled\":{cancelled},\"faults\":{},\"seconds\":{:.1},\
         \"schedulesPerSecond\":{:.0},\"perCore\":{:.0}}}",
        report.seeds,
        report.failures,
        report.actions,
        report.faults,
        report.seconds,
        per_second,
        per_second / jobs as f64
    )
}

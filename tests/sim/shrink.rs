//! Makes a failing schedule small: steps are left out as long as it fails in the same way.

use crate::defects::Defect;
use crate::ledger::Failure;
use crate::schedule::{Schedule, Setting};

/// So many runs at most: a schedule has about 40 steps.
const MAX_RUNS: u32 = 3_000;

/// Returns the smallest schedule that was found, and how it fails.
pub fn shrink(schedule: Schedule, failure: Failure, defect: Option<Defect>) -> (Schedule, Failure) {
    let mut shrinking = Shrinking { schedule, failure, defect, runs: 0 };
    loop {
        let before = shrinking.schedule.steps.len();
        shrinking.drop_steps();
        if shrinking.schedule.steps.len() == before || shrinking.runs >= MAX_RUNS {
            break;
        }
    }
    shrinking.simplify_setting();
    shrinking.drop_steps();
    (shrinking.schedule, shrinking.failure)
}

struct Shrinking {
    schedule: Schedule,
    failure: Failure,
    defect: Option<Defect>,
    runs: u32,
}

impl Shrinking {
    /// Leaves out halves, quarters, …, single steps.
    fn drop_steps(&mut self) {
        let mut size = self.schedule.steps.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < self.schedule.steps.len() && self.runs < MAX_RUNS {
                let to = (from + size).min(self.schedule.steps.len());
                let mut smaller = self.schedule.clone();
                smaller.steps.drain(from..to);
                if !self.try_out(smaller) {
                    from = to;
                }
            }
            size /= 2;
        }
    }

    fn simplify_setting(&mut self) {
        let changes: [fn(&mut Setting); 10] = [
            |setting| setting.leases = false,
            |setting| setting.users = false,
            |setting| setting.before_flush = false,
            |setting| setting.prologue = false,
            |setting| setting.trust_recovery = false,
            |setting| setting.recovery = false,
            |setting| setting.volatile_memory = false,
            |setting| setting.logs = false,
            |setting| setting.window = 1,
            |setting| setting.lanes = 1,
        ];
        for change in changes {
            let mut simpler = self.schedule.clone();
            change(&mut simpler.setting);
            self.try_out(simpler);
        }
    }

    /// Keeps the schedule if it fails by the same check.
    fn try_out(&mut self, schedule: Schedule) -> bool {
        self.runs += 1;
        let failure = crate::runner::run(&schedule, self.defect, false);
        let Some(failure) = failure.filter(|failure| failure.check == self.failure.check) else {
            return false;
        };
        self.schedule = schedule;
        self.failure = failure;
        true
    }
}

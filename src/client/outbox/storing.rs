//! The questions to the store: which are open, and what follows when they fail.

use core::time::Duration;
use std::rc::Rc;

use super::Outbox;
use super::action::ActionStatus;
use super::effect::Effect;
use super::timers::Timer;
use crate::client::defects::{self, Defect};
use crate::client::store::{ActionKey, Mark, StoreAnswer, StoreCommand, StoreError, StoreTicket};
use crate::host::Host;
use crate::time::Instant;

/// How long an answer of the store may take before it is asked again.
const STORE_LIMIT: Duration = Duration::from_secs(10);

/// What this client is among those that use the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It has no store.
    Closed,
    /// It waits for the store.
    Opening,
    /// It enqueues and cancels, and waits to lead.
    Following,
    /// It drains, in this epoch.
    Leading(u64),
    /// It has asked for a higher epoch than this.
    Raising(u64),
    /// The store is of a version to come: nothing is done with it.
    Refused,
}

/// What the store was asked, and for whom.
#[derive(Debug)]
pub(super) enum Job {
    Open,
    /// What was put from the question `since` on need not be in the answer.
    Read {
        since: u32,
    },
    Lead {
        since: u32,
    },
    Raise,
    Put {
        id: u32,
        replaced: Option<u32>,
    },
    Load {
        id: u32,
    },
    Mark {
        marks: Vec<(u32, Mark)>,
    },
    Settle {
        ids: Vec<u32>,
    },
    Park {
        id: u32,
    },
    Unpark {
        id: u32,
    },
    Remove {
        id: u32,
    },
    /// Remove what is put aside.
    Discard {
        key: ActionKey,
    },
}

impl Job {
    /// Whether it may take as long as it takes. What is put is not kept, so it cannot be asked again; and what
    /// is removed or queued again may have been when nobody waits for the answer any more.
    fn is_patient(&self) -> bool {
        matches!(
            self,
            Self::Open
                | Self::Lead { .. }
                | Self::Put { .. }
                | Self::Remove { .. }
                | Self::Discard { .. }
                | Self::Unpark { .. }
        )
    }

    /// Whether the store compares the epoch.
    fn is_fenced(&self) -> bool {
        matches!(self, Self::Raise | Self::Mark { .. } | Self::Settle { .. } | Self::Park { .. })
    }

    fn decides_role(&self) -> bool {
        matches!(self, Self::Open | Self::Lead { .. } | Self::Raise)
    }
}

/// An open question.
#[derive(Debug)]
pub(super) struct Asked {
    pub job: Job,
    /// The epoch in which it was asked.
    epoch: Option<u64>,
    limit: Option<Instant>,
}

/// A pause after failures of the store.
#[derive(Debug, Default)]
pub(super) struct Hold {
    until: Option<Instant>,
    pub failures: u32,
}

impl Hold {
    pub fn is_over(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until <= now)
    }
}

impl<H: Host> Outbox<H> {
    /// The epoch in which this client drains, if it does.
    pub(super) fn epoch(&self) -> Option<u64> {
        match self.role {
            Role::Leading(epoch) => Some(epoch),
            Role::Closed | Role::Opening | Role::Following | Role::Raising(_) | Role::Refused => {
                None
            }
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.role, Role::Following | Role::Leading(_) | Role::Raising(_))
    }

    pub(super) fn ask(&mut self, job: Job, command: StoreCommand<H>) -> u32 {
        let number = self.ask_without_answer(command);
        let limit = (!job.is_patient()).then(|| self.now + STORE_LIMIT);
        if let Some(limit) = limit {
            self.timers.set(limit, Timer::Store(number));
        }
        if job.decides_role() {
            self.role_job = Some(number);
        }
        self.jobs.insert(number, Asked { job, epoch: self.epoch(), limit });
        number
    }

    pub(super) fn ask_without_answer(&mut self, command: StoreCommand<H>) -> u32 {
        let number = self.next_job;
        self.next_job = self.next_job.wrapping_add(1);
        self.effects.push_back(Effect::Store { ticket: StoreTicket(number), command });
        number
    }

    /// Asks for what is missing to drain: the store, the right to, a new epoch.
    pub(super) fn work_on_role(&mut self) {
        if !self.other.is_over(self.now) || self.leaves_store_alone() {
            return;
        }
        if self.is_open() && core::mem::take(&mut self.has_to_read) {
            self.ask(Job::Read { since: self.next_job }, StoreCommand::Read);
        }
        if self.role_job.is_some() {
            return;
        }
        if let (Role::Leading(epoch), Some(_)) = (self.role, self.raise_to) {
            self.role = Role::Raising(epoch);
        }
        match self.role {
            Role::Opening => {
                let command = StoreCommand::Open { identity: Rc::clone(&self.identity) };
                self.ask(Job::Open, command);
            }
            Role::Following if !self.is_suspended => {
                self.ask(Job::Lead { since: self.next_job }, StoreCommand::Lead);
            }
            Role::Raising(epoch) => {
                let at_least = self.raise_to.unwrap_or_default().max(epoch.saturating_add(1));
                self.ask(Job::Raise, StoreCommand::RaiseEpoch { epoch, at_least });
            }
            Role::Closed | Role::Following | Role::Leading(_) | Role::Refused => {}
        }
    }

    pub(super) fn on_store_answer(&mut self, number: u32, answer: StoreAnswer<H>) {
        let Some(asked) = self.take_job(number) else {
            return self.on_late_answer(number, &answer);
        };
        match answer {
            StoreAnswer::Fenced => self.on_fenced(asked),
            StoreAnswer::Failed(error) => self.on_failed(asked.job, error),
            answer @ (StoreAnswer::Opened { .. }
            | StoreAnswer::Contents(_)
            | StoreAnswer::Leading { .. }
            | StoreAnswer::Raised { .. }
            | StoreAnswer::Stored { .. }
            | StoreAnswer::Loaded(_)
            | StoreAnswer::Marked { .. }
            | StoreAnswer::Done
            | StoreAnswer::Removed
            | StoreAnswer::WasSent
            | StoreAnswer::Missing) => {
                self.hold_of(&asked.job).failures = 0;
                self.on_done(number, asked.job, answer);
            }
        }
    }

    /// Nobody waits for this answer any more. That another client drains is news all the same.
    fn on_late_answer(&mut self, number: u32, answer: &StoreAnswer<H>) {
        let is_of_now = number.wrapping_sub(self.epoch_since) < u32::MAX / 2;
        if matches!(answer, StoreAnswer::Fenced) && is_of_now && self.epoch().is_some() {
            self.step_down();
        }
    }

    /// The store says nothing: what can be asked again will be.
    pub(super) fn on_store_silent(&mut self, number: u32) {
        if let Some(asked) = self.take_job(number) {
            self.on_failed(asked.job, StoreError::Failed);
        }
    }

    fn take_job(&mut self, number: u32) -> Option<Asked> {
        let asked = self.jobs.remove(&number)?;
        self.timers.remove(asked.limit, Timer::Store(number));
        if self.role_job == Some(number) {
            self.role_job = None;
        }
        if self.settle_job == Some(number) {
            self.settle_job = None;
        }
        Some(asked)
    }

    /// Another client drains, or this one has raised the epoch since it asked.
    fn on_fenced(&mut self, asked: Asked) {
        if !asked.job.is_fenced() {
            return self.on_failed(asked.job, StoreError::Failed);
        }
        let is_stale = asked.epoch != self.epoch() && !matches!(asked.job, Job::Raise);
        if defects::is(Defect::SettleWithoutFence) {
            self.end_without_fence(&asked.job);
        }
        if defects::is(Defect::DrainWithoutLock) {
            return self.ignore_fence(asked.job);
        }
        self.undo(asked.job, StoreError::Failed);
        if !is_stale && matches!(self.role, Role::Leading(_) | Role::Raising(_)) {
            self.step_down();
        }
    }

    /// Gives up the right to drain, or the wait for it.
    pub(super) fn resign(&mut self) {
        if !self.is_open() {
            return;
        }
        if let Some(number) = self.role_job {
            self.take_job(number);
        }
        self.step_down();
    }

    fn step_down(&mut self) {
        self.role = Role::Following;
        self.raise_to = None;
        // What it was about to end may have been ended by another.
        self.has_to_read = true;
        self.abandon_all();
        self.take_back_endings();
        self.ask_without_answer(StoreCommand::Resign);
    }

    fn ignore_fence(&mut self, job: Job) {
        if let Job::Settle { ids } = job {
            self.settle_without_fence(ids);
        } else if let Job::Mark { marks } = job {
            self.on_marks_ignored(marks);
        } else {
            self.undo(job, StoreError::Failed);
        }
    }

    /// Does what the store has refused.
    fn end_without_fence(&mut self, job: &Job) {
        let ids: Vec<u32> = match job {
            Job::Settle { ids } => ids.clone(),
            Job::Mark { marks } => marks.iter().map(|(id, _)| *id).collect(),
            Job::Open
            | Job::Read { .. }
            | Job::Lead { .. }
            | Job::Raise
            | Job::Put { .. }
            | Job::Load { .. }
            | Job::Park { .. }
            | Job::Unpark { .. }
            | Job::Remove { .. }
            | Job::Discard { .. } => return,
        };
        ids.iter().for_each(|id| self.confirm(*id));
        let has_ended = |id: &u32| self.entries.get(id).is_some_and(|entry| entry.end().is_some());
        let ended = ids.into_iter().filter(has_ended).collect();
        self.settle_without_fence(ended);
    }

    pub(super) fn settle_without_fence(&mut self, ids: Vec<u32>) {
        for id in ids {
            let Some(entry) = self.entries.get(&id) else {
                continue;
            };
            let key = entry.record.key.clone();
            let job = Job::Discard { key: key.clone() };
            self.ask(job, StoreCommand::Remove { key, only_unsent: false });
        }
    }

    pub(super) fn on_failed(&mut self, job: Job, error: StoreError) {
        if error == StoreError::Version {
            self.role = Role::Refused;
            self.abandon_all();
            self.refuse_early();
        }
        match &job {
            Job::Put { .. } | Job::Remove { .. } | Job::Unpark { .. } | Job::Discard { .. } => {}
            // The store works, and this action is not asked for again.
            Job::Load { .. } if error == StoreError::Damaged => {}
            Job::Open
            | Job::Read { .. }
            | Job::Lead { .. }
            | Job::Raise
            | Job::Load { .. }
            | Job::Mark { .. }
            | Job::Settle { .. }
            | Job::Park { .. } => self.hold(&job),
        }
        self.undo(job, error);
    }

    /// Takes back what was done in the hope that the store would do its part.
    pub(super) fn undo(&mut self, job: Job, error: StoreError) {
        match job {
            Job::Put { id, replaced } => {
                if let Some(old) = replaced {
                    self.on_superseded(old, id, false);
                }
                self.tell(id, ActionStatus::NotStored(error));
                self.forget(id);
            }
            Job::Load { id } if error == StoreError::Damaged => self.on_unreadable(id),
            Job::Load { id } => self.put_back(id),
            Job::Mark { marks } => {
                for (id, _) in marks {
                    self.put_back(id);
                    self.confirm_later(id, error);
                }
            }
            Job::Settle { ids } => self.settle_again(&ids),
            Job::Park { id } => self.parking.push(id),
            Job::Remove { id } => self.keep_after_all(id),
            Job::Read { .. } => self.has_to_read = true,
            Job::Unpark { id } => self.tell_parked(id),
            Job::Discard { key } => self.refuse_cancel(key),
            Job::Open | Job::Lead { .. } | Job::Raise => {}
        }
    }

    /// What has ended is still to be removed, unless that was taken back meanwhile.
    fn settle_again(&mut self, ids: &[u32]) {
        for id in ids {
            let has_ended = self.entries.get(id).is_some_and(|entry| entry.end().is_some());
            if has_ended && !self.ending.contains(id) {
                self.ending.push(*id);
            }
        }
    }

    fn hold(&mut self, job: &Job) {
        let failures = self.hold_of(job).failures;
        let until = self.now + self.pause_after(failures);
        *self.hold_of(job) = Hold { until: Some(until), failures: failures.saturating_add(1) };
        self.timers.set(until, Timer::Work);
    }

    /// What needs no room goes on when the store is full.
    fn hold_of(&mut self, job: &Job) -> &mut Hold {
        if matches!(job, Job::Mark { .. } | Job::Park { .. }) {
            &mut self.needs_room
        } else {
            &mut self.other
        }
    }
}

//! What follows when the store has done what it was asked.

use std::rc::Rc;

use super::Outbox;
use super::action::{ActionStatus, CancelCause};
use super::entry::{Entry, Stage};
use super::merging::parked_status;
use super::storing::{Asked, Job, Role};
use crate::client::defects::{self, Defect};
use crate::client::store::{ActionKey, Contents, Mark, Payload, Record, StoreAnswer, StoreError};
use crate::host::Host;

impl<H: Host> Outbox<H> {
    pub(super) fn on_done(&mut self, number: u32, job: Job, answer: StoreAnswer<H>) {
        match (job, answer) {
            (Job::Open, StoreAnswer::Opened { client, contents }) => {
                self.on_opened(client, contents);
            }
            (Job::Lead { since }, StoreAnswer::Leading { epoch, contents }) => {
                self.on_leading(epoch, contents, since);
            }
            (Job::Read { since }, StoreAnswer::Contents(contents)) => {
                self.merge(contents, since, false);
                self.review();
                self.lanes.touch_all();
            }
            (Job::Raise, StoreAnswer::Raised { epoch }) => self.on_epoch(epoch),
            (Job::Put { id, replaced }, StoreAnswer::Stored { order, replaced: done }) => {
                self.on_stored(id, order, replaced, done);
            }
            (Job::Unpark { id }, StoreAnswer::Stored { order, .. }) => self.revive(id, order),
            (Job::Load { id }, StoreAnswer::Loaded(payload)) => self.on_loaded(id, number, payload),
            (Job::Load { id }, StoreAnswer::Missing) => self.on_gone(id),
            (Job::Mark { marks }, StoreAnswer::Marked { missing, earlier }) => {
                self.on_marked(number, marks, &missing, earlier);
            }
            (Job::Settle { ids }, StoreAnswer::Done) => {
                ids.into_iter().for_each(|id| self.on_settled(id));
            }
            // It is gone, so it will not be sent either.
            (Job::Park { .. }, StoreAnswer::Done | StoreAnswer::Missing) => {}
            (Job::Remove { id }, StoreAnswer::Removed) => self.on_removed(id),
            (Job::Remove { id }, StoreAnswer::WasSent) => {
                self.keep_after_all(id);
                self.read();
            }
            (Job::Remove { id }, StoreAnswer::Missing) => {
                self.keep_after_all(id);
                self.on_gone(id);
            }
            (
                Job::Discard { key },
                StoreAnswer::Removed | StoreAnswer::Missing | StoreAnswer::WasSent,
            ) => self.forget_key(key),
            (Job::Unpark { id }, StoreAnswer::Missing) => self.on_not_parked(id),
            (job, _) => self.on_failed(job, StoreError::Failed),
        }
    }

    /// Whether a store that has failed is asked for nothing more: nothing waits, and nobody is connected.
    pub(super) fn leaves_store_alone(&self) -> bool {
        let has_failed = self.other.failures > 0;
        let mut stages = self.entries.values().map(|entry| &entry.stage);
        let is_needed = self.link.is_some()
            || !self.parking.is_empty()
            || stages.any(|stage| !matches!(stage, Stage::Parked(_)));
        has_failed && !is_needed
    }

    /// Whoever asked twice has the answer already. Otherwise the store could not be told that it is parked, and
    /// still has it as one to be sent; or another client has taken it away.
    fn on_not_parked(&mut self, id: u32) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let (order, is_parked) = (entry.record.order, matches!(entry.stage, Stage::Parked(_)));
        if is_parked && self.is_parked_here_only(id) {
            self.revive(id, order);
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.is_revived = true;
            }
        } else if is_parked {
            self.read();
        }
    }

    /// What was to be sent again stays put aside.
    pub(super) fn tell_parked(&mut self, id: u32) {
        if let Some(Entry { stage: Stage::Parked(parked), .. }) = self.entries.get(&id) {
            self.tell(id, parked_status(*parked));
        }
    }

    fn is_parked_here_only(&self, id: u32) -> bool {
        let is_asked = |asked: &Asked| matches!(asked.job, Job::Park { id: other } if other == id);
        self.parking.contains(&id) || self.jobs.values().any(is_asked)
    }

    fn on_opened(&mut self, client: Rc<str>, contents: Contents) {
        self.client = client;
        self.role = Role::Following;
        if defects::is(Defect::DrainWithoutLock) {
            self.role = Role::Leading(1);
        }
        self.merge(contents, 0, false);
        self.put_early();
    }

    fn on_leading(&mut self, epoch: u64, contents: Contents, since: u32) {
        self.role = Role::Leading(epoch);
        self.has_own_epoch = false;
        self.merge(contents, since, true);
        // Unless the store turned out to be of a version to come.
        if self.role == Role::Leading(epoch) {
            self.on_epoch(epoch);
        }
    }

    fn on_epoch(&mut self, epoch: u64) {
        self.role = Role::Leading(epoch);
        self.epoch_since = self.next_job;
        self.raise_to = None;
        self.review();
        self.lanes.touch_all();
    }

    fn on_stored(&mut self, id: u32, order: u64, replaced: Option<u32>, was_replaced: bool) {
        let was_replaced = was_replaced || defects::is(Defect::MergeSent);
        if let Some(old) = replaced {
            self.on_superseded(old, id, was_replaced);
        }
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.record.order = order;
        // Other clients count its age from the commit, too: one must not call expired what another still sends.
        entry.stored_at = self.now;
        entry.expires_at = entry.record.ttl.map(|ttl| self.now + ttl);
        self.join_lane(id);
        if !defects::is(Defect::AcceptBeforeCommit) {
            self.tell(id, ActionStatus::Queued);
        }
        let removal = self.entries.get_mut(&id).and_then(|entry| entry.removal.take());
        if let Some(cause) = removal {
            self.remove_unsent(id, cause);
        }
    }

    pub(super) fn on_superseded(&mut self, old: u32, by: u32, was_replaced: bool) {
        let by = self.entries.get(&by).map(|entry| entry.record.key.clone());
        let Some(entry) = self.entries.get_mut(&old) else {
            return;
        };
        entry.is_superseded = false;
        if was_replaced && matches!(entry.stage, Stage::Parked(_)) {
            // Meanwhile it could not be read. The application knows, and now it is gone.
            self.forget_parked(old);
        } else if was_replaced {
            // What replaced it may itself have been replaced by now.
            let cause = by.map_or(CancelCause::Removed, CancelCause::Superseded);
            self.tell_last(old, ActionStatus::Cancelled(cause));
        } else {
            self.touch_lane_of(old);
        }
    }

    fn on_removed(&mut self, id: u32) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        let cause = entry.removal.take().unwrap_or(CancelCause::Asked);
        if matches!(entry.stage, Stage::Parked(_)) {
            // Meanwhile it could not be read. The application knows, and now it is gone.
            self.forget_parked(id);
        } else {
            self.tell_last(id, ActionStatus::Cancelled(cause));
        }
    }

    /// An action that was to be removed goes on.
    pub(super) fn keep_after_all(&mut self, id: u32) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        let key = entry.record.key.clone();
        if entry.removal.take() == Some(CancelCause::Asked) {
            self.refuse_cancel(key);
        }
        self.touch_lane_of(id);
    }

    fn on_loaded(&mut self, id: u32, number: u32, loaded: Payload<H>) {
        let stage = self.entries.get_mut(&id).map(|entry| &mut entry.stage);
        if let Some(Stage::Starting { loading, payload, .. }) = stage
            && *loading == Some(number)
        {
            *loading = None;
            *payload = Some(loaded);
            self.ready.push(id);
        }
    }

    fn on_marked(
        &mut self,
        number: u32,
        marks: Vec<(u32, Mark)>,
        missing: &[ActionKey],
        earlier: Vec<Record>,
    ) {
        let mut before = Vec::new();
        for record in earlier {
            before.push(record.key.clone());
            self.learn(record);
        }
        for (id, mark) in marks {
            if missing.contains(&mark.key) {
                self.on_gone(id);
                continue;
            }
            let has_to_wait = before.iter().any(|key| self.is_stored_before(key, id));
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            let is_meant = matches!(
                &entry.stage, Stage::Starting { marking, .. } if *marking == Some(number)
            );
            if is_meant && has_to_wait {
                // Its turn comes later. Then the store is asked again, and knows of all before it.
                self.put_back(id);
                continue;
            }
            entry.record.sent = mark.sent;
            entry.record.kills = mark.kills;
            entry.is_revived = false;
            if let (true, Stage::Starting { marking, .. }) = (is_meant, &mut entry.stage) {
                *marking = None;
                self.ready.push(id);
            }
            self.confirm(id);
        }
    }

    /// Whether an action that the store holds has its turn before another one, although its place in the lane
    /// is only known when the store's answer to it is here.
    fn is_stored_before(&self, key: &ActionKey, id: u32) -> bool {
        let (Some((_, first)), Some(second)) = (self.entry_of(key), self.entries.get(&id)) else {
            return false;
        };
        matches!(first.stage, Stage::Storing) && first.record.lane == second.record.lane
    }

    pub(super) fn on_marks_ignored(&mut self, marks: Vec<(u32, Mark)>) {
        for (id, _) in marks {
            let stage = self.entries.get_mut(&id).map(|entry| &mut entry.stage);
            if let Some(Stage::Starting { marking, .. }) = stage {
                *marking = None;
                self.ready.push(id);
            }
        }
    }
}

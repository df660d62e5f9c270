//! What the application asks for.

use core::mem;
use core::time::Duration;
use std::rc::Rc;

use super::action::{ActionStatus, CancelCause, EnqueueError, NewAction, Rejection, UnknownCause};
use super::config::{Drain, OutboxConfig};
use super::effect::Effect;
use super::entry::{Entry, Stage};
use super::storing::{Hold, Job, Role};
use super::{MAX_ATTACHMENTS, Outbox};
use crate::client::defects::{self, Defect};
use crate::client::store::{ActionKey, Payload, Record, StoreCommand, StoreError};
use crate::host::Host;
use crate::time::Instant;

/// What [`clear`](Outbox::clear) throws away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clear {
    /// What was never sent. It ends as cancelled.
    Unsent,
    /// What is put aside. It has ended for the application, so nothing more is told.
    Parked,
    /// Everything. What was sent ends as unknown; only the client that drains can throw it away.
    All,
}

impl<H: Host> Outbox<H> {
    /// Opens the store of an identity, empty for nobody. Comes before anything is enqueued, and again after
    /// [`park`](Self::park).
    pub fn open(&mut self, identity: Rc<str>, now: Instant) {
        self.observe(now);
        if self.role == Role::Closed {
            self.identity = identity;
            self.role = Role::Opening;
            self.work();
        }
    }

    /// Takes an action. It is accepted when its status is [`ActionStatus::Queued`].
    ///
    /// # Errors
    ///
    /// [`EnqueueError`]: nothing is kept of it.
    pub fn enqueue(
        &mut self,
        action: NewAction,
        payload: Payload<H>,
        now: Instant,
    ) -> Result<(), EnqueueError> {
        self.observe(now);
        let replaced = self.find_replaceable(&action);
        self.check(&action, replaced)?;
        let record = new_record(action);
        let id = self.insert(Entry::new(record, Stage::Storing, now, self.next_job));
        if let Some(old) = replaced.and_then(|old| self.entries.get_mut(&old)) {
            old.is_superseded = true;
        }
        if defects::is(Defect::AcceptBeforeCommit) {
            self.tell(id, ActionStatus::Queued);
        }
        if matches!(self.role, Role::Closed | Role::Opening) {
            // Until it is open the store may still be that of the identity before.
            self.early.push((id, payload, replaced));
            // It may have failed, and was needed by nobody.
            self.work_on_role();
        } else {
            self.put(id, payload, replaced);
        }
        Ok(())
    }

    fn put(&mut self, id: u32, payload: Payload<H>, replaced: Option<u32>) {
        let replaces = replaced.and_then(|old| Some(self.entries.get(&old)?.record.key.clone()));
        let next = self.next_job;
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.born = next;
        let record = Box::new(entry.record.clone());
        self.ask(Job::Put { id, replaced }, StoreCommand::Put { record, payload, replaces });
    }

    /// Puts what was enqueued before the store was open.
    pub(super) fn put_early(&mut self) {
        for (id, payload, replaced) in mem::take(&mut self.early) {
            self.put(id, payload, replaced);
        }
    }

    /// The store will not be open: what was enqueued before is not taken.
    pub(super) fn refuse_early(&mut self) {
        for (id, _, replaced) in mem::take(&mut self.early) {
            self.undo(Job::Put { id, replaced }, StoreError::Version);
        }
    }

    /// Cancels an action if it was never sent: ends in [`ActionStatus::Cancelled`], or in
    /// [`Effect::CancelRefused`] if it was, has ended, or the store cannot tell.
    pub fn cancel(&mut self, key: &ActionKey, now: Instant) {
        self.observe(now);
        let Some((id, entry)) = self.entry_of(key) else {
            return self.refuse_cancel(key.clone());
        };
        let is_open = !entry.is_over() && entry.removal.is_none();
        if is_open && (entry.is_unsent() || defects::is(Defect::CancelWithoutStore)) {
            self.remove_unsent(id, CancelCause::Asked);
        } else if entry.removal != Some(CancelCause::Asked) {
            self.refuse_cancel(key.clone());
        }
    }

    /// Sends nothing until [`resume`](Self::resume). What was sent may still be answered.
    pub fn pause(&mut self) {
        self.is_paused = true;
        self.stop_starting();
    }

    /// Sends again.
    pub fn resume(&mut self, now: Instant) {
        self.observe(now);
        self.is_paused = false;
        self.lanes.touch_all();
        self.work();
    }

    /// The program is about to stand still: lets another client drain until [`wake`](Self::wake).
    pub fn suspend(&mut self, now: Instant) {
        self.observe(now);
        self.is_suspended = true;
        self.resign();
    }

    /// The program goes on: reads what others did to the store, and would drain again.
    pub fn wake(&mut self, now: Instant) {
        self.observe(now);
        if core::mem::take(&mut self.is_suspended) {
            self.read();
            self.work();
        }
    }

    /// Queues an action again that is quarantined or unknown, at the end of its lane. Returns whether it is.
    ///
    /// What is unknown may have been applied; a server that remembers its key will not apply it again.
    pub fn retry(&mut self, key: &ActionKey, now: Instant) -> bool {
        self.observe(now);
        match self.entry_of(key) {
            Some((id, Entry { stage: Stage::Parked(_), .. })) => {
                self.ask(Job::Unpark { id }, StoreCommand::Unpark { key: key.clone() });
                true
            }
            Some(_) | None => false,
        }
    }

    /// Throws away an action that is quarantined or unknown: ends in [`Effect::Forgotten`], or in
    /// [`Effect::CancelRefused`] if it is none of both or the store could not.
    pub fn discard(&mut self, key: &ActionKey) {
        let is_put_aside = match self.entry_of(key) {
            Some((_, entry)) => matches!(entry.stage, Stage::Parked(_)),
            None => self.unreadable.contains(key),
        };
        if is_put_aside && self.is_open() {
            let command = StoreCommand::Remove { key: key.clone(), only_unsent: false };
            self.ask(Job::Discard { key: key.clone() }, command);
        } else {
            self.refuse_cancel(key.clone());
        }
    }

    /// Throws actions away.
    pub fn clear(&mut self, what: Clear, now: Instant) {
        self.observe(now);
        if what != Clear::Unsent {
            let unreadable: Vec<ActionKey> = self.unreadable.iter().cloned().collect();
            unreadable.iter().for_each(|key| self.discard(key));
        }
        let ids: Vec<u32> = self.entries.keys().copied().collect();
        for id in ids {
            let Some(entry) = self.entries.get(&id) else {
                continue;
            };
            let is_parked = matches!(entry.stage, Stage::Parked(_));
            if is_parked && what != Clear::Unsent {
                let key = entry.record.key.clone();
                self.discard(&key);
            } else if what != Clear::Parked && entry.is_unsent() {
                let is_being_stored = matches!(entry.stage, Stage::Storing)
                    && !matches!(self.role, Role::Closed | Role::Opening | Role::Refused);
                let key = entry.record.key.clone();
                self.remove_unsent(id, CancelCause::Asked);
                if what == Clear::All && is_being_stored {
                    // Whoever discards everything may not be there any more when the store has taken it.
                    self.ask(Job::Remove { id }, StoreCommand::Remove { key, only_unsent: true });
                }
            } else if what == Clear::All && !entry.is_over() && self.epoch().is_some() {
                self.end(id, ActionStatus::Unknown(UnknownCause::Discarded));
            }
        }
        self.work();
    }

    /// Ends an action that was sent as rejected: the server has said so by something else than its
    /// acknowledgement. An action that was not sent, or that another client sends, stays as it is.
    pub fn nack(&mut self, key: &ActionKey, data: Option<H::Value>, now: Instant) {
        self.observe(now);
        let Some((id, entry)) = self.entry_of(key) else {
            return;
        };
        if entry.is_uncertain() && !entry.is_over() && self.epoch().is_some() {
            let data = data.map(Rc::new);
            self.end(id, ActionStatus::Rejected(Rejection::Server(data)));
            self.work();
        }
    }

    /// Changes how much the outbox takes and how it sends. The seed stays.
    pub fn configure(&mut self, config: OutboxConfig, now: Instant) {
        self.config = config;
        self.set_drain(config.drain, now);
    }

    /// Changes how the outbox sends.
    pub fn set_drain(&mut self, drain: Drain, now: Instant) {
        self.observe(now);
        self.config.drain = drain;
        self.next_slot = self.now;
        self.lanes.touch_all();
        self.work();
    }

    /// Sets what the server takes in one message; without a word of it the last counts, at first
    /// [`DEFAULT_MAX_PAYLOAD`](super::DEFAULT_MAX_PAYLOAD).
    pub fn set_max_payload(&mut self, bytes: Option<u64>) {
        self.max_payload = bytes.unwrap_or(self.max_payload);
    }

    /// Reads the store again: after this client was suspended, when it may have missed changes.
    pub fn refresh(&mut self, now: Instant) {
        self.observe(now);
        self.read();
    }

    pub(super) fn read(&mut self) {
        if self.is_open() {
            self.ask(Job::Read { since: self.next_job }, StoreCommand::Read);
        }
    }

    /// The identity changes: what the store was not asked to take yet is told to be rejected, and everything is
    /// [forgotten](Self::park).
    pub fn leave_identity(&mut self) {
        for (id, ..) in mem::take(&mut self.early) {
            self.tell(id, ActionStatus::Rejected(Rejection::IdentityChanged));
        }
        self.park();
    }

    /// Forgets everything, because the client ends: gives up the right to drain and what is in flight.
    /// The store keeps its records; [`open`](Self::open) begins again.
    pub fn park(&mut self) {
        for number in self.flights.keys().copied().collect::<Vec<_>>() {
            self.give_up(number);
        }
        if self.is_open() {
            self.ask_without_answer(StoreCommand::Resign);
        }
        self.role = Role::Closed;
        self.role_job = None;
        self.settle_job = None;
        self.raise_to = None;
        self.jobs.clear();
        self.timers.clear();
        // Their timers are gone; another store may do what this one did not.
        self.needs_room = Hold::default();
        self.other = Hold::default();
        self.forget_all();
    }

    fn forget_all(&mut self) {
        self.entries.clear();
        self.ids.clear();
        self.bytes = 0;
        self.lanes.clear();
        self.active = 0;
        self.alone = None;
        self.ready.clear();
        self.suspects.clear();
        self.ending.clear();
        self.confirming.clear();
        self.parking.clear();
        self.unreadable.clear();
        self.past.clear();
        self.early.clear();
        self.forget_plan();
    }

    /// Asks the store to remove an action that this client has not sent. One that is not stored yet waits
    /// for that, so that the order of the two is certain.
    pub(super) fn remove_unsent(&mut self, id: u32, cause: CancelCause) {
        let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.removal.is_none()) else {
            return;
        };
        entry.removal = Some(cause.clone());
        let key = entry.record.key.clone();
        if defects::is(Defect::CancelWithoutStore) {
            self.tell(id, ActionStatus::Cancelled(cause));
            self.forget(id);
            let job = Job::Discard { key: key.clone() };
            self.ask(job, StoreCommand::Remove { key, only_unsent: false });
        } else if !matches!(entry.stage, Stage::Storing) {
            self.ask(Job::Remove { id }, StoreCommand::Remove { key, only_unsent: true });
        }
    }

    pub(super) fn refuse_cancel(&mut self, key: ActionKey) {
        self.effects.push_back(Effect::CancelRefused { key });
    }

    fn check(&self, action: &NewAction, replaced: Option<u32>) -> Result<(), EnqueueError> {
        let replaced = replaced.and_then(|id| self.entries.get(&id));
        let (items, bytes) = replaced.map_or((0, 0), |entry| (1, entry.record.bytes));
        let bytes = self.bytes.saturating_sub(bytes).saturating_add(action.bytes);
        if self.role == Role::Refused {
            Err(EnqueueError::StoreVersion)
        } else if action.bytes > self.max_payload {
            Err(EnqueueError::PayloadTooLarge)
        } else if action.attachments > MAX_ATTACHMENTS {
            Err(EnqueueError::TooManyAttachments)
        } else if self.ids.contains_key(&action.key) || self.past.outcome(&action.key).is_some() {
            Err(EnqueueError::DuplicateKey)
        } else if self.entries.len().saturating_sub(items) >= self.config.max_items {
            Err(EnqueueError::TooManyItems)
        } else if bytes > self.config.max_bytes {
            Err(EnqueueError::TooManyBytes)
        } else {
            Ok(())
        }
    }

    /// Finds the action that a new one may replace: the last of its coalescing key, unless that was sent.
    fn find_replaceable(&self, action: &NewAction) -> Option<u32> {
        action.coalesce_key.as_ref()?;
        let (id, entry) = self.entries.iter().rev().find(|(_, entry)| {
            entry.record.coalesce_key == action.coalesce_key
                && entry.record.lane == action.lane
                && !entry.is_over()
        })?;
        let may = entry.is_unsent() || defects::is(Defect::MergeSent);
        (may && !entry.is_held()).then_some(*id)
    }
}

fn new_record(action: NewAction) -> Record {
    Record {
        key: action.key,
        name: action.name,
        lane: action.lane,
        order: 0,
        coalesce_key: action.coalesce_key,
        bytes: action.bytes,
        attachments: action.attachments,
        ttl: action.ttl,
        age: Duration::ZERO,
        ack_timeout: action.ack_timeout,
        resend: action.resend,
        sent: None,
        kills: 0,
        parked: None,
    }
}

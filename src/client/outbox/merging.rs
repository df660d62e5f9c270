//! What the store holds and what others did to it, against what this client knows.

use std::rc::Rc;

use super::Outbox;
use super::action::{ActionStatus, CancelCause, QuarantineCause, Rejection, UnknownCause};
use super::effect::Effect;
use super::entry::{Entry, Stage};
use super::storing::Role;
use crate::client::defects::{self, Defect};
use crate::client::store::{
    ActionKey, Change, Contents, Mark, Outcome, Parked, Record, StoreCommand, Unreadable,
};
use crate::host::Host;
use crate::sorted::SortedSet;
use crate::time::Instant;

impl<H: Host> Outbox<H> {
    /// Learns what other clients did to the store.
    pub fn handle_changes(&mut self, changes: Vec<Change<H>>, now: Instant) {
        self.observe(now);
        if self.role == Role::Closed {
            return;
        }
        for change in changes {
            match change {
                Change::Put(record) => self.on_put(record),
                Change::Marked(mark) => self.on_marked_elsewhere(mark),
                Change::Settled { key, outcome, arguments } => {
                    self.on_settled_elsewhere(&key, outcome, arguments.map(Rc::new));
                }
                Change::Parked { key, parked } => self.on_parked_elsewhere(&key, parked),
                Change::Removed { key } => self.on_removed_elsewhere(&key),
            }
        }
        self.work();
    }

    /// Compares what the store holds with what this client knows. What was put from the question `since` on
    /// need not be in it, unless something is that was put later.
    ///
    /// When this client begins to drain (`is_first`) such an action may have ended by the hands of another
    /// client. Nothing is decided about it until the store was read once more.
    pub(super) fn merge(&mut self, contents: Contents, since: u32, is_first: bool) {
        let mut seen = SortedSet::new();
        let last = contents.records.iter().map(|record| record.order).max().unwrap_or_default();
        for mut record in contents.records {
            if let Some((id, entry)) = self.entry_of(&record.key) {
                if entry.is_revived && record.parked.is_none() {
                    // The store hears of it with the next note.
                    record.unpark(record.order);
                }
                seen.insert(id);
                // Who drains knows better, and may have noted more since the store was read.
                if is_first || self.role == Role::Following {
                    self.adopt_kills(id, record.kills);
                }
                self.compare(id, record);
            } else {
                let key = record.key.clone();
                self.bring_back(record);
                seen.extend(self.ids.get(&key).copied());
            }
        }
        let unreadable: Vec<u32> =
            contents.unreadable.iter().filter_map(|it| self.ids.get(&it.key).copied()).collect();
        seen.extend(unreadable);
        for unreadable in contents.unreadable {
            self.on_unreadable_record(unreadable);
        }
        let mut missing = Vec::new();
        for (id, entry) in self.entries.iter_mut().filter(|(_, entry)| entry.record.order > 0) {
            // Wrapping: the questions since then are few.
            let is_old = since.wrapping_sub(entry.born) < u32::MAX / 2;
            if seen.contains(id) {
                entry.is_unproved = false;
            } else if is_old || entry.record.order < last {
                missing.push(*id);
            } else if is_first && entry.is_queued() {
                entry.is_unproved = true;
                self.has_to_read = true;
            }
        }
        missing.into_iter().for_each(|id| self.on_missing(id));
    }

    /// Takes up an action that the store holds. If it has ended the store has gone back in time, or was read
    /// before: it has to be told again.
    fn bring_back(&mut self, record: Record) {
        let Some(outcome) = self.past.outcome(&record.key) else {
            self.learn(record);
            return;
        };
        let stage = Stage::Ended(outcome, None);
        let id = self.insert(Entry::new(record, stage, self.now, self.next_job));
        self.suspects.remove(&id);
        self.ending.push(id);
    }

    /// Takes up an action that another client stored, or an earlier run of this one. Returns whether it is
    /// new.
    pub(super) fn learn(&mut self, record: Record) -> bool {
        if self.ids.contains_key(&record.key) || self.past.outcome(&record.key).is_some() {
            return false;
        }
        let parked = record.parked;
        let stage = parked.map_or(Stage::Queued, Stage::Parked);
        let id = self.insert(Entry::new(record, stage, self.now, self.next_job));
        if let Some(parked) = parked {
            self.suspects.remove(&id);
            self.tell(id, parked_status(parked));
        } else {
            self.join_lane(id);
            self.tell(id, ActionStatus::Queued);
        }
        true
    }

    /// Compares a record with an action that is known.
    fn compare(&mut self, id: u32, record: Record) {
        let is_parking = self.parking.contains(&id);
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        if record.order < entry.record.order {
            // It was read before somebody let it be sent again, and the news of that was faster.
            return;
        }
        match entry.stage {
            Stage::Storing | Stage::Ending(_) => {}
            Stage::Ended(..) => {
                if !self.ending.contains(&id) && self.settle_job.is_none() {
                    self.ending.push(id);
                }
            }
            // Who lets it be sent again gives it a new order.
            Stage::Parked(_) if record.order > entry.record.order => {
                let order = record.order;
                if record.parked.is_some() {
                    entry.record.order = order;
                } else {
                    self.revive(id, order);
                    self.adopt(id, record);
                }
            }
            Stage::Parked(_) => {
                if record.parked.is_none() && !is_parking {
                    self.parking.push(id);
                }
            }
            Stage::Gone => {
                *entry = Entry::new(record, Stage::Queued, self.now, entry.born);
                self.join_lane(id);
            }
            Stage::Queued | Stage::Starting { .. } | Stage::Sent(_) => self.adopt(id, record),
        }
    }

    /// Takes over what others did with an action that waits or is under way.
    fn adopt(&mut self, id: u32, record: Record) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        if let Some(parked) = record.parked {
            return self.put_aside(id, parked, parked_status(parked));
        }
        if record.sent != entry.record.sent && record.sent != entry.sent {
            entry.is_lost = true;
            let attempts = record.sent.as_ref().map_or(0, |sent| sent.attempts);
            entry.attempts = entry.attempts.max(attempts);
            if record.sent.is_some() {
                entry.sent.clone_from(&record.sent);
            }
        }
        entry.record.sent = record.sent;
        entry.record.kills = record.kills;
        if entry.record.order != record.order {
            entry.record.order = record.order;
            if entry.is_queued() {
                self.leave_lane(id);
                self.join_lane(id);
            }
        }
    }

    /// Takes over how many connections an action has ended while another client sent it.
    fn adopt_kills(&mut self, id: u32, kills: u32) {
        let changed = |entry: &&mut Entry<H>| !entry.is_over() && entry.record.kills != kills;
        let Some(entry) = self.entries.get_mut(&id).filter(changed) else {
            return;
        };
        entry.record.kills = kills;
        entry.kills = kills;
        entry.is_suspect = kills > 0;
        if entry.is_suspect {
            self.suspects.insert(id);
        } else {
            self.suspects.remove(&id);
        }
    }

    /// Puts an action aside that the store has put aside.
    fn put_aside(&mut self, id: u32, parked: Parked, status: ActionStatus<H>) {
        self.leave_lane(id);
        self.abandon(id);
        self.suspects.remove(&id);
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.stage = Stage::Parked(parked);
        }
        self.tell(id, status);
    }

    /// A known action is not in the store.
    fn on_missing(&mut self, id: u32) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        match entry.stage {
            // The answer to the question to remove it says who has removed it.
            Stage::Ending(_) if self.settle_job.is_some() || self.epoch().is_some() => {}
            // That question was lost, or another one drains by now.
            Stage::Ending(_) => self.on_gone_while_ending(id),
            Stage::Ended(..) if self.settle_job.is_some() => {}
            Stage::Ended(..) => self.on_settled(id),
            Stage::Parked(_) => {
                self.parking.retain(|parked| *parked != id);
                self.forget_parked(id);
            }
            Stage::Storing | Stage::Gone => {}
            Stage::Queued | Stage::Starting { .. } | Stage::Sent(_) => self.on_gone(id),
        }
    }

    fn on_unreadable_record(&mut self, unreadable: Unreadable) {
        let key = unreadable.key;
        if unreadable.is_future {
            return self.refuse_store();
        }
        let status = ActionStatus::Quarantined(QuarantineCause::Unreadable);
        let known = self.entry_of(&key).map(|(id, entry)| (id, entry.is_over()));
        match known {
            Some((id, false)) => self.put_aside(id, Parked::Quarantined, status),
            Some((_, true)) => {}
            // It has ended, which the store was about to hear.
            None if self.past.outcome(&key).is_some() => {}
            None if self.unreadable.insert(key.clone()) => {
                self.effects.push_back(Effect::Status { key, status, attempts: 0 });
            }
            None => {}
        }
    }

    fn on_put(&mut self, record: Record) {
        match self.entry_of(&record.key) {
            // The store was read before these news came, and it could not be read even then.
            None if self.unreadable.contains(&record.key) => {}
            None => {
                self.learn(record);
            }
            Some((id, Entry { stage: Stage::Parked(_), record: known, .. }))
                if record.order > known.order =>
            {
                self.revive(id, record.order);
            }
            Some(_) => {}
        }
    }

    /// A leader knows better: only it marks, and what it hears is old.
    fn on_marked_elsewhere(&mut self, mark: Mark) {
        let Some((id, entry)) = self.entry_of(&mark.key) else {
            return;
        };
        if self.role != Role::Following || entry.is_over() {
            return;
        }
        let is_new = mark.sent.is_some();
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.attempts = mark.sent.as_ref().map_or(entry.attempts, |sent| sent.attempts);
            entry.sent.clone_from(&mark.sent);
            entry.record.sent = mark.sent;
            entry.is_lost |= is_new;
        }
        self.adopt_kills(id, mark.kills);
        if is_new {
            self.tell(id, ActionStatus::Sent);
        }
    }

    fn on_settled_elsewhere(
        &mut self,
        key: &ActionKey,
        outcome: Outcome,
        arguments: Option<Rc<H::Value>>,
    ) {
        let Some((id, entry)) = self.entry_of(key) else {
            // The news that it was put is slower, or a reading is under way that still has it.
            if outcome != Outcome::Unknown {
                self.past.add(key, outcome);
            }
            return;
        };
        let is_told = matches!(entry.stage, Stage::Parked(_) | Stage::Ended(..));
        let status = match outcome {
            Outcome::Applied => ActionStatus::Applied(arguments),
            Outcome::Rejected => ActionStatus::Rejected(Rejection::Server(arguments)),
            Outcome::Expired => ActionStatus::Expired,
            Outcome::Cancelled => ActionStatus::Cancelled(CancelCause::Removed),
            Outcome::Conflict => ActionStatus::Conflict,
            Outcome::Quarantined => ActionStatus::Quarantined(QuarantineCause::Earlier),
            Outcome::Unknown => ActionStatus::Unknown(UnknownCause::Discarded),
        };
        self.ending.retain(|ended| *ended != id);
        if is_told {
            self.forget_parked(id);
        } else {
            self.tell_last(id, status);
        }
    }

    fn on_parked_elsewhere(&mut self, key: &ActionKey, parked: Parked) {
        // Only a leader does this. If this client leads for all it knows, the store knows better.
        self.has_to_read |= self.role != Role::Following;
        let waiting = self.entry_of(key).filter(|(_, entry)| !entry.is_over());
        if let Some((id, _)) = waiting
            && self.role == Role::Following
        {
            self.put_aside(id, parked, parked_status(parked));
        }
    }

    fn on_removed_elsewhere(&mut self, key: &ActionKey) {
        let Some((id, entry)) = self.entry_of(key) else {
            if self.unreadable.contains(key) {
                self.forget_key(key.clone());
            }
            return;
        };
        match entry.stage {
            Stage::Parked(_) => self.forget_parked(id),
            Stage::Ending(_) | Stage::Ended(..) | Stage::Storing => {}
            Stage::Queued | Stage::Starting { .. } | Stage::Sent(_) | Stage::Gone => {
                if !entry.is_uncertain() {
                    self.tell_last(id, ActionStatus::Cancelled(CancelCause::Removed));
                }
            }
        }
    }

    fn refuse_store(&mut self) {
        if self.is_open() {
            self.ask_without_answer(StoreCommand::Resign);
        }
        self.abandon_all();
        self.role = Role::Refused;
        self.role_job = None;
        self.refuse_early();
    }
}

pub(super) fn parked_status<H: Host>(parked: Parked) -> ActionStatus<H> {
    match parked {
        Parked::Quarantined => ActionStatus::Quarantined(QuarantineCause::Earlier),
        Parked::Unknown => ActionStatus::Unknown(UnknownCause::Earlier),
    }
}

/// Where an action stands in its lane: by the order that the store gave it.
pub(super) fn rank_of<H: Host>(entry: Option<&Entry<H>>, now: Instant) -> u64 {
    let Some(entry) = entry else {
        return u64::MAX;
    };
    if defects::is(Defect::ClockOrder) {
        let age = entry.record.age.saturating_add(now.since(entry.stored_at)).as_micros();
        return u64::MAX - u64::try_from(age).unwrap_or(u64::MAX);
    }
    entry.record.order
}

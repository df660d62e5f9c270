//! Which action is sent next, and the steps until it is.

use core::time::Duration;
use std::rc::Rc;

use super::Outbox;
use super::action::{ActionStatus, Rejection, UnknownCause};
use super::entry::{Entry, Stage};
use super::link::{Flight, SUSPICIOUS};
use super::storing::Job;
use super::timers::Timer;
use crate::client::defects::{self, Defect};
use crate::client::store::{Mark, Sent, StoreCommand};
use crate::host::Host;

impl<H: Host> Outbox<H> {
    /// Starts to send what can be sent.
    pub(super) fn drain(&mut self) {
        if !self.may_send() || !self.other.is_over(self.now) || !self.is_planned() {
            return;
        }
        if !self.has_own_epoch && self.memory().is_some() {
            // The one that the store gave may have been used by a copy of it.
            self.has_own_epoch = true;
            if !defects::is(Defect::CountEpochs) {
                self.want_epoch(0);
            }
        }
        let mut marks = Vec::new();
        while self.has_slot() && self.raise_to.is_none() {
            let Some(id) = self.next_to_start() else {
                break;
            };
            self.start(id, &mut marks);
        }
        self.mark(marks);
        self.work_on_role();
    }

    /// Returns whether actions could be sent if this client drained: there is a connection, and the
    /// application has not [paused](Self::pause) it.
    #[must_use]
    pub fn could_send(&self) -> bool {
        self.link.is_some() && !self.is_paused
    }

    /// Whether anything may be sent at all.
    pub(super) fn may_send(&self) -> bool {
        self.epoch().is_some() && self.could_send() && self.raise_to.is_none()
    }

    fn has_slot(&mut self) -> bool {
        if self.next_slot > self.now {
            self.timers.set(self.next_slot, Timer::Work);
        }
        self.active < self.config.drain.in_flight.max(1) && self.next_slot <= self.now
    }

    fn next_to_start(&mut self) -> Option<u32> {
        if self.is_something_alone() {
            return None;
        }
        if let Some(suspect) = self.next_suspect() {
            return self.let_alone(suspect);
        }
        while let Some(name) = self.lanes.next() {
            let Some(id) = self.candidate(&name) else {
                continue;
            };
            self.lanes.touch(&name);
            if self.is_fit(id) {
                return Some(id);
            }
        }
        None
    }

    /// Whether an action is being sent alone that has not survived yet.
    fn is_something_alone(&mut self) -> bool {
        let Some(id) = self.alone else {
            return false;
        };
        let is_new = |flight: &Flight| self.now.since(flight.at) < SUSPICIOUS;
        let Some(entry) = self.entries.get(&id) else {
            self.alone = None;
            return false;
        };
        let is_starting = matches!(entry.stage, Stage::Starting { .. });
        let was_sent = !entry.open.is_empty();
        if is_starting || entry.open.iter().filter_map(|it| self.flights.get(it)).any(is_new) {
            return true;
        }
        // If it was put back before it was sent, it has shown nothing.
        self.alone = None;
        if was_sent {
            self.on_survived(id);
        }
        false
    }

    /// An action that has ended no connection although it was sent is innocent, unless it has before.
    fn on_survived(&mut self, id: u32) {
        if let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.kills == 0) {
            entry.is_suspect = false;
            self.suspects.remove(&id);
        }
    }

    fn next_suspect(&mut self) -> Option<u32> {
        let suspects: Vec<u32> = self.suspects.iter().copied().collect();
        suspects.into_iter().find(|id| {
            let lane = self.entries.get(id).map(|entry| Rc::clone(&entry.record.lane));
            lane.is_some_and(|lane| self.candidate(&lane) == Some(*id)) && self.is_fit(*id)
        })
    }

    /// Starts a suspect once nothing else can be the one that ends the connection.
    fn let_alone(&mut self, suspect: u32) -> Option<u32> {
        let latest = self.flights.values().map(|flight| flight.at).max();
        let until = latest.map(|at| at + SUSPICIOUS).filter(|until| *until > self.now);
        if let Some(until) = until {
            self.timers.set(until, Timer::Work);
        }
        let is_starting = |entry: &Entry<H>| matches!(entry.stage, Stage::Starting { .. });
        if until.is_some() || (self.active > 0 && self.entries.values().any(is_starting)) {
            return None;
        }
        self.alone = Some(suspect);
        Some(suspect)
    }

    /// The action of a lane that is to be sent next, if one may be now.
    fn candidate(&mut self, name: &str) -> Option<u32> {
        let (epoch, memory) = (self.epoch()?, self.memory());
        let lane = self.lanes.get_mut(name)?;
        let mut window = 1;
        if let Some(memory) = memory {
            // What is under way with other numbers could be overtaken.
            if lane.active == 0 {
                lane.number_in(epoch, &memory);
            } else if !lane.numbers_in(epoch, &memory) {
                return None;
            }
            window = lane.window.min(self.config.drain.per_lane).max(1);
        }
        let is_due = lane.not_before.is_none_or(|at| at <= self.now);
        if !is_due || lane.active >= window {
            return None;
        }
        let queued = |id: &&u32| self.entries.get(*id).is_some_and(Entry::is_queued);
        let id = *lane.list.iter().find(queued)?;
        let entry = self.entries.get(&id)?;
        let may_mark = self.needs_room.is_over(self.now);
        let is_ready = may_mark || entry.is_marked(epoch, self.memory().as_ref());
        if !is_ready || entry.is_held() {
            return None;
        }
        if self.is_overtaken(id) {
            self.want_epoch(0);
            return None;
        }
        Some(id)
    }

    /// Whether one before it got a higher number: it became known only after this one had its own. Sent
    /// with these numbers, the server would apply this one first.
    pub(super) fn is_overtaken(&self, id: u32) -> bool {
        let lane = self.entries.get(&id).and_then(|entry| self.lanes.get(&entry.record.lane));
        let Some(lane) = lane else {
            return false;
        };
        let number = |id: &u32| {
            let sent = self.entries.get(id)?.sent.as_ref()?;
            let is_of_now = lane.numbers_in(sent.epoch, sent.memory.as_ref()?);
            is_of_now.then_some(sent.sequence)
        };
        let before = lane.list.iter().take_while(|other| **other != id).filter_map(number).max();
        number(&id).is_some_and(|own| before.is_some_and(|before| own < before))
    }

    /// Whether an action may be sent to this server; if not it has ended.
    fn is_fit(&mut self, id: u32) -> bool {
        let Some(entry) = self.entries.get(&id) else {
            return false;
        };
        let verdict = if entry.is_expired(self.now) {
            self.expire(id);
            return false;
        } else if defects::is(Defect::RetryLimit) && entry.attempts >= 5 {
            Some(ActionStatus::Expired)
        } else if entry.is_uncertain() && !defects::is(Defect::ResendAfterMemoryLoss) {
            self.why_unknown(entry).map(ActionStatus::Unknown)
        } else {
            None
        };
        let verdict = verdict.or_else(|| self.too_large(id));
        let is_fit = verdict.is_none();
        if let Some(status) = verdict {
            self.end(id, status);
        }
        is_fit
    }

    fn too_large(&self, id: u32) -> Option<ActionStatus<H>> {
        let entry = self.entries.get(&id).filter(|entry| entry.record.bytes > self.max_payload)?;
        Some(if entry.is_uncertain() {
            ActionStatus::Unknown(UnknownCause::NotResent)
        } else {
            ActionStatus::Rejected(Rejection::PayloadTooLarge)
        })
    }

    /// Asks for the payload, and for the note if the store does not have it.
    fn start(&mut self, id: u32, marks: &mut Vec<(u32, Mark)>) {
        let (Some(epoch), memory) = (self.epoch(), self.memory()) else {
            return;
        };
        let (Some(sent), Some(entry)) = (self.next_sent(id), self.entries.get_mut(&id)) else {
            return;
        };
        let key = entry.record.key.clone();
        let is_marked = entry.is_marked(epoch, memory.as_ref());
        if !is_marked && !defects::is(Defect::SequenceNotStored) {
            let mark = Mark { key: key.clone(), sent: Some(sent.clone()), kills: entry.kills };
            marks.push((id, mark));
        }
        entry.sent = Some(sent);
        if let Some(lane) = self.lanes.get_mut(&entry.record.lane) {
            lane.active += 1;
        }
        self.active += 1;
        if let Some(rate) = self.config.drain.per_second {
            self.next_slot = self.now + Duration::from_secs(1) / rate.max(1);
        }
        let loading = self.ask(Job::Load { id }, StoreCommand::Load { key });
        let stage = Stage::Starting { marking: None, loading: Some(loading), payload: None };
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.stage = stage;
        }
        self.tell(id, ActionStatus::Sending);
    }

    /// As what an action is sent now. Its number stays as long as the numbering does.
    fn next_sent(&mut self, id: u32) -> Option<Sent> {
        let (epoch, memory, time) = (self.epoch()?, self.memory(), self.server_time_ms());
        let entry = self.entries.get(&id)?;
        let attempts = entry.attempts.saturating_add(1);
        let Some(memory) = memory else {
            return Some(Sent { epoch, sequence: 0, memory: None, server_time_ms: None, attempts });
        };
        let old = entry.sent.as_ref().filter(|sent| sent.memory.as_ref() == Some(&memory));
        let server_time_ms = match old {
            Some(old) if entry.is_uncertain() => old.server_time_ms,
            Some(_) | None => time,
        };
        let sequence = match old {
            Some(old) if old.epoch == epoch => old.sequence,
            Some(_) | None => {
                let lane = self.lanes.get_mut(&entry.record.lane)?;
                lane.next += 1;
                lane.next - 1
            }
        };
        Some(Sent { epoch, sequence, memory: Some(memory), server_time_ms, attempts })
    }

    fn mark(&mut self, marks: Vec<(u32, Mark)>) {
        let Some(epoch) = self.epoch().filter(|_| !marks.is_empty()) else {
            return;
        };
        let ids: Vec<u32> = marks.iter().map(|(id, _)| *id).collect();
        let asked = marks.iter().map(|(_, mark)| mark.clone()).collect();
        let number = self.ask(Job::Mark { marks }, StoreCommand::Mark { epoch, marks: asked });
        for id in ids {
            let stage = self.entries.get_mut(&id).map(|entry| &mut entry.stage);
            if let Some(Stage::Starting { marking, .. }) = stage {
                *marking = Some(number);
            }
        }
    }
}

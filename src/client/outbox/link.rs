//! The connection: what the server remembers, and what its end says about what was sent.

use core::time::Duration;
use std::rc::Rc;

use super::Outbox;
use super::action::{ActionStatus, CancelCause, QuarantineCause, UnknownCause};
use super::effect::ServerMemory;
use super::entry::{Entry, Stage};
use super::flush::Plan;
use super::timers::Timer;
use crate::client::defects::{self, Defect};
use crate::host::Host;
use crate::sorted::SortedSet;
use crate::time::{Instant, whole_micros};

/// How many connections an action may end before it is put aside. With the first, on which several actions
/// may have been the cause, these are four.
pub const MAX_KILLS: u32 = 3;

/// A connection that ends this soon after an action was sent may have ended by it.
pub(super) const SUSPICIOUS: Duration = Duration::from_secs(5);

/// So long before the server may forget an action it is not sent again: on the way it may be delayed.
const RETENTION_MARGIN: Duration = Duration::from_secs(120);

/// A connection on which events flow.
#[derive(Debug)]
pub(super) struct Link {
    server: ServerMemory,
    /// When the server's clock was read.
    since: Instant,
    pub plan: Plan,
}

/// A transmission that may still be answered.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub id: u32,
    pub at: Instant,
    /// When the answer is overdue.
    pub limit: Instant,
    /// What its envelope said, if it had one.
    pub epoch: u64,
    pub sequence: u64,
    pub memory: Option<Rc<str>>,
}

impl<H: Host> Outbox<H> {
    /// Learns that events flow and what the server is: drains.
    pub fn handle_live(&mut self, server: ServerMemory, now: Instant) {
        self.observe(now);
        self.link = Some(Link { server, since: self.now, plan: Plan::Due });
        self.review();
        self.lanes.touch_all();
        self.work();
    }

    /// Learns that the connection has ended: nobody knows what became of what is under way.
    pub fn handle_down(&mut self, now: Instant) {
        self.observe(now);
        let suspects = self.find_suspects();
        self.go_down();
        self.accuse(&suspects);
        self.work();
    }

    /// Learns that this side has ended the connection, or given it up because nothing was heard any more: no action
    /// has done that.
    pub fn handle_own_end(&mut self, now: Instant) {
        self.observe(now);
        self.go_down();
        self.work();
    }

    fn go_down(&mut self) {
        self.forget_plan();
        if self.link.take().is_none() && defects::is(Defect::DropOnRefusal) {
            self.drop_all();
        }
        for id in self.entries_in_flight() {
            self.lose(id);
        }
        self.stop_starting();
        self.alone = None;
    }

    /// The memory of the server, if it has the helper.
    pub(super) fn memory(&self) -> Option<Rc<str>> {
        match &self.link.as_ref()?.server {
            ServerMemory::Helper { memory, .. } => Some(Rc::clone(memory)),
            ServerMemory::None => None,
        }
    }

    /// The server's clock now.
    pub(super) fn server_time_ms(&self) -> Option<u64> {
        let link = self.link.as_ref()?;
        match &link.server {
            ServerMemory::Helper { time_ms, .. } => {
                let passed = whole_micros(self.now.since(link.since)) / 1_000;
                Some(time_ms.saturating_add(passed))
            }
            ServerMemory::None => None,
        }
    }

    /// The server has forgotten what it has applied.
    pub(super) fn change_memory(&mut self, new: Rc<str>) {
        let Some(Link { server: ServerMemory::Helper { memory, .. }, .. }) = &mut self.link else {
            return;
        };
        if *memory != new {
            *memory = new;
            self.review();
            self.lanes.touch_all();
        }
    }

    /// Ends what waits and has become pointless: what is too old, and what this server cannot tell about.
    pub(super) fn review(&mut self) {
        if self.epoch().is_none() {
            return;
        }
        let waiting = self.entries.iter().filter(|(_, entry)| entry.is_queued());
        for id in waiting.map(|(id, _)| *id).collect::<Vec<_>>() {
            let Some(entry) = self.entries.get(&id) else {
                continue;
            };
            if entry.is_expired(self.now) {
                self.expire(id);
            } else if let Some(cause) = self.why_unknown(entry)
                && !defects::is(Defect::ResendAfterMemoryLoss)
            {
                self.end(id, ActionStatus::Unknown(cause));
            }
        }
    }

    /// Returns why an action must not be sent again to this server, if that is so.
    pub(super) fn why_unknown(&self, entry: &Entry<H>) -> Option<UnknownCause> {
        let link = self.link.as_ref()?;
        if !entry.is_uncertain() {
            return None;
        }
        let sent = entry.sent.as_ref()?;
        match (&link.server, &sent.memory) {
            // The application allows what may happen then, or does not.
            (_, None) => (!entry.record.resend).then_some(UnknownCause::NotResent),
            (ServerMemory::Helper { memory, retention, .. }, Some(of_sending)) => {
                if memory != of_sending {
                    return Some(UnknownCause::MemoryLost);
                }
                let age = self.server_time_ms()?.saturating_sub(sent.server_time_ms?);
                // What is sent now may take its time.
                let margin = RETENTION_MARGIN.min(*retention / 2);
                let is_old = Duration::from_millis(age) + margin > *retention;
                is_old.then_some(UnknownCause::RetentionOver)
            }
            (ServerMemory::None, Some(_)) => Some(UnknownCause::MemoryLost),
        }
    }

    fn entries_in_flight(&self) -> Vec<u32> {
        let open = self.entries.iter().filter(|(_, entry)| !entry.open.is_empty());
        open.map(|(id, _)| *id).collect()
    }

    /// No answer will come to what was sent.
    fn lose(&mut self, id: u32) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.is_lost = true;
        for number in core::mem::take(&mut entry.open) {
            if let Some(flight) = self.flights.remove(&number) {
                self.timers.remove(Some(flight.limit), Timer::Answer(number));
            }
        }
        let is_plain = entry.sent.as_ref().is_some_and(|sent| sent.memory.is_none());
        let is_over = is_plain && !entry.record.resend;
        if defects::is(Defect::NoResend) {
            self.end(id, ActionStatus::Applied(None));
        } else if is_over {
            self.end(id, ActionStatus::Unknown(UnknownCause::NotResent));
        } else if matches!(entry.stage, Stage::Sent(_)) {
            self.requeue(id);
        }
    }

    /// Which actions may have ended the connection.
    fn find_suspects(&self) -> Vec<u32> {
        let new = self.flights.values().filter(|it| self.now.since(it.at) < SUSPICIOUS);
        let ids: SortedSet<u32> = new.map(|flight| flight.id).collect();
        ids.iter().copied().collect()
    }

    /// One suspect has done it. Several are sent alone from now on, until each has shown what it does.
    fn accuse(&mut self, suspects: &[u32]) {
        for id in suspects {
            let Some(entry) = self.entries.get_mut(id).filter(|entry| !entry.is_over()) else {
                continue;
            };
            entry.is_suspect = true;
            self.suspects.insert(*id);
            if suspects.len() == 1 {
                entry.kills = entry.kills.saturating_add(1);
            }
            if entry.kills >= MAX_KILLS && !defects::is(Defect::NoQuarantine) {
                self.end(*id, ActionStatus::Quarantined(QuarantineCause::EndsConnections));
            }
        }
    }

    /// The server has answered, so the action does not end connections.
    pub(super) fn acquit(&mut self, id: u32) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.is_suspect = false;
            entry.kills = 0;
            self.suspects.remove(&id);
        }
        if self.alone == Some(id) {
            self.alone = None;
        }
    }

    fn drop_all(&mut self) {
        for id in self.entries.keys().copied().collect::<Vec<_>>() {
            self.end(id, ActionStatus::Cancelled(CancelCause::Asked));
        }
    }
}

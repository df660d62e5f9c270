//! The last step of an action on its way out.

use core::mem;
use std::rc::Rc;

use super::Outbox;
use super::action::ActionStatus;
use super::effect::{Effect, Envelope, Transmission};
use super::entry::{Entry, Stage};
use super::link::{Flight, SUSPICIOUS};
use super::timers::Timer;
use crate::client::defects::{self, Defect};
use crate::client::store::ActionKey;
use crate::host::Host;

/// How many transmissions of one action may still be answered; the oldest is given up for another.
const MAX_OPEN: usize = 8;

/// Whether an action may go out, as far as those before it in its lane are concerned.
enum Turn {
    Now,
    /// Those before it are about to be sent.
    AfterOthers,
    /// One before it has to wait.
    Passed,
}

impl<H: Host> Outbox<H> {
    /// Sends what the store has done its part for, each lane in its order.
    pub(super) fn transmit_ready(&mut self) {
        loop {
            let ready = mem::take(&mut self.ready);
            let count = ready.len();
            ready.into_iter().for_each(|id| self.transmit_if_ready(id));
            // What waits for one before it is on the list again.
            if self.ready.len() == count {
                return;
            }
        }
    }

    fn transmit_if_ready(&mut self, id: u32) {
        let Some(Entry { stage, .. }) = self.entries.get(&id) else {
            return;
        };
        let is_ready = matches!(stage, Stage::Starting { marking: None, loading: None, .. });
        match self.turn(id) {
            _ if !is_ready => {}
            // Its number is out of turn: it gets another.
            Turn::Now if self.is_overtaken(id) => self.put_back(id),
            Turn::Now if self.may_send() => self.transmit(id),
            Turn::AfterOthers => self.ready.push(id),
            Turn::Now | Turn::Passed => self.put_back(id),
        }
    }

    /// Whether those before an action in its lane have been sent.
    fn turn(&self, id: u32) -> Turn {
        let Some(entry) = self.entries.get(&id) else {
            return Turn::Passed;
        };
        let lane = self.lanes.get(&entry.record.lane);
        let before = lane.into_iter().flat_map(|lane| &lane.list).take_while(|other| **other != id);
        let mut turn = Turn::Now;
        for other in before.filter_map(|other| self.entries.get(other)) {
            if other.is_queued() || other.is_numbered_behind(entry) {
                return Turn::Passed;
            }
            if !matches!(other.stage, Stage::Sent(_)) {
                turn = Turn::AfterOthers;
            }
        }
        turn
    }

    fn transmit(&mut self, id: u32) {
        let client = Rc::clone(&self.client);
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        let is_expired = entry.is_expired(self.now);
        let Stage::Starting { payload, .. } = &mut entry.stage else {
            return;
        };
        let Some(payload) = payload.take().filter(|_| !is_expired) else {
            return self.put_back(id);
        };
        let number = self.next_transmission;
        self.next_transmission = self.next_transmission.wrapping_add(1);
        let sent = entry.sent.as_ref();
        let limit = self.now + entry.record.ack_timeout;
        let flight = Flight {
            id,
            at: self.now,
            limit,
            epoch: sent.map_or(0, |sent| sent.epoch),
            sequence: sent.map_or(0, |sent| sent.sequence),
            memory: sent.and_then(|sent| sent.memory.clone()),
        };
        let envelope = flight.memory.clone().map(|memory| Envelope {
            key: wire_key(entry),
            client,
            epoch: flight.epoch,
            sequence: flight.sequence,
            lane: Rc::clone(&entry.record.lane),
            memory,
        });
        entry.attempts = entry.attempts.saturating_add(1);
        entry.open.push(number);
        entry.stage = Stage::Sent(number);
        let key = entry.record.key.clone();
        self.flights.insert(number, flight);
        self.timers.set(limit, Timer::Answer(number));
        if self.alone == Some(id) {
            self.timers.set(self.now + SUSPICIOUS, Timer::Work);
        }
        let transmission = Transmission(number);
        self.effects.push_back(Effect::Transmit { transmission, key, payload, envelope });
        self.tell(id, ActionStatus::Sent);
        self.limit_open(id);
        if defects::is(Defect::DeleteBeforeSend) {
            self.settle_without_fence(vec![id]);
        }
    }

    fn limit_open(&mut self, id: u32) {
        let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.open.len() > MAX_OPEN)
        else {
            return;
        };
        let oldest = entry.open.remove(0);
        entry.is_lost = true;
        self.give_up(oldest);
    }

    /// Lets an action wait in its lane again that was about to be sent.
    pub(super) fn put_back(&mut self, id: u32) {
        let stage = self.entries.get(&id).map(|entry| &entry.stage);
        if matches!(stage, Some(Stage::Starting { .. })) {
            self.requeue(id);
        }
    }

    pub(super) fn stop_starting(&mut self) {
        let starting = |entry: &Entry<H>| matches!(entry.stage, Stage::Starting { .. });
        let ids = self.entries.iter().filter(|(_, entry)| starting(entry)).map(|(id, _)| *id);
        for id in ids.collect::<Vec<_>>() {
            self.put_back(id);
        }
    }
}

fn wire_key<H: Host>(entry: &Entry<H>) -> ActionKey {
    if defects::is(Defect::NewKeyPerSending) {
        let mut text = String::from(&*entry.record.key.0);
        text.extend((0..entry.attempts).map(|_| '+'));
        return ActionKey::new(&text);
    }
    entry.record.key.clone()
}

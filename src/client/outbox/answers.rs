//! What follows from the answers of the server, and from their absence.

use core::time::Duration;
use std::rc::Rc;

use super::action::{ActionStatus, Rejection, UnknownCause};
use super::effect::{Answer, Transmission, Verdict};
use super::entry::{Entry, Stage};
use super::link::Flight;
use super::timers::Timer;
use super::{MAX_PAUSE, MIN_PAUSE, Outbox};
use crate::client::defects::{self, Defect};
use crate::host::Host;
use crate::socketio::EmitError;
use crate::time::Instant;

/// How often in a row nothing may come of sending in a lane before it pauses.
const FREE_STALLS: u32 = 2;

/// An epoch is raised by up to as many microseconds as this more than it has to be, so that two copies of
/// one store, or one that went back in time, hardly ever take the same one. A server that knows the key of an
/// action says so whatever its number is, and then the two would count in turns.
const EPOCH_JITTER: Duration = Duration::from_micros(999_999);

/// Numbers that JavaScript cannot count are not counted here either.
const MAX_EPOCH: u64 = 1 << 52;

impl<H: Host> Outbox<H> {
    /// Takes what came of a transmission. One that was abandoned does nothing.
    pub fn handle_answer(&mut self, transmission: Transmission, answer: Answer<H>, now: Instant) {
        self.observe(now);
        if let Some((flight, is_current)) = self.land(transmission.0) {
            self.on_answer(&flight, is_current, answer);
        }
        self.work();
    }

    /// Takes a transmission off the list of those that may be answered. Returns whether its action waits for
    /// its answer; else this one is late, and the action waits to be sent again or is.
    fn land(&mut self, number: u32) -> Option<(Flight, bool)> {
        let flight = self.flights.remove(&number)?;
        self.timers.remove(Some(flight.limit), Timer::Answer(number));
        let entry = self.entries.get_mut(&flight.id)?;
        entry.open.retain(|open| *open != number);
        let is_current = matches!(entry.stage, Stage::Sent(current) if current == number);
        Some((flight, is_current))
    }

    fn on_answer(&mut self, flight: &Flight, is_current: bool, answer: Answer<H>) {
        let id = flight.id;
        match answer {
            Answer::Unsent(error) => return self.on_unsent(id, is_current, error),
            Answer::Acknowledged(arguments)
                if flight.memory.is_none() || defects::is(Defect::AnswerWithoutKey) =>
            {
                self.advance(id, flight);
                self.end(id, ActionStatus::Applied(Some(Rc::new(arguments))));
            }
            // Something has answered that is not the helper, so it is no word about this action.
            Answer::Acknowledged(_) => self.on_retry(flight, is_current, Duration::ZERO),
            Answer::Helper { verdict, arguments } => {
                self.on_verdict(flight, is_current, verdict, arguments);
            }
        }
        self.acquit(id);
    }

    fn on_verdict(
        &mut self,
        flight: &Flight,
        is_current: bool,
        verdict: Verdict,
        arguments: H::Value,
    ) {
        let end = match verdict {
            Verdict::Applied => ActionStatus::Applied(Some(Rc::new(arguments))),
            Verdict::Rejected => {
                ActionStatus::Rejected(Rejection::Server(Some(Rc::new(arguments))))
            }
            Verdict::Conflict => ActionStatus::Conflict,
            Verdict::Renumber { .. } if defects::is(Defect::BareSequence) => {
                ActionStatus::Applied(None)
            }
            Verdict::Renumber { epoch, .. } => return self.on_renumber(flight, is_current, epoch),
            Verdict::Gap { .. } => return self.on_gap(flight, is_current),
            Verdict::Retry { after } => return self.on_retry(flight, is_current, after),
            Verdict::Memory { memory } => return self.on_other_memory(flight, is_current, memory),
        };
        self.advance(flight.id, flight);
        self.end(flight.id, end);
    }

    /// The server has taken this number, or knew the key before.
    fn advance(&mut self, id: u32, flight: &Flight) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let (name, epoch) = (Rc::clone(&entry.record.lane), flight.epoch);
        if let Some(lane) = self.lanes.get_mut(&name) {
            lane.advance();
            if flight.memory.as_ref().is_some_and(|memory| lane.numbers_in(epoch, memory)) {
                lane.confirmed = lane.confirmed.max(flight.sequence);
            }
        }
        self.lanes.touch(&name);
    }

    fn on_renumber(&mut self, flight: &Flight, is_current: bool, epoch: u64) {
        if !self.concerns_what_waits(flight, is_current) {
            return;
        }
        self.stall(flight.id);
        self.requeue_if(is_current, flight.id);
        if self.is_of_now(flight) && !defects::is(Defect::KeepNumber) {
            self.want_epoch(epoch);
        }
    }

    /// Actions before this one have not arrived. If one of them is still to be sent, its turn comes by
    /// itself; if not, the numbers of the lane have a hole.
    fn on_gap(&mut self, flight: &Flight, is_current: bool) {
        if !self.concerns_what_waits(flight, is_current) {
            return;
        }
        let Some(entry) = self.entries.get(&flight.id) else {
            return;
        };
        let name = Rc::clone(&entry.record.lane);
        let Some(lane) = self.lanes.get_mut(&name) else {
            return;
        };
        lane.window = 1;
        let is_first = lane.list.front() == Some(&flight.id);
        // One answer that overtook another proves nothing; two in a row do.
        let is_hole = lane.confirmed + 1 < flight.sequence || lane.stalls > 0;
        if defects::is(Defect::OvertakeOnGap) {
            lane.list.rotate_left(1);
            self.requeue(flight.id);
            return self.want_epoch(0);
        }
        if is_first {
            self.stall(flight.id);
        }
        self.requeue_if(is_current, flight.id);
        let waits = defects::is(Defect::WaitOnGap);
        if is_first && is_hole && self.is_of_now(flight) && !waits {
            self.want_epoch(0);
        }
    }

    /// Whether what the server says of a transmission matters for the next: one that was overdue may have
    /// been answered before that. Were late answers of this kind not heard, numbers that do not fit would
    /// never be mended where every answer is late.
    fn concerns_what_waits(&self, flight: &Flight, is_current: bool) -> bool {
        is_current || self.entries.get(&flight.id).is_some_and(Entry::is_queued)
    }

    fn requeue_if(&mut self, is_current: bool, id: u32) {
        if is_current {
            self.requeue(id);
        }
    }

    fn on_retry(&mut self, flight: &Flight, is_current: bool, after: Duration) {
        let Some(entry) = self.entries.get_mut(&flight.id) else {
            return;
        };
        entry.is_lost = true;
        if is_current {
            let pause = match after {
                Duration::ZERO => None,
                after => Some(after.clamp(MIN_PAUSE, MAX_PAUSE)),
            };
            self.rest(flight.id, pause);
            self.requeue(flight.id);
        }
    }

    fn on_other_memory(&mut self, flight: &Flight, is_current: bool, memory: Rc<str>) {
        if is_current {
            self.stall(flight.id);
            self.requeue(flight.id);
        }
        self.change_memory(memory);
    }

    /// It did not go out, so it did no harm and nothing came of it.
    fn on_unsent(&mut self, id: u32, is_current: bool, error: EmitError) {
        let Some(entry) = self.entries.get_mut(&id).filter(|_| is_current) else {
            return;
        };
        entry.attempts = entry.attempts.saturating_sub(1);
        let is_uncertain = entry.is_uncertain();
        let rejection = match error {
            EmitError::PayloadTooLarge => Rejection::PayloadTooLarge,
            EmitError::TooManyAttachments => Rejection::TooManyAttachments,
            EmitError::BufferFull | EmitError::TooManyRequests | EmitError::UnknownSocket => {
                self.rest(id, None);
                return self.requeue(id);
            }
        };
        self.end(
            id,
            match is_uncertain {
                true => ActionStatus::Unknown(UnknownCause::NotResent),
                false => ActionStatus::Rejected(rejection),
            },
        );
    }

    /// The time limit for the answer is over. It counts all the same if it comes on this connection.
    pub(super) fn on_answer_overdue(&mut self, number: u32) {
        let Some(flight) = self.flights.get(&number) else {
            return;
        };
        let (id, is_known) = (flight.id, flight.memory.is_some());
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        if !matches!(entry.stage, Stage::Sent(current) if current == number) {
            return;
        }
        if defects::is(Defect::IgnoreLateAnswers) {
            self.land(number);
            self.rest(id, None);
            return self.requeue(id);
        }
        if is_known || entry.record.resend {
            self.rest(id, None);
            self.requeue(id);
        } else {
            self.end(id, ActionStatus::Unknown(UnknownCause::NotResent));
        }
    }

    /// Lets an action wait in its lane again, unless it is not worth it any more.
    pub(super) fn requeue(&mut self, id: u32) {
        self.deactivate(id);
        let Some(entry) = self.entries.get(&id).filter(|entry| entry.is_queued()) else {
            return;
        };
        if entry.is_expired(self.now) && self.epoch().is_some() {
            self.expire(id);
        } else {
            self.tell(id, ActionStatus::Queued);
        }
    }

    /// Nothing came of sending in this lane. It tries again at once, but not for ever.
    fn stall(&mut self, id: u32) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let Some(lane) = self.lanes.get_mut(&entry.record.lane) else {
            return;
        };
        lane.window = 1;
        lane.stalls = lane.stalls.saturating_add(1);
        if lane.stalls > FREE_STALLS {
            self.rest(id, None);
        }
    }

    /// Sends nothing more in the lane of an action for this long, or for one of the outbox's own pauses.
    fn rest(&mut self, id: u32, pause: Option<Duration>) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let name = Rc::clone(&entry.record.lane);
        let stalls = self.lanes.get(&name).map_or(0, |lane| lane.stalls);
        let until = self.now + pause.unwrap_or_else(|| self.pause_after(stalls));
        if let Some(lane) = self.lanes.get_mut(&name) {
            lane.window = 1;
            lane.stalls = stalls.saturating_add(1);
            lane.not_before = Some(until);
            self.timers.set(until, Timer::Lane(name));
        }
    }

    /// Whether a transmission carried a number that still counts.
    fn is_of_now(&self, flight: &Flight) -> bool {
        self.epoch() == Some(flight.epoch) && self.memory() == flight.memory
    }

    /// Takes a new epoch, above the server's.
    pub(super) fn want_epoch(&mut self, of_server: u64) {
        let Some(epoch) = self.epoch().filter(|_| of_server < MAX_EPOCH) else {
            return;
        };
        let jitter = match defects::is(Defect::CountEpochs) {
            true => 0,
            false => self.random.duration_up_to(EPOCH_JITTER).subsec_micros(),
        };
        let wanted = epoch.max(of_server).saturating_add(1).saturating_add(u64::from(jitter));
        self.raise_to = Some(wanted.max(self.raise_to.unwrap_or_default()));
    }
}

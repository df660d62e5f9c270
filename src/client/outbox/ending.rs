//! How actions end: the application is told, then the store.

use core::mem;
use core::time::Duration;
use std::rc::Rc;

use super::Outbox;
use super::action::{ActionStatus, QuarantineCause, Rejection, UnknownCause};
use super::effect::{Effect, Transmission};
use super::entry::{Entry, Stage};
use super::storing::Job;
use super::timers::Timer;
use crate::client::defects::{self, Defect};
use crate::client::store::{
    ActionKey, Mark, Outcome, Parked, Settlement, StoreCommand, StoreError,
};
use crate::host::Host;

/// How long the news may take of how an action ended that is not in the store any more.
const NEWS_LIMIT: Duration = Duration::from_secs(2);

/// In how many parts that time is waited for. A program that has stood still goes on with the timer that is due,
/// before any news: that is one part.
const NEWS_PARTS: u32 = 4;

impl<H: Host> Outbox<H> {
    /// Ends an action, for the application at once and for the store as soon as it can be asked.
    ///
    /// That it was not applied, and never will be, only the one that drains can say. So where no server has
    /// said it the store is asked first: whether this client is still that one, by a mark that changes nothing.
    pub(super) fn end(&mut self, id: u32, status: ActionStatus<H>) {
        let Some(stage) = final_stage(&status) else {
            return;
        };
        if self.entries.get(&id).is_none_or(|entry| entry.is_over() || entry.is_ending()) {
            return;
        }
        self.leave_lane(id);
        self.abandon(id);
        let list = if matches!(stage, Stage::Parked(_)) {
            &mut self.parking
        } else if is_own_verdict(&status) {
            &mut self.confirming
        } else {
            &mut self.ending
        };
        list.push(id);
        self.suspects.remove(&id);
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        self.timers.remove(entry.expires_at, Timer::Expiry(id));
        if is_own_verdict(&status) {
            entry.stage = Stage::Ending(status);
        } else {
            entry.stage = stage;
            self.tell(id, status);
        }
    }

    /// The store has agreed to the end of an action: the application is told, and then the store removes it.
    pub(super) fn confirm(&mut self, id: u32) {
        let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.is_ending()) else {
            return;
        };
        let Some((outcome, arguments)) = entry.end() else {
            return;
        };
        let ended = Stage::Ended(outcome, arguments);
        if let Stage::Ending(status) = mem::replace(&mut entry.stage, ended) {
            self.confirming.retain(|other| *other != id);
            self.ending.push(id);
            self.tell(id, status);
        }
    }

    /// The store could not agree. If it has no room even for that, it is asked to remove the action.
    pub(super) fn confirm_later(&mut self, id: u32, error: StoreError) {
        let is_ending = self.entries.get(&id).is_some_and(Entry::is_ending);
        if is_ending && !self.ending.contains(&id) && !self.confirming.contains(&id) {
            let is_full = error == StoreError::Full;
            let list = if is_full { &mut self.ending } else { &mut self.confirming };
            list.push(id);
        }
    }

    /// The store has removed an action that has ended.
    pub(super) fn on_settled(&mut self, id: u32) {
        let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.end().is_some()) else {
            return;
        };
        self.ending.retain(|other| *other != id);
        let stage = mem::replace(&mut entry.stage, Stage::Gone);
        if let Stage::Ending(status) = stage {
            self.tell_last(id, status);
        } else {
            entry.stage = stage;
            self.forget(id);
        }
    }

    /// Takes back what the store has not agreed to.
    pub(super) fn take_back_endings(&mut self) {
        let ending = self.entries.iter().filter(|(_, entry)| entry.is_ending());
        for id in ending.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.ending.retain(|other| *other != id);
            self.confirming.retain(|other| *other != id);
            self.join_lane(id);
        }
    }

    /// Ends an action whose time to live is over, unless it is under way.
    pub(super) fn expire(&mut self, id: u32) {
        let Some(entry) = self.entries.get(&id).filter(|_| self.epoch().is_some()) else {
            return;
        };
        if !entry.is_queued() || entry.is_held() {
            return;
        }
        let is_uncertain = entry.is_uncertain() && !defects::is(Defect::ExpireUncertain);
        self.end(
            id,
            match is_uncertain {
                true => ActionStatus::Unknown(UnknownCause::Expired),
                false => ActionStatus::Expired,
            },
        );
    }

    /// An action is not in the store any more: somebody else removed it, and tells how it ended.
    pub(super) fn on_gone(&mut self, id: u32) {
        if self.entries.get(&id).is_none_or(Entry::is_over) {
            return;
        }
        self.leave_lane(id);
        self.abandon(id);
        self.suspects.remove(&id);
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.stage = Stage::Gone;
            self.wait_for_news(id, NEWS_PARTS);
        }
    }

    fn wait_for_news(&mut self, id: u32, left: u32) {
        self.timers.set(self.now + NEWS_LIMIT / NEWS_PARTS, Timer::News { id, left: left - 1 });
    }

    pub(super) fn on_gone_while_ending(&mut self, id: u32) {
        self.ending.retain(|ending| *ending != id);
        self.confirming.retain(|ending| *ending != id);
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.stage = Stage::Queued;
        }
        self.on_gone(id);
    }

    /// An action that was put aside is not in the store any more. The application has to be told that, too.
    pub(super) fn forget_parked(&mut self, id: u32) {
        if let Some(entry) = self.entries.get(&id) {
            self.forget_key(entry.record.key.clone());
        }
    }

    /// The same of one that may be known only as one that cannot be read.
    pub(super) fn forget_key(&mut self, key: ActionKey) {
        self.unreadable.remove(&key);
        if let Some(id) = self.ids.get(&key).copied() {
            self.forget(id);
        }
        self.effects.push_back(Effect::Forgotten { key });
    }

    pub(super) fn on_no_news(&mut self, id: u32, left: u32) {
        let stage = self.entries.get(&id).map(|entry| &entry.stage);
        if !matches!(stage, Some(Stage::Gone)) {
            return;
        }
        if left > 0 {
            self.wait_for_news(id, left);
        } else {
            self.tell(id, ActionStatus::Unknown(UnknownCause::Unseen));
            self.forget_parked(id);
        }
    }

    /// Its payload is damaged: it is put aside, and its lane goes on.
    pub(super) fn on_unreadable(&mut self, id: u32) {
        self.end(id, ActionStatus::Quarantined(QuarantineCause::Unreadable));
    }

    /// Tells the store what has ended.
    pub(super) fn work_on_endings(&mut self) {
        let Some(epoch) = self.epoch() else {
            return;
        };
        if self.needs_room.is_over(self.now) {
            for id in mem::take(&mut self.parking) {
                self.ask_to_park(id, epoch);
            }
            self.ask_to_agree(epoch);
        }
        let may_settle = self.settle_job.is_none() && self.other.is_over(self.now);
        if may_settle && !self.ending.is_empty() {
            self.settle(epoch);
        }
    }

    fn ask_to_agree(&mut self, epoch: u64) {
        let ids = mem::take(&mut self.confirming);
        let marks = ids.into_iter().filter_map(|id| {
            let record = &self.entries.get(&id).filter(|entry| entry.is_ending())?.record;
            let (key, sent) = (record.key.clone(), record.sent.clone());
            Some((id, Mark { key, sent, kills: record.kills }))
        });
        let marks: Vec<_> = marks.collect();
        if !marks.is_empty() {
            let asked = marks.iter().map(|(_, mark)| mark.clone()).collect();
            self.ask(Job::Mark { marks }, StoreCommand::Mark { epoch, marks: asked });
        }
    }

    fn ask_to_park(&mut self, id: u32, epoch: u64) {
        if let Some(Entry { stage: Stage::Parked(parked), record, .. }) = self.entries.get(&id) {
            let command = StoreCommand::Park { epoch, key: record.key.clone(), parked: *parked };
            self.ask(Job::Park { id }, command);
        }
    }

    fn settle(&mut self, epoch: u64) {
        let ids = mem::take(&mut self.ending);
        let settlements = ids.iter().filter_map(|id| {
            let entry = self.entries.get(id)?;
            let (outcome, arguments) = entry.end()?;
            Some(Settlement { key: entry.record.key.clone(), outcome, arguments })
        });
        let command = StoreCommand::Settle { epoch, settlements: settlements.collect() };
        self.settle_job = Some(self.ask(Job::Settle { ids }, command));
    }

    /// A parked action is in the store as if it had been stored now.
    pub(super) fn revive(&mut self, id: u32, order: u64) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        if !matches!(entry.stage, Stage::Parked(_)) {
            return;
        }
        let mut record = entry.record.clone();
        record.unpark(order);
        *entry = Entry::new(record, Stage::Queued, self.now, entry.born);
        self.parking.retain(|parked| *parked != id);
        self.join_lane(id);
        self.tell(id, ActionStatus::Queued);
    }

    /// Gives up every answer that an action could still get on this connection.
    pub(super) fn abandon(&mut self, id: u32) {
        let Some(entry) = self.entries.get_mut(&id).filter(|entry| !entry.open.is_empty()) else {
            return;
        };
        entry.is_lost = true;
        for number in mem::take(&mut entry.open) {
            self.give_up(number);
        }
    }

    /// Gives up an answer.
    pub(super) fn give_up(&mut self, number: u32) {
        if let Some(flight) = self.flights.remove(&number) {
            self.timers.remove(Some(flight.limit), Timer::Answer(number));
            self.effects.push_back(Effect::Abandon { transmission: Transmission(number) });
        }
    }

    /// Stops sending: nothing is under way any more.
    pub(super) fn abandon_all(&mut self) {
        let active =
            self.entries.iter().filter(|(_, entry)| entry.is_uncertain() || entry.is_active());
        for id in active.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.abandon(id);
            if self.entries.get(&id).is_some_and(Entry::is_active) {
                self.requeue(id);
            }
        }
    }
}

/// Where an action stands after its end; nothing if that is not one.
fn final_stage<H: Host>(status: &ActionStatus<H>) -> Option<Stage<H>> {
    let answer = match status {
        ActionStatus::Quarantined(_) => return Some(Stage::Parked(Parked::Quarantined)),
        ActionStatus::Unknown(UnknownCause::Discarded) => {
            return Some(Stage::Ended(Outcome::Unknown, None));
        }
        ActionStatus::Unknown(_) => return Some(Stage::Parked(Parked::Unknown)),
        ActionStatus::Applied(answer) | ActionStatus::Rejected(Rejection::Server(answer)) => {
            answer.as_ref().map(Rc::clone)
        }
        ActionStatus::Queued
        | ActionStatus::Sending
        | ActionStatus::Sent
        | ActionStatus::Rejected(_)
        | ActionStatus::Expired
        | ActionStatus::Cancelled(_)
        | ActionStatus::Conflict
        | ActionStatus::NotStored(_) => None,
    };
    Some(Stage::Ended(status.outcome()?, answer))
}

/// Whether the end of an action is this client's decision, and nobody else's word.
fn is_own_verdict<H: Host>(status: &ActionStatus<H>) -> bool {
    let is_check = |rejection: &Rejection<H>| !matches!(rejection, Rejection::Server(_));
    match status {
        ActionStatus::Expired => true,
        ActionStatus::Rejected(rejection) => is_check(rejection),
        ActionStatus::Queued
        | ActionStatus::Sending
        | ActionStatus::Sent
        | ActionStatus::Applied(_)
        | ActionStatus::Cancelled(_)
        | ActionStatus::Conflict
        | ActionStatus::Quarantined(_)
        | ActionStatus::Unknown(_)
        | ActionStatus::NotStored(_) => false,
    }
}

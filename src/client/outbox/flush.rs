//! The application's plan for what waited when a connection comes.

use core::time::Duration;

use super::Outbox;
use super::action::CancelCause;
use super::effect::{Effect, FlushTicket};
use super::entry::Entry;
use super::timers::Timer;
use crate::client::store::ActionKey;
use crate::host::Host;
use crate::sorted::sorted_by_key;
use crate::time::Instant;

/// How long the application may take for its plan; then everything is sent unchanged.
const PLAN_LIMIT: Duration = Duration::from_secs(30);

/// How far the plan for a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Nobody was asked.
    Due,
    /// This question is open until then.
    Asked(u32, Instant),
    /// There is one, or none is needed.
    Made,
}

impl<H: Host> Outbox<H> {
    /// Takes the application's plan for a flush: `keep` in this order, then whatever is in neither list;
    /// `drop` is cancelled. What was sent before stays where it is. A plan that comes too late does nothing.
    pub fn handle_flush_plan(
        &mut self,
        ticket: FlushTicket,
        keep: &[ActionKey],
        drop: &[ActionKey],
        now: Instant,
    ) {
        self.observe(now);
        if self.is_asked(ticket.0) {
            self.forget_plan();
            self.reorder(keep);
            for key in drop {
                let unsent = self.entry_of(key).filter(|(_, entry)| entry.is_unsent());
                if let Some(id) = unsent.map(|(id, _)| id) {
                    self.remove_unsent(id, CancelCause::Dropped);
                }
            }
        }
        self.work();
    }

    pub(super) fn on_no_plan(&mut self, plan: u32) {
        if self.is_asked(plan) {
            self.forget_plan();
        }
    }

    /// The question counts no more.
    pub(super) fn forget_plan(&mut self) {
        let Some(link) = &mut self.link else {
            return;
        };
        if let Plan::Asked(plan, until) = link.plan {
            self.timers.remove(Some(until), Timer::Plan(plan));
            link.plan = Plan::Made;
        }
    }

    /// Whether what waits may be sent. Asks the application first if it wants to be asked.
    pub(super) fn is_planned(&mut self) -> bool {
        let Some(plan) = self.link.as_ref().map(|link| link.plan) else {
            return false;
        };
        if plan == Plan::Due {
            let keys = self.unsent_keys();
            let plan = if self.config.drain.ask_before_flush && !keys.is_empty() {
                self.ask_for_plan(keys)
            } else {
                Plan::Made
            };
            if let Some(link) = &mut self.link {
                link.plan = plan;
            }
            return plan == Plan::Made;
        }
        plan == Plan::Made
    }

    fn is_asked(&self, ticket: u32) -> bool {
        let plan = self.link.as_ref().map(|link| link.plan);
        matches!(plan, Some(Plan::Asked(plan, _)) if plan == ticket)
    }

    fn ask_for_plan(&mut self, keys: Vec<ActionKey>) -> Plan {
        let plan = self.next_plan;
        self.next_plan = plan.wrapping_add(1);
        let ids = keys.iter().filter_map(|key| self.ids.get(key).copied());
        self.asked_about = ids.collect();
        let until = self.now + PLAN_LIMIT;
        self.timers.set(until, Timer::Plan(plan));
        self.effects.push_back(Effect::FlushAsked { ticket: FlushTicket(plan), keys });
        Plan::Asked(plan, until)
    }

    /// What was never sent and waits, in order.
    fn unsent_keys(&self) -> Vec<ActionKey> {
        let is_meant = |entry: &&Entry<H>| entry.is_queued() && entry.is_unsent();
        let waiting = self.entries.values().filter(is_meant);
        let waiting = sorted_by_key(waiting, |entry| entry.record.order);
        waiting.into_iter().map(|entry| entry.record.key.clone()).collect()
    }

    /// Puts what was never sent into this order; what was sent keeps its place. What became known since the question has
    /// its place before the first that the store has behind it.
    fn reorder(&mut self, keep: &[ActionKey]) {
        let ids: Vec<u32> = keep.iter().filter_map(|key| self.ids.get(key).copied()).collect();
        let entries = &self.entries;
        let is_late = |id: &u32| {
            !self.asked_about.contains(id) && entries.get(id).is_some_and(Entry::is_unsent)
        };
        let rank = |id: &u32| ids.iter().position(|kept| kept == id).unwrap_or(ids.len());
        let is_unsent = |id: &u32| entries.get(id).is_some_and(Entry::is_unsent);
        let order = |id: &u32| entries.get(id).map_or(0, |entry| entry.record.order);
        for lane in self.lanes.iter_mut() {
            let (late, mut list): (Vec<_>, Vec<_>) = lane.list.drain(..).partition(is_late);
            let unsent: Vec<u32> = list.iter().copied().filter(is_unsent).collect();
            let unsent = sorted_by_key(unsent, rank);
            let places = list.iter_mut().filter(|id| is_unsent(id));
            places.zip(unsent).for_each(|(place, id)| *place = id);
            for id in late {
                let place = list.iter().position(|other| order(other) > order(&id));
                list.insert(place.unwrap_or(list.len()), id);
            }
            lane.list.extend(list);
        }
    }
}

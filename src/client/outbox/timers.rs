//! What an outbox waits for.

use std::rc::Rc;

use crate::sorted::SortedSet;
use crate::time::Instant;

/// What is due at a moment. What has become pointless by then does nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The answer to a transmission.
    Answer(u32),
    /// The end of an action's time to live.
    Expiry(u32),
    /// The end of a part of the time in which the news of an action that is gone may come.
    News { id: u32, left: u32 },
    /// The store's answer.
    Store(u32),
    /// The end of a lane's pause.
    Lane(Rc<str>),
    /// The end of the time for a plan.
    Plan(u32),
    /// Something may be asked or sent again: a pause of the store or of the drain is over.
    Work,
}

/// The timers, the earliest first.
#[derive(Debug, Default)]
pub(super) struct Timers(SortedSet<(Instant, Timer)>);

impl Timers {
    pub fn set(&mut self, at: Instant, timer: Timer) {
        self.0.insert((at, timer));
    }

    pub fn remove(&mut self, at: Option<Instant>, timer: Timer) {
        if let Some(at) = at {
            self.0.remove(&(at, timer));
        }
    }

    pub fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }

    pub fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let is_due = self.next().is_some_and(|at| at <= now);
        if is_due { self.0.pop_first().map(|(_, timer)| timer) } else { None }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

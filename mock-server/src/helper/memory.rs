//! What the server remembers of enqueued actions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::decision::{Decision, Known, LaneState, decide};
use super::wire::{Answer, Envelope};

/// The keys of the actions that were done or refused, and how far every lane has come.
#[derive(Debug)]
pub struct Memory {
    id: String,
    keys: BTreeMap<(String, String), Entry>,
    lanes: BTreeMap<(String, String, String), Lane>,
    swept: Instant,
}

/// What the work of an action led to; kept for when it is sent again.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is done; with the arguments of the acknowledgement.
    Applied(Vec<Value>),
    /// It is refused for good; with what to say about it.
    Rejected(Vec<Value>),
}

/// An action as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Action<'a> {
    /// Whose action it is: keys of others are not known to it.
    pub identity: &'a str,
    /// Its envelope.
    pub envelope: &'a Envelope,
    /// Stands for its name and arguments.
    pub payload_hash: u64,
}

#[derive(Debug)]
struct Entry {
    payload_hash: u64,
    outcome: Outcome,
    since: Instant,
}

#[derive(Debug)]
struct Lane {
    state: LaneState,
    since: Instant,
}

impl Memory {
    /// Creates an empty memory; `id` must never have been used.
    pub fn new(now: Instant, id: String) -> Self {
        Self { id, keys: BTreeMap::new(), lanes: BTreeMap::new(), swept: now }
    }

    /// Returns what tells this memory from all others.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Decides about `action` and does `work` if it is to be done, which fails with `None`.
    ///
    /// Whoever calls this holds the memory alone, so that decision, work and outcome are one step.
    pub fn perform(
        &mut self,
        now: Instant,
        action: Action<'_>,
        work: impl FnOnce() -> Option<Outcome>,
    ) -> Answer {
        self.forget_old(now);
        let key = (action.identity.to_owned(), action.envelope.key.clone());
        let entry = self.keys.get(&key);
        match decide(action.envelope, &self.id, known(entry, action), self.lane(action)) {
            Decision::Apply(state) => {
                let Some(outcome) = work() else { return Answer::Retry };
                let payload_hash = action.payload_hash;
                let entry = Entry { payload_hash, outcome: outcome.clone(), since: now };
                self.keys.insert(key, entry);
                self.advance(now, action, state);
                outcome.into()
            }
            Decision::Repeat(state) => {
                let answer = entry.map_or(Answer::Retry, |entry| entry.outcome.clone().into());
                self.advance(now, action, state);
                answer
            }
            Decision::Conflict => Answer::Conflict,
            Decision::Renumber(state) => Answer::Renumber(state),
            Decision::Gap(state) => Answer::Gap(state),
            Decision::Memory => Answer::Memory(self.id.clone()),
        }
    }

    /// Returns how far the lane of `action` has come.
    fn lane(&self, action: Action<'_>) -> LaneState {
        self.lanes.get(&lane_key(action)).map(|lane| lane.state).unwrap_or_default()
    }

    fn advance(&mut self, now: Instant, action: Action<'_>, state: LaneState) {
        self.lanes.insert(lane_key(action), Lane { state, since: now });
    }

    fn forget_old(&mut self, now: Instant) {
        if now.duration_since(self.swept) < SWEEP {
            return;
        }
        self.swept = now;
        let young = |since: Instant| now.duration_since(since) <= RETENTION;
        self.keys.retain(|_, entry| young(entry.since));
        self.lanes.retain(|_, lane| young(lane.since));
    }
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Applied(args) => Self::Applied(args),
            Outcome::Rejected(data) => Self::Rejected(data),
        }
    }
}

fn known(entry: Option<&Entry>, action: Action<'_>) -> Known {
    match entry {
        None => Known::No,
        Some(entry) if entry.payload_hash == action.payload_hash => Known::Same,
        Some(_) => Known::Other,
    }
}

fn lane_key(action: Action<'_>) -> (String, String, String) {
    let Envelope { client, lane, .. } = action.envelope;
    (action.identity.to_owned(), client.clone(), lane.clone())
}

/// How long a key is kept at least.
pub const RETENTION: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How often old keys are looked for.
const SWEEP: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;

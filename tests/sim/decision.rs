//! What the server decides about an enqueued action, written from the contract and from nothing of the
//! client: a mistake that both shared would hide.

use std::collections::BTreeMap;

use crate::defects::Defect;

/// What came with an action.
#[derive(Clone, Debug)]
pub struct Envelope {
    pub key: String,
    pub client: String,
    pub epoch: u64,
    pub number: u64,
    pub lane: String,
    pub memory: String,
}

/// What became of an action for good.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<Arguments> {
    Applied(Arguments),
    Rejected(Arguments),
}

/// What is to be done with an action that came.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision<Arguments> {
    /// Do the work, then [`Memory::commit`] or [`Memory::give_up`].
    Run,
    Stored(Outcome<Arguments>),
    Conflict,
    Retry,
    Renumber {
        epoch: u64,
        last: u64,
    },
    Gap {
        epoch: u64,
        last: u64,
    },
    Memory,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneState {
    pub epoch: u64,
    pub last: u64,
}

#[derive(Debug)]
struct Known<Arguments> {
    hash: u64,
    /// None while the work is under way.
    outcome: Option<Outcome<Arguments>>,
    lease_until: u64,
    at: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct LaneName {
    identity: String,
    client: String,
    lane: String,
}

/// The server's memory of keys. Times are in any one unit.
#[derive(Debug)]
pub struct Memory<Arguments> {
    pub id: String,
    lanes: BTreeMap<LaneName, (LaneState, u64)>,
    keys: BTreeMap<(String, String), Known<Arguments>>,
    lease: u64,
    retention: u64,
    defect: Option<Defect>,
}

impl<Arguments: Clone + PartialEq> Memory<Arguments> {
    pub fn new(id: String, lease: u64, retention: u64, defect: Option<Defect>) -> Self {
        let (lanes, keys) = (BTreeMap::new(), BTreeMap::new());
        Self { id, lanes, keys, lease, retention, defect }
    }

    /// Forgets what it need not keep any longer.
    pub fn expire(&mut self, now: u64) {
        let retention = self.retention;
        self.keys.retain(|_, known| known.outcome.is_none() || now - known.at <= retention);
        self.lanes.retain(|_, (_, at)| now - *at <= retention);
    }

    pub fn lane(&self, identity: &str, envelope: &Envelope) -> LaneState {
        self.lanes.get(&lane_name(identity, envelope)).map(|(state, _)| *state).unwrap_or_default()
    }

    pub fn decide(
        &mut self,
        identity: &str,
        envelope: &Envelope,
        hash: u64,
        now: u64,
    ) -> Decision<Arguments> {
        if envelope.memory != self.id {
            return Decision::Memory;
        }
        let state = self.lane(identity, envelope);
        let key = (identity.to_owned(), envelope.key.clone());
        match self.keys.get(&key) {
            Some(known) if known.hash != hash => return Decision::Conflict,
            Some(Known { outcome: Some(outcome), .. }) => {
                let outcome = outcome.clone();
                self.advance_if_next(identity, envelope, state, now);
                return Decision::Stored(outcome);
            }
            Some(known) if known.lease_until > now => return Decision::Retry,
            Some(_) | None => {}
        }
        let decision = self.decide_number(state, envelope);
        if decision == Decision::Run {
            self.claim(identity, envelope, hash, now);
        }
        decision
    }

    fn decide_number(&self, state: LaneState, envelope: &Envelope) -> Decision<Arguments> {
        let (epoch, number) = (envelope.epoch, envelope.number);
        let is_bare = self.defect == Some(Defect::ServerBareSequence);
        let is_old = epoch == state.epoch && number <= state.last;
        if let Some(outcome) = self.any_outcome().filter(|_| is_bare && is_old) {
            // What counts by numbers alone takes a new action with an old number for the old one.
            return Decision::Stored(outcome);
        }
        if epoch < state.epoch || (epoch == state.epoch && number <= state.last) {
            Decision::Renumber { epoch: state.epoch, last: state.last }
        } else if is_next(state, envelope) {
            Decision::Run
        } else {
            let last = if epoch > state.epoch { 0 } else { state.last };
            Decision::Gap { epoch, last }
        }
    }

    fn any_outcome(&self) -> Option<Outcome<Arguments>> {
        self.keys.values().filter_map(|known| known.outcome.clone()).last()
    }

    fn advance_if_next(&mut self, identity: &str, envelope: &Envelope, state: LaneState, now: u64) {
        let deadlocks = self.defect == Some(Defect::ServerKnownKeyStays);
        if is_next(state, envelope) && !deadlocks {
            self.advance(identity, envelope, now);
        }
    }

    fn advance(&mut self, identity: &str, envelope: &Envelope, now: u64) {
        let state = LaneState { epoch: envelope.epoch, last: envelope.number };
        self.lanes.insert(lane_name(identity, envelope), (state, now));
    }

    fn claim(&mut self, identity: &str, envelope: &Envelope, hash: u64, now: u64) {
        let lease_until = now + self.lease;
        let known = Known { hash, outcome: None, lease_until, at: now };
        self.keys.insert((identity.to_owned(), envelope.key.clone()), known);
    }

    /// Stores what became of the work. Returns false if the action is not claimed any more.
    pub fn commit(
        &mut self,
        identity: &str,
        envelope: &Envelope,
        outcome: Outcome<Arguments>,
        now: u64,
    ) -> bool {
        let state = self.lane(identity, envelope);
        let key = (identity.to_owned(), envelope.key.clone());
        let Some(known) = self.keys.get_mut(&key).filter(|known| known.outcome.is_none()) else {
            return false;
        };
        known.outcome = Some(outcome);
        known.at = now;
        if is_next(state, envelope) {
            self.advance(identity, envelope, now);
        }
        if self.defect == Some(Defect::ServerSmallWindow) {
            self.keep_newest(2);
        }
        true
    }

    /// The work has failed or was broken off: as if the action had never come.
    pub fn give_up(&mut self, identity: &str, envelope: &Envelope) {
        let key = (identity.to_owned(), envelope.key.clone());
        if self.keys.get(&key).is_some_and(|known| known.outcome.is_none()) {
            self.keys.remove(&key);
        }
    }

    fn keep_newest(&mut self, count: usize) {
        let mut times: Vec<u64> = self.keys.values().map(|known| known.at).collect();
        times.sort_unstable();
        if let Some(oldest) = times.len().checked_sub(count).map(|index| times[index]) {
            self.keys.retain(|_, known| known.at >= oldest);
        }
    }
}

/// Whether the envelope's number is what would come next in its lane.
fn is_next(state: LaneState, envelope: &Envelope) -> bool {
    let (epoch, number) = (envelope.epoch, envelope.number);
    (epoch == state.epoch && number == state.last + 1) || (epoch > state.epoch && number == 1)
}

fn lane_name(identity: &str, envelope: &Envelope) -> LaneName {
    LaneName {
        identity: identity.to_owned(),
        client: envelope.client.clone(),
        lane: envelope.lane.clone(),
    }
}

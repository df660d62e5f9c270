//! A server as the contract of the helper wants it, written from the contract.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use sockeye::client::outbox::{Answer, Envelope, Verdict};
use sockeye::client::store::ActionKey;
use sockeye::native::NativeHost;

/// What a server remembers and has done.
#[derive(Default)]
pub struct Server {
    pub memory: u32,
    lanes: BTreeMap<String, (u64, u64)>,
    outcomes: BTreeMap<ActionKey, bool>,
    /// Each effect: its lane and its key, in order.
    pub effects: Vec<(String, String)>,
    /// What the application rejects.
    pub rejects: Vec<String>,
}

impl Server {
    pub fn memory_id(&self) -> String {
        format!("memory-{}", self.memory)
    }

    /// Forgets everything but the effects.
    pub fn forget(&mut self) {
        self.memory += 1;
        self.lanes.clear();
        self.outcomes.clear();
    }

    /// Goes back in time: the numbers of the lanes stay, the keys are gone, or the other way round.
    pub fn set_lane(&mut self, lane: &str, epoch: u64, last: u64) {
        self.lanes.insert(lane.to_owned(), (epoch, last));
    }

    /// Counts on in a lane, as if others had sent something in it.
    pub fn advance(&mut self, lane: &str, epochs: u64, last: u64) {
        let state = self.lanes.entry(lane.to_owned()).or_default();
        *state = (state.0 + epochs, last);
    }

    pub fn effects_of(&self, lane: &str) -> Vec<&str> {
        let of_lane = self.effects.iter().filter(|(of, _)| of == lane);
        of_lane.map(|(_, key)| key.as_str()).collect()
    }

    pub fn count(&self, key: &str) -> usize {
        self.effects.iter().filter(|(_, applied)| applied == key).count()
    }

    /// Applies an action without a helper.
    pub fn apply_plain(&mut self, lane: &str, key: &str) -> Answer<NativeHost> {
        self.effects.push((lane.to_owned(), key.to_owned()));
        Answer::Acknowledged(json!([key]))
    }

    pub fn apply(&mut self, envelope: &Envelope) -> Answer<NativeHost> {
        let verdict = self.decide(envelope);
        let arguments: Value = json!([&*envelope.key.0]);
        Answer::Helper { verdict, arguments }
    }

    fn decide(&mut self, envelope: &Envelope) -> Verdict {
        if *envelope.memory != *self.memory_id() {
            return Verdict::Memory { memory: self.memory_id().into() };
        }
        let lane = envelope.lane.to_string();
        let (epoch, last) = self.lanes.get(&lane).copied().unwrap_or_default();
        let (e, n) = (envelope.epoch, envelope.sequence);
        let is_next = (e == epoch && n == last + 1) || (e > epoch && n == 1);
        if let Some(is_applied) = self.outcomes.get(&envelope.key).copied() {
            if is_next {
                self.lanes.insert(lane, (e, n));
            }
            return if is_applied { Verdict::Applied } else { Verdict::Rejected };
        }
        if e < epoch || (e == epoch && n <= last) {
            return Verdict::Renumber { epoch, last };
        }
        if !is_next {
            return Verdict::Gap { last: if e == epoch { last } else { 0 } };
        }
        let key = envelope.key.0.to_string();
        let is_applied = !self.rejects.contains(&key);
        if is_applied {
            self.effects.push((lane.clone(), key));
        }
        self.lanes.insert(lane, (e, n));
        self.outcomes.insert(envelope.key.clone(), is_applied);
        if is_applied { Verdict::Applied } else { Verdict::Rejected }
    }
}

pub fn retry(after: Duration) -> Answer<NativeHost> {
    Answer::Helper { verdict: Verdict::Retry { after }, arguments: json!([]) }
}

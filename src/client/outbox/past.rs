//! The actions that have ended lately, so that late news of them do not bring them back.

use std::collections::VecDeque;

use crate::client::store::{ActionKey, Outcome};
use crate::sorted::SortedMap;

/// How many are remembered.
const MAX_PAST: usize = 1_024;

/// How the last actions have ended.
#[derive(Debug, Default)]
pub(super) struct Past {
    outcomes: SortedMap<ActionKey, Outcome>,
    /// The oldest first.
    keys: VecDeque<ActionKey>,
}

impl Past {
    pub fn add(&mut self, key: &ActionKey, outcome: Outcome) {
        if self.outcomes.insert(key.clone(), outcome).is_none() {
            self.keys.push_back(key.clone());
        }
        if self.keys.len() > MAX_PAST
            && let Some(oldest) = self.keys.pop_front()
        {
            self.outcomes.remove(&oldest);
        }
    }

    pub fn outcome(&self, key: &ActionKey) -> Option<Outcome> {
        self.outcomes.get(key).copied()
    }

    pub fn clear(&mut self) {
        self.outcomes.clear();
        self.keys.clear();
    }
}

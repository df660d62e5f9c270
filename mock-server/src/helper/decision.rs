//! What becomes of an enqueued action.

use super::wire::Envelope;

/// How far a client's lane has come: the epoch, and the last number that was used in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneState {
    /// The epoch; 0 before the first action.
    pub epoch: u64,
    /// The last number; 0 before the first action.
    pub last: u64,
}

/// Whether the key of an action is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is new.
    No,
    /// It came before with this payload.
    Same,
    /// It came before with another payload.
    Other,
}

/// What to do with an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Do it, and let the lane have this state if it does not fail.
    Apply(LaneState),
    /// Tell what became of it, and let the lane have this state.
    Repeat(LaneState),
    /// Refuse it: the key belongs to something else.
    Conflict,
    /// Let the client number it anew, after this state.
    Renumber(LaneState),
    /// Let the client send first what follows this state.
    Gap(LaneState),
    /// Tell the client which memory this is.
    Memory,
}

/// Decides about an action whose lane has come as far as `lane`.
pub fn decide(envelope: &Envelope, memory: &str, known: Known, lane: LaneState) -> Decision {
    if envelope.memory != memory {
        return Decision::Memory;
    }
    let next = lane.advanced_by(envelope);
    match known {
        Known::Other => Decision::Conflict,
        // A client that lost its numbers sends known actions with new ones: without advancing here,
        // everything behind them would wait for ever.
        Known::Same => Decision::Repeat(next.unwrap_or(lane)),
        Known::No => next.map_or_else(|| out_of_order(envelope, lane), Decision::Apply),
    }
}

fn out_of_order(envelope: &Envelope, lane: LaneState) -> Decision {
    if envelope.epoch > lane.epoch {
        Decision::Gap(LaneState { epoch: envelope.epoch, last: 0 })
    } else if envelope.epoch == lane.epoch && envelope.number > lane.last {
        Decision::Gap(lane)
    } else {
        Decision::Renumber(lane)
    }
}

impl LaneState {
    /// Returns the state after an action, if that is the one to come next.
    fn advanced_by(self, envelope: &Envelope) -> Option<Self> {
        let &Envelope { epoch, number, .. } = envelope;
        let is_next = if epoch == self.epoch {
            self.last.checked_add(1) == Some(number)
        } else {
            epoch > self.epoch && number == 1
        };
        is_next.then_some(Self { epoch, last: number })
    }
}

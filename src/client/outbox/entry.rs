//! What an outbox knows of one action.

use std::rc::Rc;

use super::action::{ActionStatus, CancelCause, Item, ItemState};
use crate::client::store::{Outcome, Parked, Payload, Record, Sent};
use crate::host::Host;
use crate::time::Instant;

/// Where an action stands.
#[derive(Debug)]
pub(super) enum Stage<H: Host> {
    /// The store has not answered yet.
    Storing,
    /// It waits in its lane.
    Queued,
    /// It is sent as soon as the store has noted that and has given the payload.
    Starting {
        /// The question to note it, until it is answered.
        marking: Option<u32>,
        /// The question for the payload, until it is answered.
        loading: Option<u32>,
        /// What it sends.
        payload: Option<Payload<H>>,
    },
    /// It waits for the answer to this transmission.
    Sent(u32),
    /// It is put aside, and the application knows.
    Parked(Parked),
    /// It has ended if the store agrees: then the application is told this.
    Ending(ActionStatus<H>),
    /// It has ended and the application knows; the store is to remove it.
    Ended(Outcome, Option<Rc<H::Value>>),
    /// It is not in the store any more; the news of its end may come.
    Gone,
}

/// An action.
#[derive(Debug)]
pub(super) struct Entry<H: Host> {
    /// What the store has, as far as this client knows.
    pub record: Record,
    pub stage: Stage<H>,
    /// When it was stored, or read.
    pub stored_at: Instant,
    pub expires_at: Option<Instant>,
    /// As what it was sent last, or is about to be.
    pub sent: Option<Sent>,
    pub attempts: u32,
    /// How many connections it has ended, as far as this client knows.
    pub kills: u32,
    /// Whether a transmission will never be answered that may have had an effect.
    pub is_lost: bool,
    /// Its transmissions on this connection that may still be answered, the oldest first.
    pub open: Vec<u32>,
    /// The store is asked to remove it, or will be.
    pub removal: Option<CancelCause>,
    /// The store is asked to put another action in its place.
    pub is_superseded: bool,
    /// It may have ended without this client's knowledge; the store is being read.
    pub is_unproved: bool,
    /// It may have ended a connection.
    pub is_suspect: bool,
    /// The application lets it be sent again, and the store never knew that it was put aside.
    pub is_revived: bool,
    /// The first question to the store whose answer has to know of it.
    pub born: u32,
}

impl<H: Host> Entry<H> {
    pub fn new(record: Record, stage: Stage<H>, now: Instant, born: u32) -> Self {
        let left = record.ttl.map(|ttl| ttl.saturating_sub(record.age));
        Self {
            stage,
            stored_at: now,
            expires_at: left.map(|left| now + left),
            sent: record.sent.clone(),
            attempts: record.sent.as_ref().map_or(0, |sent| sent.attempts),
            kills: record.kills,
            is_lost: record.sent.is_some(),
            open: Vec::new(),
            removal: None,
            is_superseded: false,
            is_unproved: false,
            is_suspect: record.kills > 0,
            is_revived: false,
            born,
            record,
        }
    }

    /// Whether it may have been applied without this client's knowledge.
    pub fn is_uncertain(&self) -> bool {
        self.is_lost || !self.open.is_empty()
    }

    /// Whether it was, for all that this client knows, never sent and is not about to be.
    pub fn is_unsent(&self) -> bool {
        self.record.sent.is_none()
            && !self.is_uncertain()
            && matches!(self.stage, Stage::Storing | Stage::Queued)
    }

    /// Whether the store knows what it has to before the action is sent in this epoch and memory.
    pub fn is_marked(&self, epoch: u64, memory: Option<&Rc<str>>) -> bool {
        let (Some(known), Some(sent)) = (&self.record.sent, &self.sent) else {
            return false;
        };
        // By the epoch another leader sees that somebody has sent it since.
        let has_number = known.epoch == epoch && known.sequence == sent.sequence;
        known.memory.as_ref() == memory && has_number && self.record.kills == self.kills
    }

    /// Whether the application knows its end, or will be told without this client's doing.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Parked(_) | Stage::Ended(..) | Stage::Gone)
    }

    /// Whether the server would apply it after another one of its lane.
    pub fn is_numbered_behind(&self, other: &Self) -> bool {
        let (Some(own), Some(other)) = (&self.sent, &other.sent) else {
            return false;
        };
        own.epoch == other.epoch && own.memory == other.memory && own.sequence > other.sequence
    }

    /// Whether it has ended if the store agrees.
    pub fn is_ending(&self) -> bool {
        matches!(self.stage, Stage::Ending(_))
    }

    /// How it has ended, for the store.
    pub fn end(&self) -> Option<(Outcome, Option<Rc<H::Value>>)> {
        match &self.stage {
            Stage::Ending(status) => Some((status.outcome()?, None)),
            Stage::Ended(outcome, arguments) => Some((*outcome, arguments.clone())),
            Stage::Storing
            | Stage::Queued
            | Stage::Starting { .. }
            | Stage::Sent(_)
            | Stage::Parked(_)
            | Stage::Gone => None,
        }
    }

    /// Whether it has a slot among those that are sent at the same time.
    pub fn is_active(&self) -> bool {
        matches!(self.stage, Stage::Starting { .. } | Stage::Sent(_))
    }

    pub fn is_queued(&self) -> bool {
        matches!(self.stage, Stage::Queued)
    }

    pub fn is_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Whether the store's word is awaited on whether it goes on.
    pub fn is_held(&self) -> bool {
        self.removal.is_some() || self.is_superseded || self.is_unproved
    }

    /// What stands in [`items`](super::Outbox::items); nothing if it has ended.
    pub fn item(&self, now: Instant) -> Option<Item> {
        let state = match self.stage {
            Stage::Storing => ItemState::Storing,
            Stage::Queued => ItemState::Queued,
            Stage::Starting { .. } => ItemState::Sending,
            Stage::Sent(_) => ItemState::Sent,
            Stage::Parked(parked) => ItemState::Parked(parked),
            Stage::Ending(_) | Stage::Ended(..) | Stage::Gone => return None,
        };
        Some(Item {
            key: self.record.key.clone(),
            name: Rc::clone(&self.record.name),
            lane: Rc::clone(&self.record.lane),
            state,
            attempts: self.attempts,
            bytes: self.record.bytes,
            age: self.record.age.saturating_add(now.since(self.stored_at)),
        })
    }
}

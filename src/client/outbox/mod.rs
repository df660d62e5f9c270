//! Actions that are kept until the server has answered them.

mod action;
mod config;
mod effect;

pub use action::{
    ActionStatus, CancelCause, EnqueueError, Item, ItemState, NewAction, QuarantineCause,
    Rejection, UnknownCause,
};
pub use config::{Drain, OutboxConfig};
pub use effect::{Answer, Effect, Envelope, FlushTicket, ServerMemory, Transmission, Verdict};

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::client::store::{
    ActionKey, Change, Payload, Record, StoreAnswer, StoreCommand, StoreTicket,
};
use crate::host::Host;
use crate::time::Instant;

/// How many connections an action may end before it is put aside.
pub const MAX_KILLS: u32 = 3;

/// What a message may have on the wire as long as no server has said anything else.
pub const DEFAULT_MAX_PAYLOAD: u64 = 1_000_000;

/// The most attachments that servers take.
pub const MAX_ATTACHMENTS: u32 = 10;

/// The actions of one namespace and one identity.
#[derive(Debug)]
pub struct Outbox<H: Host> {
    config: OutboxConfig,
    max_payload: u64,
    entries: BTreeMap<ActionKey, Entry>,
    jobs: BTreeMap<StoreTicket, ActionKey>,
    next_ticket: u32,
    effects: VecDeque<Effect<H>>,
    server: Option<ServerMemory>,
    is_paused: bool,
}

#[derive(Debug)]
struct Entry {
    record: Record,
    state: ItemState,
    stored_at: Instant,
}

impl<H: Host> Outbox<H> {
    /// Makes an outbox that is not open: it asks no store and sends nothing.
    #[must_use]
    pub fn new(config: OutboxConfig) -> Self {
        Self {
            config,
            max_payload: DEFAULT_MAX_PAYLOAD,
            entries: BTreeMap::new(),
            jobs: BTreeMap::new(),
            next_ticket: 0,
            effects: VecDeque::new(),
            server: None,
            is_paused: false,
        }
    }

    /// Opens the store of an identity, empty for nobody. Comes before anything is enqueued.
    pub fn open(&mut self, identity: Rc<str>) {
        self.ask(StoreCommand::Open { identity });
    }

    /// Takes an action. It is accepted when its status is [`ActionStatus::Queued`].
    ///
    /// # Errors
    ///
    /// [`EnqueueError`]: nothing is kept of it.
    pub fn enqueue(
        &mut self,
        action: NewAction,
        payload: Payload<H>,
        now: Instant,
    ) -> Result<(), EnqueueError> {
        self.check(&action)?;
        let record = record(action);
        let key = record.key.clone();
        let entry = Entry { record: record.clone(), state: ItemState::Storing, stored_at: now };
        self.entries.insert(key.clone(), entry);
        let ticket =
            self.ask(StoreCommand::Put { record: Box::new(record), payload, replaces: None });
        self.jobs.insert(ticket, key);
        Ok(())
    }

    /// Cancels an action that was never sent: ends in [`ActionStatus::Cancelled`], or in
    /// [`Effect::CancelRefused`].
    pub fn cancel(&mut self, key: &ActionKey) {
        self.effects.push_back(Effect::CancelRefused { key: key.clone() });
    }

    /// Sends nothing until [`resume`](Self::resume). What was sent may still be answered.
    pub fn pause(&mut self) {
        self.is_paused = true;
    }

    /// Sends again.
    pub fn resume(&mut self, _now: Instant) {
        self.is_paused = false;
    }

    /// Queues an action again that is quarantined or unknown. Returns whether it is.
    pub fn retry(&mut self, _key: &ActionKey, _now: Instant) -> bool {
        false
    }

    /// Throws actions away.
    pub fn clear(&mut self, _what: Clear) {}

    /// Ends an action that was sent as rejected: the server has said so by something else than its
    /// acknowledgement. An action that was not sent stays as it is.
    pub fn nack(&mut self, _key: &ActionKey, _data: Option<H::Value>, _now: Instant) {}

    /// Changes how the outbox sends.
    pub fn set_drain(&mut self, drain: Drain, _now: Instant) {
        self.config.drain = drain;
    }

    /// Sets what the server takes in one message; without a word of it the last counts, at first
    /// [`DEFAULT_MAX_PAYLOAD`].
    pub fn set_max_payload(&mut self, bytes: Option<u64>) {
        self.max_payload = bytes.unwrap_or(self.max_payload);
    }

    /// Takes an answer of the store.
    pub fn handle_store(&mut self, ticket: StoreTicket, answer: StoreAnswer<H>, now: Instant) {
        let Some(key) = self.jobs.remove(&ticket) else {
            return;
        };
        let status = match answer {
            StoreAnswer::Stored { order, .. } => {
                if let Some(entry) = self.entries.get_mut(&key) {
                    entry.record.order = order;
                    entry.state = ItemState::Queued;
                    entry.stored_at = now;
                }
                ActionStatus::Queued
            }
            StoreAnswer::Failed(error) => {
                self.entries.remove(&key);
                ActionStatus::NotStored(error)
            }
            StoreAnswer::Opened { .. }
            | StoreAnswer::Contents(_)
            | StoreAnswer::Leading { .. }
            | StoreAnswer::Raised { .. }
            | StoreAnswer::Loaded(_)
            | StoreAnswer::Marked { .. }
            | StoreAnswer::Done
            | StoreAnswer::Removed
            | StoreAnswer::WasSent
            | StoreAnswer::Missing
            | StoreAnswer::Fenced => return,
        };
        self.effects.push_back(Effect::Status { key, status, attempts: 0 });
    }

    /// Learns what other clients did to the store.
    pub fn handle_changes(&mut self, _changes: Vec<Change<H>>, _now: Instant) {}

    /// Reads the store again: after this client was suspended, when it may have missed changes.
    pub fn refresh(&mut self) {}

    /// Forgets everything, because the identity changes: gives up the right to drain and what is in flight.
    /// The store keeps its records; [`open`](Self::open) begins again.
    pub fn park(&mut self) {
        self.entries.clear();
        self.jobs.clear();
        self.ask(StoreCommand::Resign);
    }

    /// Learns that events flow and what the server is: drains.
    pub fn handle_live(&mut self, server: ServerMemory, _now: Instant) {
        self.server = Some(server);
    }

    /// Learns that the connection has ended: nobody knows what became of what is in flight.
    pub fn handle_down(&mut self, _now: Instant) {
        self.server = None;
    }

    /// Takes what came of a transmission.
    pub fn handle_answer(
        &mut self,
        _transmission: Transmission,
        _answer: Answer<H>,
        _now: Instant,
    ) {
    }

    /// Takes the application's plan for a flush: `keep` in this order, then whatever is in neither list;
    /// `drop` is cancelled. What was sent before stays where it is.
    pub fn handle_flush_plan(
        &mut self,
        _ticket: FlushTicket,
        _keep: &[ActionKey],
        _drop: &[ActionKey],
        _now: Instant,
    ) {
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// Returns when [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Returns the next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect<H>> {
        self.effects.pop_front()
    }

    /// Returns whether something waits, so that it matters whether the server has the helper.
    #[must_use]
    pub fn wants_server(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Returns what the outbox holds, in the order of the store.
    #[must_use]
    pub fn items(&self, now: Instant) -> Vec<Item> {
        self.entries.values().map(|entry| entry.item(now)).collect()
    }

    fn check(&self, action: &NewAction) -> Result<(), EnqueueError> {
        let bytes = self.entries.values().map(|entry| entry.record.bytes);
        let bytes = bytes.fold(action.bytes, u64::saturating_add);
        if action.bytes > self.max_payload {
            Err(EnqueueError::PayloadTooLarge)
        } else if action.attachments > MAX_ATTACHMENTS {
            Err(EnqueueError::TooManyAttachments)
        } else if self.entries.contains_key(&action.key) {
            Err(EnqueueError::DuplicateKey)
        } else if self.entries.len() >= self.config.max_items {
            Err(EnqueueError::TooManyItems)
        } else if bytes > self.config.max_bytes {
            Err(EnqueueError::TooManyBytes)
        } else {
            Ok(())
        }
    }

    fn ask(&mut self, command: StoreCommand<H>) -> StoreTicket {
        let ticket = StoreTicket(self.next_ticket);
        self.next_ticket = self.next_ticket.wrapping_add(1);
        self.effects.push_back(Effect::Store { ticket, command });
        ticket
    }
}

impl Entry {
    fn item(&self, now: Instant) -> Item {
        Item {
            key: self.record.key.clone(),
            name: Rc::clone(&self.record.name),
            lane: Rc::clone(&self.record.lane),
            state: self.state,
            attempts: self.record.sent.as_ref().map_or(0, |sent| sent.attempts),
            bytes: self.record.bytes,
            age: self.record.age.saturating_add(now.since(self.stored_at)),
        }
    }
}

/// What [`clear`](Outbox::clear) throws away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clear {
    /// What was never sent; it ends as cancelled.
    Unsent,
    /// What is quarantined or unknown.
    Parked,
    /// Everything; what was sent ends as unknown.
    All,
}

fn record(action: NewAction) -> Record {
    Record {
        key: action.key,
        name: action.name,
        lane: action.lane,
        order: 0,
        coalesce_key: action.coalesce_key,
        bytes: action.bytes,
        attachments: action.attachments,
        ttl: action.ttl,
        age: Duration::ZERO,
        ack_timeout: action.ack_timeout,
        resend: action.resend,
        sent: None,
        kills: 0,
        parked: None,
    }
}

//! What passes between an outbox and the connection.

use core::time::Duration;
use std::rc::Rc;

use super::action::ActionStatus;
use crate::client::store::{ActionKey, Payload, StoreCommand, StoreTicket};
use crate::host::Host;
use crate::socketio::EmitError;

/// The number of one sending of one action, never used again by this outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transmission(pub u32);

/// The number of a question about a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlushTicket(pub u32);

/// What names an action to a server with the helper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The action's name for ever.
    pub key: ActionKey,
    /// The random id of the store.
    pub client: Rc<str>,
    /// The drainer's epoch.
    pub epoch: u64,
    /// The action's number in its lane in that epoch, counted from 1.
    pub sequence: u64,
    /// Its lane.
    pub lane: Rc<str>,
    /// The memory of keys that the client believes the server to have.
    pub memory: Rc<str>,
}

/// One thing that the caller must do.
#[derive(Debug)]
pub enum Effect<H: Host> {
    /// Ask the store, and give its answer to [`handle_store`](super::Outbox::handle_store).
    Store {
        /// For the answer.
        ticket: StoreTicket,
        /// What to ask.
        command: StoreCommand<H>,
    },
    /// Send an event that is to be acknowledged, and give what comes to
    /// [`handle_answer`](super::Outbox::handle_answer).
    Transmit {
        /// For the answer.
        transmission: Transmission,
        /// The action.
        key: ActionKey,
        /// What to send.
        payload: Payload<H>,
        /// What to add for the helper; none if the server has none.
        envelope: Option<Envelope>,
    },
    /// Forget a transmission: its answer matters no more.
    Abandon {
        /// Which.
        transmission: Transmission,
    },
    /// Tell the application where an action stands.
    Status {
        /// Which.
        key: ActionKey,
        /// Where.
        status: ActionStatus<H>,
        /// How many times it was sent.
        attempts: u32,
    },
    /// Tell the application that an action could not be cancelled, since it may be applied or has ended; or that the
    /// store could not throw it away.
    CancelRefused {
        /// Which.
        key: ActionKey,
    },
    /// Tell the application that an action which was put aside is not in the store any more: somebody threw it away,
    /// or it has ended by the hands of another client.
    Forgotten {
        /// Which.
        key: ActionKey,
    },
    /// Ask the application what to do with what waits and was never sent, and answer with
    /// [`handle_flush_plan`](super::Outbox::handle_flush_plan).
    FlushAsked {
        /// For the answer.
        ticket: FlushTicket,
        /// What waits and was never sent, in order.
        keys: Vec<ActionKey>,
    },
}

/// What the server is that the connection goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerMemory {
    /// It cannot tell whether it knows an action.
    None,
    /// It has the helper.
    Helper {
        /// The id of its memory of keys.
        memory: Rc<str>,
        /// How long it remembers a key at least.
        retention: Duration,
        /// Its clock at the time of the call, in milliseconds since 1970.
        time_ms: u64,
    },
}

/// What came of a transmission.
#[derive(Debug)]
pub enum Answer<H: Host> {
    /// The server acknowledged it without a word of a helper, with these arguments.
    Acknowledged(H::Value),
    /// The helper answered, for the key that was asked.
    Helper {
        /// What it says.
        verdict: Verdict,
        /// The arguments after it.
        arguments: H::Value,
    },
    /// It was not sent at all.
    Unsent(EmitError),
}

/// What the helper says of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is applied, by this transmission or by an earlier one.
    Applied,
    /// The application has rejected it.
    Rejected,
    /// Its key is known with another payload.
    Conflict,
    /// It is certainly not applied: its lane has gone on to this epoch and number.
    Renumber {
        /// The lane's epoch.
        epoch: u64,
        /// The last number of it.
        last: u64,
    },
    /// It is certainly not applied: those between `last` and it are missing.
    Gap {
        /// The last number of the lane.
        last: u64,
    },
    /// Ask again; it may be running.
    Retry {
        /// When, at the earliest.
        after: Duration,
    },
    /// It is certainly not applied: the server's memory of keys is another one.
    Memory {
        /// The id of the present one.
        memory: Rc<str>,
    },
}

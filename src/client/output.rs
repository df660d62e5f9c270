//! What the client tells its caller to do.

use std::rc::Rc;

use crate::client::continuity::{Continuity, Gap};
use crate::client::outbox::{ActionStatus, FlushTicket};
use crate::client::readiness::{Hook, HookTicket};
use crate::client::store::{ActionKey, StoreCommand, StoreTicket};
use crate::client::topics::TopicStatus;
use crate::engineio::Action;
use crate::host::{EventId, EventIdentity, Host};
use crate::manager::{self, AckTicket, SocketId};
use crate::time::Instant;

/// One thing that the caller must do.
#[derive(Debug)]
pub enum Output<H: Host> {
    /// Do something with a transport.
    Transport(Action<H>),
    /// Find out why no transport could be opened: see [`manager::Output::Diagnose`].
    Diagnose,
    /// Ask the store of a namespace, and give the answer to
    /// [`handle_store`](super::Client::handle_store).
    Store {
        /// Which namespace.
        socket: SocketId,
        /// For the answer.
        ticket: StoreTicket,
        /// What to ask.
        command: StoreCommand<H>,
    },
    /// Tell the application.
    Event(Event<H>),
    /// Nothing else is to be done until this moment, or until something happens.
    Timeout(Option<Instant>),
}

/// Something that the application is told.
#[derive(Debug)]
pub enum Event<H: Host> {
    /// An event of the server is to be delivered.
    Delivered {
        /// To which namespace.
        socket: SocketId,
        /// Its name.
        event: EventId,
        /// The array of its name and arguments.
        arguments: H::Value,
        /// How to answer it, if the server waits for that.
        ack: Option<AckTicket>,
        /// What it can be known by, for [`handle_failure`](super::Client::handle_failure).
        identity: EventIdentity,
    },
    /// What the sockets tell. Events come as [`Delivered`](Self::Delivered) instead.
    Socket(manager::Event<H>),
    /// An action has a new status.
    Action {
        /// In which namespace.
        socket: SocketId,
        /// Which action.
        key: ActionKey,
        /// Where it stands.
        status: ActionStatus<H>,
        /// How many times it was sent.
        attempts: u32,
    },
    /// An action that was put aside is not in the store any more.
    Forgotten {
        /// In which namespace.
        socket: SocketId,
        /// Which.
        key: ActionKey,
    },
    /// An action could not be cancelled: it may be applied, or has ended.
    CancelRefused {
        /// In which namespace.
        socket: SocketId,
        /// Which action.
        key: ActionKey,
    },
    /// What is to happen to what waits and was never sent? Answer with
    /// [`handle_flush_plan`](super::Client::handle_flush_plan).
    FlushAsked {
        /// In which namespace.
        socket: SocketId,
        /// For the answer.
        ticket: FlushTicket,
        /// What waits and was never sent, in order.
        keys: Vec<ActionKey>,
    },
    /// The application may speak first, or mend a gap; answer with
    /// [`hook_done`](super::Client::hook_done).
    HookNeeded {
        /// In which namespace.
        socket: SocketId,
        /// For what.
        hook: Hook,
        /// For the answer.
        ticket: HookTicket,
    },
    /// A hook has not ended in time; things go on without it.
    HookLate {
        /// In which namespace.
        socket: SocketId,
        /// Which hook.
        hook: Hook,
    },
    /// What a connection continues: once for each that the server accepted, before its events.
    Continuity {
        /// In which namespace.
        socket: SocketId,
        /// The number of the connection.
        connection: u32,
        /// What it continues.
        continuity: Continuity,
    },
    /// Something was missed on a connection that had its verdict already.
    Missed {
        /// In which namespace.
        socket: SocketId,
        /// The number of the connection.
        connection: u32,
        /// What was missed.
        gap: Gap,
    },
    /// Events flow, and topics are joined. Once for each connection.
    Live {
        /// In which namespace.
        socket: SocketId,
    },
    /// An event may confirm a topic that is being joined; answer with
    /// [`topic_confirmed`](super::Client::topic_confirmed) if it does.
    Confirming {
        /// In which namespace.
        socket: SocketId,
        /// Its name.
        event: EventId,
        /// The array of its name and arguments.
        arguments: H::Value,
    },
    /// The status of a topic changed.
    Topic {
        /// In which namespace.
        socket: SocketId,
        /// Which topic.
        topic: Rc<str>,
        /// To what.
        status: TopicStatus,
        /// What the server answered to the join, if this is why.
        answer: Option<H::Value>,
    },
}

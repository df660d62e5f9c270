//! What the manager tells its caller to do.

use crate::engineio::Action;
use crate::host::{EventId, Host};
use crate::manager::Cause;
use crate::socketio::{AuthTicket, Excess, RequestId, Settlement};
use crate::time::Instant;

/// The manager's number for a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u32);

/// One thing that the caller must do.
#[derive(Debug)]
pub enum Output<H: Host> {
    /// Do something with a transport.
    Transport(Action<H>),
    /// Find out why no transport could be opened, and call
    /// [`handle_diagnosis`](crate::manager::Manager::handle_diagnosis).
    ///
    /// The answer to an earlier request counts no more: the caller gives it up.
    Diagnose,
    /// Tell the application.
    Event(Event<H>),
    /// Nothing else is to be done until this moment, or until something happens.
    Timeout(Option<Instant>),
}

/// Something that the application is told.
#[derive(Debug)]
pub enum Event<H: Host> {
    /// The server sent an event that somebody listens to.
    Delivered {
        /// To which namespace.
        socket: SocketId,
        /// Its name.
        event: EventId,
        /// The array of its name and arguments.
        arguments: H::Value,
        /// How to answer it, if the server waits for that.
        ack: Option<AckTicket>,
    },
    /// A request ended.
    Settled {
        /// Which.
        request: RequestId,
        /// How.
        settlement: Settlement<H::Value>,
    },
    /// The application's auth payload is needed; answer with
    /// [`authenticate`](crate::manager::Manager::authenticate).
    AuthNeeded {
        /// For which namespace.
        socket: SocketId,
        /// Which question this is.
        ticket: AuthTicket,
    },
    /// The server accepted a namespace. A change of status follows.
    Accepted {
        /// Which.
        socket: SocketId,
        /// The server's id for it on this connection.
        sid: String,
        /// Whether the session of the last connection goes on: nothing was missed, and what was sent
        /// meanwhile follows.
        recovered: bool,
    },
    /// The server refused a namespace. A change of status follows.
    Refused {
        /// Which.
        socket: SocketId,
        /// What the server said.
        data: Option<H::Value>,
    },
    /// The server has answered a [probe](crate::manager::Manager::probe).
    Probed,
    /// A packet was dropped.
    Dropped {
        /// In which namespace.
        socket: SocketId,
        /// Why.
        excess: Excess,
    },
    /// An attempt to connect failed, or the server broke the protocol.
    Failed {
        /// The namespace that is concerned, or none if all are.
        socket: Option<SocketId>,
        /// Why.
        cause: Cause,
    },
    /// The status of a namespace changed.
    Status {
        /// Which.
        socket: SocketId,
        /// To what.
        status: Status,
    },
}

/// The right to answer one event of the server, as long as its connection lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AckTicket {
    /// The number of the namespace's connection on which the event came.
    pub connection: u32,
    /// The id that it carried.
    pub ack_id: u64,
}

/// Whether a namespace is connected, and if not, what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nobody has asked for a connection yet.
    Idle,
    /// An attempt is under way.
    Connecting {
        /// Counted from 1 since the last connection.
        attempt: u32,
        /// Why the one before failed or ended.
        cause: Option<Cause>,
    },
    /// Events flow.
    Connected,
    /// The next attempt has a date.
    Waiting {
        /// The number of that attempt.
        attempt: u32,
        /// When it starts.
        retry_at: Instant,
        /// Why the last one failed or ended.
        cause: Option<Cause>,
    },
    /// Nothing happens until the application connects again.
    Disconnected {
        /// Why.
        cause: Cause,
    },
}

//! What the manager tells its caller to do.

use core::time::Duration;

use crate::engineio::Action;
use crate::host::{EventId, Host};
use crate::manager::Cause;
use crate::socketio::{AuthTicket, Excess, RequestId, Settlement};
use crate::time::Instant;

/// The manager's number for a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u32);

/// What a frame may have led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// An event or a part of one, and nothing else: each status and the deadline are what they were.
    Event,
    /// Anything.
    Any,
}

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
        /// The units of its frame; 0 for one that came before the server accepted.
        length: usize,
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
        /// The number of the attempt, counted from 1 since the last connection.
        attempt: u32,
        /// Why it is asked.
        reason: AuthReason,
    },
    /// The address of the server is needed; answer with
    /// [`use_address`](crate::manager::Manager::use_address) as soon as the transports know it.
    AddressNeeded {
        /// Which question this is.
        ticket: AddressTicket,
        /// The number of the attempt: the lowest of the namespaces that take part in it.
        attempt: u32,
    },
    /// The server refused or disconnected a namespace, and the application has to say what follows;
    /// answer with [`judge`](crate::manager::Manager::judge). Until then its status stays what it was.
    VerdictNeeded {
        /// Which namespace.
        socket: SocketId,
        /// Which question this is.
        ticket: VerdictTicket,
        /// [`Cause::ConnectRefused`] or [`Cause::ServerDisconnect`].
        cause: Cause,
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

/// Why the application is asked for its auth payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthReason {
    /// A namespace connects, for the first time or again.
    #[default]
    Connect,
    /// The server has refused the last payload because it had expired.
    Expired,
    /// The application wants a fresh one in use.
    Refresh,
}

impl AuthReason {
    /// Returns the name that applications see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Expired => "expired",
            Self::Refresh => "refresh",
        }
    }
}

/// The number of a question for the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressTicket(pub u32);

/// The number of a question for a [`Verdict`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerdictTicket(pub u32);

/// What follows when the server has refused or disconnected a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The namespace stays disconnected.
    Stop,
    /// It is tried again after the usual delay.
    Retry,
    /// It is tried again, but not before this time has passed.
    RetryAfter(Duration),
    /// The auth payload has expired: it is asked for again at once. The second time in a row, after the
    /// usual delay.
    Refresh,
}

/// When the application is asked for a [`Verdict`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Never: the namespace stays disconnected.
    #[default]
    Never,
    /// Never: the namespace is tried again after the usual delay.
    Always,
    /// Each time.
    Ask,
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
        /// Whether attempts have failed for so long that they have become rare.
        slow: bool,
        /// Why the last one failed or ended.
        cause: Option<Cause>,
    },
    /// Nothing happens until the application connects again.
    Disconnected {
        /// Why.
        cause: Cause,
    },
}

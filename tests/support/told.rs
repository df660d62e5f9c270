//! What passes between the application and the manager, in a form that can be kept and compared.

use std::time::Duration;

use serde_json::Value;
use sockeye::host::EventId;
use sockeye::manager::{
    AckTicket, AddressTicket, AuthReason, Cause, Event, SocketId, Status, Verdict, VerdictTicket,
};
use sockeye::native::NativeHost;
use sockeye::socketio::{AuthTicket, Excess, RequestId, Settlement};
use sockeye::time::Instant;

use super::{Pair, TransportId};

/// What the application was told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Delivered { socket: SocketId, event: EventId, arguments: Value, ack: Option<AckTicket> },
    Settled { request: RequestId, how: How },
    AuthNeeded { socket: SocketId, ticket: AuthTicket, attempt: u32, reason: AuthReason },
    AddressNeeded { ticket: AddressTicket, attempt: u32 },
    VerdictNeeded { socket: SocketId, ticket: VerdictTicket, cause: Cause },
    Refused { socket: SocketId, data: Option<Value> },
    Accepted { socket: SocketId, sid: String, recovered: bool },
    Probed,
    Dropped { socket: SocketId, excess: Excess },
    Failed { socket: Option<SocketId>, cause: Cause },
    Status { socket: SocketId, status: Status },
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq)]
pub enum How {
    Acknowledged(Value),
    TimedOut,
    Disconnected,
    Dropped(Excess),
    IdentityChanged,
    Destroyed,
}

/// What the application can ask of the manager.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    Connect(SocketId),
    Disconnect(SocketId),
    Emit {
        socket: SocketId,
        body: String,
        volatile: bool,
    },
    EmitFirst {
        socket: SocketId,
        body: String,
    },
    RequestFirst {
        socket: SocketId,
        request: RequestId,
        body: String,
        timeout: Option<Duration>,
    },
    Release(SocketId),
    Probe,
    DeclareDead,
    Suspend,
    /// With the time that the clock has not counted.
    Resume(Duration),
    Prove(Duration),
    Request {
        socket: SocketId,
        request: RequestId,
        body: String,
        timeout: Option<Duration>,
    },
    Cancel {
        socket: SocketId,
        request: RequestId,
    },
    Acknowledge {
        socket: SocketId,
        ticket: AckTicket,
        body: String,
    },
    /// One of the above, with attachments.
    With {
        attachments: Vec<Vec<u8>>,
        call: Box<Call>,
    },
    Authenticate {
        socket: SocketId,
        ticket: AuthTicket,
        payload: Option<String>,
    },
    FailAuthentication {
        socket: SocketId,
        ticket: AuthTicket,
    },
    StopAuthentication {
        socket: SocketId,
        ticket: AuthTicket,
    },
    RefreshAuth(SocketId),
    Judge {
        socket: SocketId,
        ticket: VerdictTicket,
        verdict: Verdict,
    },
    UseAddress(AddressTicket),
    FailAddress(AddressTicket),
    Postpone(Duration),
    ChangeIdentity,
    DiscardUnsent,
    ReconnectNow,
    Destroy,
}

impl Call {
    pub fn with(self, attachments: &[&[u8]]) -> Self {
        let attachments = attachments.iter().map(|bytes| bytes.to_vec()).collect();
        Self::With { attachments, call: Box::new(self) }
    }
}

/// What the log says.
impl Pair {
    pub fn statuses(&self, socket: SocketId) -> Vec<Status> {
        let of_socket = |told: &Told| match told {
            Told::Status { socket: about, status } if *about == socket => Some(*status),
            _ => None,
        };
        self.log.iter().filter_map(of_socket).collect()
    }

    pub fn settlements(&self, request: u32) -> Vec<How> {
        let of_request = |told: &Told| match told {
            Told::Settled { request: about, how } if *about == RequestId(request) => {
                Some(how.clone())
            }
            _ => None,
        };
        self.log.iter().filter_map(of_request).collect()
    }

    pub fn delivered(&self) -> Vec<Value> {
        let arguments = |told: &Told| match told {
            Told::Delivered { arguments, .. } => Some(arguments.clone()),
            _ => None,
        };
        self.log.iter().filter_map(arguments).collect()
    }

    /// Why packets were dropped.
    pub fn dropped(&self) -> Vec<Excess> {
        let excess = |told: &Told| match told {
            Told::Dropped { excess, .. } => Some(*excess),
            _ => None,
        };
        self.log.iter().filter_map(excess).collect()
    }

    /// Whether the session of the connection before went on, for each that was accepted.
    pub fn recovered(&self, socket: SocketId) -> Vec<bool> {
        let recovered = |told: &Told| match told {
            Told::Accepted { socket: about, recovered, .. } if *about == socket => Some(*recovered),
            _ => None,
        };
        self.log.iter().filter_map(recovered).collect()
    }

    pub fn failures(&self) -> Vec<Cause> {
        let cause = |told: &Told| match told {
            Told::Failed { cause, .. } => Some(*cause),
            _ => None,
        };
        self.log.iter().filter_map(cause).collect()
    }

    /// The ticket of the last question for a namespace's auth.
    pub fn auth_ticket(&self, socket: SocketId) -> AuthTicket {
        let ticket = |told: &Told| match told {
            Told::AuthNeeded { socket: asked, ticket, .. } if *asked == socket => Some(*ticket),
            _ => None,
        };
        self.log.iter().rev().find_map(ticket).expect("a question for auth")
    }

    /// The ticket of the last event that waits for an answer.
    pub fn ticket(&self) -> AckTicket {
        let ticket = |told: &Told| match told {
            Told::Delivered { ack, .. } => *ack,
            _ => None,
        };
        self.log.iter().rev().find_map(ticket).expect("an event with an acknowledgement id")
    }

    /// When the client will try again.
    pub fn retry_at(&self, socket: SocketId) -> Instant {
        match self.status(socket) {
            Status::Waiting { retry_at, .. } => retry_at,
            other => panic!("not waiting: {other:?}"),
        }
    }
}

impl From<Event<NativeHost>> for Told {
    fn from(event: Event<NativeHost>) -> Self {
        match event {
            Event::Delivered { socket, event, arguments, ack, .. } => {
                Self::Delivered { socket, event, arguments, ack }
            }
            Event::Settled { request, settlement } => {
                Self::Settled { request, how: How::from(settlement) }
            }
            Event::AuthNeeded { socket, ticket, attempt, reason } => {
                Self::AuthNeeded { socket, ticket, attempt, reason }
            }
            Event::AddressNeeded { ticket, attempt } => Self::AddressNeeded { ticket, attempt },
            Event::VerdictNeeded { socket, ticket, cause } => {
                Self::VerdictNeeded { socket, ticket, cause }
            }
            Event::Refused { socket, data } => Self::Refused { socket, data },
            Event::Accepted { socket, sid, recovered } => Self::Accepted { socket, sid, recovered },
            Event::Probed => Self::Probed,
            Event::Dropped { socket, excess } => Self::Dropped { socket, excess },
            Event::Failed { socket, cause } => Self::Failed { socket, cause },
            Event::Status { socket, status } => Self::Status { socket, status },
        }
    }
}

impl From<Settlement<Value>> for How {
    fn from(settlement: Settlement<Value>) -> Self {
        match settlement {
            Settlement::Acknowledged(arguments) => Self::Acknowledged(arguments),
            Settlement::TimedOut => Self::TimedOut,
            Settlement::Disconnected => Self::Disconnected,
            Settlement::Dropped(excess) => Self::Dropped(excess),
            Settlement::IdentityChanged => Self::IdentityChanged,
            Settlement::Destroyed => Self::Destroyed,
        }
    }
}

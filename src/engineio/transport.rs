//! What carries a session's frames.

use crate::host::{Host, OutgoingFrame};

/// The engine's number for a transport. It comes again after 2³² transports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransportId(pub u32);

/// The kinds of transports.
///
/// Source: Engine.IO protocol 4, section "Transports".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportKind {
    /// HTTP long-polling: one GET that the server answers when it has something to say, and POSTs.
    Polling,
    /// A WebSocket: one packet in each frame.
    WebSocket,
}

impl TransportKind {
    /// Returns the name in the handshake and in the query.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }

    /// Returns the kind of a name, if it is known here.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Polling, Self::WebSocket].into_iter().find(|kind| kind.name() == name)
    }
}

/// A packet to send.
#[derive(Debug)]
pub enum OutgoingPacket<H: Host> {
    /// A packet of text, with the character of its type.
    Text(OutgoingFrame<H::Text>),
    /// The payload of a binary MESSAGE: a binary frame, or `b` and base64 where frames are text.
    Binary(H::Bytes),
}

/// How a transport ended, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The other side closed it in good order.
    Closed,
    /// It broke, or nothing answered.
    Failed,
    /// A request was answered with an error.
    Http {
        /// The status of the answer.
        status: u16,
        /// The code in the answer's body, if it is one of Engine.IO: 0 unknown transport, 1 unknown
        /// session, 2 bad handshake method, 3 bad request, 4 forbidden, 5 unsupported version.
        code: Option<u8>,
    },
    /// It cannot be made for this address in this environment.
    Unavailable,
}

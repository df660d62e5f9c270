//! What the engine tells its caller to do, and what it tells its owner.

use crate::engineio::{Failure, OutgoingPacket, TransportId, TransportKind, Violation};
use crate::host::Host;

/// One thing that the caller must do with a transport.
#[derive(Debug)]
pub enum Action<H: Host> {
    /// Open a WebSocket.
    OpenWebSocket {
        /// Its number, to be given with everything that comes from it.
        transport: TransportId,
        /// The session that is to change to it, or none if it is to begin one.
        sid: Option<String>,
    },
    /// Make a GET.
    Poll {
        /// The number of the transport, the same for all of its requests.
        transport: TransportId,
        /// The session, or none if this request begins one.
        sid: Option<String>,
    },
    /// Make a POST.
    Post {
        /// The transport.
        transport: TransportId,
        /// The session.
        sid: String,
        /// What it carries, at least one packet.
        packets: Vec<OutgoingPacket<H>>,
    },
    /// Send a packet over an open WebSocket.
    Send {
        /// The transport.
        transport: TransportId,
        /// The packet.
        packet: OutgoingPacket<H>,
    },
    /// Close a transport, unless it is closed already; nothing that comes from it counts any more.
    ///
    /// A GET is broken off, a POST is not.
    Close {
        /// The transport.
        transport: TransportId,
        /// The session, if it is known.
        sid: Option<String>,
        /// What is to be sent before, over polling: one POST each, after the one that is under way.
        payloads: Vec<Vec<OutgoingPacket<H>>>,
    },
}

/// Something that the owner of an engine is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The handshake has come.
    Opened,
    /// A PING has come; the PONG is on its way.
    Pinged,
    /// Another transport has proved itself and is about to be used.
    Upgrading(TransportKind),
    /// Another transport is in use.
    Upgraded(TransportKind),
    /// Another transport was tried and is not used.
    UpgradeFailed(Failure),
    /// Queued packets were handed to a transport.
    Flushed,
    /// A transport has taken queued packets.
    Drained {
        /// How many that the owner sent.
        packets: usize,
    },
    /// The session is over, or could not be opened. What was queued is lost.
    Closed(CloseCause),
}

/// Why a session ended or could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCause {
    /// No PING came in `pingInterval + pingTimeout`.
    PingTimeout,
    /// The server sent CLOSE.
    ServerClose,
    /// The transport was closed.
    TransportClose,
    /// The transport failed, or none could be opened.
    TransportError(TransportKind, Failure),
    /// The server broke the protocol.
    Violation(Violation),
    /// The handshake did not come in time.
    OpenTimeout,
    /// The owner closed the session.
    ClientClose,
    /// No transport can be made for this address in this environment.
    Unavailable,
}

//! Engine.IO protocol 4: one connection, its handshake, its heartbeat and its transports.
//!
//! Knows nothing of Socket.IO: what a MESSAGE carries is somebody else's text.
//! Source: <https://socket.io/docs/v4/engine-io-protocol/>.

mod action;
mod config;
mod engine;
mod handshake;
mod packet;
mod payload;
mod queue;
mod session;
mod transport;

pub use action::{Action, CloseCause, Notice};
pub use config::EngineConfig;
pub use engine::{Engine, Received};
pub use handshake::{Handshake, HandshakeError};
pub use packet::PacketType;
pub use payload::Payload;
pub use session::{Meaning, PAYLOAD_START, Session, Violation};
pub use transport::{Failure, OutgoingPacket, TransportId, TransportKind};

//! Engine.IO protocol 4: one connection, its handshake and its heartbeat.
//!
//! Knows nothing of Socket.IO: what a MESSAGE carries is somebody else's text.
//! Source: <https://socket.io/docs/v4/engine-io-protocol/>.

mod handshake;
mod packet;
mod session;

pub use handshake::{Handshake, HandshakeError};
pub use packet::PacketType;
pub use session::{PAYLOAD_START, Received, Session, Violation};

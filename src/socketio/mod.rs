//! Socket.IO protocol 5: packets, and the state of one namespace.
//!
//! Knows nothing of what carries the packets. Source:
//! <https://socket.io/docs/v4/socket-io-protocol/>.

mod codec;
mod decoder;
mod packet;
mod pending_acks;
mod phase;
mod send_buffer;
mod socket;

pub use codec::{Header, decode};
pub use decoder::Decoder;
pub use packet::{DecodeError, Packet, PacketType};
pub use pending_acks::{PendingAcks, RequestId};
pub use phase::{Answered, AuthTicket, Opening, Phase};
pub use socket::{EmitError, Limits, Settlement, Socket};

/// The namespace that every server has.
pub const ROOT_NAMESPACE: &str = "/";

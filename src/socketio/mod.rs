//! Socket.IO protocol 5: packets, and the state of one namespace.
//!
//! Knows nothing of what carries the packets. Source:
//! <https://socket.io/docs/v4/socket-io-protocol/>.

mod codec;
mod decoder;
mod event_buffer;
mod excess;
mod outgoing;
mod packet;
mod pending_acks;
mod phase;
mod recovery;
mod socket;

pub use codec::{Header, decode_payload};
pub use decoder::{Decoded, Decoder, DecoderLimits, Dropped};
pub use excess::Excess;
pub use outgoing::{EmitError, Limits, MaxPayload, Outgoing, PacketSizes, Settlement};
pub use packet::{DecodeError, Packet, PacketType};
pub use pending_acks::{PendingAcks, RequestId};
pub use phase::{Answered, AuthQuestion, AuthTicket, Opening, Phase};
pub use socket::{EarlyEvent, Flushed, Socket};

/// The namespace that every server has.
pub const ROOT_NAMESPACE: &str = "/";

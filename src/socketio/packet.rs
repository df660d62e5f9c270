//! Packet types, decoded packets, and what can be wrong with a frame.

use crate::host::{EventId, Host};

/// The type of a Socket.IO packet, its first character.
///
/// | type | id | namespace | ack id | payload |
/// |---|---|---|---|---|
/// | CONNECT | `0` | ✓ | – | client: auth; server: `{sid}` |
/// | DISCONNECT | `1` | ✓ | – | – |
/// | EVENT | `2` | ✓ | if an answer is asked for | array, the name first |
/// | ACK | `3` | ✓ | ✓ | array |
/// | CONNECT_ERROR | `4` | ✓ | – | object with `message`, or a string |
/// | BINARY_EVENT | `5` | ✓ | as EVENT | as EVENT, with placeholders |
/// | BINARY_ACK | `6` | ✓ | ✓ | as ACK, with placeholders |
///
/// Source: Socket.IO protocol 5, section "Packet encoding".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketType {
    /// Opens a namespace.
    Connect,
    /// Leaves a namespace.
    Disconnect,
    /// Carries an event.
    Event,
    /// Answers an event.
    Ack,
    /// Refuses a namespace.
    ConnectError,
    /// An event with attachments.
    BinaryEvent,
    /// An answer with attachments.
    BinaryAck,
}

impl PacketType {
    /// Reads the first unit of a packet.
    #[must_use]
    pub fn decode(unit: u16) -> Option<Self> {
        match u8::try_from(unit).ok()? {
            b'0' => Some(Self::Connect),
            b'1' => Some(Self::Disconnect),
            b'2' => Some(Self::Event),
            b'3' => Some(Self::Ack),
            b'4' => Some(Self::ConnectError),
            b'5' => Some(Self::BinaryEvent),
            b'6' => Some(Self::BinaryAck),
            _ => None,
        }
    }

    /// Returns the character that announces the type.
    #[must_use]
    pub fn encode(self) -> char {
        match self {
            Self::Connect => '0',
            Self::Disconnect => '1',
            Self::Event => '2',
            Self::Ack => '3',
            Self::ConnectError => '4',
            Self::BinaryEvent => '5',
            Self::BinaryAck => '6',
        }
    }

    /// Returns the type of the same packet with attachments.
    #[must_use]
    pub fn with_attachments(self) -> Self {
        match self {
            Self::Event => Self::BinaryEvent,
            Self::Ack => Self::BinaryAck,
            Self::Connect
            | Self::Disconnect
            | Self::ConnectError
            | Self::BinaryEvent
            | Self::BinaryAck => self,
        }
    }

    /// Returns whether binary frames follow the packet.
    #[must_use]
    pub fn has_attachments(self) -> bool {
        matches!(self, Self::BinaryEvent | Self::BinaryAck)
    }

    /// Returns whether the packet asks for an answer or is one.
    #[must_use]
    pub fn may_have_ack_id(self) -> bool {
        matches!(self, Self::Event | Self::Ack) || self.has_attachments()
    }
}

/// A packet from the server.
#[derive(Debug)]
pub enum Packet<H: Host> {
    /// The namespace is open. A server of protocol 4 and later says the socket's id.
    Connect {
        /// The object that it carries.
        data: Option<H::Value>,
    },
    /// The server put the client out of the namespace.
    Disconnect,
    /// An event that somebody listens to.
    Event {
        /// Its name.
        event: EventId,
        /// The array of its name and arguments.
        arguments: H::Value,
        /// The id under which the server waits for an answer.
        ack_id: Option<u64>,
    },
    /// An event that nobody listens to. Its arguments may not have been parsed.
    Unheard {
        /// The offset from which its session can be recovered, if it carries one.
        offset: Option<H::Text>,
    },
    /// The answer to an event of ours.
    Ack {
        /// The id that our event carried.
        ack_id: u64,
        /// The array of the answer's arguments.
        arguments: H::Value,
    },
    /// The server refused the namespace.
    ConnectError {
        /// What it said of it.
        data: Option<H::Value>,
    },
}

/// A frame that does not follow the Socket.IO 5 packet grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_family = "wasm"), derive(thiserror::Error))]
#[non_exhaustive]
pub enum DecodeError {
    /// The first character is no packet type.
    #[cfg_attr(not(target_family = "wasm"), error("unknown packet type"))]
    PacketType,
    /// The number of attachments is missing, zero, or does not fit in `u32`.
    #[cfg_attr(not(target_family = "wasm"), error("illegal number of attachments"))]
    AttachmentCount,
    /// The namespace is no valid text, or longer than 1,024 units.
    #[cfg_attr(not(target_family = "wasm"), error("illegal namespace"))]
    Namespace,
    /// The acknowledgement id is missing where one must be, there where none may be, over 2⁵³ − 1, or padded.
    #[cfg_attr(not(target_family = "wasm"), error("illegal acknowledgement id"))]
    AckId,
    /// The payload is no JSON, or not of the kind that the packet's type demands.
    #[cfg_attr(not(target_family = "wasm"), error("illegal payload"))]
    Payload,
    /// The server sent an event by a name that is reserved for the client itself.
    #[cfg_attr(not(target_family = "wasm"), error("reserved event name"))]
    ReservedEvent,
    /// A placeholder names no attachment of its packet.
    #[cfg_attr(not(target_family = "wasm"), error("placeholder without an attachment"))]
    Placeholder,
    /// A text frame arrived while attachments were due.
    #[cfg_attr(not(target_family = "wasm"), error("text where an attachment was due"))]
    UnexpectedText,
    /// A binary frame arrived while no packet was waiting for attachments.
    #[cfg_attr(not(target_family = "wasm"), error("attachment without a packet"))]
    UnexpectedBinary,
}

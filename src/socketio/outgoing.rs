//! What an application sends, what it may keep waiting, and how that ends.

use crate::host::{Host, OutgoingFrame};
use crate::socketio::excess::Excess;

/// The bounds of what a namespace sends and keeps in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many events wait for the connection, in each direction. Default 1,000.
    pub buffered_events: usize,
    /// How many units of text and bytes of attachments they have together, in each direction. Default
    /// 8,000,000.
    pub buffered_length: usize,
    /// How many answers are waited for. Default 1,024.
    pub pending_acks: usize,
    /// How many attachments an outgoing packet may have. Default 10: with more, servers that stand on
    /// socket.io-parser 4.2.6 or later end the connection.
    pub attachments: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            buffered_events: 1_000,
            buffered_length: 8_000_000,
            pending_acks: 1_024,
            attachments: 10,
        }
    }
}

/// The most bytes that a server takes in one message, as the transport in use carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPayload {
    /// Of text.
    pub text: u64,
    /// Of an attachment.
    pub binary: u64,
}

impl MaxPayload {
    /// Returns the bounds where an attachment is a binary frame.
    #[must_use]
    pub fn in_frames(bytes: u64) -> Self {
        Self { text: bytes, binary: bytes }
    }

    /// Returns the bounds where an attachment is `b` and base64, four characters for three bytes.
    #[must_use]
    pub fn in_base64(bytes: u64) -> Self {
        Self { text: bytes, binary: bytes.saturating_sub(1) / 4 * 3 }
    }
}

/// How large a packet is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PacketSizes {
    /// The units of its JSON.
    pub text: usize,
    /// How many attachments it has.
    pub attachments: usize,
    /// The bytes of all of them.
    pub binary: usize,
}

impl PacketSizes {
    /// Returns everything together.
    #[must_use]
    pub fn total(self) -> usize {
        self.text.saturating_add(self.binary)
    }
}

/// An event that cannot be taken; nothing has been kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_family = "wasm"), derive(thiserror::Error))]
#[non_exhaustive]
pub enum EmitError {
    /// As much as [`Limits`] allows waits for the connection.
    #[cfg_attr(not(target_family = "wasm"), error("too many events wait for the connection"))]
    BufferFull,
    /// As many answers as [`Limits`] allows are waited for.
    #[cfg_attr(not(target_family = "wasm"), error("too many requests wait for an answer"))]
    TooManyRequests,
    /// It has more attachments than [`Limits`] allows.
    #[cfg_attr(not(target_family = "wasm"), error("the event has too many attachments"))]
    TooManyAttachments,
    /// It is larger than the server's handshake allows.
    #[cfg_attr(not(target_family = "wasm"), error("the event is larger than the server takes"))]
    PayloadTooLarge,
    /// There is no such socket.
    #[cfg_attr(not(target_family = "wasm"), error("there is no such socket"))]
    UnknownSocket,
}

impl EmitError {
    /// Returns the stable code that applications see.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::BufferFull => "buffer_full",
            Self::TooManyRequests => "too_many_requests",
            Self::TooManyAttachments => "too_many_attachments",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnknownSocket => "client_destroyed",
        }
    }
}

/// How a request ended.
#[derive(Debug)]
pub enum Settlement<Value> {
    /// The server answered with these arguments.
    Acknowledged(Value),
    /// No answer came in time.
    TimedOut,
    /// The connection on which it was sent is gone; whether the server acted on it is unknown.
    Disconnected,
    /// The request or its answer had to be dropped.
    Dropped(Excess),
    /// It was not sent, because the client has another user since.
    IdentityChanged,
    /// The client was destroyed.
    Destroyed,
}

/// A packet to send.
#[derive(Debug)]
pub struct Outgoing<H: Host> {
    /// Its text frame.
    pub frame: OutgoingFrame<H::Text>,
    /// The binary frames that follow it.
    pub attachments: Vec<H::Bytes>,
}

//! Why a connection ended or could not be made.

use std::borrow::Cow;

use crate::decimal::decimal;
use crate::engineio::{HandshakeError, Violation};
use crate::socketio::DecodeError;

/// The cause of a state in which a socket is not connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The server sent DISCONNECT.
    ServerDisconnect,
    /// The application disconnected.
    ClientDisconnect,
    /// No PING came in `pingInterval + pingTimeout`.
    PingTimeout,
    /// The transport was closed.
    TransportClose,
    /// The transport failed.
    TransportError,
    /// The server broke the protocol.
    ParseError(ProtocolError),
    /// The server, or the application's auth, took too long.
    ConnectTimeout,
    /// The server's handshake cannot be used.
    InvalidHandshake(HandshakeError),
    /// What answers at the address does not speak Socket.IO.
    NotSocketIo,
    /// Nothing answers at the address.
    ServerUnreachable,
    /// Nothing answers, or the browser hides the answer because it lacks CORS headers.
    UnreachableOrCors,
    /// The server speaks Socket.IO, but no WebSocket reaches it.
    WebSocketBlocked,
    /// There is no WebSocket implementation, or it refuses the address.
    WebSocketUnavailable,
    /// The server speaks a protocol of Socket.IO 2 or older.
    UnsupportedServer,
    /// The server does not know the session: it began in another process, or the server has restarted.
    SessionUnknown,
    /// The server, or what stands before it, allows this client no session.
    Forbidden,
    /// A request was answered with an error that says no more.
    HttpError {
        /// The status of the answer.
        status: u16,
    },
    /// The server refused the namespace with CONNECT_ERROR.
    ConnectRefused,
    /// The application's auth failed, or took too long.
    AuthFailed,
    /// The application's auth said that there is no point in trying.
    AuthStopped,
    /// The application had no address to give, or took too long.
    AddressFailed,
    /// The program stands still: its page is frozen, or has been left.
    Suspended,
}

/// The rule that a server broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// An Engine.IO packet has an unknown or misplaced type.
    EnginePacket,
    /// A Socket.IO packet does not follow the grammar.
    Packet(DecodeError),
}

impl Cause {
    /// Returns the stable code that applications see.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ServerDisconnect => "server_disconnect",
            Self::ClientDisconnect => "client_disconnect",
            Self::PingTimeout => "ping_timeout",
            Self::TransportClose => "transport_close",
            Self::TransportError => "transport_error",
            Self::ParseError(_) => "parse_error",
            Self::ConnectTimeout => "connect_timeout",
            Self::InvalidHandshake(_) => "invalid_handshake",
            Self::NotSocketIo => "not_socketio",
            Self::ServerUnreachable => "server_unreachable",
            Self::UnreachableOrCors => "unreachable_or_cors",
            Self::WebSocketBlocked => "websocket_blocked",
            Self::WebSocketUnavailable => "websocket_unavailable",
            Self::UnsupportedServer => "unsupported_server",
            Self::SessionUnknown => "session_unknown",
            Self::Forbidden => "forbidden",
            Self::HttpError { .. } => "http_error",
            Self::ConnectRefused => "connect_refused",
            Self::AuthFailed => "auth_failed",
            Self::AuthStopped => "auth_stopped",
            Self::AddressFailed => "address_failed",
            Self::Suspended => "suspended",
        }
    }

    /// Returns the cause that a diagnosis of a failed upgrade names with its code.
    #[must_use]
    pub fn from_diagnosis(code: &str) -> Self {
        let known = [
            Self::NotSocketIo,
            Self::ServerUnreachable,
            Self::UnreachableOrCors,
            Self::WebSocketBlocked,
            Self::UnsupportedServer,
        ];
        known.into_iter().find(|cause| cause.code() == code).unwrap_or(Self::TransportError)
    }

    /// Names the part of the protocol that was broken, or the status of the answer, if that is the
    /// cause.
    #[must_use]
    pub fn detail(self) -> Cow<'static, str> {
        if let Self::ParseError(ProtocolError::Packet(error)) = self {
            decode_detail(error).into()
        } else if let Self::ParseError(ProtocolError::EnginePacket) = self {
            "Engine.IO packet type".into()
        } else if let Self::InvalidHandshake(error) = self {
            handshake_detail(error).into()
        } else if let Self::HttpError { status } = self {
            decimal(status.into()).into()
        } else {
            "".into()
        }
    }

    /// Returns whether this side has ended what ended, or has given it up, and not the server or the network.
    ///
    /// ```
    /// use sockeye::manager::Cause;
    ///
    /// assert!(Cause::ClientDisconnect.is_own());
    /// assert!(!Cause::TransportClose.is_own());
    /// ```
    #[must_use]
    pub fn is_own(self) -> bool {
        match self {
            Self::ClientDisconnect
            | Self::PingTimeout
            | Self::AuthFailed
            | Self::AuthStopped
            | Self::AddressFailed
            | Self::Suspended => true,
            Self::ServerDisconnect
            | Self::TransportClose
            | Self::TransportError
            | Self::ParseError(_)
            | Self::ConnectTimeout
            | Self::InvalidHandshake(_)
            | Self::NotSocketIo
            | Self::ServerUnreachable
            | Self::UnreachableOrCors
            | Self::WebSocketBlocked
            | Self::WebSocketUnavailable
            | Self::UnsupportedServer
            | Self::SessionUnknown
            | Self::Forbidden
            | Self::HttpError { .. }
            | Self::ConnectRefused => false,
        }
    }

    /// Returns whether this is worth an error: a connection that just ends is not.
    #[must_use]
    pub fn is_error(self) -> bool {
        !matches!(
            self,
            Self::ServerDisconnect
                | Self::ClientDisconnect
                | Self::PingTimeout
                | Self::TransportClose
                | Self::TransportError
                | Self::Suspended
        )
    }
}

impl From<Violation> for Cause {
    fn from(violation: Violation) -> Self {
        match violation {
            Violation::NotEngineIo => Self::NotSocketIo,
            Violation::OlderProtocol => Self::UnsupportedServer,
            Violation::Handshake(error) => Self::InvalidHandshake(error),
            Violation::UnexpectedPacket | Violation::Base64 => {
                Self::ParseError(ProtocolError::EnginePacket)
            }
        }
    }
}

impl From<DecodeError> for Cause {
    fn from(error: DecodeError) -> Self {
        Self::ParseError(ProtocolError::Packet(error))
    }
}

fn decode_detail(error: DecodeError) -> &'static str {
    match error {
        DecodeError::PacketType => "Socket.IO packet type",
        DecodeError::AttachmentCount => "number of attachments",
        DecodeError::Namespace => "namespace",
        DecodeError::AckId => "acknowledgement id",
        DecodeError::Payload => "payload",
        DecodeError::ReservedEvent => "reserved event name",
        DecodeError::Placeholder => "placeholder without an attachment",
        DecodeError::UnexpectedText => "text where an attachment was due",
        DecodeError::UnexpectedBinary => "attachment without a packet",
    }
}

fn handshake_detail(error: HandshakeError) -> &'static str {
    match error {
        HandshakeError::NotAnObject => "handshake",
        HandshakeError::Sid => "sid",
        HandshakeError::PingInterval => "pingInterval",
        HandshakeError::PingTimeout => "pingTimeout",
        HandshakeError::MaxPayload => "maxPayload",
    }
}

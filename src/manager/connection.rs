//! What the manager knows of the transport in use.

use core::time::Duration;

use crate::engineio::{Session, TransportId};
use crate::host::Host;
use crate::socketio::{Decoder, DecoderLimits};
use crate::time::Instant;

/// The one connection that all namespaces share, or the wait for the next.
#[derive(Debug, Default)]
pub(super) enum Link<H: Host> {
    /// Nobody wants a connection.
    #[default]
    Idle,
    /// The next attempt has a date.
    Waiting { until: Instant },
    /// There is a transport.
    Active(Box<Connection<H>>),
}

/// A transport, from the attempt to open it until its end.
#[derive(Debug)]
pub(super) struct Connection<H: Host> {
    pub transport: TransportId,
    pub session: Session,
    pub decoder: Decoder<H>,
    /// Whether the transport itself opened, so that something at the address speaks its protocol.
    pub upgraded: bool,
    /// The end of the attempt's time.
    pub open_deadline: Instant,
    connected_at: Option<Instant>,
    proved: bool,
}

impl<H: Host> Connection<H> {
    pub fn new(transport: TransportId, open_deadline: Instant, limits: DecoderLimits) -> Self {
        Self {
            transport,
            session: Session::default(),
            decoder: Decoder::new(limits),
            upgraded: false,
            open_deadline,
            connected_at: None,
            proved: false,
        }
    }

    /// The handshake must come by this moment, then the next ping.
    pub fn deadline(&self) -> Instant {
        self.session.deadline().unwrap_or(self.open_deadline)
    }

    /// A namespace has been accepted.
    pub fn mark_connected(&mut self, now: Instant) {
        self.connected_at.get_or_insert(now);
    }

    pub fn is_connected(&self) -> bool {
        self.connected_at.is_some()
    }

    /// The server pinged or acknowledged: it does more than accept connections.
    pub fn mark_proved(&mut self) {
        self.proved = true;
    }

    /// Whether the connection was good enough to start again with the shortest delay.
    pub fn was_stable(&self, now: Instant, stable_after: Duration) -> bool {
        self.proved && self.connected_at.is_some_and(|since| now.since(since) >= stable_after)
    }
}

impl<H: Host> Link<H> {
    /// The connection, if `transport` is still the one in use.
    pub fn current(&mut self, transport: TransportId) -> Option<&mut Connection<H>> {
        self.connection().filter(|connection| connection.transport == transport)
    }

    pub fn connection(&mut self) -> Option<&mut Connection<H>> {
        match self {
            Self::Active(connection) => Some(connection),
            Self::Idle | Self::Waiting { .. } => None,
        }
    }

    /// The transport whose handshake has come.
    pub fn open_transport(&self) -> Option<TransportId> {
        match self {
            Self::Active(connection) if connection.session.is_open() => Some(connection.transport),
            Self::Active(_) | Self::Idle | Self::Waiting { .. } => None,
        }
    }

    /// When a packet must have all of its attachments.
    pub fn attachment_deadline(&self) -> Option<Instant> {
        match self {
            Self::Active(connection) => connection.decoder.deadline(),
            Self::Waiting { .. } | Self::Idle => None,
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Active(connection) => Some(connection.deadline()),
            Self::Waiting { until } => Some(*until),
            Self::Idle => None,
        }
    }
}

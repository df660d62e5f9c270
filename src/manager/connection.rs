//! What the manager knows of the session in use.

use core::time::Duration;

use crate::host::Host;
use crate::manager::AddressTicket;
use crate::socketio::{Decoder, DecoderLimits};
use crate::time::Instant;

/// The one connection that all namespaces share, or the wait for the next.
#[derive(Debug, Default)]
pub(super) enum Link<H: Host> {
    /// Nobody wants a connection.
    #[default]
    Idle,
    /// The next attempt has a date. `slow` if attempts have become rare.
    Waiting { until: Instant, slow: bool },
    /// An attempt is under way, and the application has been asked for the address.
    Addressing { deadline: Instant, ticket: AddressTicket },
    /// There is a session, or one is being opened.
    Active(Box<Connection<H>>),
}

/// A session, from the attempt to open it until its end.
#[derive(Debug)]
pub(super) struct Connection<H: Host> {
    pub decoder: Decoder<H>,
    /// Whether a transport opened, so that something at the address speaks its protocol.
    pub reached: bool,
    /// The end of the attempt's time.
    pub open_deadline: Instant,
    connected_at: Option<Instant>,
    proved: bool,
}

impl<H: Host> Connection<H> {
    pub fn new(open_deadline: Instant, limits: DecoderLimits) -> Self {
        Self {
            decoder: Decoder::new(limits),
            reached: false,
            open_deadline,
            connected_at: None,
            proved: false,
        }
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

    /// Whether the server has pinged or acknowledged.
    pub fn is_proved(&self) -> bool {
        self.proved
    }

    /// Whether the connection was good enough to start again with the shortest delay.
    pub fn was_stable(&self, now: Instant, stable_after: Duration) -> bool {
        self.proved && self.connected_at.is_some_and(|since| now.since(since) >= stable_after)
    }
}

impl<H: Host> Link<H> {
    pub fn connection(&mut self) -> Option<&mut Connection<H>> {
        match self {
            Self::Active(connection) => Some(connection),
            Self::Idle | Self::Waiting { .. } | Self::Addressing { .. } => None,
        }
    }

    /// When something is to be done that no transport asks for: the next attempt, or a packet that does
    /// not get its attachments.
    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Active(connection) => connection.decoder.deadline(),
            Self::Waiting { until, .. } => Some(*until),
            Self::Addressing { deadline, .. } => Some(*deadline),
            Self::Idle => None,
        }
    }
}

//! The state machine of one session after the other.

mod ending;
mod opening;
mod sending;
mod upgrade;

use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::engineio::queue::Queue;
use crate::engineio::{
    Action, CloseCause, EngineConfig, Failure, Handshake, Meaning, Notice, OutgoingPacket,
    PAYLOAD_START, PacketType, Session, TransportId, TransportKind, Violation,
};
use crate::host::{Host, OutgoingFrame};
use crate::time::{Instant, earliest};
use opening::Opening;
use upgrade::Upgrade;

/// The client's side of Engine.IO: one session at a time, over the transports that can carry it.
///
/// Sans-IO: it takes inputs (`handle_*` and the owner's calls) and gives actions for whoever drives
/// the transports and notices for its owner. After each input the caller takes
/// [actions](Self::poll_action) and [notices](Self::poll_notice) until there are none.
///
/// | state | entered by | left by |
/// |---|---|---|
/// | closed | the start, every end | [`open`](Self::open) |
/// | opening | `open` | the handshake → open; no transport left → closed |
/// | open | the handshake | [`close`](Self::close) → closing; everything else that ends it → closed |
/// | closing | `close` | nothing left to send and no change of transport under way → closed |
///
/// A session on polling changes to a WebSocket while it goes on:
///
/// | state of the change | what happens | then |
/// |---|---|---|
/// | probing | a second transport opens, `2probe` goes out | `3probe` → pausing; anything else → it failed |
/// | pausing | no new GET or POST; those under way are waited for | both over → `5` goes out, the WebSocket is in use |
/// | waiting | the change failed | the time for the next probe |
///
/// Source: Engine.IO protocol 4, sections "Handshake", "Heartbeat", "Upgrade".
#[derive(Debug)]
pub struct Engine<H: Host> {
    config: EngineConfig,
    state: State,
    session: Session,
    /// The transport in use, which never is that of a probe.
    current: Option<Transport>,
    kind: Option<TransportKind>,
    upgrade: Upgrade<H>,
    /// How long after a failed probe the next one comes.
    probe_delay: Option<Duration>,
    queue: Queue<H>,
    /// The CLOSE of this session.
    close_packet: Option<OutgoingPacket<H>>,
    /// Whether the last session had a WebSocket.
    had_websocket: bool,
    /// The kind of transport that took its whole share of an attempt's time, and has not worked since.
    stalled: Option<TransportKind>,
    next_transport: u32,
    actions: VecDeque<Action<H>>,
    notices: VecDeque<Notice>,
}

#[derive(Debug)]
enum State {
    Closed,
    Opening(Opening),
    Open,
    Closing,
}

#[derive(Debug)]
struct Transport {
    id: TransportId,
    kind: TransportKind,
    /// Whether a GET is under way.
    is_polling: bool,
    /// How many packets of the owner the POST carries that is under way.
    posted: Option<usize>,
}

/// What the owner has to do with a text frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received<Bytes> {
    /// It is a MESSAGE, whose payload starts at [`PAYLOAD_START`].
    Message,
    /// It is a MESSAGE with this binary payload.
    Binary(Bytes),
    /// Nothing.
    Nothing,
}

impl<H: Host> Engine<H> {
    /// Makes an engine without a session.
    #[must_use]
    pub fn new(config: EngineConfig) -> Self {
        Self {
            had_websocket: config.start_with_websocket,
            probe_delay: config.probe_retry,
            config,
            state: State::Closed,
            session: Session::default(),
            current: None,
            kind: None,
            upgrade: Upgrade::None,
            queue: Queue::default(),
            close_packet: None,
            stalled: None,
            next_transport: 0,
            actions: VecDeque::new(),
            notices: VecDeque::new(),
        }
    }

    /// Returns the next thing to do with a transport.
    pub fn poll_action(&mut self) -> Option<Action<H>> {
        self.actions.pop_front()
    }

    /// Returns the next thing that the owner is told.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) is to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Closed => None,
            State::Opening(opening) => opening.limit,
            State::Open | State::Closing => {
                earliest(self.session.deadline(), self.upgrade.deadline())
            }
        }
    }

    /// Returns when the session counts as dead unless a PING comes before.
    #[must_use]
    pub fn expires_at(&self) -> Option<Instant> {
        self.session.deadline()
    }

    /// Returns whether there is a session.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.session.is_open()
    }

    /// Returns whether a session is there, or on the way.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !matches!(self.state, State::Closed)
    }

    /// Returns the handshake of the session.
    #[must_use]
    pub fn handshake(&self) -> Option<&Handshake> {
        self.session.handshake()
    }

    /// Returns the kind of the transport in use, or of the last one.
    #[must_use]
    pub fn transport(&self) -> Option<TransportKind> {
        self.kind
    }

    /// Returns whether `transport` is the one in use, and the session open.
    #[must_use]
    pub fn is_carried_by(&self, transport: TransportId) -> bool {
        self.is_current(transport) && self.session.is_open()
    }

    /// Takes the news that a WebSocket is open. Returns whether it is one of this session's.
    pub fn handle_opened(&mut self, host: &H, transport: TransportId) -> bool {
        let is_probe = self.upgrade.transport() == Some(transport);
        if is_probe {
            self.send_probe(host, transport);
        }
        is_probe || self.is_current(transport)
    }

    /// Takes a text frame, or a packet of a [payload](crate::engineio::Payload).
    ///
    /// A frame that breaks the protocol ends the session.
    pub fn handle_text(
        &mut self,
        host: &H,
        transport: TransportId,
        text: &H::Text,
        now: Instant,
    ) -> Received<H::Bytes> {
        if !self.is_current(transport) {
            self.on_probe_text(host, transport, text, now);
            return Received::Nothing;
        }
        match self.session.handle_text(host, text, now) {
            Ok(Meaning::Message) => return Received::Message,
            Ok(Meaning::Base64) => return self.on_base64(host, text),
            Ok(Meaning::Opened) => self.on_open(host, now),
            Ok(Meaning::Pinged) => self.on_ping(host),
            Ok(Meaning::Closed) => self.end(CloseCause::ServerClose),
            Ok(Meaning::Nothing) => {}
            Err(violation) => self.end(CloseCause::Violation(violation)),
        }
        Received::Nothing
    }

    fn on_base64(&mut self, host: &H, text: &H::Text) -> Received<H::Bytes> {
        if let Some(bytes) = host.decode_base64(text, PAYLOAD_START) {
            return Received::Binary(bytes);
        }
        self.end(CloseCause::Violation(Violation::Base64));
        Received::Nothing
    }

    /// Takes the news that a binary frame has come. Returns whether it is the payload of a MESSAGE.
    pub fn handle_binary(&mut self, transport: TransportId, now: Instant) -> bool {
        if !self.is_current(transport) {
            self.on_probe_binary(transport, now);
        } else if !self.session.is_open() {
            self.end(CloseCause::Violation(Violation::NotEngineIo));
        }
        self.is_carried_by(transport)
    }

    /// Takes the news that a transport has ended.
    pub fn handle_closed(&mut self, transport: TransportId, failure: Failure, now: Instant) {
        if self.upgrade.transport() == Some(transport) {
            return self.fail_probe(failure, now);
        }
        let Some(kind) = self.current_if(transport).map(|current| current.kind) else {
            return;
        };
        if matches!(self.state, State::Opening(_)) {
            self.fail_opening(kind, failure, now);
        } else {
            self.end(cause_of(kind, failure));
        }
    }

    /// Takes the news that the [deadline](Self::deadline) has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let is_due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        match &self.state {
            State::Closed => {}
            State::Opening(opening) if is_due(opening.limit) => self.on_opening_limit(now),
            State::Opening(_) => {}
            State::Open | State::Closing if is_due(self.session.deadline()) => {
                self.end(CloseCause::PingTimeout);
            }
            State::Open | State::Closing if is_due(self.upgrade.deadline()) => {
                self.on_upgrade_deadline(now);
            }
            State::Open | State::Closing => {}
        }
    }

    fn is_current(&self, transport: TransportId) -> bool {
        self.current.as_ref().is_some_and(|current| current.id == transport)
    }

    fn current_if(&mut self, transport: TransportId) -> Option<&mut Transport> {
        self.current.as_mut().filter(|current| current.id == transport)
    }

    fn new_transport(&mut self) -> TransportId {
        let id = TransportId(self.next_transport);
        self.next_transport = self.next_transport.wrapping_add(1);
        id
    }

    fn use_transport(&mut self, id: TransportId, kind: TransportKind) {
        self.kind = Some(kind);
        self.current = Some(Transport { id, kind, is_polling: false, posted: None });
    }

    /// The transport in use has proved itself.
    fn mark_working(&mut self) {
        self.had_websocket = self.kind == Some(TransportKind::WebSocket);
        if self.stalled == self.kind {
            self.stalled = None;
        }
    }

    fn sid(&self) -> Option<String> {
        self.handshake().map(|handshake| handshake.sid.clone())
    }
}

/// A packet that consists of its type and, for a probe, what it says.
fn packet<H: Host>(host: &H, packet_type: PacketType, data: Option<&str>) -> OutgoingPacket<H> {
    let head = Rc::new(host.text(packet_type.encode()));
    OutgoingPacket::Text(OutgoingFrame {
        head,
        ack_id: None,
        body: data.map(|data| host.text(data)),
    })
}

fn cause_of(kind: TransportKind, failure: Failure) -> CloseCause {
    match failure {
        Failure::Closed => CloseCause::TransportClose,
        Failure::Unavailable => CloseCause::Unavailable,
        Failure::Failed | Failure::Http { .. } => CloseCause::TransportError(kind, failure),
    }
}

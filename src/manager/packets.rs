//! What the manager does with what the server sends.

use crate::engineio::{PAYLOAD_START, TransportId};
use crate::host::{EventId, Host};
use crate::manager::entry::Entry;
use crate::manager::{
    AckTicket, AuthReason, Cause, Consequence, Diagnosis, Event, LIVENESS_NAMESPACE, Manager,
    SocketId, Status,
};
use crate::socketio::{
    Answered, DecodeError, Decoded, Dropped, EarlyEvent, Excess, Flushed, Packet, Settlement,
};
use crate::time::{Instant, earliest};

impl<H: Host> Manager<H> {
    /// Takes an event without an acknowledgement id, read by the host.
    ///
    /// This is the short way of such frames through [`handle_text`](Self::handle_text), with the
    /// same outputs. It changes neither a deadline nor a status, so it needs no `now`. `length` is that
    /// of the frame. Returns whether the event was taken; if not, the frame is to be handed in as text.
    #[must_use]
    pub fn handle_event(
        &mut self,
        transport: TransportId,
        socket: SocketId,
        event: EventId,
        mut arguments: H::Value,
        length: usize,
    ) -> bool {
        if !self.is_ready_for(transport, socket) {
            return false;
        }
        self.take_offset(socket, &mut arguments);
        self.tell(Event::Delivered { socket, event, arguments, ack: None, length });
        true
    }

    /// Takes an event, read by the host from a frame of this length, which so many binary frames follow: the
    /// short way of such frames, like [`handle_event`](Self::handle_event).
    #[must_use]
    pub fn handle_binary_event(
        &mut self,
        transport: TransportId,
        socket: SocketId,
        event: (EventId, H::Value),
        length: usize,
        attachments: u32,
        now: Instant,
    ) -> bool {
        if !self.is_ready_for(transport, socket) {
            return false;
        }
        let namespace = self.entry(socket).map(|entry| entry.socket.namespace().to_owned());
        let Some((namespace, link)) = namespace.zip(self.link.connection()) else {
            return false;
        };
        let (event, arguments) = event;
        let packet = Packet::Event { event, arguments, ack_id: None };
        let is_taken = link.decoder.expect_binary(namespace, packet, length, attachments, now);
        self.deadline = earliest(self.deadline, link.decoder.deadline());
        is_taken
    }

    /// Takes the offset off an event that is not told, but delivered by the caller.
    pub fn take_offset(&mut self, socket: SocketId, arguments: &mut H::Value) {
        if let Some(entry) = self.entries.get_mut(socket.0 as usize) {
            entry.socket.take_offset(&self.host, arguments);
        }
    }

    /// Takes, like [`handle_event`](Self::handle_event), an event that nobody listens to. Where sessions
    /// are recovered, such an event has an offset to be read.
    #[must_use]
    pub fn handle_unheard_event(&mut self, transport: TransportId, socket: SocketId) -> bool {
        self.is_ready_for(transport, socket)
            && self.entry(socket).is_some_and(|entry| !entry.socket.is_recoverable())
    }

    /// Takes an answer to a request, read by the host: the short way of such frames, like
    /// [`handle_event`](Self::handle_event). The deadline stays, though it may be that of this request: to
    /// find the next one with each answer would cost more than to wake up once in vain.
    #[must_use]
    pub fn handle_answer(
        &mut self,
        transport: TransportId,
        socket: SocketId,
        ack_id: u64,
        arguments: H::Value,
    ) -> bool {
        let is_ready = self.is_ready_for(transport, socket);
        if is_ready {
            self.on_ack(socket, ack_id, Settlement::Acknowledged(arguments));
        }
        is_ready
    }

    /// Returns whether an event or an answer for this socket can come over this transport now.
    #[must_use]
    pub fn is_ready_for(&mut self, transport: TransportId, socket: SocketId) -> bool {
        let is_ready = !self.is_doubted()
            && self.engine.is_carried_by(transport)
            && self.link.connection().is_some_and(|link| link.decoder.expect_text().is_ok())
            && self.is_connected(socket);
        if is_ready {
            self.liveness.hear();
        }
        is_ready
    }

    pub(super) fn on_text(&mut self, text: &H::Text, now: Instant) -> Consequence {
        let Some(connection) = self.link.connection() else {
            return Consequence::Any;
        };
        let before = connection.decoder.deadline();
        let decoded = connection.decoder.decode(&self.host, text, PAYLOAD_START, now);
        let begins = matches!(decoded, Ok(Decoded::Incomplete));
        if begins && connection.decoder.deadline() != before {
            // From now on attachments are waited for.
            return Consequence::Any;
        }
        self.on_decoded(decoded, now)
    }

    pub(super) fn on_binary(&mut self, bytes: H::Bytes, now: Instant) -> Consequence {
        let Some(connection) = self.link.connection() else {
            return Consequence::Any;
        };
        let decoded = connection.decoder.attach(&self.host, bytes);
        self.on_decoded(decoded, now)
    }

    fn on_decoded(
        &mut self,
        decoded: Result<Decoded<H>, DecodeError>,
        now: Instant,
    ) -> Consequence {
        match decoded {
            Ok(Decoded::Packet { namespace, packet, length }) => {
                if let Some(socket) = self.find(&namespace) {
                    return self.on_packet(socket, packet, length, now);
                } else if namespace == LIVENESS_NAMESPACE {
                    self.on_liveness(&packet, now);
                }
            }
            Ok(Decoded::Incomplete) => return Consequence::Event,
            Ok(Decoded::Dropped(dropped)) => self.on_dropped(dropped),
            Err(error) => self.fail_link(error.into(), now),
        }
        Consequence::Any
    }

    pub(super) fn expire_attachments(&mut self, now: Instant) {
        let connection = self.link.connection();
        let dropped = connection.and_then(|link| link.decoder.expire(&self.host, now));
        if let Some(dropped) = dropped {
            self.on_dropped(dropped);
        }
    }

    /// A packet with attachments exceeded a limit. Its offset counts all the same, in its turn: were it
    /// sent again, it would be dropped again.
    fn on_dropped(&mut self, dropped: Dropped<H>) {
        let Dropped { namespace, excess, answers, offset } = dropped;
        let Some(socket) = self.find(&namespace) else {
            return;
        };
        if let Some(ack_id) = answers {
            return self.on_ack(socket, ack_id, Settlement::Dropped(excess));
        }
        self.on_event(socket, EarlyEvent { heard: None, offset }, None, 0);
        self.drop_packet(socket, excess);
    }

    fn on_packet(
        &mut self,
        socket: SocketId,
        packet: Packet<H>,
        length: usize,
        now: Instant,
    ) -> Consequence {
        match packet {
            Packet::Event { event, arguments, ack_id } => {
                let heard = Some((event, arguments));
                self.on_event(socket, EarlyEvent { heard, offset: None }, ack_id, length);
                return Consequence::Event;
            }
            Packet::Unheard { offset } => {
                self.on_event(socket, EarlyEvent { heard: None, offset }, None, length);
                return Consequence::Event;
            }
            Packet::Ack { ack_id, arguments } => {
                self.on_ack(socket, ack_id, Settlement::Acknowledged(arguments));
            }
            Packet::Connect { data } => self.on_connect(socket, data.as_ref(), now),
            Packet::ConnectError { data } => self.on_connect_error(socket, data, now),
            Packet::Disconnect => self.on_disconnect(socket, now),
        }
        Consequence::Any
    }

    /// An event that comes before the namespace is accepted waits for that.
    fn on_event(
        &mut self,
        socket: SocketId,
        event: EarlyEvent<H>,
        ack_id: Option<u64>,
        length: usize,
    ) {
        let Some(entry) = self.entry_mut(socket) else {
            return;
        };
        if entry.socket.is_connected() {
            self.deliver(socket, event, ack_id, length);
        } else if entry.socket.is_connecting() && !entry.left {
            if let Some(excess) = entry.socket.keep_early(event, ack_id, length) {
                self.drop_packet(socket, excess);
            }
        }
    }

    fn deliver(
        &mut self,
        socket: SocketId,
        event: EarlyEvent<H>,
        ack_id: Option<u64>,
        length: usize,
    ) {
        let Some(entry) = self.entries.get_mut(socket.0 as usize) else {
            return;
        };
        let Some((event, mut arguments)) = event.heard else {
            return entry.socket.pass_offset(event.offset);
        };
        // An event that is to be answered carries no offset.
        if ack_id.is_none() {
            entry.socket.take_offset(&self.host, &mut arguments);
        }
        let connection = entry.connection;
        let ack = ack_id.map(|ack_id| AckTicket { connection, ack_id });
        self.tell(Event::Delivered { socket, event, arguments, ack, length });
    }

    fn on_ack(&mut self, socket: SocketId, ack_id: u64, settlement: Settlement<H::Value>) {
        if let Some(connection) = self.link.connection() {
            connection.mark_proved();
        }
        if let Some(request) = self.entry_mut(socket).and_then(|entry| entry.socket.settle(ack_id))
        {
            self.tell(Event::Settled { request, settlement });
        }
    }

    fn on_connect(&mut self, socket: SocketId, data: Option<&H::Value>, now: Instant) {
        let field = |name| data.and_then(|data| self.host.string_field(data, name));
        let (sid, pid) = (field("sid"), field("pid"));
        let answered = self.entry_mut(socket).map(Entry::answer);
        let Some(sid) = sid else {
            // A server of Socket.IO 2 opens the root namespace unasked and names no id.
            return self.refuse(socket, Cause::UnsupportedServer, now);
        };
        match answered {
            Some(Answered::Expected) => self.accept(socket, sid, pid, now),
            Some(Answered::Abandoned) => {
                self.send_disconnect(socket, now);
                self.open_queued(socket, now);
            }
            Some(Answered::Unasked) | None => {}
        }
    }

    /// The namespace is open: what waited goes out before the application is told, so that it comes
    /// before what the application sends on being told. Events that came before follow.
    fn accept(&mut self, socket: SocketId, sid: String, pid: Option<String>, now: Instant) {
        let number = self.next_connection;
        self.next_connection = number.wrapping_add(1);
        self.diagnosis = Diagnosis::None;
        self.forget_failures();
        if let Some(connection) = self.link.connection() {
            if !connection.is_connected() {
                // What the server asked for before this session has been granted.
                self.postponed = None;
            }
            connection.mark_connected(now);
        }
        let Some(entry) = self.entry_mut(socket) else {
            return;
        };
        entry.begin(0);
        entry.connection = number;
        entry.connected_at = Some(now);
        entry.reason = AuthReason::Connect;
        entry.refreshed = false;
        let recovered = entry.socket.accept(pid);
        let holding = entry.holding;
        entry.socket.set_held(holding);
        if !holding {
            self.flush(socket, now);
        }
        self.tell(Event::Accepted { socket, sid, recovered });
        self.announce(socket, Status::Connected);
        self.measure_if_slow(now);
        while let Some((event, ack_id)) = self.next_early(socket) {
            // As much as is kept of early events may be kept once more.
            self.deliver(socket, event, ack_id, 0);
        }
    }

    fn next_early(&mut self, socket: SocketId) -> Option<(EarlyEvent<H>, Option<u64>)> {
        self.entry_mut(socket)?.socket.next_early()
    }

    /// Sends what waited for the connection.
    pub(super) fn flush(&mut self, socket: SocketId, now: Instant) {
        let max_payload = self.max_payload();
        while let Some(entry) = self.entries.get_mut(socket.0 as usize) {
            match entry.socket.flush_next(&self.host, max_payload) {
                Some(Flushed::Send(packet)) => self.send_packet(packet, now),
                Some(Flushed::TooLarge { request: None }) => {
                    self.drop_packet(socket, Excess::Payload);
                }
                Some(Flushed::TooLarge { request: Some(request) }) => {
                    self.settle(vec![request], || Settlement::Dropped(Excess::Payload));
                }
                None => return,
            }
        }
    }

    fn on_connect_error(&mut self, socket: SocketId, data: Option<H::Value>, now: Instant) {
        match self.entry_mut(socket).map(Entry::answer) {
            Some(Answered::Expected) => {
                self.tell(Event::Refused { socket, data });
                self.on_refused(socket, now);
            }
            Some(Answered::Abandoned) => self.open_queued(socket, now),
            Some(Answered::Unasked) | None => {}
        }
    }

    /// What an attempt was queued behind may be over.
    pub(super) fn open_queued(&mut self, socket: SocketId, now: Instant) {
        if let Some(deadline) = self.entry(socket).and_then(|entry| entry.socket.queued_until()) {
            self.open_socket(socket, deadline, now);
        }
    }

    /// Trying again would give the same answer, so the socket stays disconnected.
    pub(super) fn refuse(&mut self, socket: SocketId, cause: Cause, now: Instant) {
        if self.entry(socket).is_some_and(Entry::is_on_the_way) {
            self.tell(Event::Failed { socket: Some(socket), cause });
            self.end_socket(socket, cause);
            self.rest_if_unwanted(now);
        }
    }

    fn on_disconnect(&mut self, socket: SocketId, now: Instant) {
        if self.entry(socket).is_some_and(|entry| entry.is_to_be_opened() && !entry.left) {
            self.forget_session(socket);
            self.on_server_disconnect(socket, now);
        }
    }
}

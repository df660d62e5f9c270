//! What the manager does with what the server sends.

use std::rc::Rc;

use crate::engineio::{Meaning, PAYLOAD_START, PacketType, Violation};
use crate::host::{EventId, Host, OutgoingFrame};
use crate::manager::entry::Entry;
use crate::manager::{AckTicket, Cause, Diagnosis, Event, Manager, SocketId, TransportId};
use crate::socketio::{Answered, Packet, Settlement};
use crate::time::Instant;

impl<H: Host> Manager<H> {
    /// Takes a text frame.
    ///
    /// A frame that breaks the protocol ends the session, which is then opened anew.
    pub fn handle_text(&mut self, transport: TransportId, text: &H::Text, now: Instant) {
        let Some(connection) = self.link.current(transport) else {
            return;
        };
        match connection.session.handle_text(&self.host, text, now) {
            Ok(Meaning::Message) => self.on_message(transport, text, now),
            Ok(Meaning::Pinged) => self.on_ping(transport),
            Ok(Meaning::Opened) => self.on_session_open(transport, now),
            Ok(Meaning::Closed) => self.fail_link(Cause::TransportClose, now),
            Ok(Meaning::Nothing) => {}
            Ok(Meaning::Base64) => self.fail_link(Violation::UnexpectedPacket.into(), now),
            Err(violation) => self.fail_link(violation.into(), now),
        }
        self.end_turn();
    }

    /// Takes a binary frame.
    pub fn handle_binary(&mut self, transport: TransportId, _bytes: H::Bytes, now: Instant) {
        let Some(connection) = self.link.current(transport) else {
            return;
        };
        if !connection.session.is_open() {
            self.fail_link(Cause::NotSocketIo, now);
        } else if let Err(error) = connection.decoder.expect_binary() {
            self.fail_link(error.into(), now);
        }
        self.end_turn();
    }

    /// Takes an event of the root namespace without an acknowledgement id, read by the host.
    ///
    /// This is the short way of such frames through [`handle_text`](Self::handle_text), with the
    /// same outputs. It changes neither a deadline nor a status, so it needs no `now`. Returns whether
    /// the event was taken; if not, the frame is to be handed in as text.
    #[must_use]
    pub fn handle_event(
        &mut self,
        transport: TransportId,
        event: EventId,
        arguments: H::Value,
    ) -> bool {
        let Some(socket) = self.root_ready_for(transport) else {
            return false;
        };
        self.tell(Event::Delivered { socket, event, arguments, ack: None });
        true
    }

    /// Takes, like [`handle_event`](Self::handle_event), an event that nobody listens to.
    #[must_use]
    pub fn handle_unheard_event(&mut self, transport: TransportId) -> bool {
        self.root_ready_for(transport).is_some()
    }

    fn root_ready_for(&mut self, transport: TransportId) -> Option<SocketId> {
        let connection = self.link.current(transport)?;
        connection.decoder.expect_text().ok()?;
        let socket = self.root?;
        self.entry(socket)?.socket.is_connected().then_some(socket)
    }

    /// The namespaces have what is left of the attempt's time.
    fn on_session_open(&mut self, transport: TransportId, now: Instant) {
        let Some(deadline) = self.link.connection().map(|connection| connection.open_deadline)
        else {
            return;
        };
        for index in 0..self.entries.len() {
            if self.entries.get(index).is_some_and(|entry| entry.socket.is_active()) {
                self.open_socket(SocketId(index as u32), transport, deadline, now);
            }
        }
    }

    fn on_ping(&mut self, transport: TransportId) {
        if let Some(connection) = self.link.connection() {
            connection.mark_proved();
        }
        let head = Rc::new(self.host.text(PacketType::Pong.encode()));
        self.send(transport, OutgoingFrame { head, ack_id: None, body: None });
    }

    fn on_message(&mut self, transport: TransportId, text: &H::Text, now: Instant) {
        let Some(connection) = self.link.connection() else {
            return;
        };
        match connection.decoder.decode(&self.host, text, PAYLOAD_START) {
            Ok((namespace, packet)) => {
                if let Some(socket) = self.find(&namespace) {
                    self.on_packet(transport, socket, packet, now);
                }
            }
            Err(error) => self.fail_link(error.into(), now),
        }
    }

    fn on_packet(
        &mut self,
        transport: TransportId,
        socket: SocketId,
        packet: Packet<H>,
        now: Instant,
    ) {
        match packet {
            Packet::Event { heard: None, .. } => {}
            Packet::Event { heard: Some((event, arguments)), ack_id } => {
                self.on_event(socket, event, arguments, ack_id);
            }
            Packet::Ack { ack_id, arguments } => {
                self.on_ack(socket, ack_id, Settlement::Acknowledged(arguments));
            }
            Packet::Connect { sid: Some(sid) } => self.on_connect(transport, socket, sid, now),
            // A server of Socket.IO 2 opens the root namespace unasked and names no id.
            Packet::Connect { sid: None } => self.refuse(socket, Cause::UnsupportedServer, now),
            Packet::ConnectError { data } => self.on_connect_error(transport, socket, data, now),
            Packet::Disconnect => self.on_disconnect(socket, now),
            Packet::Binary { answers: None, .. } => self.tell(Event::BinaryDropped { socket }),
            Packet::Binary { answers: Some(ack_id), .. } => {
                self.on_ack(socket, ack_id, Settlement::Binary);
            }
        }
    }

    fn on_event(
        &mut self,
        socket: SocketId,
        event: EventId,
        arguments: H::Value,
        ack_id: Option<u64>,
    ) {
        let Some(entry) = self.entry(socket).filter(|entry| entry.socket.is_connected()) else {
            return;
        };
        let connection = entry.connection;
        let ack = ack_id.map(|ack_id| AckTicket { connection, ack_id });
        self.tell(Event::Delivered { socket, event, arguments, ack });
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

    fn on_connect(&mut self, transport: TransportId, socket: SocketId, sid: String, now: Instant) {
        match self.entry_mut(socket).map(|entry| entry.socket.answer()) {
            Some(Answered::Expected) => self.accept(transport, socket, sid, now),
            Some(Answered::Abandoned) => {
                self.send_disconnect(socket, now);
                self.open_queued(socket, transport, now);
            }
            Some(Answered::Unasked) | None => {}
        }
    }

    /// The namespace is open: what waited goes out before the application is told, so that it comes
    /// before what the application sends on being told.
    fn accept(&mut self, transport: TransportId, socket: SocketId, sid: String, now: Instant) {
        let connection = self.next_connection;
        self.next_connection = connection.wrapping_add(1);
        self.diagnosis = Diagnosis::None;
        if let Some(connection) = self.link.connection() {
            connection.mark_connected(now);
        }
        if let Some(entry) = self.entry_mut(socket) {
            entry.socket.accept();
            entry.attempt = 0;
            entry.cause = None;
            entry.connection = connection;
        }
        while let Some(frame) = self.entry_mut(socket).and_then(|entry| entry.socket.flush_next()) {
            self.send(transport, frame);
        }
        self.tell(Event::Accepted { socket, sid });
    }

    fn on_connect_error(
        &mut self,
        transport: TransportId,
        socket: SocketId,
        data: Option<H::Value>,
        now: Instant,
    ) {
        match self.entry_mut(socket).map(|entry| entry.socket.answer()) {
            Some(Answered::Expected) => {
                self.tell(Event::Refused { socket, data });
                self.refuse(socket, Cause::ConnectRefused, now);
            }
            Some(Answered::Abandoned) => self.open_queued(socket, transport, now),
            Some(Answered::Unasked) | None => {}
        }
    }

    /// What an attempt was queued behind may be over.
    pub(super) fn open_queued(&mut self, socket: SocketId, transport: TransportId, now: Instant) {
        if let Some(deadline) = self.entry(socket).and_then(|entry| entry.socket.queued_until()) {
            self.open_socket(socket, transport, deadline, now);
        }
    }

    /// Trying again would give the same answer, so the socket stays disconnected.
    fn refuse(&mut self, socket: SocketId, cause: Cause, now: Instant) {
        if self.entry(socket).is_some_and(Entry::is_on_the_way) {
            self.tell(Event::Failed { socket: Some(socket), cause });
            self.end_socket(socket, cause);
            self.rest_if_unwanted(now);
        }
    }

    fn on_disconnect(&mut self, socket: SocketId, now: Instant) {
        if self.entry(socket).is_some_and(|entry| entry.socket.is_active()) {
            self.end_socket(socket, Cause::ServerDisconnect);
            self.rest_if_unwanted(now);
        }
    }
}

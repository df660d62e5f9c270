//! What the application asks of the manager.

use core::time::Duration;

use crate::backoff::Backoff;
use crate::engineio::{Action, OutgoingPacket, PacketType, TransportKind};
use crate::host::{Host, OutgoingFrame};
use crate::manager::{AckTicket, Cause, Diagnosis, Entry, Manager, Output, SocketId};
use crate::socketio::{EmitError, Excess, MaxPayload, Outgoing, RequestId, Settlement, Socket};
use crate::time::{Instant, earliest};

/// How long a namespace that was left stays left, if the session goes on.
const REOPEN_PAUSE: Duration = Duration::from_millis(100);

impl<H: Host> Manager<H> {
    /// Returns the socket of `namespace`, made at the first call.
    ///
    /// With `auth_on_demand` the application is asked for its auth payload before each CONNECT
    /// ([`Event::AuthNeeded`](crate::manager::Event::AuthNeeded)).
    pub fn socket(&mut self, namespace: &str, auth_on_demand: bool) -> SocketId {
        let place = match self.place_of(namespace) {
            Ok(socket) => return socket,
            Err(place) => place,
        };
        let id = SocketId(self.entries.len() as u32);
        self.by_name.insert(place, id);
        let limits = self.config.limits;
        let prefix = PacketType::Message.encode();
        let socket = Socket::new(&self.host, namespace.to_owned(), prefix, auth_on_demand, limits);
        let seed = self.config.seed.wrapping_add(u64::from(id.0)).wrapping_add(1);
        self.entries.push(Entry::new(socket, Backoff::new(self.config.backoff, seed)));
        id
    }

    pub(super) fn find(&self, namespace: &str) -> Option<SocketId> {
        self.place_of(namespace).ok()
    }

    /// Returns the socket of `namespace`, or else its place among the others.
    fn place_of(&self, namespace: &str) -> Result<SocketId, usize> {
        let name = |socket| self.entry(socket).map_or("", |entry| entry.socket.namespace());
        let place = self.by_name.binary_search_by(|socket| name(*socket).cmp(namespace))?;
        self.by_name.get(place).copied().ok_or(place)
    }

    /// Connects `socket`, and keeps it connected until [`disconnect`](Self::disconnect), the server's
    /// DISCONNECT or its refusal.
    ///
    /// Does nothing for a socket that is connected or on the way. It does not hurry a wait.
    pub fn connect(&mut self, socket: SocketId, now: Instant) {
        let Some(entry) = self.entry_mut(socket) else {
            return;
        };
        if !entry.socket.is_active() {
            entry.socket.connect();
            entry.begin(0);
            self.start(socket, now);
        }
        self.end_turn();
    }

    /// Disconnects `socket`. The session ends with the last socket.
    ///
    /// What waits to be sent stays for the next connection. Does nothing for a socket that has not been
    /// asked to connect, or is disconnected.
    pub fn disconnect(&mut self, socket: SocketId, now: Instant) {
        if self.entry(socket).is_some_and(|entry| entry.socket.is_active()) {
            self.leave(socket, now);
            self.forget_session(socket);
            self.end_socket(socket, Cause::ClientDisconnect);
            self.rest_if_unwanted(now);
            self.end_turn();
        }
    }

    /// Tells the server, if it counts the namespace as connected, that it is left.
    pub(super) fn leave(&mut self, socket: SocketId, now: Instant) {
        if self.entry(socket).is_some_and(|entry| entry.socket.is_connected()) {
            self.send_disconnect(socket, now);
        }
    }

    /// Sends DISCONNECT. A Node server takes it in one tick later than it reads it, and ends the whole
    /// connection if a CONNECT for the same namespace is read in between.
    pub(super) fn send_disconnect(&mut self, socket: SocketId, now: Instant) {
        if let Some(entry) = self.entries.get_mut(socket.0 as usize) {
            entry.reopen_at = Some(now + REOPEN_PAUSE);
            entry.left = true;
            let frame = entry.socket.disconnect_frame(&self.host);
            self.send_frame_if_some(Some(frame));
        }
    }

    /// Nobody recovers a session that ended in good order, and the next user may be another.
    pub(super) fn forget_session(&mut self, socket: SocketId) {
        if let Some(entry) = self.entry_mut(socket) {
            entry.socket.forget_session();
        }
    }

    /// Sends an event, or keeps it until there is a connection; dropped then if `volatile`.
    ///
    /// `body` is the JSON of the array of its name and arguments, with placeholders in the places of
    /// `attachments`.
    ///
    /// # Errors
    ///
    /// [`EmitError`] if the event cannot be kept, or is more than a server takes.
    pub fn emit(
        &mut self,
        socket: SocketId,
        body: H::Text,
        attachments: Vec<H::Bytes>,
        volatile: bool,
        now: Instant,
    ) -> Result<(), EmitError> {
        self.prepare_to_send(now);
        let max = self.max_payload();
        let entry = self.entries.get_mut(socket.0 as usize).ok_or(EmitError::UnknownSocket)?;
        let packet = entry.socket.emit(&self.host, body, attachments, volatile, max)?;
        self.send_if_some(packet, now);
        Ok(())
    }

    /// Sends an event that the server is to answer within `timeout`, counted from now.
    ///
    /// # Errors
    ///
    /// [`EmitError`] as for [`emit`](Self::emit), and if too many requests are waiting. Otherwise exactly
    /// one [`Event::Settled`](crate::manager::Event::Settled) follows, unless the request is [cancelled](Self::cancel).
    pub fn request(
        &mut self,
        socket: SocketId,
        request: RequestId,
        body: H::Text,
        attachments: Vec<H::Bytes>,
        timeout: Option<Duration>,
        now: Instant,
    ) -> Result<(), EmitError> {
        self.prepare_to_send(now);
        let deadline = timeout.map(|timeout| now + timeout);
        let max = self.max_payload();
        let entry = self.entries.get_mut(socket.0 as usize).ok_or(EmitError::UnknownSocket)?;
        let host = &self.host;
        let packet = entry.socket.request(host, request, body, attachments, deadline, max)?;
        let due = entry.socket.deadline();
        self.deadline = earliest(self.deadline, due);
        self.send_if_some(packet, now);
        Ok(())
    }

    /// Forgets a request. If it waits for the connection it is not sent; otherwise the server may act on
    /// it all the same.
    pub fn cancel(&mut self, socket: SocketId, request: RequestId) {
        if let Some(entry) = self.entry_mut(socket) {
            entry.socket.cancel(request);
        }
    }

    /// Answers an event of the server. Without the connection on which it came, nothing is sent. An
    /// answer that is more than a server takes is dropped with [`Event::Dropped`](crate::manager::Event::Dropped).
    pub fn acknowledge(
        &mut self,
        socket: SocketId,
        ticket: AckTicket,
        body: H::Text,
        attachments: Vec<H::Bytes>,
        now: Instant,
    ) {
        self.expire_link(now);
        let entry = self.entry(socket).filter(|entry| entry.connection == ticket.connection);
        let Some(entry) = entry else {
            return;
        };
        let (host, max) = (&self.host, self.max_payload());
        match entry.socket.acknowledge(host, ticket.ack_id, body, attachments, max) {
            Ok(packet) => self.send_if_some(packet, now),
            Err(EmitError::TooManyAttachments) => self.drop_packet(socket, Excess::Attachments),
            Err(_) => self.drop_packet(socket, Excess::Payload),
        }
    }

    /// Ends everything: sockets, requests, the connection, the timer.
    ///
    /// No change of status is told, and the sockets' numbers mean nothing any more.
    pub fn destroy(&mut self, now: Instant) {
        for index in 0..self.entries.len() {
            self.leave(SocketId(index as u32), now);
            let requests = self.entries.get_mut(index).map(|entry| entry.socket.drain_requests());
            self.settle(requests.unwrap_or_default(), || Settlement::Destroyed);
        }
        self.close_session(now);
        self.diagnosis = Diagnosis::None;
        self.entries.clear();
        self.by_name.clear();
        self.end_turn();
    }

    /// Returns what the server takes in one message over the transport in use. What waits for a
    /// connection may find another transport.
    pub(super) fn max_payload(&self) -> Option<MaxPayload> {
        let transport = self.engine.transport().filter(|_| self.engine.is_open());
        let is_polling = transport == Some(TransportKind::Polling);
        let of = if is_polling { MaxPayload::in_base64 } else { MaxPayload::in_frames };
        self.max_payload.map(of)
    }

    /// Returns the largest message that the server takes, as it said in its last handshake, in bytes.
    #[must_use]
    pub fn max_payload_bytes(&self) -> Option<u64> {
        self.max_payload
    }

    /// Returns the number of the last connection of a namespace, as in [`AckTicket`].
    #[must_use]
    pub fn connection_number(&self, socket: SocketId) -> u32 {
        self.entry(socket).map_or(0, |entry| entry.connection)
    }

    fn send_if_some(&mut self, packet: Option<Outgoing<H>>, now: Instant) {
        if let Some(packet) = packet {
            self.send_packet(packet, now);
        }
    }

    pub(super) fn send_frame_if_some(&mut self, frame: Option<OutgoingFrame<H::Text>>) {
        if let Some(frame) = frame {
            self.send_frame(frame);
        }
    }

    /// Sends a packet and, directly after it, its attachments.
    pub(super) fn send_packet(&mut self, packet: Outgoing<H>, now: Instant) {
        let body = packet.frame.body.as_ref().map_or(0, |body| self.host.length(body));
        let attachments = packet.attachments.iter().map(|bytes| self.host.bytes_length(bytes));
        self.liveness.note_sent(attachments.fold(body, usize::saturating_add), now);
        self.send_frame(packet.frame);
        for bytes in packet.attachments {
            self.send(OutgoingPacket::Binary(bytes));
        }
    }

    pub(super) fn send_frame(&mut self, frame: OutgoingFrame<H::Text>) {
        self.send(OutgoingPacket::Text(frame));
    }

    /// Sends on the session; sockets have something to send only while it is open.
    fn send(&mut self, packet: OutgoingPacket<H>) {
        match self.engine.send(&self.host, packet) {
            Some((transport, packet)) => {
                self.outputs.push_back(Output::Transport(Action::Send { transport, packet }));
            }
            None => self.take_actions(),
        }
    }
}

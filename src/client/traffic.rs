//! What passes through the client, between the application and the manager.
//!
//! These inputs come often, and the parts learn of them only by what the manager tells: nothing is to be
//! done for other namespaces, however many there are. The other inputs of the manager are given through
//! [`Client::at`] and [`Client::sockets`].

use core::time::Duration;

use crate::client::{Client, Stir};
use crate::engineio::{Payload, TransportId};
use crate::host::{EventId, Host};
use crate::manager::{AckTicket, Consequence, Manager, SocketId};
use crate::socketio::{EmitError, PacketSizes, RequestId};
use crate::time::Instant;

impl<H: Host> Client<H> {
    /// Sends an event: see [`Manager::emit`].
    ///
    /// # Errors
    ///
    /// [`EmitError`]: it is not sent.
    pub fn emit(
        &mut self,
        socket: SocketId,
        body: H::Text,
        attachments: Vec<H::Bytes>,
        volatile: bool,
        now: Instant,
    ) -> Result<(), EmitError> {
        self.passing(now).emit(socket, body, attachments, volatile, now)
    }

    /// Sends an event that the server is to answer: see [`Manager::request`].
    ///
    /// # Errors
    ///
    /// [`EmitError`]: it is not sent.
    pub fn request(
        &mut self,
        socket: SocketId,
        request: RequestId,
        body: H::Text,
        attachments: Vec<H::Bytes>,
        timeout: Option<Duration>,
        now: Instant,
    ) -> Result<(), EmitError> {
        self.passing(now).request(socket, request, body, attachments, timeout, now)
    }

    /// Counts an event as sent that the host then sends itself, if it may: see [`Manager::emit_by_host`].
    #[must_use]
    pub fn emit_by_host(
        &mut self,
        transport: TransportId,
        socket: SocketId,
        sizes: PacketSizes,
        now: Instant,
    ) -> bool {
        self.outputs.is_empty() && self.passing(now).emit_by_host(transport, socket, sizes, now)
    }

    /// The same for an event that the server is to answer: see [`Manager::request_by_host`].
    #[must_use]
    pub fn request_by_host(
        &mut self,
        transport: TransportId,
        socket: SocketId,
        request: RequestId,
        sizes: PacketSizes,
        timeout: Option<Duration>,
        now: Instant,
    ) -> Option<u64> {
        if !self.outputs.is_empty() {
            return None;
        }
        self.passing(now).request_by_host(transport, socket, request, sizes, timeout, now)
    }

    /// Answers an event of the server: see [`Manager::acknowledge`].
    pub fn acknowledge(
        &mut self,
        socket: SocketId,
        ticket: AckTicket,
        body: H::Text,
        attachments: Vec<H::Bytes>,
        now: Instant,
    ) {
        self.passing(now).acknowledge(socket, ticket, body, attachments, now);
    }

    /// Takes a text frame: see [`Manager::handle_text`].
    pub fn handle_text(&mut self, transport: TransportId, text: &H::Text, now: Instant) {
        let consequence = self.passing(now).handle_text(transport, text, now);
        self.note(consequence);
    }

    /// Takes a binary frame: see [`Manager::handle_binary`].
    pub fn handle_binary(&mut self, transport: TransportId, bytes: H::Bytes, now: Instant) {
        let consequence = self.passing(now).handle_binary(transport, bytes, now);
        self.note(consequence);
    }

    /// Takes an event with attachments, read by the host: see [`Manager::handle_binary_event`].
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
        self.passing(now).handle_binary_event(transport, socket, event, length, attachments, now)
    }

    /// Returns the next packet of the answer to a GET: see [`Manager::next_packet`].
    pub fn next_packet(&self, payload: &mut Payload, body: &H::Text) -> Option<H::Text> {
        self.manager.next_packet(payload, body)
    }

    fn passing(&mut self, now: Instant) -> &mut Manager<H> {
        self.now = now;
        self.stir = self.stir.max(Stir::Told);
        &mut self.manager
    }

    fn note(&mut self, consequence: Consequence) {
        if consequence == Consequence::Any {
            self.stir = Stir::Any;
        }
    }
}

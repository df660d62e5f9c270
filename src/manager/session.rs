//! What the manager does with what comes from the transports and of the session they carry.

use crate::engineio::{CloseCause, Failure, Notice, Payload, Received, TransportId, TransportKind};
use crate::host::Host;
use crate::manager::entry::Entry;
use crate::manager::{Cause, Consequence, Diagnosis, Event, Manager, Output, SocketId};
use crate::time::Instant;

impl<H: Host> Manager<H> {
    /// Takes the news that a WebSocket is open.
    pub fn handle_opened(&mut self, transport: TransportId) {
        if self.engine.handle_opened(&self.host, transport) {
            self.mark_reached();
        }
        self.take_actions();
    }

    /// Takes a text frame, or a packet of the answer to a GET.
    ///
    /// A frame that breaks the protocol ends the session, which is then opened anew. Returns what has come
    /// of it.
    pub fn handle_text(
        &mut self,
        transport: TransportId,
        text: &H::Text,
        now: Instant,
    ) -> Consequence {
        let received = self.engine.handle_text(&self.host, transport, text, now);
        self.take_news(now);
        let consequence = match received {
            Received::Message => self.on_text(text, now),
            Received::Binary(bytes) => self.on_binary(bytes, now),
            Received::Nothing => Consequence::Any,
        };
        self.end_frame(transport, consequence, now)
    }

    /// Takes a binary frame. Returns what has come of it.
    pub fn handle_binary(
        &mut self,
        transport: TransportId,
        bytes: H::Bytes,
        now: Instant,
    ) -> Consequence {
        let is_message = self.engine.handle_binary(transport, now);
        self.take_news(now);
        let consequence = if is_message { self.on_binary(bytes, now) } else { Consequence::Any };
        self.end_frame(transport, consequence, now)
    }

    /// What follows every frame: the end of a doubt, and of the turn where an event is not all there was.
    fn end_frame(
        &mut self,
        transport: TransportId,
        consequence: Consequence,
        now: Instant,
    ) -> Consequence {
        let doubted = self.is_doubted();
        self.on_heard(transport, now);
        if consequence == Consequence::Event && !doubted {
            return consequence;
        }
        self.end_turn();
        Consequence::Any
    }

    /// Returns the next packet of the answer to a GET. Each is to be handed in by
    /// [`handle_text`](Self::handle_text) in a turn of its own, because what comes of one may end the
    /// session before the next.
    pub fn next_packet(&self, payload: &mut Payload, body: &H::Text) -> Option<H::Text> {
        payload.next_packet(&self.host, body)
    }

    /// Takes the news that a GET has been answered, after the packets of the answer.
    pub fn handle_polled(&mut self, transport: TransportId, now: Instant) {
        self.engine.handle_polled(transport);
        self.take_news(now);
        self.end_turn();
    }

    /// Takes the news that a POST has been answered.
    pub fn handle_posted(&mut self, transport: TransportId, now: Instant) {
        self.engine.handle_posted(transport);
        self.take_news(now);
        self.on_heard(transport, now);
        self.end_turn();
    }

    /// Takes the news that a transport has ended.
    pub fn handle_closed(&mut self, transport: TransportId, failure: Failure, now: Instant) {
        self.engine.handle_closed(transport, failure, now);
        self.take_news(now);
        self.end_turn();
    }

    /// Takes what was found out about a server that could not be reached.
    ///
    /// A server of Socket.IO 2 is not tried again; everything else may get better.
    pub fn handle_diagnosis(&mut self, cause: Cause, now: Instant) {
        if self.diagnosis != Diagnosis::Asked {
            return;
        }
        // Polling was tried before it was asked for, so what answers by then is the server itself.
        let answers = cause == Cause::WebSocketBlocked && self.can_poll();
        let cause = if answers { Cause::TransportError } else { cause };
        self.diagnosis = if answers { Diagnosis::None } else { Diagnosis::Known(cause) };
        for entry in self.entries.iter_mut().filter(|entry| entry.socket.is_active()) {
            entry.cause = Some(cause);
        }
        self.tell(Event::Failed { socket: None, cause });
        if cause == Cause::UnsupportedServer {
            self.end_all(cause, now);
        }
        self.end_turn();
    }

    fn can_poll(&self) -> bool {
        self.config.engine.transports.contains(&TransportKind::Polling)
    }

    /// Passes on what the engine wants done with its transports.
    pub(super) fn take_actions(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            self.outputs.push_back(Output::Transport(action));
        }
    }

    /// Passes on what the engine wants done, and takes what it says of the session.
    pub(super) fn take_news(&mut self, now: Instant) {
        loop {
            self.take_actions();
            match self.engine.poll_notice() {
                Some(notice) => self.on_notice(notice, now),
                None => return,
            }
        }
    }

    fn on_notice(&mut self, notice: Notice, now: Instant) {
        match notice {
            Notice::Opened => self.on_opened(now),
            Notice::Pinged => self.on_pinged(),
            Notice::Closed(cause) => self.on_closed(cause, now),
            Notice::Upgrading(_)
            | Notice::Upgraded(_)
            | Notice::UpgradeFailed(_)
            | Notice::Flushed
            | Notice::Drained { .. } => {}
        }
    }

    /// The namespaces have what is left of the attempt's time.
    fn on_opened(&mut self, now: Instant) {
        self.mark_reached();
        self.max_payload = self.engine.handshake().and_then(|shake| shake.max_payload);
        let Some(deadline) = self.link.connection().map(|connection| connection.open_deadline)
        else {
            return;
        };
        for index in 0..self.entries.len() {
            if self.entries.get(index).is_some_and(Entry::is_to_be_opened) {
                self.open_socket(SocketId(index as u32), deadline, now);
            }
        }
    }

    fn on_pinged(&mut self) {
        if let Some(connection) = self.link.connection() {
            connection.mark_proved();
        }
    }

    fn mark_reached(&mut self) {
        if let Some(connection) = self.link.connection() {
            connection.reached = true;
        }
    }

    fn on_closed(&mut self, cause: CloseCause, now: Instant) {
        let reached = self.link.connection().is_some_and(|connection| connection.reached);
        let cause = match cause {
            CloseCause::PingTimeout => Cause::PingTimeout,
            CloseCause::OpenTimeout => Cause::ConnectTimeout,
            CloseCause::Unavailable => Cause::WebSocketUnavailable,
            CloseCause::Violation(violation) => violation.into(),
            CloseCause::TransportError(_, Failure::Http { status, code }) => {
                self.http_cause(status, code)
            }
            CloseCause::TransportClose | CloseCause::TransportError(..) if !reached => {
                return self.on_unreached(now);
            }
            CloseCause::TransportError(..) => Cause::TransportError,
            CloseCause::TransportClose | CloseCause::ServerClose | CloseCause::ClientClose => {
                Cause::TransportClose
            }
        };
        self.fail_link(cause, now);
        if cause == Cause::UnsupportedServer {
            self.end_all(cause, now);
        }
    }

    /// What the status of an answer and the code in it mean.
    ///
    /// Source: Engine.IO protocol 4, section "HTTP long-polling", and the server's error codes.
    fn http_cause(&self, status: u16, code: Option<u8>) -> Cause {
        let has_websocket = self.config.engine.transports.contains(&TransportKind::WebSocket);
        match (status, code) {
            // The server allows no polling, so what failed before was what it does allow.
            (_, Some(0)) if has_websocket => Cause::WebSocketBlocked,
            (_, Some(1)) => Cause::SessionUnknown,
            (_, Some(5)) => Cause::UnsupportedServer,
            (_, Some(4)) | (401 | 403, None) => Cause::Forbidden,
            // What is no error is not what a server of Engine.IO says.
            (200..=299 | 404, None) => Cause::NotSocketIo,
            (502..=504, None) => Cause::ServerUnreachable,
            (status, _) => Cause::HttpError { status },
        }
    }

    /// Nothing answered: one diagnosis per series of failures tells why.
    fn on_unreached(&mut self, now: Instant) {
        match self.diagnosis {
            Diagnosis::Known(cause) => self.fail_link(cause, now),
            Diagnosis::Asked => self.end_link(Cause::TransportError, now),
            Diagnosis::None => {
                self.diagnosis = Diagnosis::Asked;
                self.end_link(Cause::TransportError, now);
                self.outputs.push_back(Output::Diagnose);
            }
        }
    }
}

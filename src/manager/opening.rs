//! How attempts begin: of the session, and of each namespace on it.

use crate::host::Host;
use crate::manager::connection::{Connection, Link};
use crate::manager::{Cause, Event, Manager, SocketId};
use crate::socketio::{AuthQuestion, AuthTicket, Opening};
use crate::time::Instant;

impl<H: Host> Manager<H> {
    /// Begins an attempt, or takes part in the one that is under way.
    pub(super) fn start(&mut self, socket: SocketId, now: Instant) {
        match self.link {
            Link::Idle => self.open_link(now),
            Link::Waiting { .. } => {}
            Link::Addressing { .. } | Link::Active(_) => {
                if let Some(entry) = self.entry_mut(socket) {
                    entry.attempt = 1;
                }
                self.open_if_possible(socket, now);
            }
        }
    }

    /// Opens a namespace if there is a session; otherwise it is opened with the session.
    pub(super) fn open_if_possible(&mut self, socket: SocketId, now: Instant) {
        if self.engine.is_open() {
            self.open_socket(socket, now + self.config.connect_timeout, now);
        }
    }

    /// Begins an attempt to open a session.
    pub(super) fn open_link(&mut self, now: Instant) {
        if self.wait_if_suspended() {
            return;
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.is_to_be_opened()) {
            entry.attempt = entry.attempt.saturating_add(1);
        }
        let deadline = now + self.config.connect_timeout;
        if self.config.address_on_demand {
            self.ask_for_address(deadline);
        } else {
            self.open_session(deadline, now);
        }
    }

    pub(super) fn open_session(&mut self, deadline: Instant, now: Instant) {
        let connection = Connection::new(deadline, self.config.decoder_limits);
        self.link = Link::Active(Box::new(connection));
        self.engine.open(Some(deadline), now);
        self.take_news(now);
    }

    /// Sends CONNECT on the open session, or does first what has to come before it.
    pub(super) fn open_socket(&mut self, socket: SocketId, deadline: Instant, now: Instant) {
        let ticket = AuthTicket(self.next_ticket);
        let Some(entry) = self.entries.get_mut(socket.0 as usize) else {
            return;
        };
        if entry.reopen_at.is_some_and(|at| now < at) {
            return entry.socket.queue(deadline);
        }
        entry.reopen_at = None;
        let question = AuthQuestion { ticket, until: now + self.config.auth_timeout };
        let (attempt, reason) = (entry.attempt, entry.reason);
        match entry.socket.open(&self.host, deadline, question) {
            Opening::Send(frame) => self.send_frame(frame),
            Opening::Authenticate => {
                self.take_ticket();
                self.tell(Event::AuthNeeded { socket, ticket, attempt, reason });
            }
            Opening::Wait => {}
        }
    }

    /// Returns a number for a question that no other has.
    pub(super) fn take_ticket(&mut self) -> u32 {
        let ticket = self.next_ticket;
        self.next_ticket = ticket.wrapping_add(1);
        ticket
    }

    /// Takes the auth payload that [`Event::AuthNeeded`] asked for: a JSON object, or nothing.
    pub fn authenticate(&mut self, socket: SocketId, ticket: AuthTicket, payload: Option<H::Text>) {
        if let Some(entry) = self.entries.get_mut(socket.0 as usize) {
            let frame = entry.socket.authenticate(&self.host, ticket, payload);
            self.send_frame_if_some(frame);
        }
    }

    /// Takes the news that the application has no auth payload to give; the attempt has failed.
    pub fn fail_authentication(&mut self, socket: SocketId, ticket: AuthTicket, now: Instant) {
        if self.entry(socket).is_some_and(|entry| entry.socket.is_asking(ticket)) {
            self.fail_auth(socket, now);
            self.end_turn();
        }
    }

    /// Takes the news that the application will never have an auth payload to give: the namespace stays
    /// disconnected with [`Cause::AuthStopped`].
    pub fn stop_authentication(&mut self, socket: SocketId, ticket: AuthTicket, now: Instant) {
        if self.entry(socket).is_some_and(|entry| entry.socket.is_asking(ticket)) {
            self.refuse(socket, Cause::AuthStopped, now);
            self.end_turn();
        }
    }

    /// The namespace is tried again later, others go on.
    pub(super) fn fail_auth(&mut self, socket: SocketId, now: Instant) {
        self.tell(Event::Failed { socket: Some(socket), cause: Cause::AuthFailed });
        self.put_off(socket, Cause::AuthFailed, None, now);
    }
}

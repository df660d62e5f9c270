//! What a namespace sends first on a connection, before what waited for it.

use core::time::Duration;

use crate::host::Host;
use crate::manager::{Manager, SocketId};
use crate::socketio::{EmitError, RequestId};
use crate::time::Instant;

impl<H: Host> Manager<H> {
    /// From the next connection on, what waits to be sent goes on waiting until
    /// [`release`](Self::release); with `false`, each connection sends it at once.
    ///
    /// Meanwhile only [`emit_first`](Self::emit_first) and [`request_first`](Self::request_first) send.
    pub fn set_holding(&mut self, socket: SocketId, holding: bool) {
        if let Some(entry) = self.entry_mut(socket) {
            entry.holding = holding;
        }
    }

    /// Sends what waited, and from now on everything at once.
    pub fn release(&mut self, socket: SocketId, now: Instant) {
        if self.set_held(socket, false) {
            self.flush_unless_held(socket, now);
        }
    }

    /// Sends what waited, if that may be sent.
    pub(super) fn flush_unless_held(&mut self, socket: SocketId, now: Instant) {
        if self.entry(socket).is_some_and(|entry| entry.socket.is_sending()) {
            self.flush(socket, now);
        }
    }

    /// Sends an event before everything that waits. Without a connection it is dropped: what is said
    /// first belongs to one connection.
    ///
    /// # Errors
    ///
    /// [`EmitError`] as for [`emit`](Self::emit).
    pub fn emit_first(
        &mut self,
        socket: SocketId,
        body: H::Text,
        attachments: Vec<H::Bytes>,
        now: Instant,
    ) -> Result<(), EmitError> {
        self.first(socket, |manager| manager.emit(socket, body, attachments, true, now))
    }

    /// Sends, like [`emit_first`](Self::emit_first), an event that the server is to answer.
    ///
    /// # Errors
    ///
    /// [`EmitError`] as for [`request`](Self::request).
    pub fn request_first(
        &mut self,
        socket: SocketId,
        request: RequestId,
        body: H::Text,
        attachments: Vec<H::Bytes>,
        timeout: Option<Duration>,
        now: Instant,
    ) -> Result<(), EmitError> {
        self.first(socket, |manager| {
            manager.request(socket, request, body, attachments, timeout, now)
        })
    }

    /// Sends what belongs to this connection and to no other, also if that may be dead.
    fn first<R>(&mut self, socket: SocketId, send: impl FnOnce(&mut Self) -> R) -> R {
        let held = self.set_held(socket, false);
        self.set_doubted_of(socket, false);
        let result = send(self);
        self.set_held(socket, held);
        self.set_doubted_of(socket, self.is_doubted());
        result
    }

    /// Returns whether the server has accepted the namespace.
    #[must_use]
    pub fn is_connected(&self, socket: SocketId) -> bool {
        self.entry(socket).is_some_and(|entry| entry.socket.is_connected())
    }

    /// Returns how it was before.
    fn set_held(&mut self, socket: SocketId, held: bool) -> bool {
        self.entry_mut(socket).is_some_and(|entry| {
            let before = entry.socket.is_held();
            entry.socket.set_held(held);
            before
        })
    }
}

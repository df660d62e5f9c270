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
    pub fn release(&mut self, socket: SocketId) {
        if self.set_held(socket, false) && self.is_connected(socket) {
            self.flush(socket);
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
    ) -> Result<(), EmitError> {
        let held = self.set_held(socket, false);
        let result = self.emit(socket, body, attachments, true);
        self.set_held(socket, held);
        result
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
        let held = self.set_held(socket, false);
        let result = self.request(socket, request, body, attachments, timeout, now);
        self.set_held(socket, held);
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

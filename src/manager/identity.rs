//! A fresh token, or another user, for namespaces that are in use.

use crate::host::Host;
use crate::manager::connection::Link;
use crate::manager::{AuthReason, Manager, SocketId};
use crate::socketio::Settlement;
use crate::time::Instant;

impl<H: Host> Manager<H> {
    /// Connects `socket` anew with a fresh auth payload, which is asked for with
    /// [`AuthReason::Refresh`].
    ///
    /// A namespace that is connected is left in good order and joined again on the same session; what
    /// has been sent and not answered counts as lost. A wait ends. A namespace that is not wanted is
    /// connected.
    pub fn refresh_auth(&mut self, socket: SocketId, now: Instant) {
        let Some(entry) = self.entry_mut(socket) else {
            return;
        };
        entry.reason = AuthReason::Refresh;
        entry.verdict = None;
        if !entry.socket.is_active() {
            return self.connect(socket, now);
        }
        if matches!(self.link, Link::Waiting { .. }) {
            return self.reconnect_now(now);
        }
        if self.engine.is_open() {
            self.leave_for_a_moment(socket, 1, now);
            self.open_if_possible(socket, now);
        } else if let Some(entry) = self.entry_mut(socket) {
            // It takes part in the attempt that is under way.
            entry.begin(entry.attempt.max(1));
        }
        self.end_turn();
    }

    /// Leaves a namespace that stays wanted, and begins to count from `attempt`.
    fn leave_for_a_moment(&mut self, socket: SocketId, attempt: u32, now: Instant) {
        self.leave(socket, now);
        self.forget_session(socket);
        let lost = self.entry_mut(socket).map(|entry| {
            entry.begin(attempt);
            entry.socket.retreat();
            entry.socket.drain_lost()
        });
        self.settle(lost.unwrap_or_default(), || Settlement::Disconnected);
    }

    /// Takes the news that the client has another user, or none any more.
    ///
    /// Nothing of the old one is left: namespaces are left in good order, their sessions forgotten,
    /// and what waits to be sent is [dropped](Self::discard_unsent). Namespaces that are wanted
    /// connect anew over a session of their own. A wait goes on: the server is as far away as before.
    pub fn change_identity(&mut self, now: Instant) {
        self.drop_unsent();
        let waits = matches!(self.link, Link::Waiting { .. });
        for index in 0..self.entries.len() {
            self.change_user(SocketId(index as u32), waits, now);
        }
        if !waits {
            self.close_session(now);
            if self.is_wanted() {
                self.open_link(now);
            }
        }
        self.end_turn();
    }

    fn change_user(&mut self, socket: SocketId, waits: bool, now: Instant) {
        self.forget_session(socket);
        let Some(entry) = self.entry_mut(socket) else {
            return;
        };
        entry.reason = AuthReason::Connect;
        entry.refreshed = false;
        entry.verdict = None;
        if !waits && entry.socket.is_active() {
            self.leave_for_a_moment(socket, 0, now);
        }
    }

    /// Drops the events that wait for a connection; requests among them end with
    /// [`Settlement::IdentityChanged`].
    pub fn discard_unsent(&mut self) {
        self.drop_unsent();
        self.end_turn();
    }

    fn drop_unsent(&mut self) {
        for index in 0..self.entries.len() {
            let dropped = self.entries.get_mut(index).map(|entry| entry.socket.discard_unsent());
            self.settle(dropped.unwrap_or_default(), || Settlement::IdentityChanged);
        }
    }
}

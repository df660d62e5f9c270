//! What follows when the server refuses or disconnects a namespace.

use crate::host::Host;
use crate::manager::entry::Entry;
use crate::manager::{AuthReason, Cause, Event, Manager, Policy, SocketId, Verdict, VerdictTicket};
use crate::socketio::Settlement;
use crate::time::Instant;

impl<H: Host> Manager<H> {
    pub(super) fn on_refused(&mut self, socket: SocketId, now: Instant) {
        if self.entry(socket).is_some_and(Entry::is_on_the_way) {
            self.apply(self.config.refused, socket, Cause::ConnectRefused, now);
        }
    }

    pub(super) fn on_server_disconnect(&mut self, socket: SocketId, now: Instant) {
        self.apply(self.config.server_disconnect, socket, Cause::ServerDisconnect, now);
    }

    fn apply(&mut self, policy: Policy, socket: SocketId, cause: Cause, now: Instant) {
        match policy {
            Policy::Never => self.stop(socket, cause, now),
            Policy::Always => self.try_again(socket, cause, Verdict::Retry, now),
            Policy::Ask => self.ask_for_verdict(socket, cause),
        }
    }

    /// The namespace is left as it is until the application has decided.
    fn ask_for_verdict(&mut self, socket: SocketId, cause: Cause) {
        let ticket = VerdictTicket(self.take_ticket());
        let lost = self.entry_mut(socket).map(|entry| {
            entry.verdict = Some((ticket, cause));
            entry.retry_at = None;
            entry.socket.retreat();
            entry.socket.drain_lost()
        });
        self.settle(lost.unwrap_or_default(), || Settlement::Disconnected);
        self.tell(Event::VerdictNeeded { socket, ticket, cause });
    }

    /// Takes what [`Event::VerdictNeeded`] asked for. Does nothing if the namespace was disconnected,
    /// or began anew, since.
    pub fn judge(
        &mut self,
        socket: SocketId,
        ticket: VerdictTicket,
        verdict: Verdict,
        now: Instant,
    ) {
        let asked = self.entry(socket).and_then(|entry| entry.verdict);
        let Some((_, cause)) = asked.filter(|(asked, _)| *asked == ticket) else {
            return;
        };
        if let Some(entry) = self.entry_mut(socket) {
            entry.verdict = None;
        }
        match verdict {
            Verdict::Stop => self.stop(socket, cause, now),
            Verdict::Retry | Verdict::RetryAfter(_) | Verdict::Refresh => {
                self.try_again(socket, cause, verdict, now);
            }
        }
        self.end_turn();
    }

    fn stop(&mut self, socket: SocketId, cause: Cause, now: Instant) {
        self.tell_failure(socket, cause);
        self.end_socket(socket, cause);
        self.rest_if_unwanted(now);
    }

    fn try_again(&mut self, socket: SocketId, cause: Cause, verdict: Verdict, now: Instant) {
        if verdict == Verdict::Refresh && self.refresh_expired(socket, now) {
            return;
        }
        self.tell_failure(socket, cause);
        let after = match verdict {
            Verdict::RetryAfter(after) => Some(after),
            Verdict::Stop | Verdict::Retry | Verdict::Refresh => None,
        };
        if self.engine.is_open() {
            self.put_off(socket, cause, after, now);
        } else {
            // The session has ended meanwhile; the next may be under way already.
            self.wait_on_session(socket, cause, after, now);
        }
    }

    /// A refusal is a failed attempt; a connection that just ends is not worth an error.
    fn tell_failure(&mut self, socket: SocketId, cause: Cause) {
        if cause.is_error() {
            self.tell(Event::Failed { socket: Some(socket), cause });
        }
    }

    /// Asks for a fresh auth payload at once, if that has not been done since the last connection.
    /// Returns whether it has begun.
    fn refresh_expired(&mut self, socket: SocketId, now: Instant) -> bool {
        let Some(entry) = self.entry_mut(socket) else {
            return false;
        };
        entry.reason = AuthReason::Expired;
        if std::mem::replace(&mut entry.refreshed, true) || !self.engine.is_open() {
            return false;
        }
        if let Some(entry) = self.entry_mut(socket) {
            entry.attempt = entry.attempt.saturating_add(1);
        }
        self.open_if_possible(socket, now);
        true
    }
}

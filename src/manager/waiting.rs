//! When the next attempt is due: of the session, or of one namespace on it.

use core::time::Duration;

use crate::host::Host;
use crate::manager::circuit::Circuit;
use crate::manager::connection::Link;
use crate::manager::{Cause, Manager, SocketId};
use crate::socketio::Settlement;
use crate::time::Instant;

/// The longest time for which a server can send its clients away.
const MAX_POSTPONEMENT: Duration = Duration::from_secs(60 * 60);

/// The server's word that it wants no attempt before a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Postponed {
    moment: Instant,
    /// How much later this client comes, as many were told the same.
    spread: Duration,
}

impl Postponed {
    fn end(self) -> Instant {
        self.moment + self.spread
    }

    /// When an attempt is made that would be due at `until`. The spread counts from the later of the
    /// two moments: what remains of the shorter wait's own would be too little.
    pub fn put_off(self, until: Instant, now: Instant) -> Instant {
        if self.end() <= now { until } else { until.max(self.moment) + self.spread }
    }
}

impl<H: Host> Manager<H> {
    /// The next attempt gets a date.
    pub(super) fn wait(&mut self, now: Instant) {
        if self.wait_if_suspended() {
            return;
        }
        let slow = self.circuit.fail(now) >= self.config.slow_after;
        let cap = self.config.backoff.cap;
        let cap = if slow { cap.max(self.config.slow_cap) } else { cap };
        let until = now + self.backoff.next_delay_within(cap);
        let until = self.postponed.map_or(until, |postponed| postponed.put_off(until, now));
        self.circuit.expect_within(until.since(now) + self.config.connect_timeout);
        self.link = Link::Waiting { until, slow };
    }

    /// Takes the server's word that it wants no attempt before `after` has passed, at most an hour.
    ///
    /// Counts for all attempts to open a session until one succeeds, and for the wait that is under
    /// way. A random part is added, so that all who were told the same do not come at once.
    /// [`reconnect_now`](Self::reconnect_now) overrides it.
    pub fn postpone(&mut self, after: Duration, now: Instant) {
        self.put_next_attempt_off(after, now);
        self.end_turn();
    }

    fn put_next_attempt_off(&mut self, after: Duration, now: Instant) {
        let after = after.min(MAX_POSTPONEMENT);
        let moment = now + after;
        if self.postponed.is_some_and(|postponed| postponed.end() >= moment) {
            return; // it does not come before that anyway
        }
        let postponed = Postponed { moment, spread: self.backoff.next_spread(after) };
        self.postponed = Some(postponed);
        if let Link::Waiting { until, .. } = &mut self.link {
            *until = postponed.put_off(*until, now);
            self.circuit.expect_within(until.since(now) + self.config.connect_timeout);
        }
    }

    /// Ends each wait for the next attempt. Does nothing else.
    pub fn reconnect_now(&mut self, now: Instant) {
        self.postponed = None;
        if matches!(self.link, Link::Waiting { .. }) {
            self.open_link(now);
        }
        for index in 0..self.entries.len() {
            self.retry_socket(SocketId(index as u32), now);
        }
        self.end_turn();
    }

    /// Forgets for how long attempts have failed.
    pub(super) fn forget_failures(&mut self) {
        self.circuit = Circuit::default();
    }

    /// One namespace is tried again later: on the same session if others use it, else on the next.
    /// The server may have said after what time.
    pub(super) fn put_off(
        &mut self,
        socket: SocketId,
        cause: Cause,
        after: Option<Duration>,
        now: Instant,
    ) {
        if !self.is_shared_with_others(socket) {
            if let Some(after) = after {
                self.put_next_attempt_off(after, now);
            }
            return self.lose_link(Some(socket), cause, now);
        }
        let lost = self.entry_mut(socket).map(|entry| {
            entry.socket.retreat();
            entry.socket.drain_lost()
        });
        self.settle(lost.unwrap_or_default(), || Settlement::Disconnected);
        self.wait_on_session(socket, cause, after, now);
    }

    /// Whether a namespace is connected, or about to be, that has nothing to do with what befell this
    /// one.
    fn is_shared_with_others(&self, socket: SocketId) -> bool {
        let others = self.entries.iter().enumerate();
        let mut others = others.filter(|(index, _)| *index != socket.0 as usize);
        self.engine.is_open() && others.any(|(_, entry)| entry.is_to_be_opened())
    }

    /// The next attempt of one namespace gets a date.
    pub(super) fn wait_on_session(
        &mut self,
        socket: SocketId,
        cause: Cause,
        after: Option<Duration>,
        now: Instant,
    ) {
        let stable_after = self.config.stable_after;
        let proved = self.link.connection().is_some_and(|connection| connection.is_proved());
        let Some(entry) = self.entries.get_mut(socket.0 as usize) else {
            return;
        };
        entry.cause = Some(cause);
        let since = entry.connected_at.take();
        if proved && since.is_some_and(|since| now.since(since) >= stable_after) {
            entry.backoff.reset();
        }
        let delay = entry.backoff.next_delay();
        let after = after.map(|after| after.min(MAX_POSTPONEMENT));
        let hinted = after.map(|after| after.max(delay) + entry.backoff.next_spread(after));
        entry.retry_at = Some(now + hinted.unwrap_or(delay));
    }

    /// Ends the wait of one namespace.
    pub(super) fn retry_socket(&mut self, socket: SocketId, now: Instant) {
        let Some(entry) = self.entry_mut(socket) else {
            return;
        };
        if entry.retry_at.take().is_none() {
            return;
        }
        let waits = matches!(self.link, Link::Waiting { .. });
        if let Some(entry) = self.entry_mut(socket).filter(|_| !waits) {
            entry.attempt = entry.attempt.saturating_add(1);
        }
        self.open_if_possible(socket, now);
    }
}

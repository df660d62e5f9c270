//! The end of a session.

use core::mem;

use super::upgrade::Upgrade;
use super::{Engine, State};
use crate::engineio::{
    Action, CloseCause, Failure, Notice, OutgoingPacket, Session, TransportKind,
};
use crate::host::Host;

/// The bytes that a CLOSE and the separator before it take in a payload.
const CLOSE_SIZE: u64 = 2;

impl<H: Host> Engine<H> {
    /// Closes the session as soon as everything that was sent before is on its way and no change of
    /// transport is under way. [`Notice::Closed`] tells when. Does nothing without a session.
    pub fn close(&mut self) {
        match self.state {
            State::Closed | State::Closing => {}
            State::Opening(_) => self.end(CloseCause::ClientClose),
            State::Open => {
                self.state = State::Closing;
                self.close_if_done();
            }
        }
    }

    pub(super) fn close_if_done(&mut self) {
        let is_idle = self.current.as_ref().is_some_and(|current| current.posted.is_none());
        let is_done = is_idle && self.queue.is_empty() && !self.upgrade.is_pausing();
        if matches!(self.state, State::Closing) && is_done {
            self.end(CloseCause::ClientClose);
        }
    }

    /// Ends the session at once and tells nothing. What waits goes out with the end.
    pub fn abandon(&mut self) {
        if self.is_active() {
            let payloads = self.take_last_payloads();
            self.close_probe();
            self.close_current(payloads);
            self.forget();
        }
    }

    /// Takes everything that waits, and the CLOSE behind it.
    fn take_last_payloads(&mut self) -> Vec<Vec<OutgoingPacket<H>>> {
        let max = self.handshake().and_then(|handshake| handshake.max_payload);
        let max = max.map(|max| max.saturating_sub(CLOSE_SIZE));
        let mut payloads = Vec::new();
        while !self.queue.is_empty() {
            payloads.push(self.queue.take_payload(max).packets);
        }
        match payloads.last_mut() {
            Some(last) => last.extend(self.close_packet.take()),
            None => payloads.extend(self.close_packet.take().map(|close| vec![close])),
        }
        payloads
    }

    /// Ends the session. What waits is lost.
    pub(super) fn end(&mut self, cause: CloseCause) {
        if is_fault_of_transport(cause) {
            self.had_websocket = false;
        }
        if self.close_probe() {
            self.notices.push_back(Notice::UpgradeFailed(Failure::Closed));
        }
        let packets = self.close_packet.take().filter(|_| is_worth_telling(cause));
        self.close_current(packets.map(|close| vec![close]).into_iter().collect());
        self.forget();
        self.notices.push_back(Notice::Closed(cause));
    }

    /// Closes the transport in use. Only polling is told more than that it is over: a WebSocket that
    /// closes says as much.
    pub(super) fn close_current(&mut self, payloads: Vec<Vec<OutgoingPacket<H>>>) {
        if let Some(current) = self.current.take() {
            let is_open = self.session.is_open() && current.kind == TransportKind::Polling;
            let payloads = if is_open { payloads } else { Vec::new() };
            let sid = self.sid();
            self.actions.push_back(Action::Close { transport: current.id, sid, payloads });
        }
    }

    /// Gives up the transport that is tried. Returns whether there was one.
    fn close_probe(&mut self) -> bool {
        let probe = mem::replace(&mut self.upgrade, Upgrade::None).transport();
        let closes =
            probe.map(|transport| Action::Close { transport, sid: None, payloads: vec![] });
        self.actions.extend(closes);
        probe.is_some()
    }

    fn forget(&mut self) {
        self.state = State::Closed;
        self.session = Session::default();
        self.close_packet = None;
        self.queue.clear();
    }
}

/// Whether the next session may fail over the same kind of transport too.
fn is_fault_of_transport(cause: CloseCause) -> bool {
    match cause {
        CloseCause::TransportError(..) | CloseCause::OpenTimeout | CloseCause::Unavailable => true,
        CloseCause::PingTimeout
        | CloseCause::ServerClose
        | CloseCause::TransportClose
        | CloseCause::Violation(_)
        | CloseCause::ClientClose => false,
    }
}

/// Whether the server may still have the session, and not know that it is over.
fn is_worth_telling(cause: CloseCause) -> bool {
    match cause {
        CloseCause::ServerClose | CloseCause::TransportError(_, Failure::Http { .. }) => false,
        CloseCause::PingTimeout
        | CloseCause::TransportClose
        | CloseCause::TransportError(..)
        | CloseCause::Violation(_)
        | CloseCause::OpenTimeout
        | CloseCause::ClientClose
        | CloseCause::Unavailable => true,
    }
}

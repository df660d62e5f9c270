//! From the first request to the handshake: which transport is tried, and for how long.

use std::collections::VecDeque;

use super::upgrade::Upgrade;
use super::{Engine, State, cause_of, packet};
use crate::engineio::{
    Action, CloseCause, Failure, Notice, PacketType, Session, TransportKind, Violation,
};
use crate::host::Host;
use crate::time::Instant;

/// An attempt to begin a session.
#[derive(Debug)]
pub(super) struct Opening {
    /// The transports that have not been tried.
    candidates: VecDeque<TransportKind>,
    /// The end of the attempt's time.
    deadline: Option<Instant>,
    /// The end of the time of the transport that is tried.
    pub limit: Option<Instant>,
    /// What is known of why others could not be opened.
    failed: Option<(TransportKind, Failure)>,
    websocket_failed: bool,
}

impl<H: Host> Engine<H> {
    /// Begins a session, which has until `deadline` to open. Does nothing if one is there or on the way.
    pub fn open(&mut self, deadline: Option<Instant>, now: Instant) {
        if self.is_active() {
            return;
        }
        self.session = Session::default();
        self.probe_delay = self.config.probe_retry;
        self.kind = None;
        self.state = State::Opening(Opening {
            candidates: self.candidates(),
            deadline,
            limit: deadline,
            failed: None,
            websocket_failed: false,
        });
        self.try_next(now);
    }

    /// The transports in the order in which they are tried.
    fn candidates(&self) -> VecDeque<TransportKind> {
        let mut kinds = VecDeque::from(self.config.transports.clone());
        let remembered = self.config.remember_upgrade && self.had_websocket;
        if remembered && kinds.contains(&TransportKind::WebSocket) {
            kinds.retain(|kind| *kind != TransportKind::WebSocket);
            kinds.push_front(TransportKind::WebSocket);
        }
        if !self.config.try_all_transports {
            kinds.truncate(1);
        } else if kinds.front().copied() == self.stalled {
            kinds.rotate_left(kinds.len().min(1));
        }
        kinds
    }

    fn try_next(&mut self, now: Instant) {
        let State::Opening(opening) = &mut self.state else {
            return;
        };
        let Some(kind) = opening.candidates.pop_front() else {
            let failed = opening.failed;
            return self
                .end(failed.map_or(CloseCause::Unavailable, |(kind, how)| cause_of(kind, how)));
        };
        opening.limit = opening.deadline.map(|deadline| {
            let share = if opening.candidates.is_empty() { 1 } else { 2 };
            now + deadline.since(now) / share
        });
        let transport = self.new_transport();
        self.use_transport(transport, kind);
        match kind {
            TransportKind::WebSocket => {
                self.actions.push_back(Action::OpenWebSocket { transport, sid: None });
            }
            TransportKind::Polling => self.poll(),
        }
    }

    /// The transport could not be opened, perhaps another can.
    pub(super) fn fail_opening(&mut self, kind: TransportKind, failure: Failure, now: Instant) {
        if let State::Opening(opening) = &mut self.state {
            // That there is no such transport here says nothing about the server.
            if failure != Failure::Unavailable || opening.failed.is_none() {
                opening.failed = Some((kind, failure));
            }
            opening.websocket_failed |= kind == TransportKind::WebSocket;
        }
        self.had_websocket = false;
        self.close_current(Vec::new());
        self.try_next(now);
    }

    /// The handshake is late: another transport may be faster.
    pub(super) fn on_opening_limit(&mut self, now: Instant) {
        let State::Opening(opening) = &self.state else {
            return;
        };
        let is_over = opening.deadline.is_some_and(|deadline| deadline <= now);
        match self.kind {
            Some(kind) if !is_over => {
                self.stalled = Some(kind);
                self.fail_opening(kind, Failure::Failed, now);
            }
            Some(_) | None => self.end(CloseCause::OpenTimeout),
        }
    }

    /// The answer to the first request carried no handshake.
    pub(super) fn on_missing_handshake(&mut self) {
        self.end(CloseCause::Violation(Violation::NotEngineIo));
    }

    /// The handshake has come: what waits goes out, and a better transport is looked for.
    pub(super) fn on_open(&mut self, host: &H, now: Instant) {
        let before = core::mem::replace(&mut self.state, State::Open);
        let websocket_failed =
            matches!(before, State::Opening(Opening { websocket_failed: true, .. }));
        self.close_packet = Some(packet(host, PacketType::Close, None));
        self.mark_working();
        self.notices.push_back(Notice::Opened);
        self.flush();
        if !self.can_upgrade() {
            self.upgrade = Upgrade::None;
        } else if websocket_failed {
            self.wait_for_probe(now);
        } else {
            self.probe(now);
        }
    }
}

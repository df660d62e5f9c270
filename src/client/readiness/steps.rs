//! The steps of a connection: which follows which, and for how long.

use crate::client::continuity::Place;
use crate::client::defects::{self, Defect};
use crate::client::readiness::replay::Asked;
use crate::client::readiness::{Effect, Hook, HookTicket, Readiness, SinceTicket};
use crate::time::Instant;

/// Which step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is no connection.
    Down,
    /// The server accepted; what it sent before follows.
    Early,
    Prologue {
        ticket: HookTicket,
        until: Instant,
    },
    Topics {
        until: Instant,
    },
    Server,
    Since {
        ticket: SinceTicket,
        until: Instant,
    },
    /// The topics, because the verdict showed that the server has not taken up the session.
    Rejoin {
        until: Instant,
    },
    GapHook,
    Live,
}

impl Phase {
    pub fn deadline(self) -> Option<Instant> {
        match self {
            Self::Prologue { until, .. }
            | Self::Topics { until }
            | Self::Since { until, .. }
            | Self::Rejoin { until } => Some(until),
            Self::Down | Self::Early | Self::Server | Self::GapHook | Self::Live => None,
        }
    }
}

/// What is known of the server on this connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    Unknown,
    /// It was asked for a sign of life, which is due.
    Asked {
        until: Instant,
        /// Until when it is waited for if something else comes meanwhile.
        last: Instant,
    },
    /// It has no helper.
    Plain,
    /// It has a helper, which keeps logs or does not.
    Helper {
        since: bool,
    },
}

impl Server {
    pub fn deadline(self) -> Option<Instant> {
        match self {
            Self::Asked { until, .. } => Some(until),
            Self::Unknown | Self::Plain | Self::Helper { .. } => None,
        }
    }

    fn is_known(self) -> bool {
        matches!(self, Self::Plain | Self::Helper { .. })
    }
}

/// One way through the steps: that of a connection, or that which mends holes.
#[derive(Debug)]
pub(super) struct Run<E> {
    pub connection: u32,
    /// Whether the server says that it has taken up the session.
    pub recovered: bool,
    /// Whether the connection has its verdict already.
    pub mending: bool,
    /// The streams that are looked at.
    pub scope: Vec<u64>,
    /// What the server was asked for, and what it answered.
    pub asked: Vec<Asked>,
    /// Where streams stand when what waits was delivered.
    pub targets: Vec<Place>,
    /// Whether something was found missing, and the hook for that was not called yet.
    pub is_gap: bool,
    /// What the server replayed, to be delivered before anything else.
    pub replay: Vec<(Place, E)>,
}

impl<E> Default for Run<E> {
    fn default() -> Self {
        Self::on_connection(0, false, Vec::new())
    }
}

impl<E> Run<E> {
    pub fn on_connection(connection: u32, recovered: bool, scope: Vec<u64>) -> Self {
        let (asked, replay) = (Vec::new(), Vec::new());
        let targets = Vec::new();
        Self { connection, recovered, mending: false, scope, asked, targets, is_gap: false, replay }
    }
}

impl<E, T> Readiness<E, T> {
    /// Returns whether it matters for the verdict what the server is.
    pub(super) fn wants_proof(&self) -> bool {
        self.has_past && self.scope_can_be_asked_for()
    }

    fn scope_can_be_asked_for(&self) -> bool {
        self.run.scope.iter().any(|stream| self.positions.position(*stream).is_some())
    }

    pub(super) fn begin_prologue(&mut self, now: Instant) {
        if !self.hooks.prologue {
            return self.begin_topics(now);
        }
        let ticket = HookTicket(self.take_ticket());
        self.phase = Phase::Prologue { ticket, until: now + self.config.prologue_limit };
        self.push(Effect::Prologue(ticket));
    }

    pub(super) fn begin_topics(&mut self, now: Instant) {
        self.phase = Phase::Topics { until: now + self.config.topics_limit };
        self.topics.start(now);
        self.check_topics(now);
    }

    /// Goes on if the topics that were waited for have settled.
    pub(super) fn check_topics(&mut self, now: Instant) {
        let Some(until) = self.topics_limit() else {
            return;
        };
        if !self.topics.is_settled() && now < until {
            return;
        }
        if matches!(self.phase, Phase::Rejoin { .. }) {
            self.begin_gap_hook(now);
        } else {
            self.begin_server(now);
        }
    }

    fn topics_limit(&self) -> Option<Instant> {
        match self.phase {
            Phase::Topics { until } | Phase::Rejoin { until } => Some(until),
            Phase::Down
            | Phase::Early
            | Phase::Prologue { .. }
            | Phase::Server
            | Phase::Since { .. }
            | Phase::GapHook
            | Phase::Live => None,
        }
    }

    fn begin_server(&mut self, now: Instant) {
        self.phase = Phase::Server;
        if self.wants_proof() {
            self.ask_server(now);
        }
        self.check_server(now);
    }

    /// Something has come since the server was asked, or since the last call: it is there, and its answer may
    /// be behind that.
    pub fn handle_heard(&mut self, now: Instant) {
        if let Server::Asked { until, last } = &mut self.server {
            *until = (now + self.config.probe_limit).min(*last);
        }
    }

    /// Asks the server for a sign of life, unless that has happened or is not needed.
    pub(super) fn ask_server(&mut self, now: Instant) {
        if self.server == Server::Unknown {
            let last = now + self.config.probe_limit_while_heard;
            self.server = Server::Asked { until: now + self.config.probe_limit, last };
            self.push(Effect::Probe);
        }
        self.drain();
    }

    pub(super) fn on_server_known(&mut self, now: Instant) {
        self.check_server(now);
        self.drain();
    }

    fn check_server(&mut self, now: Instant) {
        if self.phase == Phase::Server && (self.server.is_known() || !self.wants_proof()) {
            self.begin_since(now);
        }
    }

    pub(super) fn begin_since(&mut self, now: Instant) {
        self.run.asked.clear();
        if self.server == (Server::Helper { since: true }) {
            self.ask_for_scope();
        }
        self.ask_since(now);
    }

    /// After a gap the topics of a session that was only claimed to be taken up are joined.
    pub(super) fn begin_rejoin(&mut self, now: Instant) {
        self.phase = Phase::Rejoin { until: now + self.config.topics_limit };
        self.topics.rejoin(now);
        self.check_topics(now);
    }

    /// Calls the hook if there is a gap. It is waited for on this connection and on those that follow.
    pub(super) fn begin_gap_hook(&mut self, now: Instant) {
        self.phase = Phase::GapHook;
        if std::mem::take(&mut self.run.is_gap) && self.hooks.gap {
            let ticket = HookTicket(self.take_ticket());
            self.gap_hooks.push((ticket, now + self.config.gap_limit));
            self.push(Effect::GapHook(ticket));
        }
        self.check_gap_hooks(now);
    }

    pub(super) fn check_gap_hooks(&mut self, now: Instant) {
        let is_mended = self.gap_hooks.is_empty() || defects::is(Defect::LiveBeforeGapHook);
        if self.phase == Phase::GapHook && is_mended {
            self.release(now);
        }
    }

    /// Everything that waited was delivered.
    pub(super) fn begin_live(&mut self) {
        self.phase = Phase::Live;
        if !self.is_live {
            self.is_live = true;
            self.push(Effect::Live);
        }
        self.drain();
    }

    fn drain(&mut self) {
        if self.is_live && !self.is_draining && self.server.is_known() {
            self.is_draining = true;
            self.push(Effect::Drain);
        }
    }

    /// Goes back from live, to find out what is missing of these streams.
    pub(super) fn mend(&mut self, scope: Vec<u64>, now: Instant) {
        self.run.mending = true;
        self.run.scope = scope;
        self.begin_since(now);
    }

    pub(super) fn expire_gap_hooks(&mut self, now: Instant) {
        let before = self.gap_hooks.len();
        self.gap_hooks.retain(|(_, until)| now < *until);
        for _ in self.gap_hooks.len()..before {
            self.push(Effect::HookLate(Hook::Gap));
        }
        self.check_gap_hooks(now);
    }

    pub(super) fn expire_server(&mut self, now: Instant) {
        if matches!(self.server, Server::Asked { until, .. } if until <= now) {
            self.server = Server::Unknown;
            self.server_wanted = false;
            self.push(Effect::LinkDead);
        }
    }

    pub(super) fn expire_phase(&mut self, now: Instant) {
        match self.phase {
            Phase::Prologue { until, .. } if until <= now => {
                self.push(Effect::HookLate(Hook::Prologue));
                self.begin_topics(now);
            }
            Phase::Since { until, .. } if until <= now => self.on_since(None, now),
            Phase::Down
            | Phase::Early
            | Phase::Prologue { .. }
            | Phase::Topics { .. }
            | Phase::Server
            | Phase::Since { .. }
            | Phase::Rejoin { .. }
            | Phase::GapHook
            | Phase::Live => {}
        }
    }

    pub(super) fn take_ticket(&mut self) -> u32 {
        let ticket = self.next_ticket;
        self.next_ticket = ticket.wrapping_add(1);
        ticket
    }
}

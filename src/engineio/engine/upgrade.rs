//! The change from polling to a WebSocket, while the session goes on.

use core::mem;
use core::time::Duration;

use super::{Engine, State, packet};
use crate::engineio::{
    Action, Failure, Notice, OutgoingPacket, PacketType, TransportId, TransportKind,
};
use crate::host::Host;
use crate::time::Instant;

/// What a probe says, and its answer.
const PROBE: &str = "probe";

/// How long the change may take. Servers give up after as much.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// No probe comes later than this after the one before.
const MAX_PROBE_DELAY: Duration = Duration::from_secs(30 * 60);

/// The state of the change. See the table of [`Engine`].
#[derive(Debug)]
pub(super) enum Upgrade<H: Host> {
    None,
    Waiting { until: Instant },
    Probing { transport: TransportId, deadline: Instant },
    Pausing { transport: TransportId, deadline: Instant, upgrade_packet: OutgoingPacket<H> },
}

impl<H: Host> Upgrade<H> {
    /// The transport that is tried.
    pub fn transport(&self) -> Option<TransportId> {
        match self {
            Self::None | Self::Waiting { .. } => None,
            Self::Probing { transport, .. } | Self::Pausing { transport, .. } => Some(*transport),
        }
    }

    pub fn is_pausing(&self) -> bool {
        matches!(self, Self::Pausing { .. })
    }

    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Self::None => None,
            Self::Waiting { until: deadline }
            | Self::Probing { deadline, .. }
            | Self::Pausing { deadline, .. } => Some(*deadline),
        }
    }
}

impl<H: Host> Engine<H> {
    /// Returns whether both sides know a better transport than the one in use.
    pub(super) fn can_upgrade(&self) -> bool {
        let offered = self
            .handshake()
            .is_some_and(|handshake| handshake.upgrades.contains(&TransportKind::WebSocket));
        let known = self.config.transports.contains(&TransportKind::WebSocket);
        self.config.upgrade && offered && known && self.kind == Some(TransportKind::Polling)
    }

    /// Opens a second transport for the session.
    pub(super) fn probe(&mut self, now: Instant) {
        let transport = self.new_transport();
        self.had_websocket = false;
        self.upgrade = Upgrade::Probing { transport, deadline: now + PROBE_TIMEOUT };
        self.actions.push_back(Action::OpenWebSocket { transport, sid: self.sid() });
    }

    pub(super) fn send_probe(&mut self, host: &H, transport: TransportId) {
        let packet = packet(host, PacketType::Ping, Some(PROBE));
        self.actions.push_back(Action::Send { transport, packet });
    }

    /// Takes a frame of a transport that is not in use: only a probe's answer means anything.
    pub(super) fn on_probe_text(
        &mut self,
        host: &H,
        transport: TransportId,
        text: &H::Text,
        now: Instant,
    ) {
        if self.upgrade.transport() != Some(transport) {
            return;
        }
        if !self.upgrade.is_pausing() && is_answer(host, text) {
            self.on_probe_answer(host, transport, now);
        } else {
            self.fail_probe(Failure::Failed, now);
        }
    }

    pub(super) fn on_probe_binary(&mut self, transport: TransportId, now: Instant) {
        if self.upgrade.transport() == Some(transport) {
            self.fail_probe(Failure::Failed, now);
        }
    }

    fn on_probe_answer(&mut self, host: &H, transport: TransportId, now: Instant) {
        self.upgrade = Upgrade::Pausing {
            transport,
            deadline: now + PROBE_TIMEOUT,
            upgrade_packet: packet(host, PacketType::Upgrade, None),
        };
        self.notices.push_back(Notice::Upgrading(TransportKind::WebSocket));
        self.switch_if_idle();
    }

    /// Changes the transport as soon as no request is under way on the old one, whose answers would
    /// otherwise be lost or overtaken.
    pub(super) fn switch_if_idle(&mut self) {
        let is_idle = |current: &super::Transport| !current.is_polling && current.posted.is_none();
        if !self.current.as_ref().is_some_and(is_idle) {
            return;
        }
        if let Upgrade::Pausing { transport, upgrade_packet, .. } =
            mem::replace(&mut self.upgrade, Upgrade::None)
        {
            self.close_current(Vec::new());
            self.use_transport(transport, TransportKind::WebSocket);
            self.mark_working();
            self.actions.push_back(Action::Send { transport, packet: upgrade_packet });
            self.notices.push_back(Notice::Upgraded(TransportKind::WebSocket));
            self.flush();
            self.close_if_done();
        }
    }

    /// The session stays where it is, and goes on there.
    pub(super) fn fail_probe(&mut self, failure: Failure, now: Instant) {
        let Some(transport) = self.upgrade.transport() else {
            return;
        };
        let was_pausing = self.upgrade.is_pausing();
        self.actions.push_back(Action::Close { transport, sid: None, payloads: Vec::new() });
        self.notices.push_back(Notice::UpgradeFailed(failure));
        self.had_websocket = false;
        if failure == Failure::Unavailable {
            self.upgrade = Upgrade::None;
        } else {
            self.wait_for_probe(now);
        }
        if was_pausing {
            self.resume();
        }
    }

    fn resume(&mut self) {
        if self.current.as_ref().is_some_and(|current| !current.is_polling) {
            self.poll();
        }
        self.flush();
        self.close_if_done();
    }

    /// Sets the time of the next probe, if there is to be one.
    pub(super) fn wait_for_probe(&mut self, now: Instant) {
        self.upgrade = match self.probe_delay {
            None => Upgrade::None,
            Some(delay) => {
                self.probe_delay = Some(delay.saturating_mul(2).min(MAX_PROBE_DELAY));
                Upgrade::Waiting { until: now + delay }
            }
        };
    }

    pub(super) fn on_upgrade_deadline(&mut self, now: Instant) {
        match self.upgrade {
            Upgrade::None => {}
            // It is not worth a change any more.
            Upgrade::Waiting { .. } if matches!(self.state, State::Closing) => {
                self.upgrade = Upgrade::None;
            }
            Upgrade::Waiting { .. } => self.probe(now),
            Upgrade::Probing { .. } | Upgrade::Pausing { .. } => {
                self.fail_probe(Failure::Failed, now);
            }
        }
    }
}

fn is_answer<H: Host>(host: &H, text: &H::Text) -> bool {
    let length = PacketType::Pong.encode().len() + PROBE.len();
    let matches = |text: String| text.strip_prefix(PacketType::Pong.encode()) == Some(PROBE);
    host.length(text) == length && host.slice(text, 0, length).is_some_and(matches)
}

//! Whether anybody is still there at the other end.
//!
//! A client of Engine.IO 4 must not send a PING. A CONNECT to a namespace that no server has does the
//! same: every server answers it, with CONNECT_ERROR, and keeps the session.
//!
//! A link is put to the proof when something is sent on it, and when there is a reason to doubt it:
//!
//! | begins with | the server is asked | the link is dead when nothing at all was heard for |
//! |---|---|---|
//! | something that is sent | if nothing was heard for 2.5 s | 5 s |
//! | [`Manager::prove`] | at once | 2 s; what is sent meanwhile waits |
//!
//! Whatever is received is a sign of life. Bytes in the middle of a frame are not seen, neither on a
//! WebSocket nor over HTTP, so a link on which one frame takes longer than that is taken for dead. Each
//! time that happens, the next has twice the time, up to that of the heartbeat, until the server has
//! answered in time. What is sent itself has the time that it takes at 16 kB/s.

use core::time::Duration;

use crate::engineio::{PacketType, TransportId};
use crate::host::{Host, OutgoingFrame};
use crate::manager::{Cause, Event, Manager, SocketId};
use crate::socketio::{Header, Packet, PacketType as SocketPacketType};
use crate::time::{Instant, earliest};

/// The namespace that is asked for. It is reserved: an application's server must not have it.
pub const LIVENESS_NAMESPACE: &str = "/sockeye-liveness";

/// How long nothing may be heard after something was sent.
const AFTER_SENDING: Duration = Duration::from_secs(5);

/// How long nothing may be heard of a link that is in doubt.
const IN_DOUBT: Duration = Duration::from_secs(2);

/// A timer that is that late says that the program stood still, and nothing of the server: what came
/// meanwhile may not have been read.
const LATE: Duration = Duration::from_secs(1);

/// A slow link takes one byte in this time: 16 kB/s.
const MICROS_PER_BYTE: u64 = 62;

/// What takes no time worth counting, in bytes.
const SMALL: usize = 512;

/// No limit is doubled more often.
const MAX_STRIKES: u32 = 6;

/// What is known of whether the server is there.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    /// How many signs of life have come.
    heard: u32,
    /// Until when what was sent may be on its way, if the link is slow.
    busy_until: Instant,
    /// How many connections in a row were given up because nothing was heard.
    strikes: u32,
    /// When the server was asked for a sign of life, if it has not answered.
    asked_at: Option<Instant>,
    proof: Option<Proof>,
    is_doubted: bool,
}

/// The link is being put to the proof.
#[derive(Debug)]
struct Proof {
    /// What had been heard before.
    heard: u32,
    /// Whether the server has been asked.
    is_asked: bool,
    /// How long this step may take, and when it is over.
    limit: Duration,
    until: Instant,
    /// Whether it got more time because its timer was late.
    is_prolonged: bool,
}

impl Liveness {
    /// There is no link any more.
    pub fn reset(&mut self) {
        let Self { heard, strikes, .. } = *self;
        *self = Self { heard, strikes, ..Self::default() };
    }

    /// Takes the news that something was received.
    pub fn hear(&mut self) {
        self.heard = self.heard.wrapping_add(1);
    }

    /// When something is to be done.
    pub fn deadline(&self) -> Option<Instant> {
        self.proof.as_ref().map(|proof| proof.until)
    }

    /// Takes the news that this many bytes go out.
    pub fn note_sent(&mut self, bytes: usize, now: Instant) {
        if bytes < SMALL {
            return;
        }
        let time = Duration::from_micros((bytes as u64).saturating_mul(MICROS_PER_BYTE));
        self.busy_until = self.busy_until.max(now) + time;
    }

    fn begin(&mut self, is_asked: bool, limit: Duration, now: Instant) {
        let until = self.busy_until.max(now) + limit;
        let heard = self.heard;
        self.proof = Some(Proof { heard, is_asked, limit, until, is_prolonged: false });
    }

    /// Takes the news that the server has answered.
    fn on_answer(&mut self, now: Instant) {
        if self.asked_at.take().is_some_and(|asked| now.since(asked) <= AFTER_SENDING) {
            self.strikes = 0;
        }
    }

    /// Returns what follows when the time of the proof is over, if it is.
    fn expire(&mut self, now: Instant) -> Expired {
        let Some(proof) = self.proof.as_mut().filter(|proof| proof.until <= now) else {
            return Expired::Nothing;
        };
        if proof.heard != self.heard {
            self.proof = None;
            return Expired::Nothing;
        }
        if self.busy_until + proof.limit > now {
            proof.until = self.busy_until + proof.limit;
            return Expired::Nothing;
        }
        if now.since(proof.until) > LATE && !proof.is_prolonged {
            proof.until = now + LATE;
            proof.is_prolonged = true;
            return Expired::Nothing;
        }
        if proof.is_asked { Expired::Dead } else { Expired::Unasked(proof.limit) }
    }
}

enum Expired {
    Nothing,
    /// The server is to be asked, and has this time.
    Unasked(Duration),
    Dead,
}

impl<H: Host> Manager<H> {
    /// Asks the server for a sign of life, which is told as [`Event::Probed`]. Does nothing without an
    /// open session.
    pub fn probe(&mut self, now: Instant) {
        if self.engine.is_open() {
            self.liveness.asked_at.get_or_insert(now);
            self.send_to_liveness(SocketPacketType::Connect);
        }
    }

    /// Returns how many signs of life of the server have come: frames, and answers to POSTs. It counts on
    /// from one connection to the next, and begins with 0 after 2³².
    #[must_use]
    pub fn heard(&self) -> u32 {
        self.liveness.heard
    }

    /// Ends the connection because the server has given no sign of life; the next attempt gets a date.
    pub fn declare_dead(&mut self, now: Instant) {
        if self.engine.is_open() {
            self.on_dead(now);
            self.end_turn();
        }
    }

    fn on_dead(&mut self, now: Instant) {
        self.liveness.strikes = (self.liveness.strikes + 1).min(MAX_STRIKES);
        self.fail_link(Cause::PingTimeout, now);
    }

    /// Returns whether the server has accepted the namespace, on a link whose time is not over.
    pub fn is_alive(&mut self, socket: SocketId, now: Instant) -> bool {
        self.expire_link(now);
        self.is_connected(socket)
    }

    /// Nothing is to be sent on a link whose time is over, which a timer would have told if it were not
    /// late.
    pub(super) fn expire_link(&mut self, now: Instant) {
        if self.engine.expires_at().is_some_and(|at| at <= now) {
            self.engine.handle_timeout(now);
            self.take_news(now);
            self.end_turn();
        }
    }

    /// Something is about to be sent, and it is to be found out whether it arrives.
    pub(super) fn prepare_to_send(&mut self, now: Instant) {
        self.expire_link(now);
        if self.liveness.proof.is_none() && self.engine.is_open() {
            let limit = self.limit(AFTER_SENDING) / 2;
            self.liveness.begin(false, limit, now);
            self.deadline = earliest(self.deadline, self.liveness.deadline());
        }
    }

    /// Puts an open link to the proof. What is sent waits until something is heard.
    pub(super) fn doubt(&mut self, now: Instant) {
        if self.liveness.is_doubted {
            return;
        }
        self.probe(now);
        let limit = self.limit(IN_DOUBT);
        self.liveness.begin(true, limit, now);
        self.set_doubted(true);
    }

    /// Something was received: what waited for that goes out.
    pub(super) fn on_heard(&mut self, transport: TransportId, now: Instant) {
        if !self.engine.is_carried_by(transport) {
            return;
        }
        self.liveness.hear();
        if self.liveness.is_doubted {
            self.liveness.proof = None;
            self.set_doubted(false);
            for index in 0..self.entries.len() {
                self.flush_unless_held(SocketId(index as u32), now);
            }
        }
    }

    /// Returns whether nobody knows whether the connection lives, so that what is sent waits.
    #[must_use]
    pub fn is_doubted(&self) -> bool {
        self.liveness.is_doubted
    }

    pub(super) fn set_doubted_of(&mut self, socket: SocketId, doubted: bool) {
        if let Some(entry) = self.entry_mut(socket) {
            entry.socket.set_doubted(doubted);
        }
    }

    fn set_doubted(&mut self, doubted: bool) {
        self.liveness.is_doubted = doubted;
        for entry in &mut self.entries {
            entry.socket.set_doubted(doubted);
        }
    }

    /// The time of a proof may be over.
    pub(super) fn expire_proof(&mut self, now: Instant) {
        match self.liveness.expire(now) {
            Expired::Nothing => {}
            Expired::Unasked(limit) => {
                self.probe(now);
                self.liveness.begin(true, limit, now);
            }
            Expired::Dead => {
                self.on_dead(now);
                self.replace_dead(now);
            }
        }
    }

    /// The server has accepted. If nothing was heard on the connection before, it is asked at once, so that
    /// it does not stay with the longer time for long.
    pub(super) fn measure_if_slow(&mut self, now: Instant) {
        if self.liveness.strikes > 0 && self.liveness.asked_at.is_none() {
            self.probe(now);
        }
    }

    /// How long nothing may be heard, after what happened before.
    fn limit(&self, usual: Duration) -> Duration {
        let patience = self.engine.handshake().map(|handshake| handshake.patience());
        let limit = usual.saturating_mul(1 << self.liveness.strikes);
        limit.min(patience.unwrap_or(usual)).max(usual)
    }

    /// Whatever the answer is, it is one. A server that accepts the namespace is told that nobody
    /// stays.
    pub(super) fn on_liveness(&mut self, packet: &Packet<H>, now: Instant) {
        match packet {
            Packet::Connect { .. } => {
                self.send_to_liveness(SocketPacketType::Disconnect);
                self.on_probed(now);
            }
            Packet::ConnectError { .. } => self.on_probed(now),
            Packet::Event { .. }
            | Packet::Unheard { .. }
            | Packet::Ack { .. }
            | Packet::Disconnect => {}
        }
    }

    fn on_probed(&mut self, now: Instant) {
        self.liveness.on_answer(now);
        self.tell(Event::Probed);
    }

    fn send_to_liveness(&mut self, packet_type: SocketPacketType) {
        let namespace = LIVENESS_NAMESPACE.to_owned();
        let header = Header { packet_type, attachments: 0, namespace, ack_id: None };
        let head = PacketType::Message.encode().to_owned() + &header.encode();
        let head = self.host.text(&head).into();
        self.send_frame(OutgoingFrame { head, ack_id: None, body: None });
    }
}

//! What goes out, and the requests of polling: one GET and one POST at a time.

use super::{Engine, State, packet};
use crate::engineio::queue::Chunk;
use crate::engineio::{Action, Notice, OutgoingPacket, PacketType, TransportId, TransportKind};
use crate::host::Host;

impl<H: Host> Engine<H> {
    /// Sends a packet of the owner.
    ///
    /// Returns the packet if the caller is to send it over a WebSocket now: that way passes no queue.
    /// Otherwise it waits until the transport can take it, with [`Notice::Flushed`] and
    /// [`Notice::Drained`] to follow. Without a session to come, or with one that is closing, it is
    /// dropped.
    pub fn send(
        &mut self,
        host: &H,
        packet: OutgoingPacket<H>,
    ) -> Option<(TransportId, OutgoingPacket<H>)> {
        match (&self.state, &self.current) {
            (State::Open, Some(current)) if current.kind == TransportKind::WebSocket => {
                return Some((current.id, packet));
            }
            (State::Open | State::Opening(_), _) => {
                self.queue.push(host, packet);
                self.flush();
            }
            (State::Closed | State::Closing, _) => {}
        }
        None
    }

    /// Returns whether [`send`](Self::send) would give a packet back for this transport, which is a WebSocket then.
    #[must_use]
    pub fn sends_over(&self, transport: TransportId) -> bool {
        matches!(self.state, State::Open)
            && self.current.as_ref().is_some_and(|current| {
                current.id == transport && current.kind == TransportKind::WebSocket
            })
    }

    /// Takes the news that the answer to a GET has come, after the packets in it.
    pub fn handle_polled(&mut self, transport: TransportId) {
        let Some(current) = self.current_if(transport).filter(|current| current.is_polling) else {
            return;
        };
        current.is_polling = false;
        if matches!(self.state, State::Opening(_)) {
            self.on_missing_handshake();
        } else if self.upgrade.is_pausing() {
            self.switch_if_idle();
        } else {
            self.poll();
        }
    }

    /// Takes the news that a POST has been answered.
    pub fn handle_posted(&mut self, transport: TransportId) {
        let Some(owned) = self.current_if(transport).and_then(|current| current.posted.take())
        else {
            return;
        };
        self.report_drained(owned);
        if self.upgrade.is_pausing() {
            self.switch_if_idle();
        } else {
            self.flush();
        }
        self.close_if_done();
    }

    /// The PONG goes out in the same turn, unless the transport is about to change.
    pub(super) fn on_ping(&mut self, host: &H) {
        self.notices.push_back(Notice::Pinged);
        self.queue.answer_ping(packet(host, PacketType::Pong, None));
        self.flush();
    }

    /// Hands what waits to the transport if it can take something.
    pub(super) fn flush(&mut self) {
        let Some(current) = &self.current else {
            return;
        };
        if !self.session.is_open() || self.upgrade.is_pausing() || self.queue.is_empty() {
            return;
        }
        match current.kind {
            TransportKind::WebSocket => self.flush_frames(current.id),
            TransportKind::Polling if current.posted.is_none() => self.post(),
            TransportKind::Polling => {}
        }
    }

    fn flush_frames(&mut self, transport: TransportId) {
        let Chunk { packets, owned } = self.queue.take_all();
        let sends = packets.into_iter().map(|packet| Action::Send { transport, packet });
        self.actions.extend(sends);
        self.report_flushed(owned);
        self.report_drained(owned);
    }

    fn post(&mut self) {
        let Some(handshake) = self.session.handshake() else {
            return;
        };
        let (sid, max_payload) = (handshake.sid.clone(), handshake.max_payload);
        let Some(current) = &mut self.current else {
            return;
        };
        let Chunk { packets, owned } = self.queue.take_payload(max_payload);
        current.posted = Some(owned);
        self.actions.push_back(Action::Post { transport: current.id, sid, packets });
        self.report_flushed(owned);
    }

    /// Makes the next GET.
    pub(super) fn poll(&mut self) {
        let sid = self.sid();
        if let Some(current) = &mut self.current {
            current.is_polling = true;
            self.actions.push_back(Action::Poll { transport: current.id, sid });
        }
    }

    fn report_flushed(&mut self, owned: usize) {
        if owned > 0 {
            self.notices.push_back(Notice::Flushed);
        }
    }

    fn report_drained(&mut self, packets: usize) {
        if packets > 0 {
            self.notices.push_back(Notice::Drained { packets });
        }
    }
}

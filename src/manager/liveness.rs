//! Whether anybody is still there at the other end.
//!
//! A client of Engine.IO 4 must not send a PING. A CONNECT to a namespace that no server has does the
//! same: every server answers it, with CONNECT_ERROR, and keeps the session.

use crate::engineio::PacketType;
use crate::host::{Host, OutgoingFrame};
use crate::manager::{Cause, Event, Manager};
use crate::socketio::{Header, Packet, PacketType as SocketPacketType};
use crate::time::Instant;

/// The namespace that is asked for. It is reserved: an application's server must not have it.
pub const LIVENESS_NAMESPACE: &str = "/sockeye-liveness";

impl<H: Host> Manager<H> {
    /// Asks the server for a sign of life, which is told as [`Event::Probed`]. Does nothing without an
    /// open session.
    pub fn probe(&mut self) {
        if self.engine.is_open() {
            self.send_to_liveness(SocketPacketType::Connect);
        }
    }

    /// Ends the connection because the server has given no sign of life; the next attempt gets a date.
    pub fn declare_dead(&mut self, now: Instant) {
        if self.engine.is_open() {
            self.fail_link(Cause::PingTimeout, now);
            self.end_turn();
        }
    }

    /// Whatever the answer is, it is one. A server that accepts the namespace is told that nobody
    /// stays.
    pub(super) fn on_liveness(&mut self, packet: &Packet<H>) {
        match packet {
            Packet::Connect { .. } => {
                self.send_to_liveness(SocketPacketType::Disconnect);
                self.tell(Event::Probed);
            }
            Packet::ConnectError { .. } => self.tell(Event::Probed),
            Packet::Event { .. }
            | Packet::Unheard { .. }
            | Packet::Ack { .. }
            | Packet::Disconnect => {}
        }
    }

    fn send_to_liveness(&mut self, packet_type: SocketPacketType) {
        let namespace = LIVENESS_NAMESPACE.to_owned();
        let header = Header { packet_type, attachments: 0, namespace, ack_id: None };
        let head = PacketType::Message.encode().to_owned() + &header.encode();
        let head = self.host.text(&head).into();
        self.send_frame(OutgoingFrame { head, ack_id: None, body: None });
    }
}

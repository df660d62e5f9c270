//! HTTP long-polling between the two peers: GETs that wait at the server, and POSTs.

use std::time::Duration;

use sockeye::engineio::{Failure, OutgoingPacket, Payload};
use sockeye::native::NativeHost;

use super::network::Delivery;
use super::{Pair, TransportId};

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polling {
    /// The server answers it.
    Answer,
    /// It ends like this.
    Fail(Failure),
    /// Neither is heard of again.
    Ignore,
}

/// A polling transport as the server sees it.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Whether a GET waits for something to say.
    waits: bool,
    /// What is to be said.
    outbox: Vec<String>,
}

impl Pair {
    pub(super) fn poll(&mut self, transport: TransportId, sid: Option<String>) {
        if sid.is_none() {
            self.checks.on_open(transport);
            self.opened.push((transport, self.now));
        }
        match self.server.polling {
            Polling::Answer if sid.is_none() => self.begin_polling(transport),
            Polling::Answer => {
                self.lines.entry(transport).or_default().waits = true;
                self.answer_get(transport);
            }
            Polling::Fail(failure) => {
                self.send_later(self.latency, Delivery::Closed { transport, failure });
            }
            Polling::Ignore => {}
        }
    }

    fn begin_polling(&mut self, transport: TransportId) {
        self.lines.insert(transport, Line { waits: true, outbox: Vec::new() });
        self.begin(transport);
    }

    /// The server says nothing on polling transports, so that their GETs end.
    pub(super) fn end_gets(&mut self) {
        for transport in self.lines.keys().copied().collect::<Vec<_>>() {
            self.push_polling(transport, "6");
        }
    }

    pub(super) fn post(
        &mut self,
        transport: TransportId,
        packets: Vec<OutgoingPacket<NativeHost>>,
    ) {
        match self.server.polling {
            Polling::Answer => {
                self.send_packets(transport, packets);
                self.send_later(self.latency * 2, Delivery::Posted(transport));
            }
            Polling::Fail(failure) => {
                self.send_later(self.latency, Delivery::Closed { transport, failure });
            }
            // The server hears no PONG then, and says nothing more.
            Polling::Ignore => {
                self.server.black_holes.insert(transport);
            }
        }
    }

    pub(super) fn send_packets(
        &mut self,
        transport: TransportId,
        packets: Vec<OutgoingPacket<NativeHost>>,
    ) {
        for packet in packets {
            self.send_packet(transport, packet);
        }
    }

    /// Says something on a polling transport: in the answer to the GET that waits, or the next.
    pub(super) fn push_polling(&mut self, transport: TransportId, packet: &str) {
        if let Some(line) = self.lines.get_mut(&transport) {
            line.outbox.push(packet.to_owned());
        }
        self.answer_get(transport);
    }

    /// The server keeps what it has to say for the transport that the session changes to.
    pub(super) fn keep_unsaid(&mut self, transport: TransportId) {
        let line = self.lines.remove(&transport);
        self.unsaid.extend(line.into_iter().flat_map(|line| line.outbox));
    }

    fn answer_get(&mut self, transport: TransportId) {
        let Some(line) = self.lines.get_mut(&transport) else {
            return;
        };
        if line.waits && !line.outbox.is_empty() {
            line.waits = false;
            let body = std::mem::take(&mut line.outbox).join("\x1e");
            self.send_later(self.latency, Delivery::Polled(transport, body));
        }
    }

    /// Hands in the answer to a GET, each packet in a turn of its own.
    pub(super) fn deliver_polled(&mut self, transport: TransportId, body: &String) {
        let now = self.now;
        let mut payload = Payload::default();
        while let Some(packet) = self.client.next_packet(&mut payload, body) {
            self.client.handle_text(transport, &packet, now);
            self.finish_turn();
        }
        self.client.handle_polled(transport, now);
    }

    /// From now on requests end like this, also those that wait.
    pub fn fail_polling(&mut self, failure: Failure) {
        self.server.polling = Polling::Fail(failure);
        for transport in self.lines.keys().copied().collect::<Vec<_>>() {
            self.send_later(Duration::ZERO, Delivery::Closed { transport, failure });
        }
    }
}

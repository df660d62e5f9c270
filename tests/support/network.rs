//! The wire between the two peers, and what can happen to it.

use std::time::Duration;

use sockeye::engineio::Failure;
use sockeye::manager::Cause;

use super::{Pair, TransportId, Upgrade};

/// Something that is on its way.
#[derive(Clone, Debug)]
pub(super) enum Delivery {
    ToServer(TransportId, String),
    Opened(TransportId),
    Text(TransportId, String),
    Binary(TransportId, Vec<u8>),
    Closed {
        transport: TransportId,
        failure: Failure,
    },
    /// The answer to a GET.
    Polled(TransportId, String),
    /// A POST has been answered.
    Posted(TransportId),
    Diagnosis(Cause),
    /// The server's heartbeat is due.
    Heartbeat(TransportId),
}

impl Pair {
    /// The transport that was opened last.
    pub fn transport(&self) -> TransportId {
        self.opened.last().expect("a transport").0
    }

    /// Lets the server send a text frame on the last transport.
    pub fn push(&mut self, frame: &str) {
        self.push_on(self.transport(), frame);
    }

    pub fn push_on(&mut self, transport: TransportId, frame: &str) {
        if self.lines.contains_key(&transport) {
            return self.push_polling(transport, frame);
        }
        self.send_later(self.latency, Delivery::Text(transport, frame.to_owned()));
    }

    pub fn push_binary(&mut self, bytes: &[u8]) {
        let delivery = Delivery::Binary(self.transport(), bytes.to_vec());
        self.send_later(self.latency, delivery);
    }

    /// The transport ends: with an error if `failed`, else with a closing handshake.
    pub fn cut(&mut self, failed: bool) {
        let transport = self.transport();
        self.server.forget(transport);
        let failure = if failed { Failure::Failed } else { Failure::Closed };
        self.send_later(Duration::ZERO, Delivery::Closed { transport, failure });
    }

    /// From now on nothing arrives on the last transport in either direction, and nobody says so.
    pub fn black_hole(&mut self) {
        self.server.black_holes.insert(self.transport());
    }

    /// Delivers the news that a transport is closed, again or late.
    pub fn close_late(&mut self, transport: TransportId) {
        self.send_later(Duration::ZERO, Delivery::Closed { transport, failure: Failure::Failed });
    }

    pub fn open_late(&mut self, transport: TransportId) {
        self.send_later(Duration::ZERO, Delivery::Opened(transport));
    }

    pub fn unavailable_late(&mut self, transport: TransportId) {
        self.send_later(
            Duration::ZERO,
            Delivery::Closed { transport, failure: Failure::Unavailable },
        );
    }

    pub fn diagnose(&mut self, cause: Cause) {
        let now = self.now;
        self.client.handle_diagnosis(cause, now);
        self.finish_turn();
    }

    /// Opens a WebSocket, with which a session begins unless it `probes`.
    pub(super) fn open(&mut self, transport: TransportId, probes: bool) {
        self.checks.on_open(transport);
        self.opened.push((transport, self.now));
        match self.server.upgrade {
            Upgrade::Accept => {
                self.send_later(self.latency, Delivery::Opened(transport));
                if !probes {
                    self.begin(transport);
                }
            }
            Upgrade::Refuse => {
                self.send_later(
                    self.latency,
                    Delivery::Closed { transport, failure: Failure::Failed },
                );
            }
            Upgrade::Ignore => {}
            Upgrade::Unavailable => {
                self.send_later(
                    Duration::ZERO,
                    Delivery::Closed { transport, failure: Failure::Unavailable },
                );
            }
        }
    }

    /// The server begins a session.
    pub(super) fn begin(&mut self, transport: TransportId) {
        self.unsaid.clear();
        if let Some(frame) = self.server.on_open(transport) {
            self.push_on(transport, &frame);
        }
        self.send_heartbeat_later(transport);
    }

    /// The server takes a frame.
    fn serve(&mut self, transport: TransportId, frame: &str) {
        match frame {
            "2probe" => {
                self.push_on(transport, "3probe");
                self.end_gets();
            }
            "5" => {
                self.server.on_upgrade(transport);
                for packet in std::mem::take(&mut self.unsaid) {
                    self.push_on(transport, &packet);
                }
                self.send_heartbeat_later(transport);
            }
            _ => {
                for reply in self.server.on_frame(transport, frame) {
                    self.push_on(transport, &reply);
                }
            }
        }
    }

    pub(super) fn deliver(&mut self, delivery: Delivery) {
        let now = self.now;
        if delivery.transport().is_some_and(|id| self.server.black_holes.contains(&id)) {
            return;
        }
        match delivery {
            Delivery::ToServer(transport, frame) => {
                self.serve(transport, &frame);
                return;
            }
            Delivery::Heartbeat(transport) => {
                if self.server.has(transport) {
                    self.push_on(transport, "2");
                    self.send_heartbeat_later(transport);
                }
                return;
            }
            Delivery::Opened(transport) => self.client.handle_opened(transport),
            Delivery::Text(transport, frame) => {
                self.client.handle_text(transport, &frame, now);
            }
            Delivery::Binary(transport, bytes) => {
                self.client.handle_binary(transport, bytes, now);
            }
            Delivery::Closed { transport, failure } => {
                self.client.handle_closed(transport, failure, now);
            }
            Delivery::Polled(transport, body) => self.deliver_polled(transport, &body),
            Delivery::Posted(transport) => self.client.handle_posted(transport, now),
            Delivery::Diagnosis(cause) => self.client.handle_diagnosis(cause, now),
        }
        self.finish_turn();
    }

    fn send_heartbeat_later(&mut self, transport: TransportId) {
        if let Some(interval) = self.server.heartbeat {
            self.send_later(interval, Delivery::Heartbeat(transport));
        }
    }

    pub(super) fn send_later(&mut self, delay: Duration, delivery: Delivery) {
        self.wire.insert((self.now + delay, self.next_delivery), delivery);
        self.next_delivery += 1;
    }
}

impl Delivery {
    pub(super) fn is_traffic(&self) -> bool {
        !matches!(self, Self::Heartbeat(_) | Self::Diagnosis(_))
    }

    fn transport(&self) -> Option<TransportId> {
        match self {
            Self::ToServer(transport, _)
            | Self::Opened(transport)
            | Self::Text(transport, _)
            | Self::Binary(transport, _)
            | Self::Closed { transport, .. }
            | Self::Polled(transport, _)
            | Self::Posted(transport)
            | Self::Heartbeat(transport) => Some(*transport),
            Self::Diagnosis(_) => None,
        }
    }
}

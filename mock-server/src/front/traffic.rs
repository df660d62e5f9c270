//! Counts what goes through: bytes, and the packets of Engine.IO.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

use crate::boundary::Boundary;
use crate::wire::SEPARATOR;

/// What has gone over all connections since the start; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Traffic(Arc<Totals>);

#[derive(Debug, Default)]
struct Totals {
    connections: AtomicU64,
    incoming: Way,
    outgoing: Way,
}

#[derive(Debug, Default)]
struct Way {
    bytes: AtomicU64,
    packets: AtomicU64,
}

/// Where something goes, seen from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From a client.
    In,
    /// To a client.
    Out,
}

impl Direction {
    /// Both, with their names in the metrics.
    pub const ALL: [(Self, &'static str); 2] = [(Self::In, "in"), (Self::Out, "out")];
}

impl Traffic {
    /// Counts a connection that was accepted.
    pub fn accept(&self) {
        self.0.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// How many connections have been accepted.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// How many bytes have gone through, those of HTTP among them.
    #[must_use]
    pub fn bytes(&self, direction: Direction) -> u64 {
        self.way(direction).bytes.load(Ordering::Relaxed)
    }

    /// How many packets of Engine.IO have gone through.
    #[must_use]
    pub fn packets(&self, direction: Direction) -> u64 {
        self.way(direction).packets.load(Ordering::Relaxed)
    }

    /// Returns a body of HTTP long-polling whose packets are counted as they go through.
    pub fn metered(&self, direction: Direction, body: Body) -> Body {
        let (traffic, is_empty) = (self.clone(), true);
        Body::new(Metered { traffic, direction, is_empty, body })
    }

    fn add(&self, direction: Direction, bytes: usize, packets: u64) {
        let way = self.way(direction);
        way.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        way.packets.fetch_add(packets, Ordering::Relaxed);
    }

    fn way(&self, direction: Direction) -> &Way {
        match direction {
            Direction::In => &self.0.incoming,
            Direction::Out => &self.0.outgoing,
        }
    }
}

/// Counts what goes through one connection.
#[derive(Debug)]
pub struct Meter {
    traffic: Traffic,
    incoming: Boundary,
    outgoing: Boundary,
    head: Option<Head>,
}

impl Meter {
    /// Begins with HTTP.
    #[must_use]
    pub fn new(traffic: Traffic) -> Self {
        let (incoming, outgoing) = (Boundary::default(), Boundary::default());
        Self { traffic, incoming, outgoing, head: Some(Head::default()) }
    }

    /// Counts bytes from the client.
    pub fn read(&mut self, bytes: &[u8], is_web_socket: bool) {
        let packets = if is_web_socket { self.incoming.pass(bytes) } else { 0 };
        self.traffic.add(Direction::In, bytes.len(), packets);
    }

    /// Counts bytes to the client; the first of a WebSocket are the end of the HTTP response.
    pub fn wrote(&mut self, bytes: &[u8], is_web_socket: bool) {
        let packets = if is_web_socket { self.messages_in(bytes) } else { 0 };
        self.traffic.add(Direction::Out, bytes.len(), packets);
    }

    fn messages_in(&mut self, bytes: &[u8]) -> u64 {
        let frames = match &mut self.head {
            None => bytes,
            Some(head) => {
                let Some(frames) = head.end_in(bytes) else { return 0 };
                self.head = None;
                frames
            }
        };
        self.outgoing.pass(frames)
    }
}

/// Looks for the end of an HTTP head.
#[derive(Debug, Default)]
struct Head {
    matched: usize,
}

impl Head {
    /// Returns what follows the head, once its end is among the bytes.
    fn end_in<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        for (index, byte) in bytes.iter().enumerate() {
            let goes_on = END_OF_HEAD.get(self.matched) == Some(byte);
            self.matched = if goes_on { self.matched + 1 } else { usize::from(*byte == b'\r') };
            if self.matched == END_OF_HEAD.len() {
                return bytes.get(index + 1..);
            }
        }
        None
    }
}

/// A payload of HTTP long-polling: packets with separators between them.
#[derive(Debug)]
struct Metered {
    traffic: Traffic,
    direction: Direction,
    is_empty: bool,
    body: Body,
}

impl Metered {
    /// The bytes are counted where they come from the connection.
    fn count(&mut self, data: &Bytes) {
        let separators =
            data.iter().filter(|byte| SEPARATOR.as_bytes().contains(byte)).count() as u64;
        let first = u64::from(self.is_empty && !data.is_empty());
        self.is_empty &= data.is_empty();
        self.traffic.add(self.direction, 0, separators + first);
    }
}

impl HttpBody for Metered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.count(data);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;
    use crate::frame::encode_text;

    fn counts(traffic: &Traffic) -> [u64; 4] {
        let of = |direction| [traffic.bytes(direction), traffic.packets(direction)];
        let [[bytes_in, packets_in], [bytes_out, packets_out]] =
            [of(Direction::In), of(Direction::Out)];
        [bytes_in, packets_in, bytes_out, packets_out]
    }

    #[test]
    fn counts_the_messages_of_a_websocket_whatever_pieces_they_come_in() {
        let long = "x".repeat(70_000);
        let middle = "y".repeat(300);
        let frames = |mask| {
            let texts = ["2", "", &middle, &long, "42[]"];
            let messages = texts.iter().flat_map(move |text| encode_text(text, mask));
            let fragments = [&[0x01, 1, b'a'][..], &[0x89, 0], &[0x80, 1, b'b']].concat();
            let tail = if mask.is_some() { Vec::new() } else { fragments };
            messages.chain(tail).collect::<Vec<u8>>()
        };
        let (from_client, to_client) = (frames(Some([1, 2, 3, 4])), frames(None));
        let head = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n";
        let to_client = [&head[..], &to_client].concat();
        for size in [1, 2, 3, 7, 1_000, usize::MAX] {
            let traffic = Traffic::default();
            let mut meter = Meter::new(traffic.clone());
            from_client
                .chunks(size.min(from_client.len()))
                .for_each(|piece| meter.read(piece, true));
            to_client.chunks(size.min(to_client.len())).for_each(|piece| meter.wrote(piece, true));
            let expected = [from_client.len() as u64, 5, to_client.len() as u64, 6];
            assert_eq!(counts(&traffic), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn http_has_bytes_alone() {
        let traffic = Traffic::default();
        let mut meter = Meter::new(traffic.clone());
        meter.read(b"GET / HTTP/1.1\r\n\r\n", false);
        meter.wrote(b"HTTP/1.1 200 OK\r\n\r\n", false);
        assert_eq!(counts(&traffic), [18, 0, 19, 0]);
    }

    #[tokio::test]
    async fn counts_the_packets_of_a_payload_and_changes_nothing() {
        let traffic = Traffic::default();
        for (payload, packets) in [("", 0), ("2", 1), ("40{}\u{1e}42[\"a\"]\u{1e}2", 3)] {
            let before = traffic.packets(Direction::Out);
            let body = traffic.metered(Direction::Out, Body::from(payload));
            assert_eq!(body.size_hint().exact(), Some(payload.len() as u64));
            assert_eq!(to_bytes(body, usize::MAX).await.unwrap(), payload);
            assert_eq!(traffic.packets(Direction::Out) - before, packets, "{payload}");
        }
        assert_eq!(counts(&traffic), [0, 0, 0, 4]);
    }
}

//! What waits to be sent while a transport cannot take it.

use core::mem;
use std::collections::VecDeque;

use crate::engineio::OutgoingPacket;
use crate::host::{Host, OutgoingFrame};

/// The packets that wait, in order, and the PONG that goes before them.
#[derive(Debug)]
pub(super) struct Queue<H: Host> {
    /// Each with its size in a payload.
    packets: VecDeque<(OutgoingPacket<H>, u64)>,
    /// One is enough, however many PINGs came: it says that the client is alive.
    pong: Option<OutgoingPacket<H>>,
}

/// Packets that leave the queue together.
#[derive(Debug)]
pub(super) struct Chunk<H: Host> {
    pub packets: Vec<OutgoingPacket<H>>,
    /// How many of them are the owner's.
    pub owned: usize,
}

impl<H: Host> Default for Queue<H> {
    fn default() -> Self {
        Self { packets: VecDeque::new(), pong: None }
    }
}

impl<H: Host> Queue<H> {
    pub fn push(&mut self, host: &H, packet: OutgoingPacket<H>) {
        let size = payload_size(host, &packet);
        self.packets.push_back((packet, size));
    }

    pub fn answer_ping(&mut self, pong: OutgoingPacket<H>) {
        self.pong = Some(pong);
    }

    pub fn is_empty(&self) -> bool {
        self.packets.is_empty() && self.pong.is_none()
    }

    pub fn clear(&mut self) {
        self.packets.clear();
        self.pong = None;
    }

    /// Takes everything.
    pub fn take_all(&mut self) -> Chunk<H> {
        let owned = self.packets.len();
        let packets = mem::take(&mut self.packets).into_iter().map(|(packet, _)| packet);
        Chunk { packets: self.pong.take().into_iter().chain(packets).collect(), owned }
    }

    /// Takes as many packets as fit in a payload of `max` bytes, but at least one: the server is to
    /// judge a packet that is too large alone.
    ///
    /// Source: Engine.IO protocol 4, section "Handshake", `maxPayload`.
    pub fn take_payload(&mut self, max: Option<u64>) -> Chunk<H> {
        let max = max.unwrap_or(u64::MAX);
        // A PONG is one character long.
        let mut size = u64::from(self.pong.is_some());
        let mut chunk = Chunk { packets: self.pong.take().into_iter().collect(), owned: 0 };
        while let Some((_, next)) = self.packets.front() {
            let separator = u64::from(!chunk.packets.is_empty());
            size = size.saturating_add(separator).saturating_add(*next);
            if size > max && !chunk.packets.is_empty() {
                break;
            }
            chunk.packets.extend(self.packets.pop_front().map(|(packet, _)| packet));
            chunk.owned += 1;
        }
        chunk
    }
}

/// The bytes of a packet in a payload: binary is `b` and base64, four characters for three bytes.
fn payload_size<H: Host>(host: &H, packet: &OutgoingPacket<H>) -> u64 {
    match packet {
        OutgoingPacket::Text(frame) => frame_size(host, frame),
        OutgoingPacket::Binary(bytes) => 1 + (host.bytes_length(bytes) as u64).div_ceil(3) * 4,
    }
}

fn frame_size<H: Host>(host: &H, frame: &OutgoingFrame<H::Text>) -> u64 {
    let head = host.byte_length(&frame.head) as u64;
    let digits = frame.ack_id.map_or(0, |id| u64::from(id.max(1).ilog10()) + 1);
    let body = frame.body.as_ref().map_or(0, |body| host.byte_length(body) as u64);
    head + digits + body
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::native::NativeHost;
    use std::rc::Rc;

    fn text(head: &str, ack_id: Option<u64>, body: Option<&str>) -> OutgoingPacket<NativeHost> {
        let (head, body) = (Rc::new(head.to_owned()), body.map(str::to_owned));
        OutgoingPacket::Text(OutgoingFrame { head, ack_id, body })
    }

    fn queue(packets: Vec<OutgoingPacket<NativeHost>>) -> Queue<NativeHost> {
        let mut queue = Queue::default();
        for packet in packets {
            queue.push(&NativeHost::default(), packet);
        }
        queue
    }

    /// How many packets go in each payload.
    fn payloads(queue: &mut Queue<NativeHost>, max: Option<u64>) -> Vec<usize> {
        let mut sizes = Vec::new();
        while !queue.is_empty() {
            sizes.push(queue.take_payload(max).packets.len());
        }
        sizes
    }

    #[test]
    fn counts_the_bytes_of_a_packet() {
        let host = NativeHost::default();
        let cases = [
            (text("4", None, None), 1),
            (text("42", Some(0), Some("[]")), 5),
            (text("42", Some(9), Some("[]")), 5),
            (text("42", Some(10), Some("[]")), 6),
            (text("4", None, Some("\u{20ac}\u{1f600}")), 8),
            (OutgoingPacket::Binary(vec![]), 1),
            (OutgoingPacket::Binary(vec![0; 3]), 5),
            (OutgoingPacket::Binary(vec![0; 4]), 9),
        ];
        for (packet, size) in cases {
            assert_eq!(payload_size(&host, &packet), size, "{packet:?}");
        }
    }

    #[test]
    fn fills_payloads_to_the_last_byte() {
        let three =
            || vec![text("4ab", None, None), text("4cd", None, None), text("4", None, None)];
        assert_eq!(payloads(&mut queue(three()), None), [3]);
        assert_eq!(payloads(&mut queue(three()), Some(9)), [3]);
        assert_eq!(payloads(&mut queue(three()), Some(8)), [2, 1]);
        assert_eq!(payloads(&mut queue(three()), Some(7)), [2, 1]);
        assert_eq!(payloads(&mut queue(three()), Some(6)), [1, 2]);
        assert_eq!(payloads(&mut queue(three()), Some(1)), [1, 1, 1]);
    }

    #[test]
    fn sends_one_pong_before_everything_else() {
        let mut queue = queue(vec![text("4abcdef", None, None)]);
        queue.answer_ping(text("3", None, None));
        queue.answer_ping(text("3", None, None));
        let first = queue.take_payload(Some(4));
        assert_eq!((first.packets.len(), first.owned), (1, 0));
        let second = queue.take_payload(Some(4));
        assert_eq!((second.packets.len(), second.owned), (1, 1));
        queue.answer_ping(text("3", None, None));
        assert!(!queue.is_empty());
        assert_eq!(queue.take_all().owned, 0);
        assert!(queue.is_empty());
    }
}

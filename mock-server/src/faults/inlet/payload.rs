//! What rules do to the packets of HTTP long-polling.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::apply::MASK;
use super::{Inlet, Output};
use crate::faults::answer;
use crate::faults::head::{Head, Upgrade};
use crate::faults::rule::Direction;
use crate::frame::{Frame, Opcode, encode_binary, encode_text};
use crate::wire::SEPARATOR;

/// A body that is being looked at, packet by packet.
#[derive(Debug)]
pub struct Payload {
    head: Head,
    packets: Vec<Vec<u8>>,
    /// What happens when it has gone through.
    after: Vec<Output>,
}

impl Payload {
    /// Something is to happen when it has gone through.
    pub(super) fn then(&mut self, output: Output) {
        self.after.push(output);
    }

    /// A packet goes through.
    pub(super) fn add(&mut self, packet: &[u8]) {
        self.packets.push(packet.to_vec());
    }
}

impl Inlet {
    /// Passes a request on, now or with its payload.
    pub(super) fn pass_request(&mut self, head: &Head, upgrade: &mut Upgrade) {
        let is_poll = head.polls() && head.method() == "GET";
        if is_poll {
            *upgrade = Upgrade::Polled;
        }
        let has_payload = head.polls() && head.method() == "POST";
        self.pass_head(head, has_payload);
    }

    /// Passes first lines on, now or with what follows them if that is a payload that somebody looks at.
    pub(super) fn pass_head(&mut self, head: &Head, has_payload: bool) {
        if has_payload && self.looks_at_payloads() && self.lane.collect() {
            self.head = Some(head.clone());
        } else {
            self.on_bytes(&head.bytes);
        }
    }

    fn looks_at_payloads(&self) -> bool {
        self.looks_at_messages()
    }

    pub(super) fn on_body(&mut self, body: &[u8]) {
        let Some(head) = self.head.take() else { return self.on_bytes(body) };
        let Ok(text) = str::from_utf8(body) else {
            self.on_bytes(&head.bytes);
            return self.on_bytes(body);
        };
        self.payload = Some(Payload { head, packets: Vec::new(), after: Vec::new() });
        if let Some(place) = self.place() {
            self.held = self.faults.asides.held(place);
        }
        self.add_for_server();
        for packet in text.split(SEPARATOR) {
            if !self.add_in_place_of(packet) {
                let frame = frame(packet);
                self.log_frame(&frame);
                self.on_frame(frame);
            }
        }
        if let Some(place) = self.place() {
            // The next payload of the session may come on another connection.
            self.faults.asides.hold(place, std::mem::take(&mut self.held));
        }
        if let Some(payload) = self.payload.take() {
            self.send(payload);
        }
    }

    fn add_for_server(&mut self) {
        if let (Direction::ClientToServer, Some(number)) = (self.direction, self.number) {
            self.add_texts(&self.faults.asides.to_server(number));
        }
    }

    fn add_in_place_of(&mut self, packet: &str) -> bool {
        if self.direction == Direction::ClientToServer {
            return false;
        }
        let told = self.faults.asides.in_place_of(packet);
        if let Some(packets) = &told {
            self.add_texts(packets);
        }
        told.is_some()
    }

    fn add_texts(&mut self, texts: &[String]) {
        if let Some(payload) = &mut self.payload {
            texts.iter().for_each(|text| payload.add(text.as_bytes()));
        }
    }

    /// Sends what has become of a payload. One without packets is none: polls are answered with a noop, and what
    /// clients say is answered for the server.
    fn send(&mut self, Payload { head, packets, after }: Payload) {
        let is_empty = packets.is_empty();
        match self.direction {
            Direction::ClientToServer if is_empty => {
                let answer = answer::http(200, None, "ok", head.origin.as_deref());
                self.push(Output::Back(answer));
            }
            Direction::ClientToServer | Direction::ServerToClient => {
                let noop = vec![NOOP.to_vec()];
                let body = if is_empty { noop } else { packets }.join(SEPARATOR.as_bytes());
                self.on_bytes(&head.with_length(body.len()));
                self.on_bytes(&body);
            }
        }
        after.into_iter().for_each(|output| self.push(output));
    }

    /// Tells the sender something, as soon as it can be told.
    pub(super) fn tell_back(&mut self, packets: Vec<String>) {
        match (self.direction, self.number) {
            (Direction::ClientToServer, Some(number)) => {
                let ask = self.faults.asides.tell_client(number, packets);
                self.add_texts(&[ask]);
            }
            (Direction::ServerToClient, Some(number)) => {
                self.faults.asides.tell_server(number, packets);
            }
            (Direction::ClientToServer | Direction::ServerToClient, None) => {}
        }
    }
}

impl Inlet {
    /// Takes over what waits for a payload, since the session has moved to this WebSocket; returns whether the
    /// message was in place of something else.
    pub(super) fn take_over(&mut self, frame: &Frame) -> bool {
        let text = frame.text();
        let is_move = text.as_deref().is_some_and(|text| MOVE.contains(&text));
        let Some(place) = self.place().filter(|_| !is_move && frame.is_message()) else {
            return false;
        };
        let mask = (self.direction == Direction::ClientToServer).then_some(MASK);
        let mut held = self.faults.asides.held(place);
        if !held.is_empty() {
            held.raws().for_each(|raw| *raw = in_frames(raw, mask));
            self.held = held;
        }
        let (told, is_instead) = match self.direction {
            Direction::ClientToServer => (self.faults.asides.to_server(place.connection), false),
            Direction::ServerToClient => {
                let told = text.and_then(|text| self.faults.asides.in_place_of(&text));
                (told.clone().unwrap_or_default(), told.is_some())
            }
        };
        told.iter().for_each(|text| self.on_bytes(&encode_text(text, mask)));
        is_instead
    }
}

/// The packets of a payload as the frames of a WebSocket.
fn in_frames(payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let payload = String::from_utf8_lossy(payload);
    let frames = payload.split(SEPARATOR).flat_map(|packet| match packet.strip_prefix(BASE64) {
        Some(bytes) => encode_binary(&STANDARD.decode(bytes).unwrap_or_default(), mask),
        None => encode_text(packet, mask),
    });
    frames.collect()
}

/// A packet as if it had come in a WebSocket.
fn frame(packet: &str) -> Frame {
    let opcode = if packet.starts_with(BASE64) { Opcode::Binary } else { Opcode::Text };
    let payload = packet.as_bytes().to_vec();
    Frame { opcode, raw: payload.clone(), payload, mask: None }
}

/// What binary packets begin with.
const BASE64: char = 'b';
const NOOP: &[u8] = b"6";
/// What is said on a WebSocket before a session has moved to it.
const MOVE: [&str; 3] = ["2probe", "3probe", "5"];

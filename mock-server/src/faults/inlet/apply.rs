//! What rules do to what comes.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Inlet, Output};
use crate::faults::action::{
    Action, Cut, Delay, Disconnect, End, HalfClose, Malformed, Position, Reorder, Replace, Respond,
    Stall, When,
};
use crate::faults::answer;
use crate::faults::asides::Late;
use crate::faults::book::Hit;
use crate::faults::head::{Head, Upgrade};
use crate::faults::hostile;
use crate::faults::packet::{Kind, Packet, packet};
use crate::faults::rule::Direction;
use crate::faults::stalls::BOTH;
use crate::frame::{Frame, MAX_MESSAGE, Opcode, encode_close, encode_text};
use crate::wire::{MAX_ATTACHMENTS, SEPARATOR};

impl Inlet {
    pub(super) fn on_connection(&mut self, hit: Hit, number: u64, upgrade: &mut Upgrade) {
        if let Action::Stall(_) = hit.action {
            self.faults.stalls.stall(number, &BOTH);
        }
        if hit.action == Action::Refuse {
            self.lane.refuse_request(upgrade);
            self.push(Output::Act(hit));
        } else if let Action::Delay(delay) = hit.action {
            self.delay(&hit, delay);
        } else {
            self.faults.log.hit(number, None, &hit);
            self.restart_by(&hit);
        }
    }

    pub(super) fn on_request(&mut self, hit: Hit, head: &Head, upgrade: &mut Upgrade) {
        match &hit.action {
            Action::Cut(_) | Action::Refuse => {
                self.lane.swallow();
                return self.push(Output::Act(hit));
            }
            Action::Respond(respond) => {
                self.log(&hit);
                self.lane.refuse_request(upgrade);
                let Respond { status, retry_after, body } = respond;
                let origin = head.origin.as_deref();
                return self.push(Output::Back(answer::http(*status, *retry_after, body, origin)));
            }
            Action::Drop => {
                self.log(&hit);
                return self.lane.swallow();
            }
            Action::Delay(delay) => self.delay(&hit, *delay),
            Action::Stall(_) => self.push(Output::Act(hit)),
            Action::Pass
            | Action::Duplicate
            | Action::Reorder(_)
            | Action::Replace(_)
            | Action::Malformed(_)
            | Action::HalfClose(_)
            | Action::ConnectError(_)
            | Action::ExpiredToken
            | Action::Disconnect(_)
            | Action::Restart(_) => {
                self.log(&hit);
                self.restart_by(&hit);
            }
        }
        self.pass_request(head, upgrade);
    }

    pub(super) fn on_frame(&mut self, frame: Frame) {
        if self.payload.is_none() && self.take_over(&frame) {
            return;
        }
        if self.held.gathered.is_some() && frame.opcode == Opcode::Binary {
            return self.gather(&frame);
        }
        if matches!(frame.opcode, Opcode::Text | Opcode::Close) {
            self.let_gathered_go();
        }
        let (Some(place), text) = (self.place(), frame.text()) else { return };
        let packet = text.as_deref().and_then(Packet::read);
        let hit = self.faults.book().on_message(place, &frame, packet.as_ref());
        let attachments = packet.as_ref().map_or(0, |packet| packet.attachments);
        match hit {
            None => self.forward(&frame.raw, &frame),
            Some(hit) if hit.whole && (1..=MAX_ATTACHMENTS).contains(&attachments) => {
                self.held.gathered = Some((hit, frame, attachments));
            }
            Some(hit) => self.apply(hit, &frame),
        }
    }

    /// Takes an attachment; the rule applies when it is the last.
    fn gather(&mut self, attachment: &Frame) {
        let Some((hit, mut whole, missing)) = self.held.gathered.take() else { return };
        if whole.raw.len() + attachment.raw.len() > MAX_MESSAGE {
            self.on_bytes(&whole.raw);
            return self.on_bytes(&attachment.raw);
        }
        if self.payload.is_some() {
            whole.raw.extend_from_slice(SEPARATOR.as_bytes());
        }
        whole.raw.extend_from_slice(&attachment.raw);
        if missing > 1 {
            self.held.gathered = Some((hit, whole, missing - 1));
        } else {
            self.apply(hit, &whole);
        }
    }

    /// Passes on what has come of an event whose attachments do not come.
    pub(super) fn let_gathered_go(&mut self) {
        if let Some((_, frame, _)) = self.held.gathered.take() {
            self.on_bytes(&frame.raw);
        }
    }

    fn apply(&mut self, hit: Hit, frame: &Frame) {
        match hit.action.clone() {
            Action::Cut(Cut { when, .. })
            | Action::Stall(Stall { when, .. })
            | Action::HalfClose(HalfClose { when }) => {
                if when == When::After {
                    self.forward(&frame.raw, frame);
                    self.push_after(Output::Act(hit));
                    return;
                }
                self.push(Output::Act(hit));
                self.forward(&frame.raw, frame);
            }
            Action::Duplicate => {
                self.log(&hit);
                self.forward(&frame.raw, frame);
                self.forward(&frame.raw, frame);
            }
            Action::Replace(replace) => {
                self.log(&hit);
                let raw = self.encode(&replaced(&replace, frame), frame.mask);
                self.forward(&raw, frame);
            }
            Action::Drop => self.log(&hit),
            Action::Reorder(Reorder { by }) => {
                self.log(&hit);
                let only_events = hit.whole && is_event(frame);
                self.held.late.push(Late { raw: frame.raw.clone(), left: by, only_events });
            }
            Action::Malformed(malformed) => {
                self.log(&hit);
                self.malformed(&malformed, frame);
            }
            Action::ConnectError(error) => {
                self.log(&hit);
                self.refuse_connect(frame, &error.message, error.data);
            }
            Action::ExpiredToken => {
                self.log(&hit);
                self.refuse_connect(frame, EXPIRED, Some(json!({ "code": EXPIRED })));
            }
            Action::Disconnect(disconnect) => self.disconnect(&hit, disconnect, frame),
            Action::Delay(delay) => {
                self.delay(&hit, delay);
                self.forward(&frame.raw, frame);
            }
            Action::Pass | Action::Refuse | Action::Respond(_) | Action::Restart(_) => {
                self.log(&hit);
                self.restart_by(&hit);
                self.forward(&frame.raw, frame);
            }
        }
    }

    /// Passes a message on, and those that waited for it.
    fn forward(&mut self, raw: &[u8], frame: &Frame) {
        if frame.opcode == Opcode::Close {
            self.let_late_go(|_| true);
        }
        self.on_bytes(raw);
        if self.held.late.is_empty() || !frame.is_message() {
            return;
        }
        let is_event = is_event(frame);
        for late in &mut self.held.late {
            if is_event || !late.only_events {
                late.left = late.left.saturating_sub(1);
            }
        }
        self.let_late_go(|late| late.left == 0);
    }

    pub(super) fn let_late_go(&mut self, may: impl Fn(&Late) -> bool) {
        let (go, stay) = std::mem::take(&mut self.held.late).into_iter().partition(may);
        self.held.late = stay;
        let go: Vec<Late> = go;
        go.iter().for_each(|late| self.on_bytes(&late.raw));
    }

    fn malformed(&mut self, Malformed { name, when }: &Malformed, frame: &Frame) {
        if *when == Position::After {
            self.forward(&frame.raw, frame);
        }
        let is_polled = self.payload.is_some();
        match self.direction {
            Direction::ServerToClient if is_polled => {
                hostile::packets(name).iter().for_each(|packet| self.on_bytes(packet.as_bytes()));
            }
            Direction::ServerToClient => self.on_bytes(&hostile::named(name).unwrap_or_default()),
            Direction::ClientToServer if is_polled => self.tell_back(hostile::packets(name)),
            Direction::ClientToServer => {
                self.push(Output::Back(hostile::named(name).unwrap_or_default()));
            }
        }
        if *when == Position::Before {
            self.forward(&frame.raw, frame);
        }
    }

    fn refuse_connect(&mut self, frame: &Frame, message: &str, data: Option<Value>) {
        let text = frame.text().unwrap_or_default();
        let namespace = Packet::read(&text).map_or("/", |packet| packet.namespace);
        let mut error = json!({ "message": message });
        if let (Some(error), Some(data)) = (error.as_object_mut(), data) {
            error.insert("data".to_owned(), data);
        }
        let answer = packet("44", namespace, &error.to_string());
        if self.payload.is_some() {
            return self.tell_back(vec![answer]);
        }
        self.push(Output::Back(encode_text(&answer, None)));
    }

    fn disconnect(&mut self, hit: &Hit, Disconnect { when, close }: Disconnect, frame: &Frame) {
        self.log(hit);
        if when == When::After {
            self.forward(&frame.raw, frame);
        }
        let text = frame.text().unwrap_or_default();
        let namespace = Packet::read(&text).map_or("/", |packet| packet.namespace);
        let leave = packet("41", namespace, "");
        if self.payload.is_some() {
            return self.disconnect_polled(&leave, close);
        }
        let mut to_client = encode_text(&leave, None);
        let to_server = encode_text(&leave, Some(MASK));
        if close {
            to_client.extend(encode_close());
        }
        let (onwards, back) = match self.direction {
            Direction::ClientToServer => (to_server, to_client),
            Direction::ServerToClient => (to_client, to_server),
        };
        self.on_bytes(&onwards);
        self.push(Output::Back(back));
        if close {
            self.push(Output::Close(End::Finish));
        }
    }

    /// The same in a payload; the session ends with a packet of Engine.IO.
    fn disconnect_polled(&mut self, leave: &str, close: bool) {
        let mut to_client = vec![leave.to_owned()];
        let to_server = vec![leave.to_owned()];
        if close {
            to_client.push(END_OF_SESSION.to_owned());
        }
        let (onwards, back) = match self.direction {
            Direction::ClientToServer => (to_server, to_client),
            Direction::ServerToClient => (to_client, to_server),
        };
        onwards.iter().for_each(|packet| self.on_bytes(packet.as_bytes()));
        self.tell_back(back);
    }

    /// A text as what carries it here has it: a frame, or a packet of a payload.
    fn encode(&self, text: &str, mask: Option<[u8; 4]>) -> Vec<u8> {
        if self.payload.is_some() { text.as_bytes().to_vec() } else { encode_text(text, mask) }
    }

    /// What is to happen when the message has gone through.
    fn push_after(&mut self, output: Output) {
        match &mut self.payload {
            Some(payload) => payload.then(output),
            None => self.push(output),
        }
    }

    /// Passes bytes on, with what rules do in between.
    pub(super) fn on_bytes(&mut self, mut bytes: &[u8]) {
        if let Some(payload) = &mut self.payload {
            return payload.add(bytes);
        }
        while let Some(place) = self.place() {
            let moment = self.faults.book().on_bytes(place, self.passed, bytes.len());
            let Some((before, hit)) = moment else { break };
            let (start, rest) = bytes.split_at(before.min(bytes.len()));
            self.push_bytes(start);
            bytes = rest;
            if let Action::Delay(delay) = hit.action {
                self.delay(&hit, delay);
            } else if matches!(hit.action, Action::Cut(_) | Action::Stall(_) | Action::HalfClose(_))
            {
                self.push(Output::Act(hit));
            } else {
                self.log(&hit);
                self.restart_by(&hit);
            }
        }
        self.push_bytes(bytes);
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.passed += bytes.len() as u64;
            self.push(Output::Bytes(bytes.to_vec()));
        }
    }

    fn delay(&mut self, hit: &Hit, Delay { ms, jitter_ms }: Delay) {
        self.log(hit);
        let jitter = hit.drawn.checked_rem(jitter_ms.saturating_add(1)).unwrap_or_default();
        self.push(Output::Wait(Instant::now() + Duration::from_millis(ms + jitter)));
    }

    fn restart_by(&self, hit: &Hit) {
        if let Action::Restart(restart) = hit.action {
            // Nobody here waits for it.
            drop(self.faults.restart(restart));
        }
    }
}

fn is_event(frame: &Frame) -> bool {
    let text = frame.text();
    let packet = text.as_deref().and_then(Packet::read);
    packet.is_some_and(|packet| packet.kind == Kind::Event)
}

fn replaced(Replace { text, args }: &Replace, frame: &Frame) -> String {
    if let Some(text) = text {
        return text.clone();
    }
    let own = frame.text().unwrap_or_default();
    let Some(event) = Packet::read(&own) else { return own };
    let name = event.event().unwrap_or_default();
    let args = args.iter().flatten().cloned();
    let list: Vec<Value> = std::iter::once(Value::String(name)).chain(args).collect();
    packet("42", event.namespace, &format!("{}{}", event.id, Value::Array(list)))
}

/// What a token is that was good once.
const EXPIRED: &str = "expired";
/// What clients send is masked; which way does not matter here.
pub(super) const MASK: [u8; 4] = [0x5a, 0xc3, 0x96, 0x0f];
/// The packet of Engine.IO that ends a session.
const END_OF_SESSION: &str = "1";

//! What is read from a sender, turned into what its receiver is to get. Rules apply here.

mod apply;
mod payload;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::time::Instant;

use super::action::End;
use super::asides::Held;
use super::book::{Hit, Place};
use super::head::{Head, Upgrade};
use super::lane::{Lane, Step};
use super::log::Event;
use super::rule::Direction;
use super::{Faults, Scope};
use crate::admin::Admin;
use crate::frame::Frame;
use payload::Payload;

/// What a receiver is to get, in order.
#[derive(Debug)]
pub enum Output {
    /// Bytes.
    Bytes(Vec<u8>),
    /// Nothing until then.
    Wait(Instant),
    /// A cut, a stall or a half-close: it happens when everything before it has gone through.
    Act(Hit),
    /// The sender gets these bytes itself.
    Back(Vec<u8>),
    /// Both sides see the end when both have got everything.
    Close(End),
    /// The sender's end.
    End,
}

/// One direction of a connection, up to the queue.
#[derive(Debug)]
pub struct Inlet {
    faults: Arc<Faults>,
    direction: Direction,
    /// The connection's number, as soon as it is one that rules are about.
    number: Option<u64>,
    lane: Lane,
    /// The bytes so far that the receiver is to get.
    passed: u64,
    /// The first lines of what is being collected.
    head: Option<Head>,
    /// What was collected, while rules apply to it.
    payload: Option<Payload>,
    held: Held,
    /// The start of an answer that is to name the session, of HTTP long-polling.
    greeting: Option<Vec<u8>>,
    outputs: Vec<Output>,
}

impl Inlet {
    /// Starts at the beginning of a connection.
    #[must_use]
    pub fn new(faults: Arc<Faults>, direction: Direction, number: Option<u64>) -> Self {
        Self {
            faults,
            direction,
            number,
            lane: Lane::new(direction),
            passed: 0,
            head: None,
            payload: None,
            held: Held::default(),
            greeting: None,
            outputs: Vec::new(),
        }
    }

    /// The connection's number.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.number
    }

    /// The client's direction has come to another connection.
    pub fn follow(&mut self, number: Option<u64>) {
        self.number = number;
        self.passed = 0;
        self.greeting = number.map(|_| Vec::new());
    }

    /// Whether bytes may go past it, as long as [`Inlet::pass`] is told of them.
    #[must_use]
    pub fn may_pass(&self, upgrade: Upgrade) -> bool {
        self.lane.may_pass(upgrade)
            && self.held.is_empty()
            && (self.greeting.is_none() || upgrade != Upgrade::No)
    }

    /// Notes bytes that went past it.
    pub fn pass(&mut self, bytes: &[u8]) {
        self.passed += bytes.len() as u64;
        self.lane.pass(bytes);
    }

    /// Takes what the sender has said; `upgrade` is what both directions share.
    pub fn take(&mut self, mut chunk: &[u8], upgrade: &mut Upgrade) -> Vec<Output> {
        while !chunk.is_empty() {
            let hold = self.looks_at_messages();
            match self.lane.next(&mut chunk, hold, upgrade) {
                Some(Step::Bytes(bytes)) => {
                    self.on_greeting(&bytes);
                    self.on_bytes(&bytes);
                }
                Some(Step::Head(head)) => self.on_head(&head, upgrade),
                Some(Step::Body(body)) => {
                    self.on_greeting(&body);
                    self.on_body(&body);
                }
                Some(Step::Seen(bytes, frame)) => {
                    self.log_frame(&frame);
                    self.on_bytes(&bytes);
                }
                Some(Step::Held(frame)) => {
                    self.log_frame(&frame);
                    self.on_frame(frame);
                }
                None => {}
            }
        }
        std::mem::take(&mut self.outputs)
    }

    /// Takes the sender's end: nothing is late any more.
    pub fn end(&mut self) -> Vec<Output> {
        self.let_gathered_go();
        self.let_late_go(|_| true);
        self.push(Output::End);
        std::mem::take(&mut self.outputs)
    }

    /// Which part of which connection it is.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.number.map(|connection| Place { connection, direction: self.direction })
    }

    /// Whether messages are to come whole: for rules, or since others wait for them.
    fn looks_at_messages(&self) -> bool {
        !self.held.is_empty()
            || self.place().is_some_and(|place| {
                self.faults.asides.wait_for(place) || self.faults.book().looks_at_messages(place)
            })
    }

    fn on_head(&mut self, head: &Head, upgrade: &mut Upgrade) {
        let is_request = self.direction == Direction::ClientToServer;
        if is_request && self.faults.is_down() && !head.path().starts_with(CONTROL) {
            self.lane.swallow();
            return self.push(Output::Close(End::Reset));
        }
        if is_request && self.faults.scope == Scope::SocketIo && head.method() != "OPTIONS" {
            self.enter(head, upgrade);
        }
        let Some(connection) = self.number else { return self.on_bytes(&head.bytes) };
        if !is_request {
            let is_payload = head.is_good_answer();
            if !is_payload {
                self.log_head(connection, head);
            }
            return self.pass_head(head, is_payload);
        }
        self.log_head(connection, head);
        let hit = self.faults.book().on_request(connection, head);
        match hit {
            None => self.pass_request(head, upgrade),
            Some(hit) => self.on_request(hit, head, upgrade),
        }
    }

    /// A request says which connection it belongs to: its session's, or a new one.
    fn enter(&mut self, head: &Head, upgrade: &mut Upgrade) {
        // Who looks at the Admin UI is no client: rules neither count nor disturb it.
        if !head.is_socket_io() || Admin::owns(head.path()) {
            return self.leave();
        }
        let session = head.session();
        let known = session.and_then(|session| self.faults.connections.join(session));
        if session.is_some() && known.is_none() && self.number.is_some() {
            return;
        }
        if known.is_none() || known != self.number {
            self.passed = 0;
        }
        self.leave();
        self.number = known.or_else(|| {
            let (number, _) = self.faults.connections.open();
            if self.faults.is_armed() {
                self.faults.log.record(number, Event::Opened);
            }
            Some(number)
        });
        let (Some(number), None) = (self.number, known) else { return };
        let hit = self.faults.book().on_connection(number);
        if let Some(hit) = hit {
            self.on_connection(hit, number, upgrade);
        }
    }

    /// The connection does not carry what it did any more.
    fn leave(&mut self) {
        if let Some(number) = self.number.take()
            && self.faults.connections.close(number)
        {
            self.faults.forget(number);
        }
    }

    /// The answer that begins a session of HTTP long-polling names it.
    fn on_greeting(&mut self, bytes: &[u8]) {
        let (Some(greeting), Some(number)) = (&mut self.greeting, self.number) else { return };
        greeting.extend_from_slice(bytes);
        let text = String::from_utf8_lossy(greeting);
        let named = text.split_once(SESSION).and_then(|(_, rest)| rest.split_once('"'));
        if let Some((session, _)) = named {
            let session = session.to_owned();
            if let Some(old) = self.faults.connections.name_session(session, number) {
                self.faults.forget(old);
            }
        }
        if named.is_some() || greeting.len() > MAX_GREETING {
            self.greeting = None;
        }
    }

    fn log_head(&self, connection: u64, head: &Head) {
        if self.faults.is_armed() {
            self.faults.log.head(connection, self.direction, &head.line);
        }
    }

    fn log_frame(&self, frame: &Frame) {
        if let Some(place) = self.place().filter(|_| self.faults.is_armed()) {
            self.faults.log.frame(place, frame);
        }
    }

    fn log(&self, hit: &Hit) {
        self.faults.log.hit(self.number, Some(self.direction), hit);
    }

    fn push(&mut self, output: Output) {
        self.outputs.push(output);
    }
}

/// Where the control API is, which works while the server is down.
const CONTROL: &str = "/control/";
const SESSION: &str = "\"sid\":\"";
/// In bytes, with the first lines.
const MAX_GREETING: usize = 8 << 10;

//! What is read from a sender, turned into what its receiver is to get. Rules apply here.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Shared;
use super::book::{Hit, Place};
use super::head::Upgrade;
use super::lane::{Lane, Step};
use super::log::Event;
use super::rule::{Action, Cut, Delay, HalfClose, Replace, Stall, When};
use crate::frame::{Frame, encode_text};

/// What a receiver is to get, in order.
#[derive(Debug)]
pub enum Output {
    /// Bytes.
    Bytes(Vec<u8>),
    /// Nothing until then.
    Wait(Instant),
    /// A cut, a stall or a half-close: it happens when everything before it has gone through.
    Act(Hit),
    /// The sender's end.
    End,
}

/// One direction of a connection, up to the queue.
#[derive(Debug)]
pub struct Inlet<'a> {
    shared: &'a Shared,
    place: Place,
    lane: Lane,
    /// The bytes so far that the receiver is to get.
    passed: u64,
    outputs: Vec<Output>,
}

impl<'a> Inlet<'a> {
    /// Starts at the beginning of a connection.
    pub fn new(shared: &'a Shared, place: Place) -> Self {
        let lane = Lane::new(place.direction);
        Self { shared, place, lane, passed: 0, outputs: Vec::new() }
    }

    /// Takes what the sender has said; `upgrade` is what both directions share.
    pub fn take(&mut self, chunk: &[u8], upgrade: &Mutex<Upgrade>) -> Vec<Output> {
        let hold = self.shared.book().looks_at_frames(self.place);
        let mut upgrade = upgrade.lock().unwrap_or_else(PoisonError::into_inner);
        for step in self.lane.take(chunk, hold, &mut upgrade) {
            match step {
                Step::Bytes(bytes) => self.on_bytes(&bytes),
                Step::Head(line) => {
                    let direction = self.place.direction;
                    self.shared.log.record(self.place.connection, Event::Head { direction, line });
                }
                Step::Seen(frame) => self.shared.log.frame(self.place, &frame),
                Step::Held(frame) => self.on_frame(&frame),
            }
        }
        std::mem::take(&mut self.outputs)
    }

    fn on_frame(&mut self, frame: &Frame) {
        self.shared.log.frame(self.place, frame);
        let hit = self.shared.book().on_frame(self.place, frame);
        let Some(hit) = hit else { return self.on_bytes(&frame.raw) };
        match &hit.action {
            Action::Cut(Cut { when, .. })
            | Action::Stall(Stall { when, .. })
            | Action::HalfClose(HalfClose { when }) => match when {
                When::Before => {
                    self.outputs.push(Output::Act(hit));
                    self.on_bytes(&frame.raw);
                }
                When::After => {
                    self.on_bytes(&frame.raw);
                    self.outputs.push(Output::Act(hit));
                }
            },
            Action::Duplicate => {
                self.log(&hit);
                self.on_bytes(&frame.raw);
                self.on_bytes(&frame.raw);
            }
            Action::Replace(Replace { text }) => {
                self.log(&hit);
                self.on_bytes(&encode_text(text, frame.mask));
            }
            Action::Drop => self.log(&hit),
            Action::Delay(delay) => {
                self.delay(&hit, *delay);
                self.on_bytes(&frame.raw);
            }
            Action::Pass | Action::Refuse => {
                self.log(&hit);
                self.on_bytes(&frame.raw);
            }
        }
    }

    /// Passes bytes on, with what rules do in between.
    fn on_bytes(&mut self, mut bytes: &[u8]) {
        loop {
            let moment = self.shared.book().on_bytes(self.place, self.passed, bytes.len());
            let Some((before, hit)) = moment else { return self.push(bytes) };
            let (start, rest) = bytes.split_at(before.min(bytes.len()));
            self.push(start);
            bytes = rest;
            match &hit.action {
                Action::Cut(_) | Action::Stall(_) | Action::HalfClose(_) => {
                    self.outputs.push(Output::Act(hit));
                }
                Action::Delay(delay) => self.delay(&hit, *delay),
                Action::Pass
                | Action::Duplicate
                | Action::Replace(_)
                | Action::Drop
                | Action::Refuse => self.log(&hit),
            }
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.passed += bytes.len() as u64;
            self.outputs.push(Output::Bytes(bytes.to_vec()));
        }
    }

    fn delay(&mut self, hit: &Hit, Delay { ms }: Delay) {
        self.log(hit);
        self.outputs.push(Output::Wait(Instant::now() + Duration::from_millis(ms)));
    }

    fn log(&self, hit: &Hit) {
        self.shared.log.hit(self.place.connection, Some(self.place.direction), hit);
    }
}

//! One direction of a connection: what its receiver is to get.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::Context;

use crate::faults::Faults;
use crate::faults::inlet::{Inlet, Output};

type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One direction: what its receiver is to get.
pub struct Way {
    pub(super) inlet: Inlet,
    pub(super) queue: VecDeque<Output>,
    /// The bytes in the queue.
    pub(super) length: usize,
    pub(super) waiting: Option<Waiting>,
    /// It has been half-closed: what comes goes nowhere.
    pub(super) is_closed: bool,
    /// Its sender has ended.
    pub(super) is_over: bool,
}

impl std::fmt::Debug for Way {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Way").field("inlet", &self.inlet).finish_non_exhaustive()
    }
}

impl Way {
    pub(super) fn new(inlet: Inlet) -> Self {
        let queue = VecDeque::new();
        Self { inlet, queue, length: 0, waiting: None, is_closed: false, is_over: false }
    }

    pub(super) fn push(&mut self, output: Output) {
        if let Output::Bytes(bytes) = &output {
            self.length += bytes.len();
        }
        self.queue.push_back(output);
    }

    pub(super) fn extend(&mut self, outputs: Vec<Output>) {
        outputs.into_iter().for_each(|output| self.push(output));
    }

    pub(super) fn is_full(&self) -> bool {
        self.length >= MAX_QUEUED
    }

    pub(super) fn half_close(&mut self) {
        self.is_closed = true;
        self.queue.push_front(Output::End);
    }

    /// Whether what is next in the queue has to wait for its time, or for a release.
    pub(super) fn must_wait(&mut self, faults: &Faults, cx: &mut Context<'_>) -> bool {
        loop {
            if let Some(waiting) = &mut self.waiting {
                if waiting.as_mut().poll(cx).is_pending() {
                    return true;
                }
                self.waiting = None;
            }
            let goes_through = matches!(self.queue.front(), Some(Output::Bytes(_) | Output::End));
            match self.inlet.place().filter(|_| goes_through) {
                Some(place) if !faults.stalls.is_passable(place) => {
                    self.wait(faults.stalls.passable(place));
                }
                Some(_) | None => return false,
            }
        }
    }

    pub(super) fn wait(&mut self, waiting: impl Future<Output = ()> + Send + 'static) {
        self.waiting = Some(Box::pin(waiting));
    }
}

/// So much is taken from a sender whose receiver takes nothing, in bytes.
const MAX_QUEUED: usize = 1 << 20;

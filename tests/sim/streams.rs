//! The server's streams of stamped events and their logs, written from the contract.

use std::collections::VecDeque;

/// One stream: a room, or everybody.
#[derive(Debug)]
pub struct Stream {
    pub name: String,
    pub epoch: String,
    /// The number of the newest event.
    pub last: u64,
    log: VecDeque<(u64, u64)>,
    size: usize,
}

/// What a client gets that asks what came since a position.
#[derive(Debug, PartialEq)]
pub enum Since {
    /// The numbers and contents of the events, and whether there are more.
    Events {
        events: Vec<(u64, u64)>,
        more: bool,
    },
    Gap,
}

/// No answer holds more events.
const PAGE: usize = 4;

impl Stream {
    pub fn new(name: String, epoch: String, size: usize) -> Self {
        Self { name, epoch, last: 0, log: VecDeque::new(), size }
    }

    /// Adds an event and returns its number.
    pub fn push(&mut self, content: u64) -> u64 {
        self.last += 1;
        self.log.push_back((self.last, content));
        if self.log.len() > self.size {
            self.log.pop_front();
        }
        self.last
    }

    pub fn trim(&mut self) {
        while self.log.len() > 1 {
            self.log.pop_front();
        }
    }

    /// Starts a new log, as a server does that has lost its memory.
    pub fn restart(&mut self, epoch: String) {
        *self = Self::new(std::mem::take(&mut self.name), epoch, self.size);
    }

    pub fn since(&self, epoch: &str, number: u64) -> Since {
        let reaches_back = number + self.log.len() as u64 >= self.last;
        if epoch != self.epoch || number > self.last || !reaches_back {
            return Since::Gap;
        }
        let newer = || self.log.iter().copied().filter(|(seq, _)| *seq > number);
        Since::Events { events: newer().take(PAGE).collect(), more: newer().count() > PAGE }
    }
}

/// The stamp that such an event carries as its last argument.
pub fn stamp(stream: &str, epoch: &str, number: u64) -> String {
    format!(
        "{{\"$sockeye\":{{\"id\":\"{stream}/{epoch}/{number}\",\"stream\":\"{stream}\",\
         \"epoch\":\"{epoch}\",\"seq\":{number}}}}}"
    )
}

//! What all clients together have received.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// Counts what is received, and notices what is missing.
#[derive(Debug)]
pub struct Tally {
    start: Instant,
    received: Cell<u64>,
    lost: Cell<u64>,
    /// When each event was due, by its number.
    sent: RefCell<Vec<Instant>>,
    /// How long each delivery took, in microseconds, while that is asked for.
    latencies: RefCell<Vec<u32>>,
    /// At how many deliveries whoever waits for them goes on.
    awaited: Cell<u64>,
    reached: Notify,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            received: Cell::default(),
            lost: Cell::default(),
            sent: RefCell::default(),
            latencies: RefCell::default(),
            awaited: Cell::default(),
            reached: Notify::new(),
        }
    }
}

impl Tally {
    /// Notes that an event which was due at this time is about to be sent, and returns its number.
    pub fn send(&self, due: Instant) -> u64 {
        let mut sent = self.sent.borrow_mut();
        sent.push(due);
        sent.len() as u64 - 1
    }

    /// Notes that a client, which expects `next`, has received the event `number` at `now`.
    pub fn receive(&self, number: u64, next: u64, now: Instant) {
        self.received.set(self.received.get() + 1);
        self.lost.set(self.lost.get() + number.abs_diff(next));
        let sent = usize::try_from(number).ok().and_then(|at| self.sent.borrow().get(at).copied());
        let latency = now.saturating_duration_since(sent.unwrap_or(self.start));
        let micros = u32::try_from(latency.as_micros()).unwrap_or(u32::MAX);
        self.latencies.borrow_mut().push(micros);
        if self.received.get() == self.awaited.get() {
            self.reached.notify_one();
        }
    }

    /// How many events were sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.borrow().len() as u64
    }

    /// How many deliveries there were.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.get()
    }

    /// Waits until there have been `count` deliveries; returns whether they have come.
    ///
    /// It gives up when for some time nothing is delivered at all.
    pub async fn wait_for(&self, count: u64) -> bool {
        self.awaited.set(count);
        let mut before = self.received();
        while before < count {
            if timeout(PATIENCE, self.reached.notified()).await.is_err()
                && self.received() == before
            {
                return false;
            }
            before = self.received();
        }
        true
    }

    /// How many deliveries were left out, or came in another order.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.get()
    }

    /// Takes how long the deliveries took since the last call, at most, in milliseconds: half of
    /// them, 99 of a hundred, all.
    pub fn take_latencies(&self) -> [f64; 3] {
        let mut latencies = std::mem::take(&mut *self.latencies.borrow_mut());
        latencies.sort_unstable();
        let last = latencies.len().saturating_sub(1);
        let at = |percent: usize| latencies.get(last * percent / 100).copied().unwrap_or_default();
        [50, 99, 100].map(|percent| f64::from(at(percent)) / 1_000.0)
    }
}

/// After so long without a delivery none is expected any more.
const PATIENCE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_late_and_what_is_missing() {
        let tally = Tally::default();
        for number in 0..100 {
            let due = Instant::now();
            assert_eq!(tally.send(due), number);
            tally.receive(number, number, due + Duration::from_millis(number + 1));
        }
        assert_eq!((tally.sent(), tally.received(), tally.lost()), (100, 100, 0));
        assert_eq!(tally.take_latencies(), [50.0, 99.0, 100.0]);
        assert_eq!(tally.take_latencies(), [0.0; 3]);
        tally.receive(7, 5, Instant::now());
        assert_eq!(tally.lost(), 2);
    }
}

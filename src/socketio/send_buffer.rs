//! Events that wait in memory for the connection.

use std::collections::VecDeque;

/// An event that has not been sent.
#[derive(Debug)]
pub struct Buffered<Text> {
    /// The id under which an answer is waited for.
    pub ack_id: Option<u64>,
    /// The event's array as JSON.
    pub body: Text,
    /// The body's length in units.
    pub length: usize,
}

/// A queue with a bound on the number and on the length of what it holds.
#[derive(Debug)]
pub struct SendBuffer<Text> {
    events: VecDeque<Buffered<Text>>,
    length: usize,
}

impl<Text> Default for SendBuffer<Text> {
    fn default() -> Self {
        Self { events: VecDeque::new(), length: 0 }
    }
}

impl<Text> SendBuffer<Text> {
    /// Returns whether `length` more units in one more event stay within the bounds.
    #[must_use]
    pub fn has_room(&self, length: usize, max_events: usize, max_length: usize) -> bool {
        self.events.len() < max_events && self.length.saturating_add(length) <= max_length
    }

    /// Adds an event at the end.
    pub fn push(&mut self, event: Buffered<Text>) {
        self.length = self.length.saturating_add(event.length);
        self.events.push_back(event);
    }

    /// Takes out the oldest event.
    pub fn pop(&mut self) -> Option<Buffered<Text>> {
        let event = self.events.pop_front()?;
        self.length = self.length.saturating_sub(event.length);
        Some(event)
    }

    /// Takes out the event that waits for the answer `ack_id`.
    pub fn remove(&mut self, ack_id: u64) {
        if let Some(index) = self.events.iter().position(|event| event.ack_id == Some(ack_id)) {
            let removed = self.events.remove(index).map_or(0, |event| event.length);
            self.length = self.length.saturating_sub(removed);
        }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn counts_events_and_length() {
        let mut buffer = SendBuffer::default();
        let event = |ack_id| Buffered { ack_id, body: (), length: 4 };
        buffer.push(event(None));
        buffer.push(event(Some(3)));
        assert!(buffer.has_room(2, 3, 10));
        assert!(!buffer.has_room(3, 3, 10), "length");
        assert!(!buffer.has_room(0, 2, 10), "number");
        buffer.remove(9);
        buffer.remove(3);
        assert!(buffer.has_room(6, 2, 10));
        assert!(buffer.pop().is_some() && buffer.pop().is_none());
        assert!(buffer.has_room(10, 1, 10));
    }
}

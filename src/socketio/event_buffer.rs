//! Events that wait in memory for the connection: to be sent, or to be delivered.

use std::collections::VecDeque;

/// An event that waits.
#[derive(Debug)]
pub(super) struct Buffered<Content> {
    /// The id under which an answer is waited for.
    pub ack_id: Option<u64>,
    /// The event itself.
    pub content: Content,
    /// Its length: units of text and bytes of attachments.
    pub length: usize,
}

/// A queue with a bound on the number and on the length of what it holds.
#[derive(Debug)]
pub(super) struct EventBuffer<Content> {
    events: VecDeque<Buffered<Content>>,
    length: usize,
}

impl<Content> Default for EventBuffer<Content> {
    fn default() -> Self {
        Self { events: VecDeque::new(), length: 0 }
    }
}

impl<Content> EventBuffer<Content> {
    /// Returns whether one more event of this `length` stays within the bounds.
    pub fn has_room(&self, length: usize, max_events: usize, max_length: usize) -> bool {
        self.events.len() < max_events && self.length.saturating_add(length) <= max_length
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Adds an event at the end.
    pub fn push(&mut self, event: Buffered<Content>) {
        self.length = self.length.saturating_add(event.length);
        self.events.push_back(event);
    }

    /// Takes out the oldest event.
    pub fn pop(&mut self) -> Option<Buffered<Content>> {
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
        let mut buffer = EventBuffer::default();
        let event = |ack_id| Buffered { ack_id, content: (), length: 4 };
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

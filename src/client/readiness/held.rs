//! Events that were received while none may be delivered.

use std::collections::VecDeque;

use crate::client::continuity::Place;

/// An event that waits.
#[derive(Debug)]
pub(super) struct HeldEvent<E> {
    pub event: E,
    pub place: Option<Place>,
    length: usize,
}

/// The events that wait, in the order in which they came, up to a number and a length.
///
/// What comes when it is full is dropped, and that is remembered: of a stream, so that it can be asked
/// for again; otherwise, because nothing else tells of it.
#[derive(Debug)]
pub(super) struct Held<E> {
    events: VecDeque<HeldEvent<E>>,
    length: usize,
    max_events: usize,
    max_length: usize,
    /// How many of the first have been taken into account by a verdict.
    judged: usize,
    cut_streams: Vec<u64>,
    lost: bool,
}

impl<E> Held<E> {
    pub fn new(max_events: usize, max_length: usize) -> Self {
        Self {
            events: VecDeque::new(),
            length: 0,
            max_events,
            max_length,
            judged: 0,
            cut_streams: Vec::new(),
            lost: false,
        }
    }

    pub fn clear(&mut self) {
        *self = Self::new(self.max_events, self.max_length);
    }

    pub fn push(&mut self, event: E, place: Option<Place>, length: usize) {
        let total = self.length.saturating_add(length);
        if self.events.len() < self.max_events && total <= self.max_length {
            self.length = total;
            self.events.push_back(HeldEvent { event, place, length });
        } else if let Some(place) = place.filter(|_| self.cut_streams.len() < self.max_events) {
            if !self.cut_streams.contains(&place.stream) {
                self.cut_streams.push(place.stream);
            }
        } else {
            self.lost = true;
        }
    }

    /// Takes out the oldest, and says whether a verdict has taken it into account.
    pub fn pop(&mut self) -> Option<(HeldEvent<E>, bool)> {
        let event = self.events.pop_front()?;
        self.length -= event.length;
        let judged = self.judged > 0;
        self.judged = self.judged.saturating_sub(1);
        Some((event, judged))
    }

    /// Puts back what [`pop`](Self::pop) gave.
    pub fn put_back(&mut self, (event, judged): (HeldEvent<E>, bool)) {
        self.length += event.length;
        self.judged += usize::from(judged);
        self.events.push_front(event);
    }

    /// A verdict takes into account everything that waits now.
    pub fn set_judged(&mut self) {
        self.judged = self.events.len();
    }

    /// The places of what waits.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.events.iter().filter_map(|held| held.place)
    }

    /// Returns whether an event was dropped that belongs to no stream, and forgets that.
    pub fn take_lost(&mut self) -> bool {
        std::mem::take(&mut self.lost)
    }

    /// Returns the streams of which events were dropped, and forgets them.
    pub fn take_cut_streams(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.cut_streams)
    }

    pub fn has_lost(&self) -> bool {
        self.lost
    }
}

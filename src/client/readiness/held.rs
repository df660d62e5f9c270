//! Events that were received while none may be delivered.

use std::collections::VecDeque;

use crate::client::continuity::{NO_EPOCH, Place};

/// An event that waits.
#[derive(Debug)]
pub(super) struct HeldEvent<E> {
    pub event: E,
    pub place: Option<Place>,
    length: usize,
    /// Whether it came on the connection that there is.
    is_recent: bool,
    /// Whether a verdict has taken it into account.
    pub is_judged: bool,
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
            self.events.push_back(HeldEvent {
                event,
                place,
                length,
                is_recent: true,
                is_judged: false,
            });
        } else if let Some(place) = place.filter(|_| self.cut_streams.len() < self.max_events) {
            if !self.cut_streams.contains(&place.stream) {
                self.cut_streams.push(place.stream);
            }
        } else {
            self.lost = true;
        }
    }

    /// Takes out the oldest.
    pub fn pop(&mut self) -> Option<HeldEvent<E>> {
        let event = self.events.pop_front()?;
        self.length -= event.length;
        Some(event)
    }

    /// Puts back what [`pop`](Self::pop) gave.
    pub fn put_back(&mut self, event: HeldEvent<E>) {
        self.length += event.length;
        self.events.push_front(event);
    }

    /// A verdict takes into account everything that waits now.
    pub fn set_judged(&mut self) {
        self.events.iter_mut().for_each(|held| held.is_judged = true);
    }

    /// Another connection begins.
    pub fn set_old(&mut self) {
        self.events.iter_mut().for_each(|held| held.is_recent = false);
    }

    /// Drops what is of epochs that are over: of that before `epoch`, and of those that came and went
    /// on earlier connections.
    pub fn drop_epochs(&mut self, stream: u64, before: u64, epoch: u64) {
        let is_over = |held: &HeldEvent<E>| {
            let place = held.place.filter(|place| place.stream == stream && place.epoch != epoch);
            place.is_some_and(|place| place.epoch == before || !held.is_recent)
        };
        self.drop_where(is_over);
    }

    /// Drops what is of a stream.
    pub fn drop_stream(&mut self, stream: u64) {
        self.drop_where(|held| held.place.is_some_and(|place| place.stream == stream));
    }

    fn drop_where(&mut self, matches: impl Fn(&HeldEvent<E>) -> bool) {
        self.events.retain(|held| !matches(held));
        self.length = self.events.iter().map(|held| held.length).sum();
    }

    /// The server counts anew: numbers without an epoch say nothing any more.
    pub fn forget_bare_numbers(&mut self) {
        for held in &mut self.events {
            held.place = held.place.filter(|place| place.epoch != NO_EPOCH);
        }
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

//! How far each stream has been delivered.

use std::rc::Rc;

use crate::client::continuity::{NO_EPOCH, Named, Place, Position};
use crate::sorted::SortedMap;

/// What an event is, compared with what its stream has delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The next one, or the first of a stream that was not known.
    Next,
    /// It was delivered before.
    Repeated,
    /// Others should have come before it.
    Hole,
    /// The stream began anew.
    NewEpoch,
}

/// The position of each stream, as far as it was delivered; the most recently used ones.
#[derive(Debug)]
pub(super) struct Positions {
    entries: SortedMap<u64, Entry>,
    limit: usize,
    uses: u64,
    forgotten: bool,
}

#[derive(Debug)]
struct Entry {
    name: Option<Rc<str>>,
    epoch: u64,
    epoch_name: Option<Rc<str>>,
    seq: u64,
    used: u64,
    /// Where the server said that the stream stands, if that is not where it was delivered to.
    announced: Option<(Named, u64)>,
    /// The first event that a listener failed to handle.
    failed: Option<u64>,
}

impl Entry {
    fn is_behind(&self) -> bool {
        let announced = self.announced.as_ref();
        announced.is_some_and(|(epoch, seq)| epoch.fingerprint != self.epoch || *seq > self.seq)
    }
}

impl Positions {
    pub fn new(limit: usize) -> Self {
        Self { entries: SortedMap::new(), limit, uses: 0, forgotten: false }
    }

    pub fn clear(&mut self) {
        *self = Self::new(self.limit);
    }

    pub fn streams(&self) -> Vec<u64> {
        self.entries.keys().copied().collect()
    }

    /// Returns whether the stream is known, in this epoch.
    pub fn knows(&self, place: Place) -> bool {
        self.entries.get(&place.stream).is_some_and(|entry| entry.epoch == place.epoch)
    }

    /// Returns the epoch and the number up to which the stream was delivered.
    pub fn get(&self, stream: u64) -> Option<(u64, u64)> {
        self.entries.get(&stream).map(|entry| (entry.epoch, entry.seq))
    }

    pub fn name(&self, stream: u64) -> Option<Rc<str>> {
        self.entries.get(&stream).and_then(|entry| entry.name.clone())
    }

    /// Returns what to ask the server for, if it can be asked for this stream: by its name and epoch.
    pub fn position(&self, stream: u64) -> Option<Position> {
        let entry = self.entries.get(&stream).filter(|entry| entry.epoch != NO_EPOCH)?;
        let epoch = Named { fingerprint: entry.epoch, text: entry.epoch_name.clone()? };
        let stream = Named { fingerprint: stream, text: entry.name.clone()? };
        Some(Position { stream, epoch, seq: entry.seq })
    }

    /// Returns what can be kept over a reload: nothing behind an event that a listener failed to handle.
    pub fn snapshot(&self) -> Vec<Position> {
        let all = self.entries.iter().filter_map(|(stream, entry)| {
            let position = self.position(*stream)?;
            let handled = entry.failed.map_or(u64::MAX, |failed| failed.saturating_sub(1));
            Some(Position { seq: position.seq.min(handled), ..position })
        });
        all.collect()
    }

    pub fn look(&self, place: Place) -> Step {
        match self.get(place.stream) {
            None => Step::Next,
            Some((epoch, _)) if epoch != place.epoch => Step::NewEpoch,
            Some((_, seq)) if place.seq <= seq => Step::Repeated,
            Some((_, seq)) if place.seq - 1 == seq => Step::Next,
            Some(_) => Step::Hole,
        }
    }

    /// The event at this place is delivered.
    pub fn advance(&mut self, place: Place) {
        self.uses += 1;
        if let Some(entry) = self.entries.get_mut(&place.stream) {
            entry.used = self.uses;
            let is_other = entry.epoch != place.epoch;
            // What lies between was told to be missed: the application makes good all up to here.
            if is_other || place.seq > entry.seq.saturating_add(1) {
                entry.failed = None;
            }
            if is_other {
                entry.epoch = place.epoch;
                entry.epoch_name = None;
            }
            entry.seq = place.seq;
        } else {
            self.insert(place, None, None);
        }
    }

    /// The server says where a stream stands. Returns whether more of it came than was delivered.
    pub fn announce(&mut self, position: Position) -> bool {
        let Position { stream, epoch, seq } = position;
        let Some(entry) = self.entries.get_mut(&stream.fingerprint) else {
            let place = Place { stream: stream.fingerprint, epoch: epoch.fingerprint, seq };
            self.insert(place, Some(stream.text), Some(epoch.text));
            return false;
        };
        entry.name = Some(stream.text);
        let is_same = entry.epoch == epoch.fingerprint;
        if is_same {
            entry.epoch_name = Some(Rc::clone(&epoch.text));
        }
        // A lower number is of an earlier moment: it was read before the last events were sent.
        let is_behind = !is_same || entry.seq < seq;
        if is_behind {
            entry.announced = Some((epoch, seq));
        }
        is_behind
    }

    /// Returns the streams of which the server announced more than was delivered.
    pub fn behind(&self) -> Vec<u64> {
        let behind = self.entries.iter().filter(|(_, entry)| {
            let announced = entry.announced.as_ref();
            announced
                .is_some_and(|(epoch, seq)| epoch.fingerprint != entry.epoch || *seq > entry.seq)
        });
        behind.map(|(stream, _)| *stream).collect()
    }

    /// Takes what the server announced of a stream, if that is more than was delivered.
    pub fn take_announced(&mut self, stream: u64) -> Option<(Named, u64)> {
        let entry = self.entries.get_mut(&stream)?;
        let is_behind = entry.is_behind();
        entry.announced.take().filter(|_| is_behind)
    }

    /// The stream goes on from here: what lies between was told to be missed.
    pub fn reset(&mut self, stream: u64, epoch: Named, seq: u64) {
        if let Some(entry) = self.entries.get_mut(&stream) {
            // Within an epoch there is no way back: what was delivered would be delivered again.
            let is_same = entry.epoch == epoch.fingerprint;
            entry.seq = if is_same { entry.seq.max(seq) } else { seq };
            entry.epoch = epoch.fingerprint;
            entry.epoch_name = Some(epoch.text);
            entry.announced = None;
            entry.failed = None;
        }
    }

    /// What was not delivered up to this place was told to be missing.
    pub fn reach(&mut self, place: Place) {
        let entry = self.entries.get_mut(&place.stream);
        if let Some(entry) = entry.filter(|entry| entry.epoch == place.epoch) {
            entry.seq = entry.seq.max(place.seq);
        }
    }

    /// Forgets a stream, so that its next event is its first.
    pub fn remove(&mut self, stream: u64) {
        self.entries.remove(&stream);
    }

    /// A listener failed to handle the event at this place.
    pub fn fail(&mut self, place: Place) {
        let entry = self.entries.get_mut(&place.stream);
        if let Some(entry) = entry.filter(|entry| entry.epoch == place.epoch) {
            entry.failed = Some(entry.failed.map_or(place.seq, |failed| failed.min(place.seq)));
        }
    }

    /// Returns whether a stream had to be forgotten, and forgets that.
    pub fn take_forgotten(&mut self) -> bool {
        std::mem::take(&mut self.forgotten)
    }

    fn insert(&mut self, place: Place, name: Option<Rc<str>>, epoch_name: Option<Rc<str>>) {
        self.uses += 1;
        if self.entries.len() >= self.limit {
            self.forget_oldest();
        }
        let Place { stream, epoch, seq } = place;
        let used = self.uses;
        let entry = Entry { name, epoch, epoch_name, seq, used, announced: None, failed: None };
        self.entries.insert(stream, entry);
    }

    fn forget_oldest(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
        if let Some(stream) = oldest.map(|(stream, _)| *stream) {
            self.entries.remove(&stream);
            self.forgotten = true;
        }
    }
}

//! The ids that were seen last, as fingerprints.

use crate::host::Fingerprint;

/// A slot of the table in which nothing stands.
const EMPTY: u32 = u32::MAX;

/// The capacity that the first id brings; each time it is used up it doubles.
const FIRST_CAPACITY: usize = 16;

/// A bounded set of fingerprints, the oldest of which goes first.
///
/// A ring holds them in the order in which they came, with the second in which each did; a table of
/// twice that size finds them: 8 + 4 + 2 · 4 = 20 bytes for each that fits.
#[derive(Debug, Default)]
pub(super) struct Window {
    fingerprints: Vec<u64>,
    seconds: Vec<u32>,
    /// Positions in the ring, found by linear probing. A power of two, at least twice the ring.
    table: Vec<u32>,
    /// Where the oldest stands.
    start: usize,
    length: usize,
}

impl Window {
    pub fn len(&self) -> usize {
        self.length
    }

    /// Returns how many bytes it takes for what it can hold.
    pub fn memory(&self) -> usize {
        self.fingerprints.capacity() * size_of::<u64>()
            + self.seconds.capacity() * size_of::<u32>()
            + self.table.capacity() * size_of::<u32>()
    }

    pub fn contains(&self, fingerprint: Fingerprint) -> bool {
        self.find(fingerprint.0).is_some()
    }

    /// Adds a fingerprint that it does not contain. Returns whether the oldest had to go, because there
    /// were `limit` already.
    pub fn insert(&mut self, fingerprint: Fingerprint, second: u32, limit: usize) -> bool {
        let is_full = self.length >= limit;
        if is_full {
            self.remove_oldest();
        }
        if self.length == self.fingerprints.len() {
            self.grow(limit);
        }
        self.push(fingerprint.0, second);
        is_full
    }

    /// Removes what came before `second`, and returns how much that was.
    pub fn expire(&mut self, second: u32) -> u64 {
        let mut expired = 0;
        while self.length > 0 && self.seconds.get(self.start).is_some_and(|came| *came < second) {
            self.remove_oldest();
            expired += 1;
        }
        expired
    }

    /// Forgets a fingerprint; what stands in the ring for it is never found again.
    pub fn forget(&mut self, fingerprint: Fingerprint) {
        if let Some(slot) = self.find(fingerprint.0) {
            self.clear(slot);
        }
    }

    fn push(&mut self, fingerprint: u64, second: u32) {
        let position = (self.start + self.length) % self.fingerprints.len().max(1);
        if let Some(place) = self.fingerprints.get_mut(position) {
            *place = fingerprint;
        }
        if let Some(place) = self.seconds.get_mut(position) {
            *place = second;
        }
        self.length += 1;
        self.link(fingerprint, position);
    }

    fn remove_oldest(&mut self) {
        let fingerprint = self.fingerprints.get(self.start).copied().unwrap_or_default();
        // A forgotten one may have come again: only the slot of this position is its own.
        if let Some(slot) = self.find(fingerprint) {
            if self.table.get(slot) == Some(&(self.start as u32)) {
                self.clear(slot);
            }
        }
        self.start = (self.start + 1) % self.fingerprints.len().max(1);
        self.length = self.length.saturating_sub(1);
    }

    fn grow(&mut self, limit: usize) {
        let capacity = (self.fingerprints.len() * 2).max(FIRST_CAPACITY).min(limit.max(1));
        let old = std::mem::take(self);
        self.fingerprints = vec![0; capacity];
        self.seconds = vec![0; capacity];
        self.table = vec![EMPTY; (capacity * 2).next_power_of_two()];
        for offset in 0..old.length {
            let position = (old.start + offset) % old.fingerprints.len().max(1);
            let fingerprint = old.fingerprints.get(position).copied().unwrap_or_default();
            let is_known = old.find(fingerprint).and_then(|slot| old.table.get(slot));
            if is_known == Some(&(position as u32)) {
                let second = old.seconds.get(position).copied().unwrap_or_default();
                self.push(fingerprint, second);
            }
        }
    }

    fn link(&mut self, fingerprint: u64, position: usize) {
        let mut slot = self.home(fingerprint);
        while self.table.get(slot).is_some_and(|position| *position != EMPTY) {
            slot = self.next(slot);
        }
        if let Some(place) = self.table.get_mut(slot) {
            *place = position as u32;
        }
    }

    /// Returns the slot of the table that leads to `fingerprint`.
    fn find(&self, fingerprint: u64) -> Option<usize> {
        let mut slot = self.home(fingerprint);
        loop {
            let position = *self.table.get(slot).filter(|position| **position != EMPTY)?;
            if self.fingerprints.get(position as usize) == Some(&fingerprint) {
                return Some(slot);
            }
            slot = self.next(slot);
        }
    }

    /// Empties a slot and moves up what was put behind it because it was taken.
    fn clear(&mut self, slot: usize) {
        let mut hole = slot;
        let mut slot = self.next(slot);
        while let Some(position) = self.table.get(slot).copied().filter(|it| *it != EMPTY) {
            let fingerprint = self.fingerprints.get(position as usize).copied();
            let home = self.home(fingerprint.unwrap_or_default());
            if self.distance(home, hole) < self.distance(home, slot) {
                self.set(hole, position);
                hole = slot;
            }
            slot = self.next(slot);
        }
        self.set(hole, EMPTY);
    }

    fn set(&mut self, slot: usize, position: u32) {
        if let Some(place) = self.table.get_mut(slot) {
            *place = position;
        }
    }

    fn home(&self, fingerprint: u64) -> usize {
        // The fingerprint is mixed already; the mask keeps it inside of the table.
        fingerprint as usize & self.mask()
    }

    fn next(&self, slot: usize) -> usize {
        (slot + 1) & self.mask()
    }

    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.mask()
    }

    fn mask(&self) -> usize {
        self.table.len().wrapping_sub(1)
    }
}

//! What is sent only in its newest version: cursors, typing, telemetry.

use crate::sorted::SortedMap;
use std::collections::VecDeque;
use std::rc::Rc;

/// How many keys wait at most.
const KEYS: usize = 1_000;

/// One slot for each key, in which the newest waits until the connection is live.
///
/// Nothing of it is stored, and nothing of one user is sent for another. `P` is a payload.
///
/// ```
/// use sockeye::client::latest::Latest;
///
/// let mut latest = Latest::default();
/// assert_eq!(latest.put("cursor", 1), Ok(None));
/// assert_eq!(latest.put("cursor", 2), Ok(None));
/// assert_eq!(latest.handle_live(), [2]);
/// assert_eq!(latest.put("cursor", 3), Ok(Some(3)));
/// ```
#[derive(Debug)]
pub struct Latest<P> {
    slots: SortedMap<Rc<str>, P>,
    /// The keys of the slots in the order in which they were taken.
    order: VecDeque<Rc<str>>,
    live: bool,
}

/// As many keys as there are slots wait already. Nothing has been kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatestFull;

impl<P> Default for Latest<P> {
    fn default() -> Self {
        Self { slots: SortedMap::new(), order: VecDeque::new(), live: false }
    }
}

impl<P> Latest<P> {
    /// Returns the payload, to be sent at once, or keeps it in the place of the one before.
    ///
    /// # Errors
    ///
    /// [`LatestFull`] if 1,000 other keys wait.
    pub fn put(&mut self, key: &str, payload: P) -> Result<Option<P>, LatestFull> {
        if self.live {
            return Ok(Some(payload));
        }
        if let Some(slot) = self.slots.get_mut(key) {
            *slot = payload;
            return Ok(None);
        }
        if self.slots.len() >= KEYS {
            return Err(LatestFull);
        }
        let key = Rc::from(key);
        self.order.push_back(Rc::clone(&key));
        self.slots.insert(key, payload);
        Ok(None)
    }

    /// Returns what waited, to be sent now. The keys keep the order in which they came first.
    pub fn handle_live(&mut self) -> Vec<P> {
        self.live = true;
        let order = std::mem::take(&mut self.order);
        order.iter().filter_map(|key| self.slots.remove(key)).collect()
    }

    /// From now on payloads wait.
    pub fn handle_down(&mut self) {
        self.live = false;
    }

    /// Forgets what waits: the user is another.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.order.clear();
    }

    /// Returns how many keys wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn sends_one_of_a_thousand_moves_when_it_gets_live() {
        let mut latest = Latest::default();
        for position in 0..1_000 {
            assert_eq!(latest.put("cursor", position), Ok(None));
        }
        assert_eq!(latest.handle_live(), [999]);
        assert!(latest.is_empty() && latest.handle_live().is_empty());
    }

    #[test]
    fn keeps_keys_apart_and_in_order() {
        let mut latest = Latest::default();
        for (key, payload) in [("b", 1), ("a", 2), ("b", 3), ("c", 4)] {
            assert_eq!(latest.put(key, payload), Ok(None));
        }
        assert_eq!(latest.handle_live(), [3, 2, 4]);
    }

    #[test]
    fn waits_again_when_the_connection_is_down() {
        let mut latest = Latest::default();
        assert!(latest.handle_live().is_empty());
        assert_eq!(latest.put("cursor", 1), Ok(Some(1)));
        latest.handle_down();
        assert_eq!(latest.put("cursor", 2), Ok(None));
        assert_eq!(latest.handle_live(), [2]);
    }

    #[test]
    fn refuses_the_key_that_is_too_many_and_no_newer_value() {
        let mut latest = Latest::default();
        for key in 0..KEYS {
            assert_eq!(latest.put(&key.to_string(), 1), Ok(None));
        }
        assert_eq!(latest.put("more", 1), Err(LatestFull));
        assert_eq!(latest.put("0", 2), Ok(None));
        assert_eq!(latest.len(), KEYS);
        assert_eq!(latest.handle_live().first(), Some(&2));
    }

    #[test]
    fn forgets_what_another_user_said() {
        let mut latest = Latest::default();
        assert_eq!(latest.put("cursor", 1), Ok(None));
        latest.clear();
        assert!(latest.handle_live().is_empty());
    }
}

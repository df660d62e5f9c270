//! Whether an event has been delivered before.
//!
//! An event is known by its id, within its stream. An id is remembered until as many others of its
//! stream have come as the window holds, or until its time is up, whichever is first. Where a server
//! helper numbers the events of a stream, the number up to which they were delivered says the same and
//! forgets nothing: that is [readiness](crate::client::readiness), and here they are only counted. An
//! application's own numbers may begin anew after a gap, so their ids are remembered, too.
//!
//! Ids are kept as 64-bit fingerprints. Two different ids with one fingerprint would drop an event: with
//! a window of 4,096 ids the chance is 4,096 / 2⁶⁴, about 2 · 10⁻¹⁶, for each event.

mod window;

use core::time::Duration;

use crate::client::continuity::NO_EPOCH;
use crate::host::{EventIdentity, Fingerprint};
use crate::time::Instant;
use window::Window;

/// What is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DedupConfig {
    /// How many ids of each stream. Default 4,096.
    pub window: usize,
    /// For how long. Default 10 min.
    pub ttl: Duration,
    /// Of how many streams; with one more, the one that was quiet for the longest time is forgotten.
    /// Default 10.
    pub streams: usize,
}

impl Default for DedupConfig {
    fn default() -> Self {
        Self { window: 4_096, ttl: Duration::from_secs(600), streams: 10 }
    }
}

/// What has been counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DedupStatistics {
    /// Events with an id or a number.
    pub identified: u64,
    /// Those of them that had been delivered before, and were dropped.
    pub duplicates: u64,
    /// Ids that were forgotten because of their number or age.
    pub evicted: u64,
    /// Streams that were forgotten because of their number.
    pub evicted_streams: u64,
}

/// The events that one identity has received in one namespace.
///
/// ```
/// use sockeye::client::dedup::{Dedup, DedupConfig};
/// use sockeye::host::{EventIdentity, Fingerprint};
/// use sockeye::time::Instant;
///
/// let mut dedup = Dedup::new(DedupConfig::default());
/// let identity = EventIdentity { stream: 1, id: Some(Fingerprint(7)), order: None };
/// assert!(!dedup.is_duplicate(&identity, Instant::ORIGIN));
/// assert!(dedup.is_duplicate(&identity, Instant::ORIGIN));
/// ```
#[derive(Debug)]
pub struct Dedup {
    config: DedupConfig,
    streams: Vec<Stream>,
    statistics: DedupStatistics,
}

#[derive(Debug)]
struct Stream {
    key: u64,
    seen: Window,
}

impl Dedup {
    /// Makes one that knows no event.
    #[must_use]
    pub fn new(config: DedupConfig) -> Self {
        Self { config, streams: Vec::new(), statistics: DedupStatistics::default() }
    }

    /// Returns whether the event was delivered before, and remembers it. One that has a number in an
    /// epoch, or no id, is not looked for.
    pub fn is_duplicate(&mut self, identity: &EventIdentity, now: Instant) -> bool {
        self.statistics.identified += u64::from(identity.id.is_some() || identity.order.is_some());
        let has_epoch = identity.order.is_some_and(|order| order.epoch != NO_EPOCH);
        let Some(id) = identity.id.filter(|_| !has_epoch) else {
            return false;
        };
        let second = now.since(Instant::ORIGIN).as_secs() as u32;
        let oldest = second.saturating_sub(self.config.ttl.as_secs() as u32);
        let window = self.config.window;
        let evicted_streams = self.touch(identity.stream);
        let Some(stream) = self.streams.last_mut() else {
            return false;
        };
        let mut evicted = stream.seen.expire(oldest);
        let is_duplicate = stream.seen.contains(id);
        if !is_duplicate {
            evicted += u64::from(stream.seen.insert(id, second, window));
        }
        self.statistics.duplicates += u64::from(is_duplicate);
        self.statistics.evicted += evicted;
        self.statistics.evicted_streams += evicted_streams;
        is_duplicate
    }

    /// The event could not be delivered: if it comes again, it counts as new.
    pub fn forget(&mut self, stream: u64, id: Fingerprint) {
        if let Some(stream) = self.streams.iter_mut().find(|known| known.key == stream) {
            stream.seen.forget(id);
        }
    }

    /// Returns what has been counted.
    #[must_use]
    pub fn statistics(&self) -> DedupStatistics {
        self.statistics
    }

    /// Returns how many ids are remembered, and how many bytes that takes.
    #[must_use]
    pub fn memory(&self) -> (usize, usize) {
        let count =
            |(ids, bytes), stream: &Stream| (ids + stream.seen.len(), bytes + stream.seen.memory());
        self.streams.iter().fold((0, 0), count)
    }

    /// Moves the stream behind all others, and returns how many had to go for it.
    fn touch(&mut self, key: u64) -> u64 {
        if self.streams.last().is_some_and(|stream| stream.key == key) {
            return 0;
        }
        if let Some(index) = self.streams.iter().position(|stream| stream.key == key) {
            let stream = self.streams.remove(index);
            self.streams.push(stream);
            return 0;
        }
        let is_full = self.streams.len() >= self.config.streams;
        if is_full && !self.streams.is_empty() {
            self.streams.remove(0);
        }
        self.streams.push(Stream { key, seen: Window::default() });
        u64::from(is_full)
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;
    use crate::host::Order;

    fn with_id(stream: u64, id: u64) -> EventIdentity {
        EventIdentity { stream, id: Some(Fingerprint(id)), order: None }
    }

    fn at(seconds: u64) -> Instant {
        Instant::ORIGIN + Duration::from_secs(seconds)
    }

    #[test]
    fn never_drops_an_event_without_an_id() {
        let mut dedup = Dedup::new(DedupConfig::default());
        let identity = EventIdentity { stream: 1, id: None, order: None };
        assert!(!dedup.is_duplicate(&identity, at(1)) && !dedup.is_duplicate(&identity, at(1)));
        assert_eq!(dedup.statistics(), DedupStatistics::default());
    }

    #[test]
    fn keeps_streams_apart() {
        let mut dedup = Dedup::new(DedupConfig::default());
        assert!(!dedup.is_duplicate(&with_id(1, 7), at(1)));
        assert!(!dedup.is_duplicate(&with_id(2, 7), at(1)));
        assert!(dedup.is_duplicate(&with_id(1, 7), at(1)));
    }

    #[test]
    fn forgets_an_id_when_its_time_is_up() {
        let mut dedup = Dedup::new(DedupConfig::default());
        assert!(!dedup.is_duplicate(&with_id(1, 7), at(1_000)));
        assert!(dedup.is_duplicate(&with_id(1, 7), at(1_600)));
        assert!(!dedup.is_duplicate(&with_id(1, 7), at(1_601)));
    }

    #[test]
    fn forgets_the_stream_that_was_quiet_for_the_longest_time() {
        let config = DedupConfig { streams: 2, ..DedupConfig::default() };
        let mut dedup = Dedup::new(config);
        for stream in [1, 2, 1, 3] {
            dedup.is_duplicate(&with_id(stream, 7), at(1));
        }
        assert!(dedup.is_duplicate(&with_id(1, 7), at(1)));
        assert!(!dedup.is_duplicate(&with_id(2, 7), at(1)));
        assert_eq!(dedup.statistics().evicted_streams, 2);
    }

    #[test]
    fn only_counts_events_with_numbers() {
        let config = DedupConfig { streams: 1, ..DedupConfig::default() };
        let mut dedup = Dedup::new(config);
        assert!(!dedup.is_duplicate(&with_id(1, 7), at(1)));
        let order = Some(Order { epoch: 1, seq: 5 });
        let numbered = EventIdentity { stream: 2, id: Some(Fingerprint(7)), order };
        assert!(!dedup.is_duplicate(&numbered, at(1)) && !dedup.is_duplicate(&numbered, at(1)));
        // They take no place from the others. An application's numbers have no epoch.
        assert!(dedup.is_duplicate(&with_id(1, 7), at(1)));
        let order = Some(Order { epoch: NO_EPOCH, seq: 5 });
        let own = EventIdentity { stream: 1, id: Some(Fingerprint(8)), order };
        assert!(!dedup.is_duplicate(&own, at(1)) && dedup.is_duplicate(&own, at(1)));
        let DedupStatistics { identified, duplicates, evicted_streams, .. } = dedup.statistics();
        assert_eq!((identified, duplicates, evicted_streams), (6, 2, 0));
    }

    #[test]
    fn takes_an_event_again_that_could_not_be_delivered() {
        let mut dedup = Dedup::new(DedupConfig::default());
        dedup.is_duplicate(&with_id(1, 7), at(1));
        dedup.forget(1, Fingerprint(7));
        dedup.forget(1, Fingerprint(8));
        assert!(!dedup.is_duplicate(&with_id(1, 7), at(1)));
        assert!(dedup.is_duplicate(&with_id(1, 7), at(1)));
    }

    #[test]
    fn stays_small_when_a_million_events_come() {
        let mut dedup = Dedup::new(DedupConfig::default());
        for id in 0..1_000_000_u64 {
            let fingerprint = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            assert!(!dedup.is_duplicate(&with_id(1, fingerprint), at(1)));
        }
        let (ids, bytes) = dedup.memory();
        println!("{ids} ids take {bytes} bytes: {:.1} each", bytes as f64 / ids as f64);
        assert_eq!(ids, 4_096);
        assert!(bytes <= ids * 24);
        assert_eq!(dedup.statistics().evicted, 1_000_000 - 4_096);
    }

    /// What a window does, in the plainest way.
    struct Model {
        seen: VecDeque<(u64, u64)>,
    }

    impl Model {
        fn is_duplicate(&mut self, id: u64, second: u64, config: DedupConfig) -> bool {
            let oldest = second.saturating_sub(config.ttl.as_secs());
            while self.seen.front().is_some_and(|(_, came)| *came < oldest) {
                self.seen.pop_front();
            }
            if self.seen.iter().any(|(known, _)| *known == id) {
                return true;
            }
            if self.seen.len() == config.window {
                self.seen.pop_front();
            }
            self.seen.push_back((id, second));
            false
        }
    }

    proptest! {
        /// Few ids and bits, so that they repeat, collide in the table and wrap around its end.
        #[test]
        fn drops_what_the_plainest_window_drops(
            window in 1_usize..40,
            events in prop::collection::vec((0_u64..60, 0_u64..4, 0_u64..3), 0..400),
        ) {
            let config =
                DedupConfig { window, ttl: Duration::from_secs(30), ..DedupConfig::default() };
            let mut dedup = Dedup::new(config);
            let mut model = Model { seen: VecDeque::new() };
            let mut second = 100;
            for (id, shift, pause) in events {
                let id = id << (shift * 2);
                second += pause;
                let expected = model.is_duplicate(id, second, config);
                prop_assert_eq!(dedup.is_duplicate(&with_id(1, id), at(second)), expected);
            }
        }
    }

    #[test]
    fn drops_every_repetition_and_nothing_else_when_a_third_of_a_million_repeats() {
        let mut dedup = Dedup::new(DedupConfig::default());
        let mut state = 1_u64;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 33
        };
        let mut sent = 0_u64;
        for _ in 0..1_000_000 {
            let repeats = sent > 0 && random() % 10 < 3;
            // A repetition comes within the window.
            let back = random() % sent.clamp(1, 4_000);
            let id = if repeats { sent - 1 - back } else { sent };
            sent += u64::from(!repeats);
            let fingerprint = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            assert_eq!(dedup.is_duplicate(&with_id(1, fingerprint), at(1)), repeats);
        }
    }
}

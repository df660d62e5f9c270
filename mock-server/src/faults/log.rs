//! What has happened, in order; tests wait for it instead of sleeping.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::ToSchema;

use super::action::End;
use super::book::{Hit, Place};
use super::rule::Direction;
use crate::frame::Frame;

/// The log, and how often each rule has done what it does.
#[derive(Debug)]
pub struct Log {
    start: Instant,
    kept: Mutex<Kept>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<Entry>,
    count: u64,
    hits: BTreeMap<String, u32>,
}

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its number, from 1.
    pub n: u64,
    /// When, in milliseconds since the start.
    pub at_ms: u64,
    /// On which connection, from 1; `null` for what is about none.
    pub connection: Option<u64>,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// The kinds of entries.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// A client has connected.
    Opened,
    /// The first line of a request, or of the answer to one for a WebSocket.
    Head {
        /// Who said it.
        direction: Direction,
        /// The first characters of the line.
        line: String,
    },
    /// A WebSocket frame.
    Frame {
        /// Who said it.
        direction: Direction,
        /// `text`, `binary`, `close`, `ping`, `pong`, ...
        #[schema(value_type = String)]
        opcode: &'static str,
        /// The first characters of a text.
        text: Option<String>,
        /// The bytes of the payload.
        length: usize,
    },
    /// A rule has applied.
    Hit {
        /// In which direction; `null` for a whole connection.
        direction: Option<Direction>,
        /// The rule.
        rule: String,
        /// What it did.
        #[schema(value_type = String)]
        action: &'static str,
        /// Which time it is, from 1.
        hit: u32,
    },
    /// The connection is no more.
    Closed {
        /// Why.
        by: ClosedBy,
    },
    /// The mock server has started anew.
    Restarted,
}

/// Why a connection is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ClosedBy {
    /// Both sides have ended it.
    Both,
    /// One side has reset it.
    Reset,
    /// A rule or the control API has cut it.
    Cut {
        /// How.
        with: End,
    },
    /// A rule has refused it.
    Refused,
    /// There is no connection to the server.
    Unreachable,
}

/// Which entries are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Only {
    /// That rules have applied.
    Hit,
    /// Frames.
    Frame,
    /// That connections have been opened and closed.
    Connection,
}

impl Event {
    /// In which direction it was, if in one.
    #[must_use]
    pub fn direction(&self) -> Option<Direction> {
        match self {
            Self::Head { direction, .. } | Self::Frame { direction, .. } => Some(*direction),
            Self::Hit { direction, .. } => *direction,
            Self::Opened | Self::Closed { .. } | Self::Restarted => None,
        }
    }
}

impl Entry {
    fn is(&self, only: Option<Only>) -> bool {
        let own = match self.event {
            Event::Hit { .. } => Only::Hit,
            Event::Frame { .. } => Only::Frame,
            Event::Opened | Event::Head { .. } | Event::Closed { .. } | Event::Restarted => {
                Only::Connection
            }
        };
        only.is_none_or(|only| only == own)
    }
}

impl ClosedBy {
    /// How that looks to both sides.
    #[must_use]
    pub fn end(self) -> End {
        match self {
            Self::Both => End::Finish,
            Self::Cut { with } => with,
            Self::Reset | Self::Refused | Self::Unreachable => End::Reset,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        let (start, kept) = (Instant::now(), Mutex::default());
        Self { start, kept, changed: watch::Sender::default() }
    }
}

impl Log {
    /// Puts something in.
    pub fn record(&self, connection: impl Into<Option<u64>>, event: Event) {
        let connection = connection.into();
        let mut kept = self.kept();
        kept.count += 1;
        let at_ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        if let Event::Hit { rule, .. } = &event {
            *kept.hits.entry(rule.clone()).or_default() += 1;
        }
        let n = kept.count;
        kept.entries.push_back(Entry { n, at_ms, connection, event });
        if kept.entries.len() > MAX_ENTRIES {
            kept.entries.pop_front();
        }
        drop(kept);
        self.changed.send_replace(());
    }

    /// Puts a frame in.
    pub fn frame(&self, Place { connection, direction }: Place, frame: &Frame) {
        let text = frame.text().map(|text| text.chars().take(MAX_TEXT).collect());
        let (opcode, length) = (frame.opcode.name(), frame.payload.len());
        self.record(connection, Event::Frame { direction, opcode, text, length });
    }

    /// Puts the first line of a request or an answer in.
    pub fn head(&self, connection: u64, direction: Direction, line: &str) {
        let line = line.chars().take(MAX_LINE).collect();
        self.record(connection, Event::Head { direction, line });
    }

    /// Puts in that a rule has applied.
    pub fn hit(&self, connection: impl Into<Option<u64>>, direction: Option<Direction>, hit: &Hit) {
        let (rule, action) = (hit.rule.clone(), hit.action.name());
        self.record(connection, Event::Hit { direction, rule, action, hit: hit.count });
    }

    /// What is kept of this kind after the nth: of the last 10,000 entries.
    #[must_use]
    pub fn entries(&self, after: u64, only: Option<Only>) -> Vec<Entry> {
        let kept = self.kept();
        let wanted = kept.entries.iter().filter(|entry| entry.n > after && entry.is(only));
        wanted.cloned().collect()
    }

    /// Completes when there is an entry of this kind after the nth.
    pub async fn goes_on(&self, after: u64, only: Option<Only>) {
        let mut changed = self.changed.subscribe();
        while !self
            .kept()
            .entries
            .iter()
            .rev()
            .take_while(|entry| entry.n > after)
            .any(|entry| entry.is(only))
        {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Completes when `rule` has applied `times` times.
    pub async fn applied(&self, rule: &str, times: u32) {
        let mut changed = self.changed.subscribe();
        while self.hits(rule) < times {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Begins to count a rule that has been added.
    pub fn start_counting(&self, rule: &str) {
        self.kept().hits.insert(rule.to_owned(), 0);
    }

    /// Whether a rule of this name has been counted.
    #[must_use]
    pub fn counts(&self, rule: &str) -> bool {
        self.kept().hits.contains_key(rule)
    }

    fn hits(&self, rule: &str) -> u32 {
        self.kept().hits.get(rule).copied().unwrap_or_default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const MAX_ENTRIES: usize = 10_000;
/// In characters.
const MAX_TEXT: usize = 120;
/// In characters: with the query, which has a session's id and may have a token.
const MAX_LINE: usize = 1_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::action::Action;
    use super::*;

    fn hit(rule: &str, count: u32) -> Hit {
        Hit { rule: rule.to_owned(), count, action: Action::Drop, whole: false, drawn: 0 }
    }

    #[tokio::test]
    async fn whoever_waits_is_told_at_the_nth_hit() {
        let log = Log::default();
        log.hit(1, None, &hit("a", 1));
        log.hit(1, None, &hit("b", 1));
        let waiting = log.applied("a", 2);
        tokio::pin!(waiting);
        tokio::select! {
            biased;
            () = &mut waiting => panic!("only one hit of a"),
            () = std::future::ready(()) => {}
        }
        log.hit(2, None, &hit("a", 2));
        waiting.await;
        log.applied("a", 1).await;
    }

    #[test]
    fn entries_read_well_as_json() {
        let log = Log::default();
        log.hit(3, Some(Direction::ClientToServer), &hit("a", 1));
        log.record(3, Event::Closed { by: ClosedBy::Cut { with: End::Reset } });
        let mut entries = serde_json::to_value(log.entries(0, None)).unwrap();
        for entry in entries.as_array_mut().unwrap() {
            entry["atMs"] = json!(0);
        }
        assert_eq!(
            entries,
            json!([
                {"n": 1, "atMs": 0, "connection": 3, "event": "hit", "rule": "a", "hit": 1,
                 "action": "drop", "direction": "clientToServer"},
                {"n": 2, "atMs": 0, "connection": 3, "event": "closed", "by": {"cut": {"with": "reset"}}},
            ])
        );
    }

    #[tokio::test]
    async fn whoever_reads_on_waits_for_what_is_new_and_wanted() {
        let log = Log::default();
        log.hit(1, None, &hit("a", 1));
        log.goes_on(0, Some(Only::Hit)).await;
        let waiting = log.goes_on(1, Some(Only::Hit));
        tokio::pin!(waiting);
        log.record(1, Event::Opened);
        tokio::select! {
            biased;
            () = &mut waiting => panic!("no hit has come"),
            () = std::future::ready(()) => {}
        }
        log.hit(1, None, &hit("a", 2));
        waiting.await;
        let numbers: Vec<_> = log.entries(1, Some(Only::Hit)).iter().map(|entry| entry.n).collect();
        assert_eq!(numbers, [3]);
    }

    #[test]
    fn of_a_first_line_only_the_start_is_kept() {
        let log = Log::default();
        log.head(1, Direction::ClientToServer, &"x".repeat(8_000));
        let Event::Head { line, .. } = &log.entries(0, None)[0].event else { panic!("no head") };
        assert_eq!(line.len(), MAX_LINE);
    }

    #[test]
    fn only_the_last_entries_are_kept() {
        let log = Log::default();
        for _ in 0..=MAX_ENTRIES {
            log.record(1, Event::Opened);
        }
        let entries = log.entries(0, None);
        assert_eq!((entries.len(), entries[0].n), (MAX_ENTRIES, 2));
    }
}

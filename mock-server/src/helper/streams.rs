//! The last events of every stream, which a client can ask for after it was away.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

use super::wire::{Position, stamp};

/// All streams of a namespace; at most [`MAX_STREAMS`], of which the one that rested longest makes room.
#[derive(Debug)]
pub struct Streams {
    /// What the epochs begin with; never the same again.
    name: String,
    streams: BTreeMap<String, Stream>,
    created: u64,
    used: u64,
}

#[derive(Debug)]
struct Stream {
    epoch: String,
    seq: u64,
    /// The newest events.
    events: VecDeque<Logged>,
    used: u64,
}

#[derive(Debug)]
struct Logged {
    /// Name, arguments, stamp.
    whole: Vec<Value>,
    bytes: usize,
}

/// How much one answer may still hold.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// So many events.
    pub events: usize,
    /// So many bytes, and what is too much of the last event.
    pub bytes: usize,
}

/// What a stream said since a position.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replay {
    stream: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    events: Vec<Vec<Value>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    gap: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    more: bool,
}

impl Streams {
    /// Creates the namespace's logs, all empty; `name` must never have been used.
    pub fn new(name: String) -> Self {
        Self { name, streams: BTreeMap::new(), created: 0, used: 0 }
    }

    /// Returns where `stream` stands; it begins here if it is new.
    pub fn position(&mut self, stream: &str) -> Position {
        self.stream(stream).position(stream)
    }

    /// Returns an id for an event whose first stream is `stream`: its position there.
    pub fn next_id(&mut self, stream: &str) -> String {
        let Position(_, epoch, seq) = self.position(stream);
        format!("{stream}/{epoch}/{}", seq + 1)
    }

    /// Takes an event into the log of `stream`, and returns its stamp.
    pub fn append(&mut self, stream: &str, id: &str, event: &str, args: &[Value]) -> Value {
        let log = self.stream(stream);
        log.seq += 1;
        let stamp = stamp(id, &log.position(stream));
        if log.events.len() == KEPT_EVENTS {
            log.events.pop_front();
        }
        let mut whole = vec![Value::from(event)];
        whole.extend_from_slice(args);
        whole.push(stamp.clone());
        let bytes = Value::from(whole.clone()).to_string().len();
        log.events.push_back(Logged { whole, bytes });
        stamp
    }

    /// Returns what was said since a position, as far as the budget goes, and takes it from the budget.
    pub fn since(&mut self, Position(name, epoch, seq): Position, budget: &mut Budget) -> Replay {
        let stream = self.stream(&name);
        let missing = stream.seq.checked_sub(seq).and_then(|count| usize::try_from(count).ok());
        let known = missing.filter(|&count| stream.epoch == epoch && count <= stream.events.len());
        let Some(missing) = known else { return Replay::gap_at(stream.position(&name)) };
        let first = stream.events.len() - missing;
        let missed = stream.events.iter().skip(first);
        let events: Vec<_> = missed.map_while(|logged| budget.take(logged)).collect();
        let more = events.len() < missing;
        let seq = seq + events.len() as u64;
        Replay { stream: name, epoch: Some(epoch), seq: Some(seq), events, gap: false, more }
    }

    fn stream(&mut self, name: &str) -> &mut Stream {
        self.used += 1;
        if !self.streams.contains_key(name) {
            self.make_room();
            self.created += 1;
        }
        let epoch = || format!("{}-{}", self.name, self.created);
        let stream = self.streams.entry(name.to_owned()).or_insert_with(|| Stream::new(epoch()));
        stream.used = self.used;
        stream
    }

    fn make_room(&mut self) {
        if self.streams.len() < MAX_STREAMS {
            return;
        }
        let rested = self.streams.iter().min_by_key(|(_, stream)| stream.used);
        if let Some(name) = rested.map(|(name, _)| name.clone()) {
            self.streams.remove(&name);
        }
    }
}

impl Budget {
    fn take(&mut self, logged: &Logged) -> Option<Vec<Value>> {
        if self.bytes == 0 {
            return None;
        }
        self.events = self.events.checked_sub(1)?;
        self.bytes = self.bytes.saturating_sub(logged.bytes);
        Some(logged.whole.clone())
    }
}

impl Stream {
    fn new(epoch: String) -> Self {
        Self { epoch, seq: 0, events: VecDeque::new(), used: 0 }
    }

    fn position(&self, name: &str) -> Position {
        Position(name.to_owned(), self.epoch.clone(), self.seq)
    }
}

impl Replay {
    /// The answer for a stream that the client may not read.
    pub fn refused(stream: String) -> Self {
        Self { stream, epoch: None, seq: None, events: Vec::new(), gap: true, more: false }
    }

    fn gap_at(Position(stream, epoch, seq): Position) -> Self {
        let (epoch, seq) = (Some(epoch), Some(seq));
        Self { stream, epoch, seq, events: Vec::new(), gap: true, more: false }
    }
}

/// How many events of a stream are kept.
pub const KEPT_EVENTS: usize = 1_000;

/// How many streams are kept.
const MAX_STREAMS: usize = 1_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with_events(count: u64) -> (Streams, Position) {
        let mut streams = Streams::new("x".to_owned());
        let start = streams.position("a");
        for number in 1..=count {
            streams.append("a", "", "e", &[json!(number)]);
        }
        (streams, start)
    }

    fn since(streams: &mut Streams, position: Position, events: usize) -> Replay {
        streams.since(position, &mut Budget { events, bytes: 1_000_000 })
    }

    fn at(start: &Position, seq: u64) -> Position {
        Position(start.0.clone(), start.1.clone(), seq)
    }

    fn numbers(replay: &Replay) -> Vec<u64> {
        replay.events.iter().map(|event| event[1].as_u64().unwrap()).collect()
    }

    #[test]
    fn numbers_the_events_of_each_stream() {
        let (mut streams, start) = with_events(2);
        let (epoch, id) = (&start.1, streams.next_id("a"));
        assert_eq!(id, format!("a/{epoch}/3"));
        let stamp = streams.append("a", &id, "e", &[]);
        assert_eq!(stamp, json!({"$sockeye": {"id": id, "stream": "a", "epoch": epoch, "seq": 3}}));
        let other = streams.append("b", &id, "e", &[]);
        assert_eq!((&other["$sockeye"]["seq"], &other["$sockeye"]["id"]), (&json!(1), &json!(id)));
        assert_eq!((start.2, streams.position("a").2), (0, 3));
    }

    #[test]
    fn replays_with_name_arguments_and_stamp() {
        let mut streams = Streams::new("x".to_owned());
        let start = streams.position("a");
        let stamp = streams.append("a", "1", "said", &[json!({"b": 1}), json!(2)]);
        let replay = since(&mut streams, start, 10);
        assert_eq!(
            json!(replay),
            json!({"stream": "a", "epoch": "x-1", "seq": 1, "events": [["said", {"b": 1}, 2, stamp]]})
        );
    }

    #[test]
    fn replays_in_parts() {
        let (mut streams, start) = with_events(5);
        let first = since(&mut streams, start.clone(), 3);
        assert_eq!((numbers(&first), first.seq, first.more), (vec![1, 2, 3], Some(3), true));
        let rest = since(&mut streams, at(&start, 3), 3);
        assert_eq!((numbers(&rest), rest.seq, rest.more), (vec![4, 5], Some(5), false));
        let none = since(&mut streams, at(&start, 5), 3);
        assert_eq!((none.events.len(), none.seq, none.more, none.gap), (0, Some(5), false, false));
    }

    #[test]
    fn replays_until_the_answer_is_large_enough() {
        let (mut streams, start) = with_events(3);
        let mut budget = Budget { events: 10, bytes: 1 };
        let first = streams.since(start.clone(), &mut budget);
        assert_eq!(
            (numbers(&first), first.more, budget.events, budget.bytes),
            (vec![1], true, 9, 0)
        );
        let next = streams.since(at(&start, 1), &mut budget);
        assert_eq!((next.events.len(), next.seq, next.more), (0, Some(1), true));
    }

    #[test]
    fn tells_of_a_gap_when_the_log_does_not_reach_back() {
        let (mut streams, start) = with_events(KEPT_EVENTS as u64 + 1);
        let gap = since(&mut streams, start.clone(), 3);
        assert_eq!((gap.gap, gap.events.len(), gap.seq), (true, 0, Some(1_001)));
        assert!(!since(&mut streams, at(&start, 1), 3).gap);
        assert!(since(&mut streams, at(&start, 1_002), 3).gap, "a position that was never reached");
        assert!(since(&mut streams, Position("a".to_owned(), "y".to_owned(), 1_000), 3).gap);
    }

    #[test]
    fn forgets_the_stream_that_rested_longest() {
        let (mut streams, start) = with_events(1);
        let second = streams.position("b");
        streams.position("a");
        for number in 2..MAX_STREAMS {
            streams.position(&number.to_string());
        }
        streams.position("one more");
        assert!(!since(&mut streams, start, 3).gap);
        let again = streams.position("b");
        assert_ne!(again.1, second.1, "its numbers begin anew");
    }
}

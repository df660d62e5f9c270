//! The rules in force, and how often each has applied.

use std::collections::BTreeMap;

use super::rule::{Action, Direction, FrameMatch, Rule, Trigger};
use crate::frame::{Frame, Opcode};

/// The rules, oldest first: the first that fits a moment decides it.
#[derive(Debug, Default)]
pub struct Book {
    entries: Vec<Entry>,
    added: u64,
}

/// A rule applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which rule.
    pub rule: String,
    /// Which time it is, from 1.
    pub count: u32,
    /// What it does.
    pub action: Action,
}

/// A part of a connection that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The connection's number, from 1.
    pub connection: u64,
    /// One of its directions.
    pub direction: Direction,
}

#[derive(Debug)]
struct Entry {
    id: String,
    rule: Rule,
    /// How many connections there had been when the rule was added.
    connections_before: u64,
    count: u32,
    /// How many fitting frames each connection has had, for each direction.
    frames: BTreeMap<(u64, Direction), u64>,
}

impl Book {
    /// Adds a rule after `connections` connections; returns its name.
    ///
    /// # Errors
    ///
    /// A sentence for who wrote the rule, when it makes no sense or its name is taken.
    pub fn add(&mut self, rule: Rule, connections: u64) -> Result<String, String> {
        rule.check()?;
        self.added += 1;
        let id = rule.id.clone().unwrap_or_else(|| format!("rule-{}", self.added));
        if self.knows(&id) {
            return Err(format!("there is a rule {id} already"));
        }
        self.entries.push(Entry {
            id: id.clone(),
            rule,
            connections_before: connections,
            count: 0,
            frames: BTreeMap::new(),
        });
        Ok(id)
    }

    /// Removes a rule; `false` if there is none of that name.
    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.id != id);
        self.entries.len() < before
    }

    /// Whether there is a rule of that name.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.entries.iter().any(|entry| entry.id == id)
    }

    /// A connection has come.
    pub fn on_connection(&mut self, connection: u64) -> Option<Hit> {
        let mut entries = self.entries.iter_mut();
        entries
            .find(|entry| entry.rule.on == Trigger::Connection && entry.applies_to(connection))
            .map(Entry::hit)
    }

    /// A frame has come.
    pub fn on_frame(&mut self, place: Place, frame: &Frame) -> Option<Hit> {
        let mut first = None;
        for entry in &mut self.entries {
            // Every rule counts, whichever applies.
            if entry.is_due_for(place, frame) && first.is_none() {
                first = Some(entry.hit());
            }
        }
        first
    }

    /// The first moment among the next `coming` bytes, after `passed`; with the number of bytes that
    /// go before it.
    pub fn on_bytes(&mut self, place: Place, passed: u64, coming: usize) -> Option<(usize, Hit)> {
        let due = self.entries.iter_mut().filter_map(|entry| {
            let before = entry.bytes_before(place, passed)?;
            (before <= coming).then_some((before, entry))
        });
        let (before, entry) = due.min_by_key(|(before, _)| *before)?;
        Some((before, entry.hit()))
    }

    /// Whether a rule wants to see frames before they go through.
    #[must_use]
    pub fn looks_at_frames(&self, place: Place) -> bool {
        self.entries.iter().any(|entry| {
            matches!(entry.rule.on, Trigger::Frame(_))
                && entry.rule.covers(place.direction)
                && entry.applies_to(place.connection)
        })
    }

    /// Forgets what was counted for a connection that has ended.
    pub fn forget(&mut self, connection: u64) {
        for entry in &mut self.entries {
            entry.frames.retain(|(of, _), _| *of != connection);
        }
    }
}

impl Entry {
    fn applies_to(&self, connection: u64) -> bool {
        let Rule { connection: nth, next, times, .. } = &self.rule;
        times.is_none_or(|times| self.count < times)
            && nth.is_none_or(|nth| nth == connection)
            && next.is_none_or(|next| self.connections_before + next == connection)
    }

    fn is_due_for(&mut self, place: Place, frame: &Frame) -> bool {
        let Trigger::Frame(wanted) = &self.rule.on else { return false };
        if !self.rule.covers(place.direction) || !fits(wanted, frame) {
            return false;
        }
        let seen = self.frames.entry((place.connection, place.direction)).or_default();
        *seen += 1;
        wanted.nth.is_none_or(|nth| nth == *seen) && self.applies_to(place.connection)
    }

    /// How many bytes go before this rule applies, if that is still to come.
    fn bytes_before(&self, place: Place, passed: u64) -> Option<usize> {
        let Trigger::Byte(at) = self.rule.on else { return None };
        if !self.rule.covers(place.direction) || !self.applies_to(place.connection) {
            return None;
        }
        // A moment between two pieces has been found with the first of them.
        if at <= passed { None } else { usize::try_from(at - passed).ok() }
    }

    fn hit(&mut self) -> Hit {
        self.count += 1;
        Hit { rule: self.id.clone(), count: self.count, action: self.rule.action.clone() }
    }
}

fn fits(wanted: &FrameMatch, frame: &Frame) -> bool {
    match &wanted.prefix {
        Some(prefix) => {
            frame.opcode == Opcode::Text && frame.payload.starts_with(prefix.as_bytes())
        }
        None => frame.is_message(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{FrameReader, encode_text};

    const TO_SERVER: Direction = Direction::ClientToServer;
    const TO_CLIENT: Direction = Direction::ServerToClient;

    fn book(rules: &[&str]) -> Book {
        let mut book = Book::default();
        for rule in rules {
            book.add(serde_json::from_str(rule).unwrap(), 0).unwrap();
        }
        book
    }

    fn frame(text: &str) -> Frame {
        FrameReader::default().read(&mut encode_text(text, None).as_slice()).unwrap().unwrap()
    }

    fn place(connection: u64, direction: Direction) -> Place {
        Place { connection, direction }
    }

    /// The rule that decides each of these frames.
    fn decided(book: &mut Book, frames: &[(u64, Direction, &str)]) -> Vec<Option<String>> {
        let hits = frames.iter().map(|(connection, direction, text)| {
            book.on_frame(place(*connection, *direction), &frame(text)).map(|hit| hit.rule)
        });
        hits.collect()
    }

    fn some(id: &str) -> Option<String> {
        Some(id.to_owned())
    }

    #[test]
    fn prefix_and_direction_choose_frames() {
        let mut book = book(&[r#"{"direction": "serverToClient", "do": "drop",
            "on": {"frame": {"prefix": "43"}}}"#]);
        let frames = [
            (1, TO_CLIENT, "42[]"),
            (1, TO_SERVER, "430[]"),
            (1, TO_CLIENT, "430[]"),
            (2, TO_CLIENT, "43"),
        ];
        assert_eq!(decided(&mut book, &frames), [None, None, some("rule-1"), some("rule-1")]);
    }

    #[test]
    fn nth_counts_fitting_frames_of_each_connection_and_direction() {
        let mut book = book(&[r#"{"on": {"frame": {"prefix": "42", "nth": 2}}, "do": "drop"}"#]);
        let frames = [
            (1, TO_SERVER, "42[1]"),
            (1, TO_CLIENT, "42[1]"),
            (1, TO_SERVER, "3"),
            (2, TO_SERVER, "42[1]"),
            (1, TO_SERVER, "42[2]"),
            (1, TO_SERVER, "42[3]"),
            (1, TO_CLIENT, "42[2]"),
        ];
        let expected = [None, None, None, None, some("rule-1"), None, some("rule-1")];
        assert_eq!(decided(&mut book, &frames), expected);
    }

    #[test]
    fn the_first_rule_decides_and_the_others_count_on() {
        let mut book = book(&[
            r#"{"id": "first", "on": {"frame": {}}, "do": "pass", "times": 1}"#,
            r#"{"id": "second", "on": {"frame": {}}, "do": "drop", "times": 1}"#,
            r#"{"id": "third", "on": {"frame": {"nth": 3}}, "do": "drop"}"#,
        ]);
        let frames = [(1, TO_SERVER, "a"), (1, TO_SERVER, "b"), (1, TO_SERVER, "c")];
        assert_eq!(decided(&mut book, &frames), [some("first"), some("second"), some("third")]);
    }

    #[test]
    fn times_counts_over_all_connections() {
        let mut book = book(&[r#"{"on": {"frame": {}}, "do": "drop", "times": 2}"#]);
        assert!(book.looks_at_frames(place(3, TO_SERVER)));
        let frames = [(1, TO_SERVER, "a"), (2, TO_CLIENT, "b"), (3, TO_SERVER, "c")];
        assert_eq!(decided(&mut book, &frames), [some("rule-1"), some("rule-1"), None]);
        assert!(!book.looks_at_frames(place(3, TO_SERVER)), "nothing is held back any more");
    }

    #[test]
    fn connections_are_counted_from_the_start_or_from_the_rule() {
        let mut book = book(&[r#"{"on": "connection", "connection": 2, "do": "refuse"}"#]);
        let next = r#"{"on": "connection", "next": 2, "do": "refuse"}"#;
        book.add(serde_json::from_str(next).unwrap(), 3).unwrap();
        let hits: Vec<_> = (1..=6).filter(|nth| book.on_connection(*nth).is_some()).collect();
        assert_eq!(hits, [2, 5]);
    }

    #[test]
    fn the_next_byte_moment_is_found_once() {
        let mut book = book(&[
            r#"{"id": "ten", "on": {"byte": 10}, "do": "pass"}"#,
            r#"{"id": "four", "on": {"byte": 4}, "do": "pass"}"#,
        ]);
        let here = place(1, TO_SERVER);
        let mut moments = Vec::new();
        for (passed, coming) in [(0, 4), (4, 5), (9, 1), (10, 5)] {
            let moment = book.on_bytes(here, passed, coming);
            moments.push(moment.map(|(before, hit)| (before, hit.rule)));
        }
        let found = |before, id: &str| Some((before, id.to_owned()));
        assert_eq!(moments, [found(4, "four"), None, found(1, "ten"), None]);
    }

    #[test]
    fn rules_have_names_that_are_theirs() {
        let mut book = book(&[r#"{"id": "a", "on": "connection", "do": "pass"}"#]);
        let again = r#"{"id": "a", "on": "connection", "do": "refuse"}"#;
        let error = book.add(serde_json::from_str(again).unwrap(), 0).unwrap_err();
        assert_eq!(error, "there is a rule a already");
        assert!(book.remove("a") && !book.remove("a") && !book.knows("a"));
        assert_eq!(book.on_connection(1), None);
    }
}

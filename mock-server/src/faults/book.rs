//! The rules in force, and how often each has applied.

use std::collections::BTreeMap;

use super::action::Action;
use super::draw::{draw, within};
use super::head::Head;
use super::packet::Packet;
use super::rule::{
    Direction, EventMatch, FrameMatch, PacketMatch, RequestMatch, Rule, Transport, Trigger,
};
use crate::frame::{Frame, Opcode};

/// The rules, oldest first: the first that fits a moment decides it.
#[derive(Debug, Default)]
pub struct Book {
    entries: Vec<Entry>,
    added: u64,
    seed: u64,
}

/// A rule applies.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Which rule.
    pub rule: String,
    /// Which time it is, from 1.
    pub count: u32,
    /// What it does.
    pub action: Action,
    /// Whether it is about a packet as a whole, or an event: with what is attached to it.
    pub whole: bool,
    /// A number that the seed gives to this moment.
    pub drawn: u64,
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
    /// How many fitting moments each connection has had, for each direction.
    seen: BTreeMap<(u64, Direction), u64>,
}

impl Book {
    /// Without rules; `seed` decides what they draw.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// Adds a rule after `connections` connections; returns its name.
    ///
    /// # Errors
    ///
    /// A sentence for who wrote the rule, when it makes no sense or its name is taken.
    pub fn add(&mut self, mut rule: Rule, connections: u64) -> Result<String, String> {
        rule.check()?;
        self.added += 1;
        let id = rule.id.take().unwrap_or_else(|| self.free_name());
        if self.knows(&id) {
            return Err(format!("there is a rule {id} already"));
        }
        rule.id = Some(id.clone());
        self.entries.push(Entry {
            id: id.clone(),
            rule,
            connections_before: connections,
            count: 0,
            seen: BTreeMap::new(),
        });
        Ok(id)
    }

    /// A name that nobody has taken, and that none had that was removed.
    fn free_name(&mut self) -> String {
        loop {
            let name = format!("rule-{}", self.added);
            if !self.knows(&name) {
                return name;
            }
            self.added += 1;
        }
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

    /// The rules, in their order, each with its name and how often it has applied.
    pub fn rules(&self) -> impl Iterator<Item = (&Rule, u32)> {
        self.entries.iter().map(|entry| (&entry.rule, entry.count))
    }

    /// Removes all rules; returns how many there were.
    pub fn clear(&mut self) -> usize {
        std::mem::take(&mut self.entries).len()
    }

    /// A connection has come.
    pub fn on_connection(&mut self, connection: u64) -> Option<Hit> {
        // It has no direction; one must be named to draw.
        let place = Place { connection, direction: Direction::ClientToServer };
        self.decide(place, |trigger| *trigger == Trigger::Connection)
    }

    /// A request has come.
    pub fn on_request(&mut self, connection: u64, head: &Head) -> Option<Hit> {
        let place = Place { connection, direction: Direction::ClientToServer };
        self.decide(place, |trigger| match trigger {
            Trigger::Request(wanted) => is_wanted(wanted, head),
            Trigger::Connection
            | Trigger::Byte(_)
            | Trigger::Frame(_)
            | Trigger::Event(_)
            | Trigger::Packet(_) => false,
        })
    }

    /// A message has come.
    pub fn on_message(
        &mut self,
        place: Place,
        frame: &Frame,
        packet: Option<&Packet<'_>>,
    ) -> Option<Hit> {
        self.decide(place, |trigger| match trigger {
            Trigger::Frame(wanted) => fits(wanted, frame),
            Trigger::Event(wanted) => packet.is_some_and(|packet| is_event(wanted, packet)),
            Trigger::Packet(wanted) => packet.is_some_and(|packet| is_packet(wanted, packet)),
            Trigger::Connection | Trigger::Byte(_) | Trigger::Request(_) => false,
        })
    }

    fn decide(&mut self, place: Place, fits: impl Fn(&Trigger) -> bool) -> Option<Hit> {
        let (mut first, seed) = (None, self.seed);
        for entry in &mut self.entries {
            if !entry.rule.covers(place.direction) || !fits(&entry.rule.on) {
                continue;
            }
            // Every rule counts, whichever applies.
            if let Some(drawn) = entry.draw_if_due(place, seed)
                && first.is_none()
            {
                first = Some(entry.hit(drawn));
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
        Some((before, entry.hit(0)))
    }

    /// Whether a rule wants to see messages before they go through.
    #[must_use]
    pub fn looks_at_messages(&self, place: Place) -> bool {
        self.entries.iter().any(|entry| {
            entry.rule.on.is_message()
                && entry.rule.covers(place.direction)
                && entry.applies_to(place.connection)
        })
    }

    /// Forgets what was counted for a connection that has ended.
    pub fn forget(&mut self, connection: u64) {
        for entry in &mut self.entries {
            entry.seen.retain(|(of, _), _| *of != connection);
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

    /// Counts a moment that fits; returns what is drawn for it if the rule is to apply.
    fn draw_if_due(&mut self, place: Place, seed: u64) -> Option<u64> {
        let seen = self.seen.entry((place.connection, place.direction)).or_default();
        *seen += 1;
        let seen = *seen;
        if self.rule.on.nth().is_some_and(|nth| nth != seen) || !self.applies_to(place.connection) {
            return None;
        }
        let drawn = draw(seed, &self.id, place, seen);
        self.rule.share.is_none_or(|share| within(drawn, share)).then(|| drawn.rotate_left(32))
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

    fn hit(&mut self, drawn: u64) -> Hit {
        self.count += 1;
        let (rule, count, action) = (self.id.clone(), self.count, self.rule.action.clone());
        let whole = matches!(self.rule.on, Trigger::Event(_) | Trigger::Packet(_));
        Hit { rule, count, action, whole, drawn }
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

fn is_event(EventMatch { name, namespace, .. }: &EventMatch, packet: &Packet<'_>) -> bool {
    let of_namespace = namespace.as_ref().is_none_or(|namespace| namespace == packet.namespace);
    let event = if of_namespace { packet.event() } else { None };
    event.is_some_and(|event| name.as_ref().is_none_or(|name| *name == event))
}

fn is_packet(PacketMatch { kind, namespace, .. }: &PacketMatch, packet: &Packet<'_>) -> bool {
    kind.is_none_or(|kind| kind == packet.kind)
        && namespace.as_ref().is_none_or(|namespace| namespace == packet.namespace)
}

fn is_wanted(wanted: &RequestMatch, head: &Head) -> bool {
    let RequestMatch { path, transport, method, .. } = wanted;
    let websocket = transport.is_none_or(|transport| match transport {
        Transport::Websocket => head.asks_for_websocket(),
        Transport::Polling => !head.asks_for_websocket(),
    });
    let method = match method {
        Some(method) => method.eq_ignore_ascii_case(head.method()),
        None => head.method() != "OPTIONS",
    };
    websocket && method && path.as_ref().is_none_or(|path| head.path().starts_with(path.as_str()))
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
            let packet = Packet::read(text);
            let hit =
                book.on_message(place(*connection, *direction), &frame(text), packet.as_ref());
            hit.map(|hit| hit.rule)
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
        assert!(book.looks_at_messages(place(3, TO_SERVER)));
        let frames = [(1, TO_SERVER, "a"), (2, TO_CLIENT, "b"), (3, TO_SERVER, "c")];
        assert_eq!(decided(&mut book, &frames), [some("rule-1"), some("rule-1"), None]);
        assert!(!book.looks_at_messages(place(3, TO_SERVER)), "nothing is held back any more");
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
    fn events_and_packets_are_chosen_by_name_type_and_namespace() {
        let mut book = book(&[
            r#"{"id": "tick", "on": {"event": {"name": "tick", "namespace": "/jobs"}}, "do": "drop"}"#,
            r#"{"id": "pong", "on": {"packet": {"type": "pong"}}, "do": "drop"}"#,
            r#"{"id": "other", "on": {"packet": {"namespace": "/jobs"}}, "do": "drop"}"#,
            r#"{"id": "second", "on": {"event": {"nth": 2}}, "do": "drop"}"#,
        ]);
        let frames = [
            (1, TO_CLIENT, r#"42/jobs,["tick"]"#),
            (1, TO_CLIENT, r#"42["tick"]"#),
            (1, TO_SERVER, "3"),
            (1, TO_CLIENT, r#"42/jobs,["tock"]"#),
            (1, TO_CLIENT, "hello"),
        ];
        let expected = [some("tick"), some("second"), some("pong"), some("other"), None];
        assert_eq!(decided(&mut book, &frames), expected);
    }

    #[test]
    fn requests_are_chosen_by_path_transport_and_method() {
        let mut book = book(&[
            r#"{"id": "upgrade", "on": {"request": {"transport": "websocket"}}, "do": "refuse"}"#,
            r#"{"id": "post", "on": {"request": {"method": "post"}}, "do": "refuse"}"#,
            r#"{"id": "jobs", "on": {"request": {"path": "/jobs/", "nth": 2}}, "do": "refuse"}"#,
        ]);
        let mut decided = |line: &str, more: &str| {
            let mut bytes = format!("{line} HTTP/1.1\r\n{more}\r\n").into_bytes();
            let head = super::super::head::take_head(&mut bytes).unwrap();
            book.on_request(1, &head).map(|hit| hit.rule)
        };
        assert_eq!(decided("GET /a", "Upgrade: websocket\r\n"), some("upgrade"));
        assert_eq!(decided("POST /a", ""), some("post"));
        assert_eq!(decided("GET /jobs/socket.io/?EIO=4", ""), None);
        assert_eq!(decided("OPTIONS /jobs/socket.io/", ""), None);
        assert_eq!(decided("GET /jobs/socket.io/?EIO=4", ""), some("jobs"));
    }

    #[test]
    fn the_seed_decides_which_moments_of_a_share() {
        let rule = r#"{"on": {"frame": {}}, "share": 0.5, "do": "drop"}"#;
        let decide = |seed| {
            let mut book = Book::new(seed);
            book.add(serde_json::from_str(rule).unwrap(), 0).unwrap();
            decided(&mut book, &[(1, TO_CLIENT, "42[]"); 64])
        };
        assert_eq!(decide(7), decide(7));
        assert_ne!(decide(7), decide(8));
        let count = decide(7).iter().flatten().count();
        assert!((16..48).contains(&count), "{count}");
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

    #[test]
    fn a_rule_without_a_name_gets_one_that_is_free() {
        let mut book = book(&[r#"{"id": "rule-2", "on": "connection", "do": "pass"}"#]);
        let unnamed = r#"{"on": "connection", "do": "pass"}"#;
        let mut add = || book.add(serde_json::from_str(unnamed).unwrap(), 0).unwrap();
        assert_eq!([add(), add()], ["rule-3", "rule-4"]);
    }
}

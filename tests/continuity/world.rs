//! A client and a server with the wire between them, and an observer who knows what was sent.

use std::collections::{BTreeMap, BTreeSet};

use sockeye::client::continuity::{Continuity, Gap, Position, Since};
use sockeye::client::readiness::{
    Effect, Hook, HookTicket, Hooks, Readiness, ReadinessConfig, Received,
};
use sockeye::client::topics::{Confirm, TopicStatus};
use sockeye::time::Instant;

use crate::script::ms;
use crate::server::{COMMON, Dice, Habits, Message, STREAMS, Sent, Server, name, topics};

/// What a world is like.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nature {
    pub habits: Habits,
    pub trust: bool,
    pub hooks: Hooks,
    /// Chances in 100 that something is lost in the middle of a connection, that a log is trimmed, …
    pub swallows: u64,
    pub trims: u64,
    pub restarts: u64,
    pub reloads: u64,
    pub users: u64,
    pub releases: u64,
    /// How many events are held.
    pub holds: usize,
}

/// An event, and the number of the connection on which it came.
type Came = (Sent, u32);

/// How often something happened.
#[derive(Debug, Default)]
pub struct Counts(pub BTreeMap<&'static str, u64>);

impl Counts {
    pub fn add(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }
}

/// What was told to be missing of a stream: up to this number, if that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    Missing(Option<u64>),
}

/// Where a stream was seen, and what was told to be missing since.
#[derive(Clone, Copy, Debug)]
struct Seen {
    epoch: u64,
    seq: u64,
    told: Told,
}

impl Seen {
    /// Checks that an event may follow, and returns what is still told to be missing.
    fn after(self, sent: Sent, epoch: u64, seq: u64) -> Told {
        let again = (epoch, seq) <= (self.epoch, self.seq);
        assert!(!again, "{sent:?} was delivered again, after {self:?}");
        let is_next = (epoch, seq) == (self.epoch, self.seq + 1);
        match self.told {
            Told::Missing(Some(to)) if seq <= to => self.told,
            Told::Missing(Some(to)) if is_next || seq == to + 1 => Told::Nothing,
            Told::Missing(None) => Told::Nothing,
            _ => {
                assert!(is_next, "something was missed before {sent:?}, after {self:?}");
                Told::Nothing
            }
        }
    }
}

pub struct World<'a> {
    nature: Nature,
    client: Readiness<Came, &'static str>,
    pub server: Server,
    dice: Dice,
    now: Instant,
    up: bool,
    /// What the client has said to the server that has not arrived.
    said: Vec<Effect<Came, &'static str>>,
    hooks: Vec<HookTicket>,
    prologue: Option<HookTicket>,
    wanted: BTreeMap<&'static str, u32>,
    connection: u32,
    /// What was told of this connection.
    verdicts: u32,
    lives: u32,
    joins: BTreeSet<usize>,
    /// Whether this user was told a verdict, or continues positions.
    has_past: bool,
    seen: BTreeMap<usize, Seen>,
    /// What each stream must have been delivered when the connection is live.
    due: BTreeMap<usize, (u64, u64)>,
    accepted_ends: Vec<(u64, u64)>,
    /// The session that the server has named, and whether an event of it was received.
    pid: Option<(u64, bool)>,
    /// Whether a stream was known when the server accepted.
    knew_streams: bool,
    /// The last event without a number, and the connection on which it came.
    unnumbered: Option<(u64, u32)>,
    /// The last connection that was told to be a gap for everything.
    gap_on: u32,
    counts: &'a mut Counts,
    pub history: Vec<String>,
    tracing: bool,
}

impl<'a> World<'a> {
    pub fn new(nature: Nature, seed: u64, tracing: bool, counts: &'a mut Counts) -> Self {
        let config = ReadinessConfig {
            trust_recovery: nature.trust,
            held_events: nature.holds,
            ..ReadinessConfig::default()
        };
        let mut client = Readiness::new(config);
        client.set_hooks(nature.hooks);
        Self {
            nature,
            client,
            server: Server::new(nature.habits, seed ^ 0xABCD),
            dice: Dice(seed),
            now: Instant::ORIGIN,
            up: false,
            said: Vec::new(),
            hooks: Vec::new(),
            prologue: None,
            wanted: BTreeMap::new(),
            connection: 0,
            verdicts: 0,
            lives: 0,
            joins: BTreeSet::new(),
            has_past: false,
            seen: BTreeMap::new(),
            due: BTreeMap::new(),
            accepted_ends: Vec::new(),
            pid: None,
            knew_streams: false,
            unnumbered: None,
            gap_on: 0,
            counts,
            history: Vec::new(),
            tracing,
        }
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if self.tracing {
            self.history.push(what());
        }
    }

    pub fn random_move(&mut self) {
        let nature = self.nature;
        match self.dice.roll(21) {
            0..4 => {
                let stream = self.dice.roll(STREAMS as u64) as usize;
                let swallowed = self.dice.chance(nature.swallows);
                self.note(|| format!("server: emit {stream}, swallowed: {swallowed}"));
                self.server.emit(stream, swallowed);
            }
            4..6 => self.server.emit_unnumbered(),
            6..11 => self.receive(),
            11 => self.retain_or_release(),
            12 => self.end_a_hook(),
            13 => {
                // A server that loses nothing answers in time, too.
                let pauses = if self.is_honest() { 2 } else { 4 };
                let pause = [1, 100, 6_000, 31_000][self.dice.roll(pauses) as usize];
                self.pass(pause);
            }
            14 => self.client.want_server(self.now),
            15 => self.fault(),
            _ if self.up => self.hear(),
            _ => self.connect(),
        }
        // Several inputs may come before anything is done.
        if self.dice.chance(75) {
            self.run();
        }
    }

    fn fault(&mut self) {
        let nature = self.nature;
        let stream = self.dice.roll(STREAMS as u64) as usize;
        if self.dice.chance(nature.trims) {
            self.note(|| format!("server: trim {stream}"));
            self.server.trim(stream);
        } else if self.dice.chance(nature.restarts) {
            self.note(|| "server: restart".to_owned());
            self.cut();
            self.server.restart();
        } else if self.dice.chance(nature.reloads) {
            self.reload();
        } else if self.dice.chance(nature.users) {
            self.note(|| "another user".to_owned());
            self.cut();
            self.server.forget_session();
            self.client.reset();
            self.hooks.clear();
            self.forget_user();
        } else {
            self.cut();
            if self.dice.chance(40) {
                self.note(|| "server: forget session".to_owned());
                self.server.forget_session();
            }
        }
    }

    fn forget_user(&mut self) {
        self.has_past = false;
        self.pid = None;
        self.seen.clear();
        self.due.clear();
        self.unnumbered = None;
    }

    /// A page that keeps its positions is loaded again.
    fn reload(&mut self) {
        self.note(|| "reload".to_owned());
        self.cut();
        self.server.forget_session();
        let kept = self.client.snapshot();
        let config = ReadinessConfig {
            trust_recovery: self.nature.trust,
            held_events: self.nature.holds,
            ..ReadinessConfig::default()
        };
        self.client = Readiness::new(config);
        self.client.set_hooks(self.nature.hooks);
        let streams: BTreeSet<_> = kept.iter().map(|kept| kept.stream.fingerprint).collect();
        self.seen.retain(|stream, _| streams.contains(&name(*stream).fingerprint));
        self.has_past = !kept.is_empty();
        self.pid = None;
        self.unnumbered = None;
        self.client.restore(kept);
        self.hooks.clear();
        for topic in self.wanted.clone().into_keys() {
            self.client.retain_topic(topic, "join", Some("leave"), Confirm::Ack, self.now);
            self.wanted.insert(topic, 1);
        }
    }

    fn cut(&mut self) {
        self.note(|| "cut".to_owned());
        if self.up {
            assert!(self.verdicts <= 1, "two verdicts");
        }
        self.server.cut();
        self.client.handle_down();
        self.run();
        self.said.clear();
        self.up = false;
        self.prologue = None;
        self.due.clear();
    }

    fn connect(&mut self) {
        self.note(|| "connect".to_owned());
        self.up = true;
        self.verdicts = 0;
        self.lives = 0;
        self.joins.clear();
        self.accepted_ends = (0..STREAMS).map(|stream| self.server.owed_end(stream)).collect();
        let pid = self.pid.filter(|(_, proved)| *proved);
        self.server.accept(pid.map(|(pid, _)| pid));
    }

    fn retain_or_release(&mut self) {
        let topic = ["one", "two"][self.dice.roll(2) as usize];
        if self.wanted.contains_key(topic) && self.dice.chance(self.nature.releases) {
            self.note(|| format!("release {topic}"));
            self.client.release_topic(topic, self.now);
            let count = self.wanted.get_mut(topic).unwrap();
            *count -= 1;
            if *count == 0 {
                self.wanted.remove(topic);
            }
        } else {
            self.note(|| format!("retain {topic}"));
            *self.wanted.entry(topic).or_default() += 1;
            self.client.retain_topic(topic, "join", Some("leave"), Confirm::Ack, self.now);
        }
    }

    fn end_a_hook(&mut self) {
        if let Some(ticket) = self.prologue.take() {
            self.client.prologue_done(ticket, self.now);
        } else if !self.hooks.is_empty() {
            let index = self.dice.roll(self.hooks.len() as u64) as usize;
            let ticket = self.hooks.remove(index);
            self.client.gap_done(ticket, self.now);
        }
    }

    fn pass(&mut self, millis: u64) {
        let end = self.now + ms(millis);
        while let Some(deadline) = self.client.deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.client.handle_timeout(self.now);
            self.run();
            assert_ne!(self.client.deadline(), Some(deadline), "a deadline without end");
        }
        self.now = end;
    }

    /// The client receives what is next on the wire.
    fn receive(&mut self) {
        let Some(message) = self.server.wire.pop_front() else {
            return;
        };
        self.note(|| format!("client: {message:?}"));
        let now = self.now;
        match message {
            Message::Accepted { recovered, early, pid } => {
                let proved = recovered && self.pid.is_some_and(|(_, proved)| proved);
                self.pid = Some((pid, proved));
                self.connection += 1;
                if !self.has_past {
                    self.seen.clear();
                }
                self.knew_streams = !self.seen.is_empty();
                self.counts.add(if recovered { "recovered" } else { "not recovered" });
                self.client.handle_accepted(self.connection, recovered);
                self.run();
                for sent in early {
                    self.receive_event(sent);
                }
                self.client.handle_early_over(now);
            }
            Message::Hello(positions) => {
                positions.iter().for_each(|position| self.see_position(position));
                self.client.handle_hello(self.nature.habits.logs, positions, now);
            }
            Message::Event(sent) => self.receive_event(sent),
            Message::Position(position) => {
                self.see_position(&position);
                self.client.handle_position(position, now);
            }
            Message::Joined(ticket) => self.client.join_acknowledged(ticket, now),
            Message::Refused(ticket) => self.client.join_refused(ticket, now),
            Message::Probed => self.client.handle_probed(now),
            Message::Since(ticket, answer) => {
                self.client.handle_since(ticket, answer.map(|answer| self.date(answer)), now)
            }
        }
    }

    fn date(&self, answer: Vec<Since<Sent>>) -> Vec<Since<Came>> {
        let date = |(place, sent)| (place, (sent, self.connection));
        let answer = answer.into_iter().map(|since| Since {
            stream: since.stream,
            position: since.position,
            events: since.events.into_iter().map(date).collect(),
            gap: since.gap,
            more: since.more,
        });
        answer.collect()
    }

    fn receive_event(&mut self, sent: Sent) {
        let place = self.server.place(sent);
        if let Some(position) = self.server.position_before(sent) {
            if place.is_some_and(|place| !self.client.knows(place)) {
                self.see_position(&position);
                self.client.handle_position(position, self.now);
                self.run();
            }
        }
        self.server.is_received(sent);
        self.pid = self.pid.map(|(pid, _)| (pid, true));
        let came = (sent, self.connection);
        if let Received::Deliver(came) = self.client.receive(came, place, 1, self.now) {
            self.see(came);
        }
    }

    /// What the server says of a stream that was never heard of is where it begins.
    fn see_position(&mut self, position: &Position) {
        let stream = (0..STREAMS).find(|stream| name(*stream) == position.stream).unwrap();
        let epoch = position.epoch.text[1..].parse().unwrap();
        let seen = Seen { epoch, seq: position.seq, told: Told::Nothing };
        self.seen.entry(stream).or_insert(seen);
    }

    /// The server hears what the client has said.
    fn hear(&mut self) {
        if self.said.is_empty() {
            return;
        }
        match self.said.remove(0) {
            Effect::Join { topic, ticket, .. } => self.server.join(topics()[&*topic], ticket),
            Effect::Leave { topic, .. } => self.server.leave(topics()[&*topic]),
            Effect::Probe => self.server.probe(),
            Effect::Since { ticket, positions } => self.server.since(ticket, &positions),
            other => panic!("{other:?} is not for the server"),
        }
    }

    fn run(&mut self) {
        while let Some(effect) = self.client.poll_effect() {
            self.note(|| format!("effect: {effect:?}"));
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect<Came, &'static str>) {
        match effect {
            Effect::Prologue(ticket) => self.prologue = Some(ticket),
            Effect::GapHook(ticket) => self.hooks.push(ticket),
            Effect::HookLate(Hook::Prologue) => self.prologue = None,
            Effect::HookLate(Hook::Gap) => {
                self.counts.add("late hook");
                self.hooks.remove(0);
            }
            Effect::LinkDead => {
                self.counts.add("dead");
                self.cut();
            }
            Effect::Topic { .. } | Effect::Drain => {}
            Effect::Verdict { connection, continuity } => self.on_verdict(connection, continuity),
            Effect::Missed { connection, gap } => {
                self.counts.add("missed");
                assert_eq!(connection, self.connection);
                assert_eq!(self.verdicts, 1, "missed without a verdict");
                self.on_gap(&gap);
            }
            Effect::Deliver(came) => self.see(came),
            Effect::Live => self.on_live(),
            Effect::Join { .. } => {
                assert!(self.prologue.is_none(), "joined before the prologue ended");
                self.check_join(&effect);
                self.said.push(effect);
            }
            Effect::Leave { ref topic, .. } => {
                self.joins.remove(&topics()[&**topic]);
                self.said.push(effect);
            }
            Effect::Probe | Effect::Since { .. } => self.said.push(effect),
        }
    }

    fn check_join(&mut self, effect: &Effect<Came, &'static str>) {
        let Effect::Join { topic, .. } = effect else {
            return;
        };
        let is_first = self.joins.insert(topics()[&**topic]);
        let refuses = self.nature.habits.refuses > 0;
        assert!(is_first || refuses, "{topic} was joined twice on a connection");
    }

    fn on_verdict(&mut self, connection: u32, continuity: Continuity) {
        assert_eq!(connection, self.connection);
        self.verdicts += 1;
        assert_eq!(self.verdicts, 1, "two verdicts");
        assert_eq!(self.lives, 0, "live before the verdict");
        match continuity {
            Continuity::Fresh => {
                self.counts.add("fresh");
                assert!(!self.has_past, "fresh with a past");
            }
            Continuity::Resumed => {
                self.counts.add("resumed");
                assert!(self.has_past, "resumed without a past");
                for (stream, seen) in &self.seen {
                    if seen.told == Told::Nothing {
                        self.due.insert(*stream, self.accepted_ends[*stream]);
                    }
                }
            }
            Continuity::Gap(gap) => {
                self.counts.add(gap.cause.code());
                self.on_gap(&gap);
            }
        }
        self.has_past = true;
    }

    fn on_gap(&mut self, gap: &Gap) {
        let provable = self.is_honest() && self.knew_streams;
        assert!(!provable, "a gap although nothing was lost: {gap:?}");
        for (stream, seen) in &mut self.seen {
            let fingerprint = name(*stream).fingerprint;
            if let Some(gap) = gap.streams.iter().find(|gap| gap.stream == fingerprint) {
                seen.told = Told::Missing(gap.to);
            } else if gap.streams.is_empty() {
                seen.told = Told::Missing(None);
            }
        }
        if gap.streams.is_empty() || !self.nature.habits.helper {
            self.gap_on = self.connection;
        }
    }

    /// A server with logs that loses nothing, for one user who leaves no topic.
    fn is_honest(&self) -> bool {
        let Nature { habits, swallows, trims, restarts, releases, holds, .. } = self.nature;
        let faults = habits.recovers_partly
            + habits.forgets_rooms
            + habits.refuses
            + habits.keeps_silent
            + habits.answers_wrongly;
        let losses = faults + swallows + trims + restarts + releases;
        habits.helper && habits.logs && losses == 0 && holds >= 1_000
    }

    fn see(&mut self, (sent, connection): Came) {
        assert_eq!(self.verdicts, 1, "delivered without a verdict");
        assert!(self.hooks.is_empty(), "delivered before the gap was mended");
        self.counts.add("delivered");
        let Sent::Numbered { stream, epoch, seq } = sent else {
            return self.see_unnumbered(sent, connection);
        };
        if self.server.place(sent).is_none() {
            return;
        }
        let seen = self.seen.get(&stream).copied();
        let mut told = seen.map_or(Told::Nothing, |seen| seen.after(sent, epoch, seq));
        let is_old = connection < self.connection && !self.nature.habits.helper;
        if is_old && told == Told::Nothing {
            // Its number says nothing of what comes on this connection.
            told = Told::Missing(None);
        }
        self.seen.insert(stream, Seen { epoch, seq, told });
    }

    /// Where only the server's word counts, it has to be kept for every event.
    fn see_unnumbered(&mut self, sent: Sent, connection: u32) {
        let Sent::Unnumbered(number) = sent else {
            return;
        };
        let is_told = self.nature.trust && !self.nature.habits.helper;
        let is_kept = self.nature.habits.recovers_partly == 0 && self.nature.holds >= 1_000;
        if let Some((last, came)) = self.unnumbered.filter(|_| is_told && is_kept) {
            let is_next = number == last + 1;
            assert!(is_next || came < self.gap_on, "an event without a number was missed");
        }
        self.unnumbered = Some((number, connection));
    }

    fn on_live(&mut self) {
        self.lives += 1;
        assert_eq!((self.verdicts, self.lives), (1, 1), "live once, after the verdict");
        self.counts.add("live");
        for (stream, due) in std::mem::take(&mut self.due) {
            let seen = self.seen[&stream];
            let reached = (seen.epoch, seen.seq) >= due;
            assert!(
                reached || seen.told != Told::Nothing,
                "resumed, but {stream} is at {seen:?}, not {due:?}"
            );
        }
    }

    /// Nothing fails any more: everything that is wanted comes about.
    pub fn settle(&mut self) {
        self.run();
        self.note(|| "settle".to_owned());
        self.server.habits = Habits {
            helper: self.server.habits.helper,
            logs: self.server.habits.logs,
            numbers: self.server.habits.numbers,
            ..Habits::default()
        };
        self.nature.habits = self.server.habits;
        self.cut();
        self.server.forget_session();
        // What is told from here on may well be a gap.
        self.nature.trims = 1;
        self.run();
        self.connect();
        for _ in 0..200 {
            self.step_all();
        }
        for stream in 0..STREAMS {
            self.server.emit(stream, false);
        }
        for _ in 0..200 {
            self.step_all();
        }
        assert_eq!((self.verdicts, self.lives), (1, 1), "not live at the end");
        for (topic, stream) in topics() {
            let wanted = self.wanted.contains_key(topic);
            assert_eq!(self.server.rooms.contains(&stream), wanted, "{topic}");
            let is_live = self.client.topic_status(topic) == TopicStatus::Live;
            assert_eq!(is_live, wanted, "{topic}");
        }
        let numbered = self.nature.habits.helper || self.nature.habits.numbers;
        for stream in self.server.rooms.clone() {
            let seen = self.seen.get(&stream).filter(|_| numbered);
            let end = self.server.end(stream);
            assert!(seen.is_none_or(|seen| (seen.epoch, seen.seq) == end), "{seen:?}, not {end:?}");
        }
        assert!(self.server.rooms.contains(&COMMON));
    }

    fn step_all(&mut self) {
        self.receive();
        self.run();
        self.hear();
        self.run();
        self.end_a_hook();
        self.run();
        if self.server.wire.is_empty() && self.said.is_empty() {
            self.pass(1_000);
        }
    }
}

//! One machine, and what it asked for, in words.

use std::rc::Rc;
use std::time::Duration;

use sockeye::client::continuity::{Continuity, Gap, Named, Place, Position, Since, StreamGap};
use sockeye::client::readiness::{
    Effect, HookTicket, Hooks, Readiness, ReadinessConfig, Received, SinceTicket,
};
use sockeye::client::topics::{Confirm, JoinTicket};
use sockeye::time::Instant;

/// The epoch in which streams are unless something else is said.
pub const EPOCH: &str = "x";

pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn named(text: &str) -> Named {
    // Names are short here, so that their bytes are a fingerprint without collisions.
    let fingerprint = text.bytes().fold(0, |print, byte| (print << 8) | u64::from(byte));
    Named { fingerprint, text: Rc::from(text) }
}

pub fn place_in(stream: &str, epoch: &str, seq: u64) -> Place {
    Place { stream: named(stream).fingerprint, epoch: named(epoch).fingerprint, seq }
}

pub fn place(stream: &str, seq: u64) -> Place {
    place_in(stream, EPOCH, seq)
}

pub fn position_in(stream: &str, epoch: &str, seq: u64) -> Position {
    Position { stream: named(stream), epoch: named(epoch), seq }
}

pub fn position(stream: &str, seq: u64) -> Position {
    position_in(stream, EPOCH, seq)
}

/// The answer that everything from `from` to `to` follows.
pub fn replay(stream: &str, from: u64, to: u64) -> Since<String> {
    let events = (from..=to).map(|seq| (place(stream, seq), format!("{stream}{seq}")));
    Since {
        stream: named(stream).fingerprint,
        position: Some((named(EPOCH), to)),
        events: events.collect(),
        gap: false,
        more: false,
    }
}

/// The answer that the log does not tell.
pub fn no_replay(stream: &str, position: Option<(&str, u64)>) -> Since<String> {
    Since {
        stream: named(stream).fingerprint,
        position: position.map(|(epoch, seq)| (named(epoch), seq)),
        events: Vec::new(),
        gap: true,
        more: false,
    }
}

pub struct Script {
    pub readiness: Readiness<String, &'static str>,
    pub now: Instant,
    pub connections: u32,
    pub hooks: Vec<HookTicket>,
    pub joins: Vec<(String, JoinTicket)>,
    pub since: Vec<SinceTicket>,
    log: Vec<String>,
}

impl Script {
    pub fn new(config: ReadinessConfig) -> Self {
        Self {
            readiness: Readiness::new(config),
            now: Instant::ORIGIN,
            connections: 0,
            hooks: Vec::new(),
            joins: Vec::new(),
            since: Vec::new(),
            log: Vec::new(),
        }
    }

    pub fn with_hooks(prologue: bool, gap: bool) -> Self {
        let mut script = Self::new(ReadinessConfig::default());
        script.readiness.set_hooks(Hooks { prologue, gap });
        script
    }

    pub fn trusting() -> Self {
        Self::new(ReadinessConfig { trust_recovery: true, ..ReadinessConfig::default() })
    }

    /// One that is live on a server with logs, and has had the events of `a` up to 5.
    pub fn at_five(mut self) -> Self {
        self.accept();
        self.hello(&[position("a", 4)]);
        self.event("a", 5);
        assert_eq!(self.take().last().map(String::as_str), Some("deliver a5"));
        self
    }

    /// What was asked for since the last call.
    pub fn take(&mut self) -> Vec<String> {
        self.run();
        std::mem::take(&mut self.log)
    }

    pub fn accept(&mut self) {
        self.accept_as(false, &[]);
    }

    /// The server takes up the session, and has sent these events of `a` before it says so.
    pub fn recover(&mut self, replayed: &[u64]) {
        self.accept_as(true, replayed);
    }

    fn accept_as(&mut self, recovered: bool, replayed: &[u64]) {
        self.connections += 1;
        self.readiness.handle_accepted(self.connections, recovered);
        self.run();
        for seq in replayed {
            self.event("a", *seq);
        }
        self.readiness.handle_early_over(self.now);
    }

    pub fn down(&mut self) {
        self.run();
        self.readiness.handle_down();
    }

    pub fn hello(&mut self, positions: &[Position]) {
        self.readiness.handle_hello(true, positions.to_vec(), self.now);
    }

    pub fn hello_without_logs(&mut self, positions: &[Position]) {
        self.readiness.handle_hello(false, positions.to_vec(), self.now);
    }

    pub fn probed(&mut self) {
        self.readiness.handle_probed(self.now);
    }

    pub fn event(&mut self, stream: &str, seq: u64) {
        self.numbered(format!("{stream}{seq}"), Some(place(stream, seq)));
    }

    pub fn unnumbered(&mut self, name: &str) {
        self.numbered(name.to_owned(), None);
    }

    pub fn numbered(&mut self, event: String, place: Option<Place>) {
        self.run();
        match self.readiness.receive(event, place, 1, self.now) {
            Received::Deliver(event) => self.log.push(format!("deliver {event}")),
            Received::Held => {}
            Received::Repeated => self.log.push("repeated".to_owned()),
        }
    }

    /// Answers the last question.
    pub fn answer(&mut self, answer: Vec<Since<String>>) {
        self.run();
        let ticket = self.since.pop().expect("no question is open");
        self.readiness.handle_since(ticket, Some(answer), self.now);
    }

    pub fn retain(&mut self, topic: &str) {
        self.readiness.retain_topic(topic, "join", Some("leave"), Confirm::Ack, self.now);
    }

    pub fn release(&mut self, topic: &str) {
        self.readiness.release_topic(topic, self.now);
    }

    pub fn ticket(&mut self, topic: &str) -> JoinTicket {
        self.run();
        let join = self.joins.iter().rfind(|(joined, _)| joined == topic);
        join.expect("no such join").1
    }

    pub fn acknowledge(&mut self, topic: &str) {
        let ticket = self.ticket(topic);
        self.readiness.join_acknowledged(ticket, self.now);
    }

    pub fn refuse(&mut self, topic: &str) {
        let ticket = self.ticket(topic);
        self.readiness.join_refused(ticket, self.now);
    }

    /// Lets the clock run, through each deadline on the way.
    pub fn wait(&mut self, millis: u64) {
        let end = self.now + ms(millis);
        while let Some(deadline) = self.readiness.deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.readiness.handle_timeout(self.now);
            self.run();
            assert_ne!(self.readiness.deadline(), Some(deadline), "a deadline without end");
        }
        self.now = end;
    }

    fn run(&mut self) {
        while let Some(effect) = self.readiness.poll_effect() {
            let said = self.say(effect);
            self.log.push(said);
        }
    }

    fn say(&mut self, effect: Effect<String, &'static str>) -> String {
        match effect {
            Effect::Prologue(ticket) => {
                self.hooks.push(ticket);
                "prologue".to_owned()
            }
            Effect::GapHook(ticket) => {
                self.hooks.push(ticket);
                "gap hook".to_owned()
            }
            Effect::HookLate(hook) => format!("late {hook:?}"),
            Effect::Join { topic, ticket, body, acknowledged } => {
                self.joins.push((topic.to_string(), ticket));
                let quietly = if acknowledged { "" } else { " quietly" };
                format!("{body} {topic}{quietly}")
            }
            Effect::Leave { topic, body } => format!("{body} {topic}"),
            Effect::Topic { topic, status } => format!("{topic} is {status:?}"),
            Effect::Probe => "probe".to_owned(),
            Effect::LinkDead => "dead".to_owned(),
            Effect::Since { ticket, positions } => {
                self.since.push(ticket);
                let positions = positions.iter().map(say_position).collect::<Vec<_>>();
                format!("since {}", positions.join(" "))
            }
            Effect::Verdict { connection, continuity } => match continuity {
                Continuity::Fresh => format!("{connection} fresh"),
                Continuity::Resumed => format!("{connection} resumed"),
                Continuity::Gap(gap) => format!("{connection} gap {}", say_gap(&gap)),
            },
            Effect::Missed { connection, gap } => format!("{connection} missed {}", say_gap(&gap)),
            Effect::Deliver(event) => format!("deliver {event}"),
            Effect::Live => "live".to_owned(),
            Effect::Drain => "drain".to_owned(),
        }
    }
}

fn say_position(position: &Position) -> String {
    let Position { stream, epoch, seq } = position;
    format!("{}/{}/{seq}", stream.text, epoch.text)
}

fn say_gap(gap: &Gap) -> String {
    let streams = gap.streams.iter().map(say_stream_gap);
    let words = std::iter::once(gap.cause.code().to_owned()).chain(streams);
    words.collect::<Vec<_>>().join(" ")
}

/// The cause is said only where it differs from that of the whole.
fn say_stream_gap(gap: &StreamGap) -> String {
    let number = |seq: Option<u64>| seq.map_or("?".to_owned(), |seq| seq.to_string());
    let name = gap.name.as_deref().unwrap_or("?");
    format!("{name}:{}-{}:{}", number(gap.from), number(gap.to), gap.cause.code())
}

//! A server of streams with rooms, logs and connection state recovery, and the ways in which it fails.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sockeye::client::continuity::{Named, Place, Position, Since};
use sockeye::client::readiness::SinceTicket;
use sockeye::client::topics::JoinTicket;

use crate::script::named;

/// An event: of a stream with its number, or without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    Numbered { stream: usize, epoch: u64, seq: u64 },
    Unnumbered(u64),
}

/// What the server sends, in the order in which it arrives.
#[derive(Debug)]
pub enum Message {
    Accepted { recovered: bool, early: Vec<Sent>, pid: u64 },
    Hello(Vec<Position>),
    Event(Sent),
    Position(Position),
    Joined(JoinTicket),
    Refused(JoinTicket),
    Probed,
    Since(SinceTicket, Option<Vec<Since<Sent>>>),
}

/// What the server does, and what it does wrong: each is a chance in 100.
#[derive(Clone, Copy, Debug, Default)]
pub struct Habits {
    /// It has the helper.
    pub helper: bool,
    /// The helper keeps logs.
    pub logs: bool,
    /// The events of streams are numbered although there is no helper.
    pub numbers: bool,
    /// It recovers sessions.
    pub recovers: bool,
    /// It says so where it has lost something of the middle of what it owes.
    pub recovers_partly: u64,
    /// It says so where it has lost the rooms.
    pub forgets_rooms: u64,
    /// It refuses a join.
    pub refuses: u64,
    /// It answers a join or a question not at all.
    pub keeps_silent: u64,
    /// Its answer to a question leaves out an event, or makes no sense.
    pub answers_wrongly: u64,
}

#[derive(Debug, Default)]
struct Log {
    epoch: u64,
    seq: u64,
    /// The number behind the last that was thrown away.
    start: u64,
    /// The last that was sent to the client.
    sent: (u64, u64),
}

#[derive(Debug)]
pub struct Server {
    pub habits: Habits,
    logs: Vec<Log>,
    /// The streams of the client's session.
    pub rooms: BTreeSet<usize>,
    pub connected: bool,
    /// The session that could be taken up.
    session: Option<u64>,
    sessions: u64,
    /// What the session was sent and the client may not have.
    owed: VecDeque<Sent>,
    unnumbered: u64,
    pub wire: VecDeque<Message>,
    pub roll: Dice,
}

/// SplitMix64: a seed gives the same sequence on every machine.
#[derive(Debug)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }
}

/// The stream that every client gets; the others are rooms.
pub const COMMON: usize = 0;
pub const STREAMS: usize = 3;

pub fn name(stream: usize) -> Named {
    named(["common", "one", "two"][stream])
}

fn epoch_name(epoch: u64) -> Named {
    named(&format!("e{epoch}"))
}

impl Server {
    pub fn new(habits: Habits, seed: u64) -> Self {
        let logs = (0..STREAMS).map(|_| Log { epoch: 1, seq: 0, start: 1, sent: (0, 0) });
        Self {
            habits,
            logs: logs.collect(),
            rooms: BTreeSet::new(),
            connected: false,
            session: None,
            sessions: 0,
            owed: VecDeque::new(),
            unnumbered: 0,
            wire: VecDeque::new(),
            roll: Dice(seed),
        }
    }

    /// Where a stream stands.
    pub fn end(&self, stream: usize) -> (u64, u64) {
        (self.logs[stream].epoch, self.logs[stream].seq)
    }

    /// What the client must have of a stream to have missed nothing: without logs nobody speaks of what
    /// was sent while it had left.
    pub fn owed_end(&self, stream: usize) -> (u64, u64) {
        if self.habits.logs { self.end(stream) } else { self.logs[stream].sent }
    }

    /// What the client takes an event for.
    pub fn place(&self, sent: Sent) -> Option<Place> {
        let Sent::Numbered { stream, epoch, seq } = sent else {
            return None;
        };
        let stream = name(stream).fingerprint;
        if self.habits.helper {
            let epoch = epoch_name(epoch).fingerprint;
            return Some(Place { stream, epoch, seq });
        }
        self.habits.numbers.then_some(Place { stream, epoch: 0, seq })
    }

    pub fn position_before(&self, sent: Sent) -> Option<Position> {
        let Sent::Numbered { stream, epoch, seq } = sent else {
            return None;
        };
        let position = Position { stream: name(stream), epoch: epoch_name(epoch), seq: seq - 1 };
        self.habits.helper.then_some(position)
    }

    pub fn emit(&mut self, stream: usize, swallowed: bool) {
        let log = &mut self.logs[stream];
        log.seq += 1;
        let sent = Sent::Numbered { stream, epoch: log.epoch, seq: log.seq };
        if self.rooms.contains(&stream) {
            log.sent = (log.epoch, log.seq);
            self.send(sent, swallowed);
        }
    }

    pub fn emit_unnumbered(&mut self) {
        if self.connected || self.session.is_some() {
            self.unnumbered += 1;
            self.send(Sent::Unnumbered(self.unnumbered), false);
        }
    }

    fn send(&mut self, sent: Sent, swallowed: bool) {
        if self.session.is_some() {
            self.owed.push_back(sent);
        }
        if self.connected && !swallowed {
            self.wire.push_back(Message::Event(sent));
        }
    }

    /// The client has received an event: a recovery begins behind it.
    pub fn is_received(&mut self, sent: Sent) {
        if let Some(index) = self.owed.iter().position(|owed| *owed == sent) {
            self.owed.drain(..=index);
        }
    }

    pub fn trim(&mut self, stream: usize) {
        let log = &mut self.logs[stream];
        log.start = log.seq + 1;
    }

    /// The server begins all logs anew and knows no session.
    pub fn restart(&mut self) {
        self.cut();
        self.forget_session();
        for log in &mut self.logs {
            *log = Log { epoch: log.epoch + 1, seq: 0, start: 1, sent: (0, 0) };
        }
    }

    pub fn cut(&mut self) {
        self.connected = false;
        self.wire.clear();
    }

    pub fn forget_session(&mut self) {
        self.session = None;
        self.rooms.clear();
        self.owed.clear();
    }

    /// Accepts a client that names the session `pid`, if it has received an event of it.
    pub fn accept(&mut self, pid: Option<u64>) {
        let recovered = self.session.is_some() && self.session == pid;
        if !recovered {
            self.forget_session();
        }
        let mut early = Vec::new();
        if recovered {
            early.extend(self.owed.iter().copied());
            if !early.is_empty() && self.roll.chance(self.habits.recovers_partly) {
                self.lose_one(&mut early);
            }
            if self.roll.chance(self.habits.forgets_rooms) {
                self.rooms.clear();
            }
        }
        self.rooms.insert(COMMON);
        self.connected = true;
        if self.habits.recovers && !recovered {
            self.sessions += 1;
            self.session = Some(self.sessions);
        }
        let pid = self.session.unwrap_or_default();
        self.wire.push_back(Message::Accepted { recovered, early, pid });
        if self.habits.helper {
            self.wire.push_back(Message::Hello(vec![self.position(COMMON)]));
        }
    }

    /// What is lost at the end of a stream shows only in a log.
    fn lose_one(&mut self, early: &mut Vec<Sent>) {
        let index = self.roll.roll(early.len() as u64) as usize;
        let Sent::Numbered { stream: lost, .. } = early[index] else {
            return;
        };
        let is_lost =
            |sent: &Sent| matches!(sent, Sent::Numbered { stream, .. } if *stream == lost);
        if self.habits.logs || early[index + 1..].iter().any(is_lost) {
            early.remove(index);
        }
    }

    fn position(&self, stream: usize) -> Position {
        let (epoch, seq) = self.end(stream);
        Position { stream: name(stream), epoch: epoch_name(epoch), seq }
    }

    pub fn join(&mut self, stream: usize, ticket: JoinTicket) {
        if self.roll.chance(self.habits.refuses) {
            return self.wire.push_back(Message::Refused(ticket));
        }
        self.rooms.insert(stream);
        if self.habits.helper {
            self.wire.push_back(Message::Position(self.position(stream)));
        }
        if !self.roll.chance(self.habits.keeps_silent) {
            self.wire.push_back(Message::Joined(ticket));
        }
    }

    pub fn leave(&mut self, stream: usize) {
        self.rooms.remove(&stream);
    }

    pub fn probe(&mut self) {
        self.wire.push_back(Message::Probed);
    }

    pub fn since(&mut self, ticket: SinceTicket, positions: &[Position]) {
        if self.roll.chance(self.habits.keeps_silent) {
            return;
        }
        if self.roll.chance(self.habits.answers_wrongly) && self.roll.chance(30) {
            return self.wire.push_back(Message::Since(ticket, None));
        }
        let answers = positions.iter().map(|position| self.since_one(position)).collect();
        self.wire.push_back(Message::Since(ticket, Some(answers)));
    }

    fn since_one(&mut self, position: &Position) -> Since<Sent> {
        let stream = (0..STREAMS).find(|stream| name(*stream) == position.stream).unwrap();
        let fingerprint = position.stream.fingerprint;
        let (epoch, end) = self.end(stream);
        let gap = |position| Since {
            stream: fingerprint,
            position,
            events: Vec::new(),
            gap: true,
            more: false,
        };
        if !self.rooms.contains(&stream) {
            return gap(None);
        }
        if epoch_name(epoch) != position.epoch || position.seq + 1 < self.logs[stream].start {
            return gap(Some((epoch_name(epoch), end)));
        }
        let last = end.min(position.seq + 1 + self.roll.roll(4));
        let numbers = (position.seq + 1..=last)
            .map(|seq| Sent::Numbered { stream, epoch, seq })
            .filter_map(|sent| Some((self.place(sent)?, sent)));
        let mut events: Vec<(Place, Sent)> = numbers.collect();
        if !events.is_empty() && self.roll.chance(self.habits.answers_wrongly) {
            events.remove(self.roll.roll(events.len() as u64) as usize);
        }
        let position = Some((epoch_name(epoch), last));
        Since { stream: fingerprint, position, events, gap: false, more: last < end }
    }
}

/// The names of the streams by which a client asks for them as topics.
pub fn topics() -> BTreeMap<&'static str, usize> {
    BTreeMap::from([("one", 1), ("two", 2)])
}

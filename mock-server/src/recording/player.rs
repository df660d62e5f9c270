//! Plays one recorded session to one client: knows what is to be said when. No I/O, no clock.
//!
//! What is recorded comes in its order, always. What the client says is matched with what its predecessor
//! said, by namespace and event name, the first with the first. The server's packets that were recorded
//! after something wait for it; while the client is behind the recording, time stands still, and when
//! it is ahead, what comes before is said at once. Times count from what the client said last.
//!
//! Who waits for too long goes on without: what depends on it is left out, and said when it comes after
//! all. From then on nothing waits for the same word, until it is heard again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::assembler::{Message, Said};
use super::entry::{Deed, Moment, Session, Side};
use super::packet::{Kind, Packet};

/// Plays a session.
#[derive(Debug)]
pub struct Player {
    session: Arc<Session>,
    pace: Pace,
    patience: Duration,
    /// Makes socket ids: no other player has this one.
    id: String,
    /// The moment that comes next.
    next: usize,
    /// When the session would have begun if nobody had waited or hurried, in seconds.
    began: f64,
    /// Up to this moment nothing waits for its time.
    hurry: usize,
    /// Since when the client is waited for.
    waiting: Option<Duration>,
    /// Where each word of the client is still expected.
    expected: BTreeMap<Word, VecDeque<usize>>,
    /// What has come of it, with the id of the acknowledgement that it asks for.
    heard: BTreeMap<usize, Option<u64>>,
    /// What is not waited for.
    given_up: BTreeSet<Word>,
    answers: Answers,
    names: Vec<(String, String)>,
    connected: BTreeSet<String>,
    /// What is to be said besides the recording.
    extra: VecDeque<Said>,
    notes: Vec<Mismatch>,
}

/// How fast a recording is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many times faster than it happened.
    Times(f64),
    /// As fast as possible.
    Unlimited,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Say this.
    Say(Vec<Message>),
    /// Close the session.
    Close,
    /// Ask again when the client has said something, or at this time.
    Wait(Option<Duration>),
}

/// How a client differs from the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// How.
    pub kind: MismatchKind,
    /// What it is about.
    pub word: Word,
}

/// The kinds of mismatches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MismatchKind {
    /// The client has said what is not in the recording, or not once more.
    Unexpected,
    /// The client has not said in time what is in the recording.
    Missing,
}

/// What is compared of something that a client says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// A packet: its kind, its namespace, and the event's name or the acknowledgement's id.
    Packet(Kind, String, String),
    /// What is no packet.
    Message,
}

/// What the client has asked for, and answers to what it has not.
#[derive(Debug, Default)]
struct Answers {
    /// For a recorded question the id in which this client asks it.
    asked: BTreeMap<Question, Option<u64>>,
    kept: BTreeMap<Question, Packet>,
}

/// A namespace, and the recorded id of an acknowledgement; without one it is whether to be let in.
type Question = (String, Option<u64>);

impl Player {
    /// Begins at `now`.
    #[must_use]
    pub fn new(
        session: Arc<Session>,
        pace: Pace,
        patience: Duration,
        id: String,
        now: Duration,
    ) -> Self {
        let mut expected = BTreeMap::<_, VecDeque<_>>::new();
        for (index, moment) in session.moments.iter().enumerate() {
            if let Some(word) = Word::of(moment) {
                expected.entry(word).or_default().push_back(index);
            }
        }
        Self {
            session,
            pace,
            patience,
            id,
            next: 0,
            began: now.as_secs_f64(),
            hurry: 0,
            waiting: None,
            expected,
            heard: BTreeMap::new(),
            given_up: BTreeSet::new(),
            answers: Answers::default(),
            names: Vec::new(),
            connected: BTreeSet::new(),
            extra: VecDeque::new(),
            notes: Vec::new(),
        }
    }

    /// Takes what the client has said.
    pub fn hear(&mut self, said: &Said) {
        let word = Word::said(said);
        let (id, namespace) = match said {
            Said::Packet(packet) => (packet.id, Some(&packet.namespace)),
            Said::Message(_) => (None, None),
        };
        self.given_up.remove(&word);
        if let (Word::Packet(Kind::Disconnect, ..), Some(namespace)) = (&word, namespace) {
            self.connected.remove(namespace);
        }
        match self.expected.get_mut(&word).and_then(VecDeque::pop_front) {
            Some(index) if index < self.next => self.catch_up(index, id),
            Some(index) => {
                self.heard.insert(index, id);
                self.hurry = self.hurry.max(index);
            }
            None => self.reject(word, namespace.map(String::as_str)),
        }
    }

    /// Returns what is to be done at `now`.
    pub fn poll(&mut self, now: Duration) -> Step {
        loop {
            if let Some(said) = self.extra.pop_front() {
                return Step::Say(said.messages());
            }
            let session = Arc::clone(&self.session);
            let Some(moment) = session.moments.get(self.next) else { return Step::Wait(None) };
            match moment.from {
                Side::Client => {
                    if let Some(until) = self.wait_for_client(moment, now) {
                        return Step::Wait(Some(until));
                    }
                }
                Side::Server => {
                    let due = self.due(moment.at_ms);
                    if self.next >= self.hurry && due > now {
                        return Step::Wait(Some(due));
                    }
                }
            }
            self.next += 1;
            match &moment.deed {
                Deed::Close if moment.from == Side::Server => return Step::Close,
                Deed::Say(said) if moment.from == Side::Server => self.say(said),
                Deed::Close | Deed::Say(_) => {}
            }
        }
    }

    /// Takes the mismatches since the last call.
    pub fn mismatches(&mut self) -> Vec<Mismatch> {
        std::mem::take(&mut self.notes)
    }

    /// Returns how many of its moments have been played, and how many there are.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.next, self.session.moments.len())
    }

    /// Lets a moment of the client's pass if it has come; otherwise returns how long to wait.
    fn wait_for_client(&mut self, moment: &Moment, now: Duration) -> Option<Duration> {
        // That a client went away is nothing that this one must do.
        let word = Word::of(moment)?;
        if let Some(id) = self.heard.remove(&self.next) {
            self.on_heard(self.next, id);
            self.began = now.as_secs_f64() - self.recorded(moment.at_ms);
            self.waiting = None;
            return None;
        }
        let since = *self.waiting.get_or_insert(now);
        let is_ahead = self.next < self.hurry;
        let since = if is_ahead { since } else { since.max(self.due(moment.at_ms)) };
        let until = since + self.patience;
        if now < until && !self.given_up.contains(&word) {
            return Some(until);
        }
        self.waiting = None;
        if self.given_up.insert(word.clone()) {
            self.notes.push(Mismatch { kind: MismatchKind::Missing, word });
            self.began = now.as_secs_f64() - self.recorded(moment.at_ms);
        }
        None
    }

    /// Something has come for which nothing waits any more.
    fn catch_up(&mut self, index: usize, id: Option<u64>) {
        let question = self.on_heard(index, id);
        if let Some(answer) = question.and_then(|question| self.answers.kept.remove(&question)) {
            self.say_packet(&answer);
        }
    }

    /// Notes a question, with the id in which the client waits for the answer.
    fn on_heard(&mut self, index: usize, id: Option<u64>) -> Option<Question> {
        let Deed::Say(Said::Packet(packet)) = &self.session.moments.get(index)?.deed else {
            return None;
        };
        let asks = packet.kind == Kind::Connect || (packet.kind == Kind::Event && id.is_some());
        let question = asks.then(|| (packet.namespace.clone(), packet.id))?;
        self.answers.asked.insert(question.clone(), id);
        Some(question)
    }

    fn reject(&mut self, word: Word, namespace: Option<&str>) {
        if let (Word::Packet(Kind::Connect, ..), Some(namespace)) = (&word, namespace) {
            let data = json!({ "message": NOT_RECORDED }).to_string();
            let (kind, namespace) = (Kind::ConnectError, namespace.to_owned());
            let refusal = Packet { kind, namespace, id: None, data, attachments: None };
            self.extra.push_back(Said::Packet(refusal));
        }
        self.notes.push(Mismatch { kind: MismatchKind::Unexpected, word });
    }

    fn say(&mut self, said: &Said) {
        match said {
            Said::Message(_) => self.extra.push_back(said.clone()),
            Said::Packet(packet) => self.say_packet(packet),
        }
    }

    fn say_packet(&mut self, packet: &Packet) {
        let mut packet = packet.clone();
        let is_answer = matches!(packet.kind, Kind::Connect | Kind::ConnectError | Kind::Ack);
        if is_answer {
            let question = (packet.namespace.clone(), packet.id);
            let Some(id) = self.answers.asked.remove(&question) else {
                self.answers.kept.insert(question, packet);
                return;
            };
            packet.id = id;
        }
        match packet.kind {
            Kind::Connect => {
                self.rename(&mut packet);
                self.connected.insert(packet.namespace.clone());
            }
            Kind::ConnectError => {}
            // The client has gone from there, or was never let in.
            Kind::Event | Kind::Ack if !self.connected.contains(&packet.namespace) => return,
            Kind::Event | Kind::Ack => {}
            Kind::Disconnect if !self.connected.remove(&packet.namespace) => return,
            Kind::Disconnect => {}
        }
        for (before, after) in &self.names {
            packet.data = packet.data.replace(before, after);
        }
        self.extra.push_back(Said::Packet(packet));
    }

    /// Gives the client a socket id of its own, wherever the server names the recorded one.
    fn rename(&mut self, packet: &mut Packet) {
        let mut data: Map<String, Value> = serde_json::from_str(&packet.data).unwrap_or_default();
        let recorded = data.get("sid").map(Value::to_string);
        let id = match self.names.len() {
            0 => self.id.clone(),
            more => format!("{}{more}", self.id),
        };
        if let Some(recorded) = recorded {
            self.names.push((recorded, Value::from(id.as_str()).to_string()));
        }
        data.insert("sid".to_owned(), id.into());
        packet.data = Value::from(data).to_string();
    }

    /// When a recorded time comes.
    fn due(&self, at_ms: u64) -> Duration {
        Duration::try_from_secs_f64(self.began + self.recorded(at_ms)).unwrap_or_default()
    }

    /// A recorded time in seconds, at this pace.
    fn recorded(&self, at_ms: u64) -> f64 {
        match self.pace {
            Pace::Times(factor) => Duration::from_millis(at_ms).as_secs_f64() / factor,
            Pace::Unlimited => 0.0,
        }
    }
}

impl Word {
    /// What a client has to say at this moment, if anything.
    fn of(moment: &Moment) -> Option<Self> {
        match (&moment.deed, moment.from) {
            (Deed::Say(said), Side::Client) => Some(Self::said(said)),
            (Deed::Say(_) | Deed::Close, _) => None,
        }
    }

    fn said(said: &Said) -> Self {
        let Said::Packet(packet) = said else { return Self::Message };
        let what = match packet.kind {
            Kind::Event => packet.event().unwrap_or_default(),
            Kind::Ack => packet.id.unwrap_or_default().to_string(),
            Kind::Connect | Kind::Disconnect | Kind::ConnectError => String::new(),
        };
        Self::Packet(packet.kind, packet.namespace.clone(), what)
    }
}

const NOT_RECORDED: &str = "this connection is not in the recording";

#[cfg(test)]
mod tests {
    use super::super::entry::{Handshake, Opening};
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    /// A session of lines such as `12 c 2["a"]`: when, who, what.
    fn session(lines: &[&str]) -> Arc<Session> {
        let moment = |line: &&str| {
            let mut words = line.splitn(3, ' ');
            let at_ms = words.next().unwrap().parse().unwrap();
            let from = if words.next() == Some("c") { Side::Client } else { Side::Server };
            let deed = match words.next().unwrap() {
                "close" => Deed::Close,
                text => Deed::Say(said(text)),
            };
            Moment { at_ms, from, deed }
        };
        let handshake = Handshake { ping_interval: 1, ping_timeout: 1, max_payload: 1 };
        let [path, query, transport] = ["/socket.io/", "", "polling"].map(str::to_owned);
        let opening = Opening { path, query, transport, handshake };
        Arc::new(Session { number: 1, opening, moments: lines.iter().map(moment).collect() })
    }

    fn said(text: &str) -> Said {
        match Packet::decode(text) {
            Some((packet, _)) => Said::Packet(packet),
            None => Said::Message(Message::Text(text.to_owned())),
        }
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn player(pace: Pace, lines: &[&str]) -> Player {
        Player::new(session(lines), pace, PATIENCE, "me".to_owned(), Duration::ZERO)
    }

    /// Everything that is said up to `now`, and then what the player waits for.
    fn until(player: &mut Player, now: u64) -> (Vec<String>, Step) {
        let mut texts = Vec::new();
        loop {
            match player.poll(ms(now)) {
                Step::Say(messages) => {
                    texts.extend(messages.into_iter().map(|message| match message {
                        Message::Text(text) => text,
                        Message::Binary(bytes) => format!("{bytes:?}"),
                    }))
                }
                step @ (Step::Close | Step::Wait(_)) => return (texts, step),
            }
        }
    }

    fn wait(millis: u64) -> Step {
        Step::Wait(Some(ms(millis)))
    }

    const LET_IN: [&str; 2] = ["0 c 0", "2 s 0{\"sid\":\"recorded\"}"];

    fn connected(pace: Pace, lines: &[&str]) -> Player {
        let mut player = player(pace, &[&LET_IN, lines].concat());
        player.hear(&said("0"));
        player
    }

    #[test]
    fn packets_come_in_their_order_at_their_scaled_time() {
        for (pace, times) in [(Pace::Times(1.0), [2, 10, 30]), (Pace::Times(0.5), [4, 20, 60])] {
            let mut player = connected(pace, &["10 s 2[\"a\"]", "30 s 2[\"b\"]", "30 s close"]);
            assert_eq!(until(&mut player, 0), (vec![], wait(times[0])));
            let (told, step) = until(&mut player, times[0]);
            assert_eq!((told, step), (vec!["0{\"sid\":\"me\"}".to_owned()], wait(times[1])));
            assert_eq!(until(&mut player, times[1]), (vec!["2[\"a\"]".to_owned()], wait(times[2])));
            assert_eq!(until(&mut player, times[2]), (vec!["2[\"b\"]".to_owned()], Step::Close));
            assert_eq!(player.progress(), (5, 5));
        }
        let mut player = connected(Pace::Unlimited, &["10 s 2[\"a\"]", "30 s 2[\"b\"]"]);
        assert_eq!(until(&mut player, 0).0.len(), 3);
    }

    #[test]
    fn the_recorded_socket_id_is_replaced_wherever_it_is_named() {
        let lines = ["3 s 2[\"welcome\",{\"id\":\"recorded\",\"is\":\"recorded it\"}]"];
        let mut player = connected(Pace::Unlimited, &lines);
        let welcome = "2[\"welcome\",{\"id\":\"me\",\"is\":\"recorded it\"}]";
        assert_eq!(until(&mut player, 0).0[1], welcome);
    }

    #[test]
    fn what_comes_after_the_client_waits_for_it_and_time_stands_still() {
        let lines = ["100 c 2[\"subscribe\"]", "110 s 2[\"confirmed\"]", "150 s 2[\"news\"]"];
        let mut player = connected(Pace::Times(1.0), &lines);
        until(&mut player, 0);
        assert_eq!(until(&mut player, 2).1, wait(5_100));
        assert_eq!(until(&mut player, 1_000).1, wait(5_100));
        player.hear(&said("2[\"subscribe\",{\"other\":\"data\"}]"));
        assert_eq!(until(&mut player, 2_000), (vec![], wait(2_010)));
        assert_eq!(until(&mut player, 2_010), (vec!["2[\"confirmed\"]".to_owned()], wait(2_050)));
        assert_eq!(player.mismatches(), []);
    }

    #[test]
    fn a_client_that_is_ahead_gets_what_comes_before_at_once() {
        let lines = ["9000 s 2[\"tick\"]", "9100 c 24[\"ask\"]", "9120 s 34[1]"];
        let mut player = connected(Pace::Times(1.0), &lines);
        until(&mut player, 0);
        until(&mut player, 2);
        player.hear(&said("20[\"ask\"]"));
        assert_eq!(until(&mut player, 10), (vec!["2[\"tick\"]".to_owned()], wait(30)));
        assert_eq!(until(&mut player, 30).0, ["30[1]"], "with the client's own id");
    }

    #[test]
    fn answers_are_matched_by_name_and_order() {
        let lines = [
            "10 c 20[\"a\",1]",
            "11 c 21[\"b\"]",
            "12 c 22[\"a\",2]",
            "13 s 32[\"a2\"]",
            "14 s 31[\"b1\"]",
            "15 s 30[\"a1\"]",
        ];
        let mut player = connected(Pace::Unlimited, &lines);
        until(&mut player, 0);
        for ask in ["27[\"b\"]", "28[\"a\"]", "29[\"a\"]"] {
            player.hear(&said(ask));
        }
        assert_eq!(until(&mut player, 0).0, ["39[\"a2\"]", "37[\"b1\"]", "38[\"a1\"]"]);
    }

    #[test]
    fn who_says_nothing_is_not_waited_for_for_ever_and_answered_after_all() {
        let lines = [
            "10 c 20[\"ask\"]",
            "20 s 30[\"answer\"]",
            "30 s 2[\"news\"]",
            "40 c 21[\"ask\"]",
            "50 s 31[\"again\"]",
            "50 s 2[\"more\"]",
        ];
        let mut player = connected(Pace::Times(1.0), &lines);
        until(&mut player, 0);
        assert_eq!(until(&mut player, 2).1, wait(5_010));
        assert_eq!(until(&mut player, 5_010), (vec![], wait(5_020)));
        let (told, step) = until(&mut player, 5_030);
        assert_eq!((told, step), (vec!["2[\"news\"]".to_owned()], wait(5_050)), "no second wait");
        let word = Word::Packet(Kind::Event, "/".to_owned(), "ask".to_owned());
        assert_eq!(player.mismatches(), [Mismatch { kind: MismatchKind::Missing, word }]);
        player.hear(&said("25[\"ask\"]"));
        assert_eq!(until(&mut player, 5_040).0, ["35[\"answer\"]"]);
        player.hear(&said("26[\"ask\"]"));
        assert_eq!(until(&mut player, 5_050).0, ["36[\"again\"]", "2[\"more\"]"]);
        assert_eq!(player.mismatches(), []);
    }

    #[test]
    fn what_is_not_recorded_is_a_mismatch_and_changes_nothing() {
        let mut player = connected(Pace::Unlimited, &["9 c 2[\"a\"]", "10 s 2[\"b\"]"]);
        until(&mut player, 0);
        for text in ["2[\"c\"]", "0/other,", "2/other,[\"a\"]", "garbage", "31[]", "2[\"a\"]"] {
            player.hear(&said(text));
        }
        player.hear(&said("2[\"a\"]"));
        let refusal = format!("4/other,{{\"message\":\"{NOT_RECORDED}\"}}");
        assert_eq!(until(&mut player, 0).0, [refusal.as_str(), "2[\"b\"]"]);
        let kinds = [Kind::Event, Kind::Connect, Kind::Event, Kind::Ack, Kind::Event];
        let mismatches = player.mismatches();
        assert!(mismatches.iter().all(|found| found.kind == MismatchKind::Unexpected));
        let found = mismatches.into_iter().filter_map(|found| match found.word {
            Word::Packet(kind, ..) => Some(kind),
            Word::Message => None,
        });
        assert_eq!(found.collect::<Vec<_>>(), kinds);
    }

    #[test]
    fn nothing_is_said_where_the_client_is_not() {
        let lines = ["5 c 1", "9 s 2[\"a\"]", "10 c 0/x,", "11 s 0/x,{\"sid\":\"x\"}", "12 s 1/x,"];
        let mut player = connected(Pace::Unlimited, &lines);
        until(&mut player, 0);
        player.hear(&said("1"));
        assert_eq!(until(&mut player, 0), (vec![], wait(5_000)));
        assert_eq!(until(&mut player, 5_000), (vec![], Step::Wait(None)));
        player.hear(&said("0/x,"));
        assert_eq!(until(&mut player, 6_000).0, ["0/x,{\"sid\":\"me1\"}"]);
    }

    #[test]
    fn attachments_and_strange_messages_are_said_as_they_were() {
        let lines = [
            "5 s 50-[\"none\"]",
            "6 s 9strange",
            "7 s 25[\"answer me\"]",
            "8 c 35[]",
            "9 s 2[\"x\"]",
        ];
        let mut player = connected(Pace::Unlimited, &lines);
        let told = ["50-[\"none\"]", "9strange", "25[\"answer me\"]"];
        assert_eq!(until(&mut player, 0).0[1..], told);
        player.hear(&said("35[]"));
        assert_eq!(until(&mut player, 0).0, ["2[\"x\"]"]);
    }
}

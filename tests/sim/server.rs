//! The server: Engine.IO sessions, the root namespace, rooms, the application's work, and the helper's
//! contract if there is one. It knows nothing of the client but frames.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::contract::hash;
use crate::decision::{Decision, Envelope, Memory, Outcome};
use crate::defects::Defect;
use crate::network::{Connection, ConnectionId, Frame};
use crate::schedule::{Kind, Setting, Way};
use crate::streams::Stream;
use crate::world::{Due, World, ms};

/// The streams: some rooms, and the one that everybody gets.
pub const STREAMS: [&str; 4] = ["room0", "room1", "room2", "all"];
/// The stream that everybody gets.
pub const ALL: usize = 3;

const LEASE: u64 = 20_000;

/// What the server remembers of one connection.
#[derive(Debug, Default)]
pub struct Session {
    /// Whose it is, once the namespace is accepted.
    pub identity: Option<String>,
    pid: String,
    pub rooms: Vec<usize>,
    /// How often each room was joined.
    pub joins: [u32; 3],
    /// Counts the pings, so that an old time-out is known.
    pub ping: u64,
    pub pong: u64,
    /// An event whose attachments are still to come.
    partial: Option<(u64, Value, u64)>,
    /// Whether the client has sent an event.
    pub heard: bool,
}

/// A session that may go on.
#[derive(Debug)]
struct Saved {
    identity: String,
    rooms: Vec<usize>,
    missed: Vec<String>,
}

/// An action that came.
#[derive(Clone, Debug)]
pub struct Request {
    pub connection: ConnectionId,
    pub ack: u64,
    pub action: usize,
    identity: String,
    envelope: Option<Envelope>,
    hash: u64,
}

pub struct Server {
    pub sessions: BTreeMap<ConnectionId, Session>,
    saved: BTreeMap<String, Saved>,
    pub memory: Memory<u64>,
    pub streams: Vec<Stream>,
    pub is_up: bool,
    pub refuses_until: u64,
    pub silent_until: u64,
    pub failing_work: u32,
    pub dies_before_ack: Option<u64>,
    pub lies: [bool; crate::schedule::TABS],
    pub loses: [bool; 4],
    pub repeats: [bool; 4],
    /// Restarts, which change what a message may have.
    pub lives: u64,
    next: u64,
}

impl Server {
    pub fn new(setting: &Setting, defect: Option<Defect>) -> Self {
        let stream =
            |name: &&str| Stream::new((*name).to_owned(), "e0".to_owned(), setting.log_size);
        Self {
            sessions: BTreeMap::new(),
            saved: BTreeMap::new(),
            memory: new_memory("m0".to_owned(), setting, defect),
            streams: STREAMS.iter().map(stream).collect(),
            is_up: true,
            refuses_until: 0,
            silent_until: 0,
            failing_work: 0,
            dies_before_ack: None,
            lies: [false; crate::schedule::TABS],
            loses: [false; 4],
            repeats: [false; 4],
            lives: 0,
            next: 1,
        }
    }

    /// What a message may have: a restart changes it.
    fn max_payload(&self) -> u64 {
        if self.lives % 2 == 0 { 2_000 } else { 1_000 }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Loses the memory of keys and the logs.
    pub fn forget(&mut self, setting: &Setting, defect: Option<Defect>) {
        let number = self.number();
        self.memory = new_memory(format!("m{number}"), setting, defect);
        for stream in &mut self.streams {
            stream.restart(format!("e{number}"));
        }
    }
}

fn new_memory(id: String, setting: &Setting, defect: Option<Defect>) -> Memory<u64> {
    Memory::new(id, ms(LEASE), ms(setting.retention), defect)
}

impl World<'_> {
    /// A WebSocket has reached the server.
    pub fn open_session(&mut self, id: ConnectionId) {
        let number = self.server.number();
        let (interval, timeout) = (self.setting.ping_interval, self.setting.ping_timeout);
        let max = self.server.max_payload();
        self.server.sessions.insert(id, Session::default());
        self.reply(
            id,
            format!(
                "0{{\"sid\":\"s{number}\",\"upgrades\":[],\"pingInterval\":{interval},\
                 \"pingTimeout\":{timeout},\"maxPayload\":{max}}}"
            ),
        );
        self.schedule(self.now + ms(interval), Due::Ping { connection: id });
    }

    /// A session is over on the server's side.
    pub fn end_session(&mut self, id: ConnectionId) {
        let Some(session) = self.server.sessions.remove(&id) else {
            return;
        };
        if let Some(identity) = session.identity.filter(|_| self.setting.recovery) {
            let saved = Saved { identity, rooms: session.rooms, missed: Vec::new() };
            self.server.saved.insert(session.pid, saved);
        }
    }

    pub fn ping(&mut self, id: ConnectionId) {
        let Some(session) = self.server.sessions.get_mut(&id) else {
            return;
        };
        session.ping += 1;
        let round = session.ping;
        self.reply(id, "2".to_owned());
        let until = self.now + ms(self.setting.ping_timeout);
        self.schedule(until, Due::PingTimeout { connection: id, round });
    }

    pub fn ping_timeout(&mut self, id: ConnectionId, round: u64) {
        if self.server.sessions.get(&id).is_some_and(|session| session.pong < round) {
            self.close_at_server(id);
        }
    }

    /// The server closes: the client is told if the pipe still works.
    pub fn close_at_server(&mut self, id: ConnectionId) {
        self.send(id, Way::Down, Frame::Close);
        self.lose_at_server(id);
    }

    fn reply(&mut self, id: ConnectionId, text: String) {
        if self.connections[id].server_open {
            self.send(id, Way::Down, Frame::Text(text));
        }
    }

    /// A frame of the client has arrived.
    pub fn serve(&mut self, id: ConnectionId, frame: Frame) {
        match frame {
            Frame::Text(text) => match text.as_bytes() {
                [b'3', ..] => self.on_pong(id),
                [b'4', ..] => self.on_message(id, &text[1..]),
                _ => self.close_at_server(id),
            },
            Frame::Binary(_) => self.on_attachment(id),
            Frame::Close => self.lose_at_server(id),
        }
    }

    fn on_pong(&mut self, id: ConnectionId) {
        if let Some(session) = self.server.sessions.get_mut(&id) {
            session.pong = session.ping;
            let at = self.now + ms(self.setting.ping_interval);
            self.schedule(at, Due::Ping { connection: id });
        }
    }

    fn on_message(&mut self, id: ConnectionId, packet: &str) {
        let kind = packet.as_bytes()[0];
        let rest = &packet[1..];
        if let Some(namespace) = rest.strip_prefix('/') {
            if kind == b'0' && namespace.starts_with("sockeye-liveness") {
                let answer = "44/sockeye-liveness,{\"message\":\"Invalid namespace\"}";
                self.reply(id, answer.to_owned());
            }
            return;
        }
        match kind {
            b'0' => self.on_connect(id, rest),
            b'1' => self.on_disconnect(id),
            b'2' | b'5' => self.on_event(id, rest),
            _ => {}
        }
    }

    fn on_connect(&mut self, id: ConnectionId, payload: &str) {
        if self.now < self.server.refuses_until {
            let refusal = "44{\"message\":\"unauthorized\",\"data\":{\"code\":\"later\"}}";
            return self.reply(id, refusal.to_owned());
        }
        let auth: Value = serde_json::from_str(payload).unwrap_or_default();
        let identity = auth["user"].as_str().unwrap_or_default().to_owned();
        let known = auth["pid"]
            .as_str()
            .and_then(|pid| Some((pid.to_owned(), self.server.saved.remove(pid)?)));
        let known = known.filter(|(_, saved)| saved.identity == identity);
        let number = self.server.number();
        let pid = known.as_ref().map_or_else(|| format!("p{number}"), |(pid, _)| pid.clone());
        let tab = self.connections[id].tab;
        let lies = std::mem::take(&mut self.server.lies[tab]);
        let Some(session) = self.server.sessions.get_mut(&id) else {
            return;
        };
        session.identity = Some(identity);
        session.pid = pid.clone();
        if let Some((_, saved)) = known {
            session.rooms = saved.rooms;
            for frame in saved.missed.into_iter().filter(|_| !lies) {
                self.reply(id, frame);
            }
        }
        let pid = if self.setting.recovery { format!(",\"pid\":\"{pid}\"") } else { String::new() };
        self.reply(id, format!("40{{\"sid\":\"n{number}\"{pid}}}"));
        if self.setting.helper {
            self.say_hello(id);
        }
    }

    fn say_hello(&mut self, id: ConnectionId) {
        let Server { memory, streams, .. } = &self.server;
        let all = &streams[ALL];
        let hello = format!(
            "42[\"sockeye:hello\",{{\"v\":1,\"memory\":\"{}\",\"retentionMs\":{},\"time\":{},\
             \"since\":{},\"positions\":[[\"{}\",\"{}\",{}]]}}]",
            memory.id,
            self.setting.retention,
            self.now / 1_000 + 1_700_000_000_000,
            self.setting.logs,
            all.name,
            all.epoch,
            all.last
        );
        self.reply(id, hello);
    }

    fn on_disconnect(&mut self, id: ConnectionId) {
        if let Some(session) = self.server.sessions.get_mut(&id) {
            session.identity = None;
            session.rooms.clear();
        }
    }

    fn on_event(&mut self, id: ConnectionId, packet: &str) {
        let (attachments, packet) = match packet.split_once("-[").map(|(count, _)| count) {
            Some(count) if count.parse::<u64>().is_ok() => (1, &packet[count.len() + 1..]),
            _ => match packet.split_once('-') {
                Some((count, rest)) if count.parse::<u64>().is_ok() => (1, rest),
                _ => (0, packet),
            },
        };
        let digits = packet.bytes().take_while(u8::is_ascii_digit).count();
        let ack = packet[..digits].parse().unwrap_or(u64::MAX);
        let payload: Value = serde_json::from_str(&packet[digits..]).unwrap_or_default();
        if attachments == 0 {
            return self.handle_event(id, ack, payload);
        }
        if let Some(session) = self.server.sessions.get_mut(&id) {
            session.partial = Some((ack, payload, attachments));
        }
    }

    fn on_attachment(&mut self, id: ConnectionId) {
        let session = self.server.sessions.get_mut(&id);
        if let Some((ack, payload, _)) = session.and_then(|session| session.partial.take()) {
            self.handle_event(id, ack, payload);
        }
    }

    fn handle_event(&mut self, id: ConnectionId, ack: u64, mut payload: Value) {
        let Some(session) = self.server.sessions.get_mut(&id) else {
            return;
        };
        let is_first = !std::mem::replace(&mut session.heard, true);
        let Some(identity) = session.identity.clone() else {
            return;
        };
        let arguments = payload.as_array_mut().unwrap();
        let name = arguments[0].as_str().unwrap().to_owned();
        self.note_first(id, is_first, &name);
        match name.as_str() {
            "act" => self.on_action(id, ack, identity, arguments),
            "join" => self.on_join(id, ack, arguments[1].as_u64().unwrap() as usize),
            "leave" => self.on_leave(id, ack, arguments[1].as_u64().unwrap() as usize),
            "sockeye:since" => self.on_since(id, ack, &arguments[1]),
            "latest" => self.note_latest(id, &arguments[1], arguments[2].as_u64().unwrap()),
            _ => {}
        }
    }

    fn on_join(&mut self, id: ConnectionId, ack: u64, room: usize) {
        let Some(session) = self.server.sessions.get_mut(&id) else {
            return;
        };
        session.joins[room] += 1;
        let joins = session.joins[room];
        if !session.rooms.contains(&room) {
            session.rooms.push(room);
        }
        self.note_join(id, room, joins);
        if self.setting.helper {
            let Stream { name, epoch, last, .. } = &self.server.streams[room];
            let position = format!("42[\"sockeye:position\",[\"{name}\",\"{epoch}\",{last}]]");
            self.reply(id, position);
        }
        self.acknowledge(id, ack, "\"ok\"");
    }

    fn on_leave(&mut self, id: ConnectionId, ack: u64, room: usize) {
        if let Some(session) = self.server.sessions.get_mut(&id) {
            session.rooms.retain(|joined| *joined != room);
            // A new join after a leave is not one too many.
            session.joins[room] = 0;
        }
        self.acknowledge(id, ack, "\"ok\"");
    }

    fn acknowledge(&mut self, id: ConnectionId, ack: u64, arguments: &str) {
        if ack != u64::MAX {
            self.reply(id, format!("43{ack}[{arguments}]"));
        }
    }

    fn on_action(
        &mut self,
        id: ConnectionId,
        ack: u64,
        identity: String,
        arguments: &mut Vec<Value>,
    ) {
        let mark = arguments.last_mut().and_then(|last| last.get_mut("$sockeye")).map(Value::take);
        if mark.is_some() {
            arguments.pop();
        }
        let envelope = mark.filter(|_| self.setting.helper).map(|mark| read_envelope(&mark));
        let action = arguments[1]["a"].as_u64().unwrap() as usize;
        let hash = hash(&arguments[1].to_string());
        let request = Request { connection: id, ack, action, identity, envelope, hash };
        let Connection { was_stalled, .. } = self.connections[id];
        self.ledger.note_arrival(&request.identity, action, was_stalled);
        self.ledger.delays |= was_stalled;
        if self.ledger.actions[action].kind == Kind::Poison {
            return self.close_at_server(id);
        }
        if self.setting.leases && request.envelope.is_some() {
            return self.decide(request);
        }
        let at = self.now + self.work_time();
        self.schedule(at, Due::Decide { request });
    }

    fn work_time(&mut self) -> u64 {
        let limit = ms(self.setting.work);
        self.random.below(limit)
    }

    /// Decides about an action, and does its work unless that takes longer than the decision.
    pub fn decide(&mut self, request: Request) {
        if !self.server.is_up {
            return;
        }
        let Some(envelope) = &request.envelope else {
            return self.do_work(request);
        };
        self.server.memory.expire(self.now);
        let identity = &request.identity;
        let decision = self.server.memory.decide(identity, envelope, request.hash, self.now);
        let is_torn = self.defect == Some(Defect::ServerNotAtomic);
        match decision {
            Decision::Run if is_torn => {
                self.ledger.note_effect(request.action, request.connection, self.now);
                self.finish_later(request);
            }
            Decision::Run if self.defect == Some(Defect::ServerAcksBeforeCommit) => {
                self.answer(&request, &answer_of(&Outcome::Applied(0)), request.action);
                self.finish_later(request);
            }
            Decision::Run if self.setting.leases => self.finish_later(request),
            Decision::Run => self.do_work(request),
            other => self.answer_decision(&request, other),
        }
    }

    fn finish_later(&mut self, request: Request) {
        let at = self.now + self.work_time();
        self.schedule(at, Due::Finish { request, life: self.server.lives });
    }

    /// The work is done, unless the server died meanwhile.
    pub fn finish(&mut self, request: Request, life: u64) {
        if self.server.is_up && life == self.server.lives {
            self.do_work(request);
        } else if let (Some(envelope), true) = (&request.envelope, self.defect.is_some()) {
            self.server.memory.give_up(&request.identity, envelope);
        }
    }

    fn do_work(&mut self, request: Request) {
        if self.server.failing_work > 0 {
            self.server.failing_work -= 1;
            return self.fail_work(&request);
        }
        let kind = self.ledger.actions[request.action].kind;
        let outcome =
            if kind == Kind::Refused { Outcome::Rejected(0) } else { Outcome::Applied(0) };
        if let Some(envelope) = &request.envelope {
            let memory = &mut self.server.memory;
            if !memory.commit(&request.identity, envelope, outcome.clone(), self.now) {
                return;
            }
        }
        if self.defect != Some(Defect::ServerNotAtomic) && kind != Kind::Refused {
            self.ledger.note_effect(request.action, request.connection, self.now);
        }
        if let Some(down) = self.server.dies_before_ack.take() {
            return self.restart_server(down, false);
        }
        if request.envelope.is_some() {
            self.answer(&request, &answer_of(&outcome), request.action);
        } else if kind == Kind::Refused {
            let refusal = format!("42[\"refused\",{{\"a\":{}}}]", request.action);
            self.reply(request.connection, refusal);
        } else if self.now >= self.server.silent_until {
            let argument = format!("{{\"a\":{}}}", request.action);
            self.acknowledge(request.connection, request.ack, &argument);
        }
    }

    fn fail_work(&mut self, request: &Request) {
        // A server without the helper says nothing when its handler throws.
        if let Some(envelope) = &request.envelope {
            self.server.memory.give_up(&request.identity, envelope);
            self.answer_decision(request, Decision::Retry);
        }
    }

    fn answer_decision(&mut self, request: &Request, decision: Decision<u64>) {
        let members = match decision {
            Decision::Stored(outcome) => answer_of(&outcome),
            Decision::Conflict => "\"s\":\"conflict\"".to_owned(),
            Decision::Retry | Decision::Run => "\"s\":\"retry\",\"afterMs\":500".to_owned(),
            Decision::Renumber { epoch, last } => {
                format!("\"s\":\"renumber\",\"e\":{epoch},\"n\":{last}")
            }
            Decision::Gap { epoch, last } => format!("\"s\":\"gap\",\"e\":{epoch},\"n\":{last}"),
            Decision::Memory => format!("\"s\":\"memory\",\"m\":\"{}\"", self.server.memory.id),
        };
        self.answer(request, &members, request.action);
    }

    fn answer(&mut self, request: &Request, members: &str, action: usize) {
        if self.now < self.server.silent_until {
            return;
        }
        let key = request.envelope.as_ref().map_or("", |envelope| &envelope.key);
        let answer = format!("{{\"$sockeye\":{{\"k\":\"{key}\",{members}}}}},{{\"a\":{action}}}");
        self.acknowledge(request.connection, request.ack, &answer);
    }

    /// The application sends an event to a stream.
    pub fn publish(&mut self, stream: usize) {
        if !self.server.is_up {
            return;
        }
        let content = self.server.number();
        let number = self.server.streams[stream].push(content);
        let loses = std::mem::take(&mut self.server.loses[stream]);
        let repeats = std::mem::take(&mut self.server.repeats[stream]);
        let frame = self.with_offset(&self.event(stream, number), content);
        let is_member = |rooms: &Vec<usize>| stream == ALL || rooms.contains(&stream);
        for saved in self.server.saved.values_mut().filter(|saved| is_member(&saved.rooms)) {
            saved.missed.push(frame.clone());
        }
        let sessions = self.server.sessions.iter();
        let members = sessions.filter(|(_, session)| session.identity.is_some());
        let members = members.filter(|(_, session)| is_member(&session.rooms)).map(|(id, _)| *id);
        let members: Vec<ConnectionId> = members.collect();
        for id in members {
            let copies = usize::from(!loses) + usize::from(repeats);
            for _ in 0..copies {
                self.reply(id, frame.clone());
            }
        }
    }

    fn event(&self, stream: usize, number: u64) -> String {
        let Stream { name, epoch, .. } = &self.server.streams[stream];
        let stamp = if self.setting.helper {
            format!(",{}", crate::streams::stamp(name, epoch, number))
        } else {
            String::new()
        };
        format!("[\"news\",{{\"s\":{stream},\"e\":\"{epoch}\",\"i\":{number}}}{stamp}]")
    }

    /// What a server that restores sessions adds.
    fn with_offset(&self, event: &str, content: u64) -> String {
        if self.setting.recovery {
            format!("42{},\"1700000000000-{content}\"]", &event[..event.len() - 1])
        } else {
            format!("42{event}")
        }
    }

    fn on_since(&mut self, id: ConnectionId, ack: u64, question: &Value) {
        let rooms = self.server.sessions.get(&id).map(|session| session.rooms.clone());
        let rooms = rooms.unwrap_or_default();
        let asked = question["streams"].as_array().cloned().unwrap_or_default();
        let answers = asked.iter().map(|position| self.since_of(&rooms, position));
        let answer = format!("{{\"streams\":[{}]}}", answers.collect::<Vec<_>>().join(","));
        self.acknowledge(id, ack, &answer);
    }

    fn since_of(&self, rooms: &[usize], position: &Value) -> String {
        let name = position[0].as_str().unwrap_or_default();
        let found = STREAMS.iter().position(|stream| *stream == name);
        let Some(index) = found.filter(|index| *index == ALL || rooms.contains(index)) else {
            return format!("{{\"stream\":\"{name}\",\"events\":[],\"gap\":true}}");
        };
        let (epoch, from) = (position[1].as_str().unwrap_or_default(), position[2].as_u64());
        let stream = &self.server.streams[index];
        match stream.since(epoch, from.unwrap_or_default()) {
            crate::streams::Since::Gap => format!(
                "{{\"stream\":\"{name}\",\"epoch\":\"{}\",\"seq\":{},\"events\":[],\"gap\":true}}",
                stream.epoch, stream.last
            ),
            crate::streams::Since::Events { events, more } => {
                let last = events.last().map(|(seq, _)| *seq);
                let seq = last.or(from).unwrap_or_default();
                let events = events.iter().map(|(seq, _)| self.event(index, *seq));
                let events = events.collect::<Vec<_>>().join(",");
                let more = if more { ",\"more\":true" } else { "" };
                format!(
                    "{{\"stream\":\"{name}\",\"epoch\":\"{}\",\"seq\":{seq},\
                     \"events\":[{events}]{more}}}",
                    stream.epoch
                )
            }
        }
    }

    /// The server ends, and starts again after a time.
    pub fn restart_server(&mut self, down: u64, silent: bool) {
        self.server.is_up = false;
        self.server.lives += 1;
        self.server.saved.clear();
        let sessions: Vec<ConnectionId> = self.server.sessions.keys().copied().collect();
        // The news that these connections have ended comes late: then nothing is suspected.
        self.ledger.disruptions += u32::from(silent);
        for id in sessions {
            if silent {
                self.lose_at_server(id);
            } else {
                self.cut(id);
            }
        }
        self.server.saved.clear();
        if self.setting.volatile_memory {
            self.forget();
        }
        self.schedule(self.now + ms(down), Due::ServerUp);
    }

    /// Tells everybody to come again later, and closes.
    pub fn try_later(&mut self, after: u64) {
        let sessions: Vec<ConnectionId> = self.server.sessions.keys().copied().collect();
        for id in sessions {
            self.reply(id, format!("42[\"sockeye:retry\",{{\"afterMs\":{after}}}]"));
            self.close_at_server(id);
        }
    }

    /// Sends text that somebody makes up.
    pub fn send_raw(&mut self, tab: usize, text: String) {
        if let Some(id) = self.served_connection_of(tab) {
            self.connections[id].is_garbled = true;
            self.reply(id, text);
        }
    }

    pub fn forget(&mut self) {
        let defect = self.defect;
        self.server.forget(&self.setting, defect);
        self.ledger.note_forgotten(self.now);
    }
}

fn answer_of(outcome: &Outcome<u64>) -> String {
    match outcome {
        Outcome::Applied(_) => "\"s\":\"applied\"".to_owned(),
        Outcome::Rejected(_) => "\"s\":\"rejected\"".to_owned(),
    }
}

fn read_envelope(mark: &Value) -> Envelope {
    let text = |name: &str| mark[name].as_str().unwrap().to_owned();
    Envelope {
        key: text("k"),
        client: text("c"),
        epoch: mark["e"].as_u64().unwrap(),
        number: mark["n"].as_u64().unwrap(),
        lane: text("lane"),
        memory: text("m"),
    }
}

//! Writes a recording while it happens.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::Value;

use super::assembler::{Assembler, Message, Said};
use super::entry::{Deed, Handshake, Opening, Side};
use super::line;
use super::packet::Kind;
use crate::clock::timestamp;
use crate::wire::{SEPARATOR, without_query};

/// The file, and what is known of the sessions in it.
#[derive(Debug)]
pub struct Tape {
    start: Instant,
    redact: bool,
    state: Mutex<State>,
}

/// What a client asked for when it began a session.
#[derive(Clone, Debug)]
pub struct Request {
    /// The path of the address.
    pub path: String,
    /// Its query.
    pub query: String,
    /// Engine.IO's transport.
    pub transport: &'static str,
}

#[derive(Debug)]
struct State {
    file: File,
    failed: bool,
    sessions: u64,
    open: BTreeMap<String, Open>,
}

/// A session that goes on.
#[derive(Debug)]
struct Open {
    number: u64,
    client: Assembler,
    server: Assembler,
    /// When something was heard of it last.
    heard_ms: u64,
    /// For how long nothing is heard of one that goes on.
    patience_ms: u64,
}

impl Tape {
    /// Creates the file, or empties it.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn create(path: &Path, upstream: &str, redact: bool) -> io::Result<Self> {
        let mut file = File::create(path)?;
        file.write_all(line::header(upstream, timestamp()).as_bytes())?;
        let state = State { file, failed: false, sessions: 0, open: BTreeMap::new() };
        Ok(Self { start: Instant::now(), redact, state: Mutex::new(state) })
    }

    /// Takes a payload of HTTP long-polling; `session` is the id in the address, if there is one.
    pub fn payload(&self, from: Side, session: Option<&str>, request: &Request, payload: &str) {
        let mut session = session.map(str::to_owned);
        for packet in payload.split(SEPARATOR) {
            if let Some(bytes) = packet.strip_prefix('b') {
                let bytes = BASE64.decode(bytes).unwrap_or_default();
                self.say(from, session.as_deref(), Message::Binary(bytes));
            } else {
                self.text(from, &mut session, request, packet);
            }
        }
    }

    /// Takes an Engine.IO packet in text; a handshake begins a session, whose id is put in `session`.
    pub fn text(&self, from: Side, session: &mut Option<String>, request: &Request, packet: &str) {
        self.hear(session.as_deref());
        if let Some(message) = packet.strip_prefix(MESSAGE) {
            self.say(from, session.as_deref(), Message::Text(message.to_owned()));
        } else if let Some(handshake) = packet.strip_prefix(OPEN).filter(|_| session.is_none()) {
            *session = self.open(request, handshake);
        } else if let Some(session) = session.as_deref().filter(|_| packet == CLOSE) {
            self.close(from, session);
        }
    }

    /// Takes a message.
    pub fn say(&self, from: Side, session: Option<&str>, message: Message) {
        let mut state = self.lock();
        let Some(open) = session.and_then(|session| state.open.get_mut(session)) else { return };
        let number = open.number;
        let assembler = match from {
            Side::Client => &mut open.client,
            Side::Server => &mut open.server,
        };
        if let Some(mut said) = assembler.push(message) {
            if self.redact && from == Side::Client {
                redact(&mut said);
            }
            state.write(&line::deed(self.now_ms(), number, from, &Deed::Say(said)));
        }
    }

    /// A side has closed a session; what the other does after that is nothing new.
    pub fn close(&self, from: Side, session: &str) {
        let mut state = self.lock();
        if let Some(open) = state.open.remove(session) {
            state.write(&line::deed(self.now_ms(), open.number, from, &Deed::Close));
        }
    }

    /// Notes that a session goes on.
    fn hear(&self, session: Option<&str>) {
        let (mut state, now_ms) = (self.lock(), self.now_ms());
        if let Some(open) = session.and_then(|session| state.open.get_mut(session)) {
            open.heard_ms = now_ms;
        }
    }

    fn open(&self, request: &Request, handshake: &str) -> Option<String> {
        #[derive(Deserialize)]
        struct Answer {
            sid: String,
            #[serde(flatten)]
            handshake: Handshake,
        }
        let Answer { sid, handshake } = serde_json::from_str(handshake).ok()?;
        let query =
            if self.redact { redacted_query(&request.query) } else { request.query.clone() };
        let (path, transport) = (request.path.clone(), request.transport.to_owned());
        let opening = Opening { path, query, transport, handshake };
        let (client, server) = (Assembler::default(), Assembler::default());
        let patience_ms = handshake.ping_interval.saturating_add(handshake.ping_timeout);
        let (mut state, heard_ms) = (self.lock(), self.now_ms());
        state.close_silent(heard_ms);
        state.sessions += 1;
        let number = state.sessions;
        state.open.insert(sid.clone(), Open { number, client, server, heard_ms, patience_ms });
        state.write(&line::opening(heard_ms, number, &opening));
        Some(sid)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Ends the sessions whose client has gone without a word: their server has given them up.
    fn close_silent(&mut self, now_ms: u64) {
        let is_silent = |open: &Open| now_ms.saturating_sub(open.heard_ms) > open.patience_ms;
        let silent = self.open.extract_if(.., |_, open| is_silent(open));
        let lines: Vec<_> = silent
            .map(|(_, open)| line::deed(now_ms, open.number, Side::Server, &Deed::Close))
            .collect();
        lines.iter().for_each(|line| self.write(line));
    }

    /// Writes a line whole, so that what was recorded is there however the program ends.
    fn write(&mut self, line: &str) {
        let written = self.file.write_all(line.as_bytes());
        if let Err(error) = written.as_ref()
            && !std::mem::replace(&mut self.failed, true)
        {
            tracing::error!(%error, "the recording is not complete: its file cannot be written");
        }
    }
}

/// Hides what a client connects with; what cannot be read is hidden whole.
fn redact(said: &mut Said) {
    match said {
        Said::Packet(packet) => {
            packet.namespace = without_query(&packet.namespace).to_owned();
            if packet.kind == Kind::Connect && !packet.data.is_empty() {
                packet.data = redacted_auth(&packet.data);
            }
        }
        Said::Message(Message::Text(text)) if text.starts_with(CONNECT) => {
            REDACTED.clone_into(text);
        }
        Said::Message(Message::Text(_) | Message::Binary(_)) => {}
    }
}

fn redacted_auth(data: &str) -> String {
    let mut auth = serde_json::from_str(data).unwrap_or_else(|_| Value::from(REDACTED));
    redact_texts(&mut auth);
    auth.to_string()
}

fn redact_texts(value: &mut Value) {
    match value {
        Value::String(text) => *text = REDACTED.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(redact_texts),
        Value::Object(fields) => fields.values_mut().for_each(redact_texts),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Hides all values but those of Engine.IO.
fn redacted_query(query: &str) -> String {
    let parameters = query.split('&').map(|parameter| match parameter.split_once('=') {
        Some((name, _)) if !OWN_PARAMETERS.contains(&name) => format!("{name}={REDACTED}"),
        Some(_) | None => parameter.to_owned(),
    });
    parameters.collect::<Vec<_>>().join("&")
}

const OPEN: char = '0';
const CLOSE: &str = "1";
const MESSAGE: char = '4';
/// Socket.IO's type of a packet by which a client connects.
const CONNECT: char = '0';
const OWN_PARAMETERS: [&str; 4] = ["EIO", "transport", "t", "b64"];
const REDACTED: &str = "redacted";

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const HANDSHAKE: &str =
        "0{\"sid\":\"s\",\"upgrades\":[],\"pingInterval\":3,\"pingTimeout\":2,\"maxPayload\":9}";

    fn request() -> Request {
        let query = "EIO=4&transport=polling&token=ada:1&t=x".to_owned();
        Request { path: "/socket.io/".to_owned(), query, transport: "polling" }
    }

    /// What `record` puts on a tape, without the header and the times.
    fn recorded(redact: bool, record: impl FnOnce(&Tape)) -> Vec<Value> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tape.jsonl");
        record(&Tape::create(&path, "http://a", redact).unwrap());
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap());
        let without_time = lines.map(|mut line: Value| {
            line.as_object_mut().unwrap().remove("atMs").unwrap();
            line
        });
        without_time.collect()
    }

    fn conversation(tape: &Tape) {
        tape.payload(Side::Server, None, &request(), HANDSHAKE);
        let auth =
            "40{\"token\":\"t\",\"age\":7}\u{1e}451-[\"b\",{\"_placeholder\":true,\"num\":0}]";
        tape.payload(Side::Client, Some("s"), &request(), auth);
        tape.payload(Side::Client, Some("s"), &request(), "bAP8=");
        tape.payload(Side::Server, Some("s"), &request(), "2\u{1e}42[\"a\"]\u{1e}6");
        tape.payload(Side::Server, Some("other"), &request(), "42[\"of nobody\"]");
        tape.payload(Side::Client, Some("s"), &request(), "1");
        tape.close(Side::Server, "s");
    }

    #[test]
    fn what_is_said_is_written_without_the_heartbeats() {
        let lines = recorded(false, conversation);
        let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["open", "connect", "event", "event", "close"]);
        let handshake = serde_json::json!({ "pingInterval": 3, "pingTimeout": 2, "maxPayload": 9 });
        assert_eq!(lines[0]["handshake"], handshake);
        assert_eq!(lines[1]["data"]["token"], "t");
        assert_eq!(lines[2]["attachments"], serde_json::json!(["AP8="]));
        assert_eq!((&lines[3]["from"], &lines[3]["data"][0]), (&"server".into(), &"a".into()));
        assert_eq!(lines[4]["from"], "client");
    }

    #[test]
    fn redacted_is_what_a_client_connects_with() {
        let lines = recorded(true, conversation);
        assert_eq!(lines[0]["query"], "EIO=4&transport=polling&token=redacted&t=x");
        assert_eq!(lines[1]["data"], serde_json::json!({ "token": "redacted", "age": 7 }));
        assert_eq!(lines[3]["data"][0], "a");
    }

    #[test]
    fn what_a_client_connects_with_is_hidden_even_if_it_cannot_be_read() {
        let nested = format!("40{}\"secret\"{}", "[".repeat(200), "]".repeat(200));
        for packet in [
            nested.as_str(),
            "40{\"token\":\"secret\"",
            "40/ns?token=secret,",
            "40/ns?token=secret,{\"a\":\"secret\"}",
            "42/ns?token=secret,[\"a\"]",
            "40secret",
        ] {
            let lines = recorded(true, |tape| {
                tape.payload(Side::Server, None, &request(), HANDSHAKE);
                tape.payload(Side::Client, Some("s"), &request(), packet);
            });
            assert_eq!(lines.len(), 2, "{packet}");
            assert!(!lines[1].to_string().contains("secret"), "{}", lines[1]);
        }
    }

    #[test]
    fn a_session_ends_when_its_client_has_gone_without_a_word() {
        let of = |sid: &str| HANDSHAKE.replace("\"s\"", &format!("\"{sid}\""));
        let lines = recorded(false, |tape| {
            tape.payload(Side::Server, None, &request(), &of("gone"));
            tape.lock().open.get_mut("gone").unwrap().patience_ms = 0;
            let began_ms = tape.now_ms();
            while tape.now_ms() == began_ms {
                std::thread::yield_now();
            }
            tape.payload(Side::Server, None, &request(), &of("new"));
            assert_eq!(tape.lock().open.keys().collect::<Vec<_>>(), ["new"]);
        });
        let told: Vec<_> = lines.iter().map(|line| (&line["type"], &line["session"])).collect();
        let expected = [("open", 1), ("close", 1), ("open", 2)];
        let expected = expected.map(|(kind, number)| (Value::from(kind), Value::from(number)));
        assert_eq!(told, expected.each_ref().map(|(kind, number)| (kind, number)));
    }
}

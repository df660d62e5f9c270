//! The text of a recording: a header, then one JSON object per line.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::assembler::{Message, Said};
use super::entry::{Deed, Handshake, Moment, Opening, Session, Side};
use super::packet::{Kind, Packet};
use crate::wire::MAIN;

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    /// The version of the format.
    sockeye_recording: u64,
    /// The server's URL.
    #[serde(default)]
    upstream: String,
    /// When it began.
    #[serde(default)]
    started_at: String,
}

/// Every other line; which fields it has depends on its type.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    at_ms: u64,
    session: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Side>,
    r#type: Type,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transport: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handshake: Option<Handshake>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// What a line is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Type {
    /// A session begins.
    #[default]
    Open,
    Connect,
    Disconnect,
    Event,
    Ack,
    ConnectError,
    /// What is no packet.
    Message,
    /// A session ends.
    Close,
}

/// Returns the header of a recording.
pub fn header(upstream: &str, started_at: String) -> String {
    let header = Header { sockeye_recording: VERSION, upstream: upstream.to_owned(), started_at };
    ended(serde_json::to_string(&header))
}

/// Returns the line that begins a session.
pub fn opening(at_ms: u64, session: u64, opening: &Opening) -> String {
    let Opening { path, query, transport, handshake } = opening.clone();
    let (path, query, transport) = (Some(path), Some(query), Some(transport));
    let handshake = Some(handshake);
    write(&Line { at_ms, session, path, query, transport, handshake, ..Line::default() })
}

/// Returns the line of what a side did.
pub fn deed(at_ms: u64, session: u64, from: Side, deed: &Deed) -> String {
    let line = match deed {
        Deed::Close => Line { r#type: Type::Close, ..Line::default() },
        Deed::Say(Said::Packet(packet)) => of_packet(packet),
        Deed::Say(Said::Message(Message::Text(text))) => {
            Line { r#type: Type::Message, text: Some(text.clone()), ..Line::default() }
        }
        Deed::Say(Said::Message(Message::Binary(bytes))) => {
            Line { r#type: Type::Message, base64: Some(BASE64.encode(bytes)), ..Line::default() }
        }
    };
    write(&Line { at_ms, session, from: Some(from), ..line })
}

fn of_packet(packet: &Packet) -> Line {
    let attachments = packet.attachments.as_ref();
    Line {
        r#type: match packet.kind {
            Kind::Connect => Type::Connect,
            Kind::Disconnect => Type::Disconnect,
            Kind::Event => Type::Event,
            Kind::Ack => Type::Ack,
            Kind::ConnectError => Type::ConnectError,
        },
        namespace: (packet.namespace != MAIN).then(|| packet.namespace.clone()),
        id: packet.id,
        // Outside of texts, where they must be escaped, they mean nothing.
        data: RawValue::from_string(packet.data.replace(['\n', '\r'], " ")).ok(),
        attachments: attachments.map(|all| all.iter().map(|one| BASE64.encode(one)).collect()),
        ..Line::default()
    }
}

fn write(line: &Line) -> String {
    ended(serde_json::to_string(line))
}

fn ended(line: serde_json::Result<String>) -> String {
    let mut line = line.unwrap_or_default();
    line.push('\n');
    line
}

/// Reads a whole recording.
///
/// # Errors
///
/// The line, from 1, and what is wrong with it.
pub fn parse(text: &str) -> Result<Vec<Session>, (usize, String)> {
    let mut lines = (1..).zip(text.lines());
    check_header(lines.next().map_or("", |(_, line)| line)).map_err(|reason| (1, reason))?;
    let mut sessions = Sessions::default();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        sessions.take(line).map_err(|reason| (number, reason))?;
    }
    Ok(sessions.all)
}

fn check_header(line: &str) -> Result<(), String> {
    let header: Header = serde_json::from_str(line)
        .map_err(|_| "not a recording: it must begin with {\"sockeyeRecording\": 1}".to_owned())?;
    match header.sockeye_recording {
        VERSION => Ok(()),
        other => Err(format!("version {other} of the format, which must be {VERSION}")),
    }
}

#[derive(Default)]
struct Sessions {
    all: Vec<Session>,
    /// For each number its place in the list, and when it began.
    known: BTreeMap<u64, (usize, u64)>,
    now_ms: u64,
}

impl Sessions {
    fn take(&mut self, line: &str) -> Result<(), String> {
        let line: Line = serde_json::from_str(line).map_err(in_one_line)?;
        if line.at_ms < self.now_ms {
            let (at, before) = (line.at_ms, self.now_ms);
            return Err(format!("atMs is {at}, which is before {before} of a line above"));
        }
        self.now_ms = line.at_ms;
        if line.r#type == Type::Open { self.open(line) } else { self.add(line) }
    }

    fn open(&mut self, line: Line) -> Result<(), String> {
        let number = line.session;
        if self.known.insert(number, (self.all.len(), line.at_ms)).is_some() {
            return Err(format!("session {number} is open already"));
        }
        let handshake = line.handshake.unwrap_or(USUAL);
        if handshake.ping_interval == 0 || handshake.ping_timeout == 0 {
            return Err("pingInterval and pingTimeout must be over 0".to_owned());
        }
        let path = line.path.ok_or_else(|| missing("path"))?;
        if !path.starts_with('/') {
            return Err("path must begin with /".to_owned());
        }
        let (query, transport) = (line.query.unwrap_or_default(), line.transport);
        let transport = transport.unwrap_or_default();
        let opening = Opening { path, query, transport, handshake };
        self.all.push(Session { number, opening, moments: Vec::new() });
        Ok(())
    }

    fn add(&mut self, line: Line) -> Result<(), String> {
        let number = line.session;
        let unknown = || format!("session {number} was not opened");
        let &(index, began) = self.known.get(&number).ok_or_else(unknown)?;
        let at_ms = line.at_ms - began;
        let from = line.from.ok_or_else(|| missing("from"))?;
        let deed = deed_of(line)?;
        let session = self.all.get_mut(index).ok_or_else(unknown)?;
        session.moments.push(Moment { at_ms, from, deed });
        Ok(())
    }
}

fn deed_of(line: Line) -> Result<Deed, String> {
    let kind = match line.r#type {
        Type::Close | Type::Open => return Ok(Deed::Close),
        Type::Message => return message_of(line).map(Said::Message).map(Deed::Say),
        Type::Connect => Kind::Connect,
        Type::Disconnect => Kind::Disconnect,
        Type::Event => Kind::Event,
        Type::Ack => Kind::Ack,
        Type::ConnectError => Kind::ConnectError,
    };
    let packet = Packet {
        kind,
        namespace: line.namespace.unwrap_or_else(|| MAIN.to_owned()),
        id: line.id,
        data: line.data.map(|data| data.get().to_owned()).unwrap_or_default(),
        attachments: line.attachments.map(decode_all).transpose()?,
    };
    if !packet.namespace.starts_with('/') || packet.namespace.contains(',') {
        return Err("namespace must begin with / and have no comma".to_owned());
    }
    if packet.is_sound() {
        return Ok(Deed::Say(Said::Packet(packet)));
    }
    Err(match kind {
        Kind::Event => "data of an event must be a list that begins with its name",
        Kind::Ack => "an ack must have an id, and data that are a list",
        Kind::Connect | Kind::Disconnect | Kind::ConnectError => "data must be JSON",
    }
    .to_owned())
}

fn message_of(line: Line) -> Result<Message, String> {
    match (line.text, line.base64) {
        (Some(text), None) => Ok(Message::Text(text)),
        (None, Some(base64)) => decode(&base64).map(Message::Binary),
        (Some(_), Some(_)) | (None, None) => Err("a message has either text or base64".to_owned()),
    }
}

fn decode_all(attachments: Vec<String>) -> Result<Vec<Vec<u8>>, String> {
    attachments.iter().map(|attachment| decode(attachment)).collect()
}

fn decode(text: &str) -> Result<Vec<u8>, String> {
    BASE64.decode(text).map_err(|error| format!("not base64: {error}"))
}

fn missing(field: &str) -> String {
    format!("missing field `{field}`")
}

/// The reason without the line, which is always the first.
fn in_one_line(error: serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column", " at column")
}

const VERSION: u64 = 1;

/// What `socket.io` says without configuration.
const USUAL: Handshake =
    Handshake { ping_interval: 25_000, ping_timeout: 20_000, max_payload: 1_000_000 };

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "{\"sockeyeRecording\":1}\n";
    const OPEN: &str = "{\"atMs\":5,\"session\":1,\"type\":\"open\",\"path\":\"/socket.io/\"}\n";

    fn say(text: &str) -> Deed {
        Deed::Say(Said::Packet(Packet::decode(text).unwrap().0))
    }

    #[test]
    fn what_is_written_is_read_again() {
        let opening_of = |query: &str| Opening {
            path: "/socket.io/".to_owned(),
            query: query.to_owned(),
            transport: "polling".to_owned(),
            handshake: Handshake { ping_interval: 300, ping_timeout: 200, max_payload: 1_000 },
        };
        let mut binary = Packet::decode("51-[\"b\",{\"_placeholder\":true,\"num\":0}]").unwrap().0;
        binary.attachments = Some(vec![vec![0, 255, 3]]);
        let deeds = [
            (Side::Client, say("0/jobs,{\"token\":\"t\"}")),
            (Side::Server, say("2/jobs,7[\"a\",{\"z\":1.0,\"a\":1e3}]")),
            (Side::Server, Deed::Say(Said::Packet(binary))),
            (Side::Server, Deed::Say(Said::Message(Message::Text("9\n\"".to_owned())))),
            (Side::Client, Deed::Say(Said::Message(Message::Binary(vec![1, 2])))),
            (Side::Server, Deed::Close),
        ];
        let mut text = header("http://a", "now".to_owned()) + &opening(7, 3, &opening_of("EIO=4"));
        for (at, (from, what)) in (10..).zip(&deeds) {
            text += &deed(at, 3, *from, what);
        }
        assert_eq!(text.lines().count(), 2 + deeds.len());
        let expected = (3..).zip(deeds).map(|(at_ms, (from, deed))| Moment { at_ms, from, deed });
        let moments = expected.collect();
        let session = Session { number: 3, opening: opening_of("EIO=4"), moments };
        assert_eq!(parse(&text), Ok(vec![session]));
    }

    #[test]
    fn a_packet_is_one_line_whatever_its_json_looks_like() {
        let said = say("2[\"a\",\n{\r\n\"text\":\"b\\n\"}]");
        let line = deed(1, 1, Side::Client, &said);
        assert_eq!(line.lines().count(), 1, "{line}");
        let session = parse(&(HEADER.to_owned() + &OPEN.replace('5', "0") + &line)).unwrap();
        let expected = say("2[\"a\", {  \"text\":\"b\\n\"}]");
        assert_eq!(session[0].moments[0].deed, expected);
    }

    #[test]
    fn lines_read_well() {
        let line = deed(12, 1, Side::Server, &say("2/jobs,[\"done\",{\"b\":1,\"a\":2}]"));
        let expected = r#"{"atMs":12,"session":1,"from":"server","type":"event","namespace":"/jobs","data":["done",{"b":1,"a":2}]}"#;
        assert_eq!(line.trim_end(), expected);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let event = |rest: &str| format!("{{\"atMs\":6,\"session\":1,\"type\":\"event\"{rest}}}");
        for (text, line, reason) in [
            (String::new(), 1, "must begin with {\"sockeyeRecording\": 1}"),
            ("[]\n".to_owned(), 1, "must begin with"),
            ("{\"sockeyeRecording\":2}\n".to_owned(), 1, "version 2"),
            (format!("{HEADER}\n{{\"atMs\":1"), 3, "EOF while parsing an object at column"),
            (format!("{HEADER}{}", event("")), 2, "session 1 was not opened"),
            (format!("{HEADER}{OPEN}{OPEN}"), 3, "session 1 is open already"),
            (format!("{HEADER}{OPEN}{}", event("")), 3, "missing field `from`"),
            (format!("{HEADER}{OPEN}{}", event(",\"form\":1")), 3, "unknown field `form`"),
            (format!("{HEADER}{OPEN}{}", event(",\"from\":\"me\"")), 3, "unknown variant `me`"),
            (
                format!("{HEADER}{OPEN}{}", event(",\"from\":\"server\",\"data\":[1]")),
                3,
                "must be a list that begins with its name",
            ),
            (
                format!(
                    "{HEADER}{OPEN}{}",
                    event(",\"from\":\"server\",\"data\":[\"a\"],\"attachments\":[\"?\"]")
                ),
                3,
                "not base64",
            ),
            (
                format!("{HEADER}{OPEN}{}", OPEN.replace("\"atMs\":5", "\"atMs\":4")),
                3,
                "atMs is 4, which is before 5",
            ),
            (format!("{HEADER}{}", OPEN.replace("path", "query")), 2, "missing field `path`"),
        ] {
            let (at, told) = parse(&text).expect_err(reason);
            assert_eq!(at, line, "{told}");
            assert!(told.contains(reason), "{told} instead of {reason}");
        }
    }
}

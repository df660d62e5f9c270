//! A Socket.IO server that reads and writes raw strings and shares no code with the client.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Polling, TransportId};

/// What happens to an attempt to open a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    Accept,
    Refuse,
    /// Neither yes nor no.
    Ignore,
    /// There is no WebSocket here.
    Unavailable,
}

/// What the server says to CONNECT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Accept,
    Silence,
    /// This frame.
    Frame(String),
    /// These frames.
    Frames(Vec<String>),
}

pub struct Server {
    pub upgrade: Upgrade,
    pub polling: Polling,
    /// The first frame of a session, if it sends one.
    pub handshake: Option<String>,
    /// The time between two pings, if it sends any.
    pub heartbeat: Option<Duration>,
    /// What it says to CONNECT of a namespace; it accepts what is not listed.
    pub answers: BTreeMap<String, Answer>,
    /// The arguments with which it acknowledges each request, if it does.
    pub acknowledgement: Option<String>,
    /// What it received.
    pub received: Vec<(TransportId, String)>,
    /// Transports on which nothing arrives any more.
    pub black_holes: BTreeSet<TransportId>,
    connections: BTreeSet<TransportId>,
    next_sid: u32,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            upgrade: Upgrade::Accept,
            polling: Polling::Answer,
            handshake: Some(Self::handshake("25000", "20000")),
            heartbeat: None,
            answers: BTreeMap::new(),
            acknowledgement: None,
            received: Vec::new(),
            black_holes: BTreeSet::new(),
            connections: BTreeSet::new(),
            next_sid: 0,
        }
    }
}

impl Server {
    pub fn handshake(interval: &str, timeout: &str) -> String {
        let timing = format!(r#""pingInterval":{interval},"pingTimeout":{timeout}"#);
        format!(r#"0{{"sid":"e","upgrades":[],{timing},"maxPayload":1000000}}"#)
    }

    /// Sets what the server says to CONNECT of `namespace`.
    pub fn answer(&mut self, namespace: &str, answer: Answer) {
        self.answers.insert(namespace.to_owned(), answer);
    }

    /// The frames that it received, without those of the heartbeat.
    pub fn frames(&self) -> Vec<&str> {
        self.received.iter().map(|(_, frame)| frame.as_str()).filter(|text| *text != "3").collect()
    }

    pub fn pongs(&self) -> usize {
        self.received.iter().filter(|(_, frame)| frame == "3").count()
    }

    pub fn has(&self, transport: TransportId) -> bool {
        self.connections.contains(&transport)
    }

    pub fn forget(&mut self, transport: TransportId) {
        self.connections.remove(&transport);
    }

    pub fn on_open(&mut self, transport: TransportId) -> Option<String> {
        self.connections.insert(transport);
        self.handshake.clone()
    }

    /// The session goes on over this transport alone.
    pub fn on_upgrade(&mut self, transport: TransportId) {
        self.connections.clear();
        self.connections.insert(transport);
    }

    /// Takes a frame of the client and returns the answers.
    pub fn on_frame(&mut self, transport: TransportId, frame: &str) -> Vec<String> {
        self.received.push((transport, frame.to_owned()));
        if !self.has(transport) {
            return Vec::new();
        }
        if let Some(packet) = frame.strip_prefix("40") {
            return self.on_connect(namespace_of(packet));
        }
        frame.strip_prefix("42").and_then(|packet| self.on_event(packet)).into_iter().collect()
    }

    fn on_connect(&mut self, namespace: &str) -> Vec<String> {
        match self.answers.get(namespace) {
            None | Some(Answer::Accept) => {
                self.next_sid += 1;
                let prefix = prefix_of(namespace);
                vec![format!("40{prefix}{{\"sid\":\"s{}\"}}", self.next_sid)]
            }
            Some(Answer::Silence) => Vec::new(),
            Some(Answer::Frame(frame)) => vec![frame.clone()],
            Some(Answer::Frames(frames)) => frames.clone(),
        }
    }

    fn on_event(&self, packet: &str) -> Option<String> {
        let arguments = self.acknowledgement.as_ref()?;
        let namespace = namespace_of(packet);
        let prefix = prefix_of(namespace);
        let id: String = packet[prefix.len()..].chars().take_while(char::is_ascii_digit).collect();
        (!id.is_empty()).then(|| format!("43{prefix}{id}{arguments}"))
    }
}

/// The namespace of a packet without its type.
fn namespace_of(packet: &str) -> &str {
    match packet.split_once(',') {
        Some((namespace, _)) if packet.starts_with('/') => namespace,
        _ => "/",
    }
}

fn prefix_of(namespace: &str) -> String {
    if namespace == "/" { String::new() } else { format!("{namespace},") }
}

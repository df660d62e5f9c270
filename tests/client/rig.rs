//! The run loop of a client, with a clock, a store, and a server that is the test itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use sockeye::client::outbox::NewAction;
use sockeye::client::readiness::{Hook, HookTicket, Hooks};
use sockeye::client::store::{ActionKey, Payload, StoreCommand, StoreTicket};
use sockeye::client::{Client, ClientConfig, Event, Output, TopicBodies};
use sockeye::engineio::{Action, Failure, OutgoingPacket, TransportId, TransportKind};
use sockeye::host::{EventIdentity, Host};
use sockeye::manager::{self, SocketId, Status};
use sockeye::native::NativeHost;
use sockeye::socketio::RequestId;
use sockeye::time::Instant;

use crate::store::{Answer, Command, Store};
use crate::told::{describe, seconds};

const HANDSHAKE: &str =
    r#"0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
pub const HELLO: &str = r#"42["sockeye:hello",{"v":1,"memory":"m1","retentionMs":86400000,"time":1000,"since":true,"positions":[]}]"#;
pub const ROOT: SocketId = SocketId(0);

/// What the rules of the outputs need to know of a namespace.
#[derive(Debug, Default)]
struct Seen {
    is_connected: bool,
    has_verdict: bool,
}

/// A client, and everything that it talks to.
pub struct Rig {
    pub client: Client<NativeHost>,
    pub host: NativeHost,
    pub now: Instant,
    /// What the application was told, in one line each.
    pub told: Vec<String>,
    /// The frames that the client sent.
    pub sent: Vec<String>,
    pub stores: BTreeMap<(SocketId, String), Store>,
    /// Whether the store waits for [`Rig::answer_store`].
    pub is_store_slow: bool,
    pub asked: VecDeque<(SocketId, String, StoreTicket, Command)>,
    identities: BTreeMap<SocketId, String>,
    transport: Option<TransportId>,
    is_established: bool,
    pub deadline: Option<Instant>,
    seen: BTreeMap<SocketId, Seen>,
    pub requests: BTreeSet<RequestId>,
    is_destroyed: bool,
    turns: u32,
}

impl Rig {
    pub fn new() -> Self {
        Self::with(ClientConfig::default())
    }

    pub fn with(mut config: ClientConfig) -> Self {
        config.manager.engine.transports = vec![TransportKind::WebSocket];
        let host = NativeHost::default();
        Self {
            client: Client::new(host.clone(), config),
            host,
            now: Instant::from_millis(1_000_000.0),
            told: Vec::new(),
            sent: Vec::new(),
            stores: BTreeMap::new(),
            is_store_slow: false,
            asked: VecDeque::new(),
            identities: BTreeMap::new(),
            transport: None,
            is_established: false,
            deadline: None,
            seen: BTreeMap::new(),
            requests: BTreeSet::new(),
            is_destroyed: false,
            turns: 0,
        }
    }

    /// One whose root namespace was accepted by a server with the helper.
    pub fn connected() -> Self {
        let mut rig = Self::new();
        rig.socket("/");
        rig.connect(ROOT);
        rig.push(HELLO);
        rig.forget();
        rig
    }

    /// The same, with an open outbox.
    pub fn with_outbox() -> Self {
        let mut rig = Self::new();
        rig.socket("/");
        rig.open_outbox(ROOT);
        rig.connect(ROOT);
        rig.push(HELLO);
        rig.forget();
        rig
    }

    // The application.

    pub fn socket(&mut self, namespace: &str) -> SocketId {
        let socket = self.client.socket(namespace, false);
        self.seen.entry(socket).or_default();
        self.turn();
        socket
    }

    /// Connects a namespace, whose server accepts it at once.
    pub fn connect(&mut self, socket: SocketId) {
        self.start(socket);
        self.establish();
        self.accept(socket);
    }

    pub fn start(&mut self, socket: SocketId) {
        self.client.at(self.now).connect(socket, self.now);
        self.turn();
    }

    pub fn disconnect(&mut self, socket: SocketId) {
        self.client.at(self.now).disconnect(socket, self.now);
        self.turn();
    }

    pub fn refresh_auth(&mut self, socket: SocketId) {
        self.client.at(self.now).refresh_auth(socket, self.now);
        self.turn();
    }

    pub fn emit(&mut self, socket: SocketId, body: &str) {
        let sent = self.client.emit(socket, body.to_owned(), Vec::new(), false, self.now);
        sent.unwrap();
        self.turn();
    }

    pub fn request(&mut self, socket: SocketId, request: u32, body: &str) {
        let (request, now) = (RequestId(request), self.now);
        let sent = self.client.request(socket, request, body.to_owned(), Vec::new(), None, now);
        sent.unwrap();
        self.requests.insert(request);
        self.turn();
    }

    pub fn open_outbox(&mut self, socket: SocketId) {
        self.client.open_outbox(socket, self.now);
        self.turn();
    }

    pub fn enqueue(&mut self, socket: SocketId, key: &str) {
        self.enqueue_in(socket, key, "main");
    }

    pub fn enqueue_in(&mut self, socket: SocketId, key: &str, lane: &str) {
        let action = NewAction {
            key: ActionKey::new(key),
            name: "do".into(),
            lane: lane.into(),
            ttl: None,
            ack_timeout: seconds(10),
            coalesce_key: None,
            bytes: 100,
            attachments: 0,
            resend: true,
        };
        self.client
            .enqueue(socket, action, payload(&format!(r#"["do","{key}"]"#)), self.now)
            .unwrap();
        self.turn();
    }

    pub fn set_hooks(&mut self, socket: SocketId, prologue: bool, gap: bool) {
        self.client.set_hooks(socket, Hooks { prologue, gap }, self.now);
        self.turn();
    }

    pub fn prologue_done(&mut self, socket: SocketId, ticket: u32) {
        self.client.hook_done(socket, Hook::Prologue, HookTicket(ticket), self.now);
        self.turn();
    }

    pub fn gap_done(&mut self, socket: SocketId, ticket: u32) {
        self.client.hook_done(socket, Hook::Gap, HookTicket(ticket), self.now);
        self.turn();
    }

    pub fn emit_first(&mut self, socket: SocketId, ticket: u32, body: &str) {
        let ticket = HookTicket(ticket);
        self.client.emit_first(socket, ticket, payload(body), self.now).unwrap();
        self.turn();
    }

    pub fn emit_latest(&mut self, socket: SocketId, key: &str, body: &str) {
        self.client.emit_latest(socket, key, payload(body), self.now).unwrap();
        self.turn();
    }

    /// Wants a topic, which `["join","topic"]` joins and `["leave","topic"]` leaves.
    pub fn retain(&mut self, socket: SocketId, topic: &str) {
        let bodies = TopicBodies {
            join: format!(r#"["join","{topic}"]"#),
            leave: Some(format!(r#"["leave","{topic}"]"#)),
        };
        self.client.retain_topic(socket, topic, bodies, None, self.now);
        self.turn();
    }

    pub fn release(&mut self, socket: SocketId, topic: &str) {
        self.client.release_topic(socket, topic, self.now);
        self.turn();
    }

    pub fn set_identity(&mut self, identity: &str) {
        self.client.set_identity(identity, self.now);
        self.turn();
    }

    pub fn discard_queue(&mut self) {
        self.client.discard_queue(self.now);
        self.turn();
    }

    pub fn destroy(&mut self) {
        self.client.destroy(self.now);
        self.is_destroyed = true;
        self.turn();
    }

    pub fn suspend(&mut self) {
        self.client.suspend(self.now);
        self.turn();
    }

    /// The program goes on, or its connection is to be put to the proof.
    pub fn resume(&mut self) {
        self.client.resume(Duration::ZERO, self.now);
        self.turn();
    }

    // The server.

    /// The WebSocket opens, and the session begins.
    pub fn establish(&mut self) {
        let Some(transport) = self.transport.filter(|_| !self.is_established) else {
            return;
        };
        self.is_established = true;
        self.client.at(self.now).handle_opened(transport);
        self.turn();
        self.push(HANDSHAKE);
    }

    /// The server accepts a namespace, which the client has asked for.
    pub fn accept(&mut self, socket: SocketId) {
        let namespace = if socket == ROOT { String::new() } else { format!("/n{},", socket.0) };
        self.push(&format!(r#"40{namespace}{{"sid":"s"}}"#));
    }

    /// The server sends a frame.
    pub fn push(&mut self, frame: &str) {
        if let Some(transport) = self.transport {
            self.client.handle_text(transport, &frame.to_owned(), self.now);
            self.turn();
        }
    }

    /// The server sends an event of the root namespace that the page reads by itself, the short way.
    pub fn push_event(&mut self, arguments: &str) {
        if !self.offer_event(arguments) {
            self.push(&format!("42{arguments}"));
        }
    }

    /// Returns whether the short way takes an event.
    pub fn offer_event(&mut self, arguments: &str) -> bool {
        let mut arguments = serde_json::from_str(arguments).unwrap();
        let Some(sockeye::host::EventName::Heard(event)) = self.host.event_name(&arguments) else {
            return false;
        };
        let Some(transport) = self.transport else {
            return false;
        };
        let identity: EventIdentity = self.host.identify(&mut arguments);
        let taken = self.client.handle_event(transport, ROOT, event, arguments, identity, 10);
        self.turn();
        taken
    }

    /// Returns whether the short way takes an answer. `head` is the namespace and the number.
    pub fn offer_answer(&mut self, head: &str, arguments: &str) -> bool {
        let (namespace, number) = head.rsplit_once(',').unwrap_or(("", head));
        let socket = namespace.strip_prefix("/n").map_or(ROOT, |of| SocketId(of.parse().unwrap()));
        let Some((transport, ack_id)) = self.transport.zip(number.parse().ok()) else {
            return false;
        };
        let arguments = serde_json::from_str(arguments).unwrap();
        let taken = self.client.handle_answer(transport, socket, ack_id, arguments);
        self.turn();
        taken
    }

    /// The connection ends.
    pub fn cut(&mut self) {
        if let Some(transport) = self.transport.take() {
            self.client.at(self.now).handle_closed(transport, Failure::Failed, self.now);
            self.turn();
        }
    }

    /// The connection has ended; the next attempt succeeds, and the server accepts the root namespace.
    pub fn reconnect(&mut self) {
        self.cut();
        self.wait_for_transport();
        self.establish();
        self.accept(ROOT);
    }

    pub fn wait_for_transport(&mut self) {
        while self.transport.is_none() {
            assert!(self.fire_timer(), "nothing is going to connect");
        }
    }

    /// Acknowledges the last frame that has `part` in it with these arguments.
    pub fn acknowledge(&mut self, part: &str, arguments: &str) {
        let frame = self.sent.iter().rev().find(|frame| frame.contains(part)).cloned();
        self.answer_frame(&frame.expect("such a frame"), arguments);
    }

    pub fn answer_frame(&mut self, frame: &str, arguments: &str) {
        let head = frame.split('[').next().unwrap().strip_prefix("42").unwrap();
        self.push(&format!("43{head}{arguments}"));
    }

    /// Answers the action of the last frame with `part` as the helper does, with these fields.
    pub fn answer_action(&mut self, part: &str, key: &str, fields: &str) {
        self.acknowledge(part, &format!(r#"[{{"$sockeye":{{"k":"{key}",{fields}}}}},"ok"]"#));
    }

    // The clock.

    /// Lets what is due next happen. Returns whether there was anything.
    pub fn fire_timer(&mut self) -> bool {
        let Some(deadline) = self.deadline else {
            return false;
        };
        self.now = self.now.max(deadline);
        self.client.handle_timeout(self.now);
        self.turn();
        let is_due = self.deadline.is_some_and(|deadline| deadline <= self.now);
        assert!(!is_due, "a timeout was handled and is still due");
        true
    }

    /// Lets time pass in which the server says nothing, but is there.
    pub fn idle(&mut self, by: Duration) {
        let target = self.now + by;
        while self.now < target {
            self.advance(target.since(self.now).min(seconds(2)));
            self.push("6");
        }
    }

    pub fn advance(&mut self, by: Duration) {
        let target = self.now + by;
        while self.deadline.is_some_and(|deadline| deadline <= target) {
            self.fire_timer();
        }
        self.now = target;
    }

    /// Lets time pass in which nothing is done.
    pub fn sleep(&mut self, by: Duration) {
        self.now = self.now + by;
    }

    // What came of it.

    pub fn take_told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }

    pub fn take_sent(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sent)
    }

    pub fn forget(&mut self) {
        self.told.clear();
        self.sent.clear();
    }

    /// Forgets what was told of the sockets.
    pub fn forget_status(&mut self) {
        let is_of_socket = |line: &String| {
            ["status", "accepted", "failed"].iter().any(|word| line.starts_with(word))
        };
        self.told.retain(|line| !is_of_socket(line));
    }

    #[track_caller]
    pub fn assert_told(&mut self, expected: &[&str]) {
        assert_eq!(self.take_told(), expected);
    }

    pub fn has_told(&self, line: &str) -> bool {
        self.told.iter().any(|told| told == line)
    }

    /// How many frames were sent that have `part` in them.
    pub fn count_sent(&self, part: &str) -> usize {
        self.sent.iter().filter(|frame| frame.contains(part)).count()
    }

    pub fn is_open(&self) -> bool {
        self.transport.is_some()
    }

    pub fn store(&mut self, socket: SocketId, identity: &str) -> &mut Store {
        self.stores.entry((socket, identity.to_owned())).or_default()
    }

    // The run loop.

    pub fn turn(&mut self) {
        self.turns += 1;
        assert!(self.turns < 100_000, "the client goes round in circles");
        let mut outputs = Vec::new();
        loop {
            let output = self.client.poll_output();
            if let Output::Timeout(deadline) = output {
                self.deadline = deadline;
                break;
            }
            outputs.push(output);
            assert!(outputs.len() < 100_000, "the outputs do not end");
        }
        assert!(!self.is_destroyed || self.deadline.is_none(), "a timer outlives the client");
        for output in outputs {
            self.perform(output);
        }
        if !self.is_store_slow {
            self.answer_store();
        }
    }

    /// The store performs what it was asked for.
    pub fn answer_store(&mut self) {
        while let Some((socket, identity, ticket, command)) = self.asked.pop_front() {
            let now = self.now;
            let store = self.store(socket, &identity);
            let answer = store.perform(0, ticket.0, command, now);
            let granted = store.grant(now);
            if let Some(answer) = answer {
                self.give(socket, ticket, answer);
            }
            if let Some((_, ticket, answer)) = granted {
                self.give(socket, StoreTicket(ticket), answer);
            }
        }
    }

    fn give(&mut self, socket: SocketId, ticket: StoreTicket, answer: Answer) {
        self.client.handle_store(socket, ticket, answer, self.now);
        self.turn();
    }

    fn perform(&mut self, output: Output<NativeHost>) {
        match output {
            Output::Transport(action) => self.act(action),
            Output::Store { socket, ticket, command } => self.ask_store(socket, ticket, command),
            Output::Event(event) => {
                self.check(&event);
                self.told.push(describe(&event));
            }
            Output::Diagnose | Output::Timeout(_) => {}
        }
    }

    fn ask_store(&mut self, socket: SocketId, ticket: StoreTicket, command: Command) {
        if let StoreCommand::Open { identity } = &command {
            self.identities.insert(socket, identity.to_string());
        }
        let identity = self.identities.get(&socket).cloned().unwrap_or_default();
        self.asked.push_back((socket, identity, ticket, command));
    }

    fn act(&mut self, action: Action<NativeHost>) {
        match action {
            Action::OpenWebSocket { transport, .. } => {
                self.transport = Some(transport);
                self.is_established = false;
            }
            Action::Send { transport, packet } => {
                assert_eq!(Some(transport), self.transport, "a frame on no transport");
                self.sent.push(match packet {
                    OutgoingPacket::Text(frame) => NativeHost::join(&frame),
                    OutgoingPacket::Binary(bytes) => format!("{bytes:?}"),
                });
            }
            Action::Close { transport, .. } => {
                if self.transport == Some(transport) {
                    self.transport = None;
                }
            }
            Action::Poll { .. } | Action::Post { .. } => panic!("there is no polling here"),
        }
    }

    /// What holds of every output, whatever the scenario.
    fn check(&mut self, event: &Event<NativeHost>) {
        match event {
            Event::Socket(manager::Event::Settled { request, .. }) => {
                assert!(self.requests.remove(request), "{request:?} is nobody's, or was over");
            }
            Event::Socket(manager::Event::Accepted { socket, .. }) => {
                *self.seen.entry(*socket).or_default() =
                    Seen { is_connected: true, has_verdict: false };
            }
            Event::Socket(manager::Event::Status { socket, status }) => {
                let seen = self.seen.entry(*socket).or_default();
                seen.is_connected = *status == Status::Connected;
            }
            Event::Continuity { socket, .. } => {
                let seen = self.seen.entry(*socket).or_default();
                assert!(seen.is_connected, "a verdict without a connection");
                assert!(!seen.has_verdict, "a second verdict");
                seen.has_verdict = true;
            }
            Event::Delivered { socket, .. } | Event::Live { socket } => {
                let seen = self.seen.entry(*socket).or_default();
                assert!(seen.is_connected, "{event:?} without a connection");
                assert!(seen.has_verdict, "{event:?} before the verdict");
            }
            Event::Socket(_)
            | Event::Action { .. }
            | Event::CancelRefused { .. }
            | Event::Forgotten { .. }
            | Event::FlushAsked { .. }
            | Event::HookNeeded { .. }
            | Event::HookLate { .. }
            | Event::Missed { .. }
            | Event::Confirming { .. }
            | Event::Topic { .. } => {}
        }
        let is_end = matches!(event, Event::Socket(manager::Event::Settled { .. }));
        assert!(!self.is_destroyed || is_end, "{event:?} after the end");
    }
}

pub fn payload(body: &str) -> Payload<NativeHost> {
    Payload { body: body.to_owned(), attachments: Vec::new() }
}

/// A stamp of the stream `s` in the epoch `e`.
pub fn stamp(seq: u64) -> String {
    format!(r#"{{"$sockeye":{{"id":"s/e/{seq}","stream":"s","epoch":"e","seq":{seq}}}}}"#)
}

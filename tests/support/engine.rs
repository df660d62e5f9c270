//! An engine whose transports are the test itself.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::rc::Rc;
use std::time::Duration;

use sockeye::backoff::MAX_TIMER;
use sockeye::engineio::{
    Action, CloseCause, Engine, EngineConfig, Failure, Notice, OutgoingPacket, Payload, Received,
    TransportId, TransportKind,
};
use sockeye::host::OutgoingFrame;
use sockeye::native::NativeHost;
use sockeye::time::Instant;

pub const OPEN: &str =
    r#"0{"sid":"S","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200}"#;

/// How long an attempt may take in these tests.
pub const PATIENCE: Duration = Duration::from_millis(20_000);

/// What a MESSAGE of the server carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Text(String),
    Binary(Vec<u8>),
}

/// What is known of a transport that the engine uses.
#[derive(Clone, Debug)]
struct Line {
    kind: TransportKind,
    is_open: bool,
    gets: u32,
    posts: u32,
}

/// An engine, the clock, and the rules for what the engine asks of its transports. Each rule is a
/// panic when it is broken.
pub struct Rig {
    pub engine: Engine<NativeHost>,
    pub host: NativeHost,
    pub now: Instant,
    /// What is to be done, in the words of [`describe`].
    actions: Vec<String>,
    notices: Vec<Notice>,
    pub messages: Vec<Message>,
    lines: BTreeMap<TransportId, Line>,
    used: BTreeSet<TransportId>,
}

impl Rig {
    pub fn new(config: EngineConfig) -> Self {
        Self {
            engine: Engine::new(config),
            host: NativeHost::default(),
            now: Instant::from_millis(1_000.0),
            actions: Vec::new(),
            notices: Vec::new(),
            messages: Vec::new(),
            lines: BTreeMap::new(),
            used: BTreeSet::new(),
        }
    }

    /// Starts on polling, and changes to a WebSocket.
    pub fn upgrading() -> Self {
        Self::new(EngineConfig {
            transports: vec![TransportKind::Polling, TransportKind::WebSocket],
            try_all_transports: false,
            ..EngineConfig::default()
        })
    }

    /// Only polling.
    pub fn polling() -> Self {
        Self::new(EngineConfig { transports: vec![TransportKind::Polling], ..Self::one_try() })
    }

    /// Only a WebSocket.
    pub fn websocket() -> Self {
        Self::new(EngineConfig { transports: vec![TransportKind::WebSocket], ..Self::one_try() })
    }

    fn one_try() -> EngineConfig {
        EngineConfig { try_all_transports: false, ..EngineConfig::default() }
    }

    // The owner.

    pub fn open(&mut self) {
        let deadline = self.now + PATIENCE;
        self.open_until(Some(deadline));
    }

    pub fn open_until(&mut self, deadline: Option<Instant>) {
        self.engine.open(deadline, self.now);
        self.collect();
    }

    pub fn send(&mut self, text: &str) {
        let head = Rc::new(text.to_owned());
        self.send_packet(OutgoingPacket::Text(OutgoingFrame { head, ack_id: None, body: None }));
    }

    pub fn send_binary(&mut self, bytes: &[u8]) {
        self.send_packet(OutgoingPacket::Binary(bytes.to_vec()));
    }

    fn send_packet(&mut self, packet: OutgoingPacket<NativeHost>) {
        if let Some((transport, packet)) = self.engine.send(&self.host, packet) {
            self.perform(Action::Send { transport, packet });
        }
        self.collect();
    }

    pub fn close(&mut self) {
        self.engine.close();
        self.collect();
    }

    pub fn abandon(&mut self) {
        self.engine.abandon();
        self.collect();
    }

    // The transports.

    pub fn opened(&mut self, transport: u32) {
        let transport = TransportId(transport);
        if let Some(line) = self.lines.get_mut(&transport) {
            line.is_open = true;
        }
        self.engine.handle_opened(&self.host, transport);
        self.collect();
    }

    /// A frame of a WebSocket.
    pub fn frame(&mut self, transport: u32, text: &str) {
        self.take(TransportId(transport), text);
        self.collect();
    }

    pub fn binary(&mut self, transport: u32, bytes: &[u8]) {
        if self.engine.handle_binary(TransportId(transport), self.now) {
            self.messages.push(Message::Binary(bytes.to_vec()));
        }
        self.collect();
    }

    /// The answer to the GET.
    pub fn polled(&mut self, transport: u32, body: &str) {
        let transport = TransportId(transport);
        if let Some(line) = self.lines.get_mut(&transport) {
            line.gets = line.gets.saturating_sub(1);
        }
        let (mut payload, body) = (Payload::default(), body.to_owned());
        while let Some(packet) = payload.next_packet(&self.host, &body) {
            self.take(transport, &packet);
        }
        self.engine.handle_polled(transport);
        self.collect();
    }

    /// The answer to the POST.
    pub fn posted(&mut self, transport: u32) {
        let transport = TransportId(transport);
        if let Some(line) = self.lines.get_mut(&transport) {
            line.posts = line.posts.saturating_sub(1);
        }
        self.engine.handle_posted(transport);
        self.collect();
    }

    pub fn failed(&mut self, transport: u32, failure: Failure) {
        self.engine.handle_closed(TransportId(transport), failure, self.now);
        self.collect();
    }

    fn take(&mut self, transport: TransportId, text: &str) {
        let text = text.to_owned();
        match self.engine.handle_text(&self.host, transport, &text, self.now) {
            Received::Message => self.messages.push(Message::Text(text[1..].to_owned())),
            Received::Binary(bytes) => self.messages.push(Message::Binary(bytes)),
            Received::Nothing => {}
        }
    }

    // The clock.

    /// Lets time pass, with the timer firing when it is due.
    pub fn advance(&mut self, millis: u64) {
        let target = self.now + Duration::from_millis(millis);
        while let Some(due) = self.engine.deadline().filter(|due| *due <= target) {
            self.now = self.now.max(due);
            self.fire_timer();
        }
        self.now = target;
    }

    /// Lets time pass without the timer.
    pub fn sleep(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
    }

    pub fn fire_timer(&mut self) {
        self.engine.handle_timeout(self.now);
        self.collect();
        let is_due = self.engine.deadline().is_some_and(|deadline| deadline <= self.now);
        assert!(!is_due, "a timeout was handled and is still due");
    }

    // What came of it.

    /// What was to be done since the last call.
    pub fn actions(&mut self) -> Vec<String> {
        std::mem::take(&mut self.actions)
    }

    /// What the owner was told since the last call.
    pub fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Forgets what came before.
    pub fn settle_now(&mut self) {
        self.actions();
        self.notices();
        self.messages.clear();
    }

    /// Forgets what came before a scenario begins.
    pub fn settle(mut self) -> Self {
        self.settle_now();
        self
    }

    pub fn assert_live_nothing(&self) {
        assert_eq!(self.live(), [] as [u32; 0], "a transport outlives the session");
    }

    pub fn assert(&mut self, actions: &[&str], notices: &[Notice]) {
        assert_eq!((self.actions(), self.notices()), (owned(actions), notices.to_vec()));
    }

    pub fn assert_closed(&mut self, cause: CloseCause) {
        assert_eq!(self.notices().last(), Some(&Notice::Closed(cause)));
        assert!(!self.engine.is_active() && !self.engine.is_open());
        assert_eq!(self.engine.deadline(), None);
        self.assert_live_nothing();
    }

    /// The number of the transport that was made last.
    pub fn newest(&self) -> u32 {
        self.used.last().map_or(0, |transport| transport.0)
    }

    pub fn is_in_use(&self, transport: u32) -> bool {
        self.engine.is_carried_by(TransportId(transport))
    }

    /// The transports that have not been closed.
    pub fn live(&self) -> Vec<u32> {
        self.lines.keys().map(|transport| transport.0).collect()
    }

    /// The transports, each with whether it is a WebSocket, and how many GETs and POSTs are under way.
    pub fn lines(&self) -> Vec<(u32, bool, u32, u32)> {
        let is_websocket = |line: &Line| line.kind == TransportKind::WebSocket;
        let lines = self.lines.iter();
        lines.map(|(id, line)| (id.0, is_websocket(line), line.gets, line.posts)).collect()
    }

    fn collect(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            self.perform(action);
        }
        while let Some(notice) = self.engine.poll_notice() {
            self.notices.push(notice);
        }
        if let Some(deadline) = self.engine.deadline() {
            assert!(deadline.since(self.now) <= MAX_TIMER, "no timer can wait until {deadline:?}");
        }
        assert!(self.engine.is_active() || self.lines.is_empty(), "a transport without a session");
    }

    fn perform(&mut self, action: Action<NativeHost>) {
        self.check(&action);
        self.actions.push(describe(&action));
    }

    fn check(&mut self, action: &Action<NativeHost>) {
        match action {
            Action::OpenWebSocket { transport, .. } => {
                self.add_line(*transport, TransportKind::WebSocket);
            }
            Action::Poll { transport, .. } => {
                if !self.lines.contains_key(transport) {
                    self.add_line(*transport, TransportKind::Polling);
                }
                let line = self.line(*transport, TransportKind::Polling);
                line.gets += 1;
                assert_eq!(line.gets, 1, "two GETs at once");
            }
            Action::Post { transport, packets, .. } => {
                assert!(!packets.is_empty(), "a POST without packets");
                let line = self.line(*transport, TransportKind::Polling);
                line.posts += 1;
                assert_eq!(line.posts, 1, "two POSTs at once");
            }
            Action::Send { transport, packet } => {
                let line = self.line(*transport, TransportKind::WebSocket);
                assert!(line.is_open, "{packet:?} is sent on a WebSocket that is not open");
            }
            Action::Close { transport, payloads, .. } => {
                assert!(
                    payloads.iter().all(|payload| !payload.is_empty()),
                    "a POST without packets"
                );
                let line = self.lines.remove(transport).expect("a transport that is not closed");
                let says_something = !payloads.is_empty();
                assert!(!says_something || line.kind == TransportKind::Polling);
            }
        }
    }

    fn add_line(&mut self, transport: TransportId, kind: TransportKind) {
        assert!(self.used.insert(transport), "{transport:?} is opened twice");
        self.lines.insert(transport, Line { kind, is_open: false, gets: 0, posts: 0 });
        assert!(self.lines.len() <= 2, "more than a transport in use and one that is tried");
    }

    fn line(&mut self, transport: TransportId, kind: TransportKind) -> &mut Line {
        let line = self.lines.get_mut(&transport).expect("a transport that is open");
        assert_eq!(line.kind, kind);
        line
    }
}

/// An action in one line: `poll 0 S`, `post 0 S 3|4hi`, `open 1 S`, `send 1 2probe`, `close 0 1`. The
/// session is left out where there is none; binary packets are numbers in brackets.
fn describe(action: &Action<NativeHost>) -> String {
    match action {
        Action::OpenWebSocket { transport, sid } => words("open", *transport, sid.as_deref(), &[]),
        Action::Poll { transport, sid } => words("poll", *transport, sid.as_deref(), &[]),
        Action::Post { transport, sid, packets } => words("post", *transport, Some(sid), packets),
        Action::Send { transport, packet } => {
            words("send", *transport, None, std::slice::from_ref(packet))
        }
        Action::Close { transport, payloads, .. } => {
            let posts = payloads.iter().map(|packets| join(packets));
            let says: Vec<_> = iter::once(format!("close {}", transport.0)).chain(posts).collect();
            says.join(" ")
        }
    }
}

fn words(
    verb: &str,
    transport: TransportId,
    sid: Option<&str>,
    packets: &[OutgoingPacket<NativeHost>],
) -> String {
    let mut words = vec![verb.to_owned(), transport.0.to_string()];
    words.extend(sid.map(str::to_owned));
    words.extend((!packets.is_empty()).then(|| join(packets)));
    words.join(" ")
}

fn join(packets: &[OutgoingPacket<NativeHost>]) -> String {
    let packets: Vec<_> = packets.iter().map(text_of).collect();
    packets.join("|")
}

fn text_of(packet: &OutgoingPacket<NativeHost>) -> String {
    match packet {
        OutgoingPacket::Text(frame) => NativeHost::join(frame),
        OutgoingPacket::Binary(bytes) => format!("{bytes:?}"),
    }
}

pub fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

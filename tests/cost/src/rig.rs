//! A client with a server that accepts everything and a store that holds nothing.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use sockeye::client::outbox::{ActionStatus, NewAction};
use sockeye::client::store::{
    ActionKey, Contents, Payload, StoreAnswer, StoreCommand, StoreTicket,
};
use sockeye::client::{Client, ClientConfig, Event, Output};
use sockeye::engineio::{Action, OutgoingPacket, TransportId, TransportKind};
use sockeye::host::{EventId, EventIdentity, Fingerprint, Host, OutgoingFrame};
use sockeye::manager::{Event as Told, SocketId};
use sockeye::native::NativeHost;
use sockeye::socketio::RequestId;
use sockeye::time::Instant;

const HANDSHAKE: &str = r#"0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
const LIVENESS: &str = "/sockeye-liveness,";
const ROOT: SocketId = SocketId(0);
const NOW: Instant = Instant::ORIGIN;

/// The client, as the run loop of a page drives it: frames that the page reads by itself come as events and
/// answers. Those that the core reads, as it does over polling, have operations of their own.
///
/// Values are null and bodies are empty: the host's part, which is JavaScript's in a page, costs next to
/// nothing, and what is left is the core's.
#[derive(Debug)]
pub struct Rig {
    client: Client<NativeHost>,
    transport: TransportId,
    /// What the store was asked and has not answered.
    asked: VecDeque<(StoreTicket, StoreCommand<NativeHost>)>,
    /// The frames of the server that are on their way.
    incoming: VecDeque<String>,
    /// The ids of the acknowledgements that the server is asked for.
    awaited: VecDeque<u64>,
    counts: Counts,
    requests: u32,
    /// The place of the last action in the store.
    order: u64,
    /// An event of each namespace.
    frames: Vec<Rc<String>>,
}

/// What the application was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The events that were delivered.
    pub delivered: u64,
    /// The requests that were answered.
    pub answered: u64,
    /// The frames that were sent.
    pub sent: u64,
    /// The actions that the server has applied.
    pub applied: u64,
}

/// Events come from one stream for each name.
fn identity(event: u32, id: u64) -> EventIdentity {
    // Spread over all bits, as a hash is.
    let fingerprint = Fingerprint(id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    EventIdentity { stream: event.into(), id: Some(fingerprint), order: None }
}

impl Rig {
    /// Connects a client to `/` and to `/n1`, `/n2`, …: as many `namespaces` as that.
    #[must_use]
    pub fn connected(namespaces: u32) -> Self {
        let mut config = ClientConfig::default();
        config.manager.engine.transports = vec![TransportKind::WebSocket];
        let mut rig = Self {
            client: Client::new(NativeHost::default(), config),
            transport: TransportId(0),
            asked: VecDeque::new(),
            incoming: VecDeque::new(),
            awaited: VecDeque::new(),
            counts: Counts::default(),
            requests: 0,
            order: 0,
            frames: Vec::new(),
        };
        rig.client.host().listen("x");
        for number in 0..namespaces.max(1) {
            let name = if number == 0 { "/".to_owned() } else { format!("/n{number}") };
            let socket = rig.client.socket(&name, false);
            rig.client.at(NOW).connect(socket, NOW);
            rig.frames.push(Rc::new(format!("42/n{number},[\"x\"]")));
        }
        rig.turn();
        rig.counts = Counts::default();
        rig
    }

    /// Connects a client to `/` that stores actions, and whose store it leads.
    #[must_use]
    pub fn with_outbox() -> Self {
        let mut rig = Self::connected(1);
        rig.client.open_outbox(ROOT, NOW);
        rig.turn();
        rig.counts = Counts::default();
        rig
    }

    /// What the application was told so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Receives an event of `/` that the page has read itself, without an id.
    pub fn receive(&mut self, event: u32) {
        self.receive_identified(ROOT, event, EventIdentity::default());
    }

    /// Receives an event of the namespace with this number that the page has read itself.
    pub fn receive_in(&mut self, namespace: u32) {
        self.receive_identified(SocketId(namespace), 0, EventIdentity::default());
    }

    /// Receives an event of `/` with an id.
    pub fn receive_with_id(&mut self, event: u32, id: u64) {
        self.receive_identified(ROOT, event, identity(event, id));
    }

    fn receive_identified(&mut self, socket: SocketId, event: u32, identity: EventIdentity) {
        let (transport, event, arguments) = (self.transport, EventId(event), Value::default());
        let taken = self.client.handle_event(transport, socket, event, arguments, identity, 137);
        debug_assert!(taken, "the short way is open");
        self.drain();
    }

    /// Receives an event of `/` that nobody listens to.
    pub fn receive_unheard(&mut self) {
        let taken = self.client.handle_unheard_event(self.transport, ROOT);
        debug_assert!(taken, "the short way is open");
        self.drain();
    }

    /// Receives an event of the namespace with this number, which the core reads.
    pub fn read_in(&mut self, namespace: u32) {
        if let Some(frame) = self.frames.get(namespace as usize).cloned() {
            self.receive_text(&frame);
        }
    }

    fn receive_text(&mut self, frame: &String) {
        self.client.handle_text(self.transport, frame, NOW);
        self.drain();
    }

    /// Sends an event.
    pub fn emit(&mut self) {
        let sent = self.client.emit(ROOT, String::new(), Vec::new(), false, NOW);
        debug_assert_eq!(sent, Ok(()));
        self.drain();
    }

    /// Sends an event that is to be answered.
    pub fn request(&mut self) {
        self.requests += 1;
        let (number, timeout) = (RequestId(self.requests), Some(Duration::from_secs(10)));
        let sent = self.client.request(ROOT, number, String::new(), vec![], timeout, NOW);
        debug_assert_eq!(sent, Ok(()));
        self.drain();
    }

    /// Lets the server answer the oldest event that is to be answered; the page reads the answer itself.
    pub fn answer(&mut self) {
        if let Some(id) = self.awaited.pop_front() {
            let taken = self.client.handle_answer(self.transport, ROOT, id, Value::default());
            debug_assert!(taken, "the short way is open");
            self.drain();
        }
    }

    /// The same with an answer that the core reads.
    pub fn read_answer(&mut self) {
        if let Some(id) = self.awaited.pop_front() {
            self.receive_text(&format!("43{id}[]"));
        }
    }

    /// Enqueues an action, which is stored, sent, answered and removed.
    pub fn enqueue(&mut self, number: u64) {
        let action = NewAction {
            key: ActionKey::new(&format!("{number:036}")),
            name: "do".into(),
            lane: "main".into(),
            ttl: None,
            ack_timeout: Duration::from_secs(10),
            coalesce_key: None,
            bytes: 100,
            attachments: 0,
            resend: true,
        };
        let payload = Payload { body: "[\"do\"]".to_owned(), attachments: Vec::new() };
        let taken = self.client.enqueue(ROOT, action, payload, NOW);
        debug_assert_eq!(taken, Ok(()));
        self.turn();
        self.answer();
        self.turn();
    }

    /// Lets everything happen that follows, also at the server and in the store.
    fn turn(&mut self) {
        self.drain();
        loop {
            if let Some(frame) = self.incoming.pop_front() {
                self.receive_text(&frame);
            } else if let Some((ticket, command)) = self.asked.pop_front() {
                if let Some(answer) = self.perform(command) {
                    self.client.handle_store(ROOT, ticket, answer, NOW);
                    self.drain();
                }
            } else {
                return;
            }
        }
    }

    fn drain(&mut self) {
        loop {
            match self.client.poll_output() {
                Output::Timeout(_) => return,
                Output::Transport(Action::OpenWebSocket { transport, .. }) => {
                    self.transport = transport;
                    self.client.at(NOW).handle_opened(transport);
                    self.incoming.push_back(HANDSHAKE.to_owned());
                }
                Output::Transport(Action::Send { packet: OutgoingPacket::Text(frame), .. }) => {
                    self.on_sent(&frame);
                }
                Output::Store { ticket, command, .. } => self.asked.push_back((ticket, command)),
                Output::Event(event) => self.on_event(&event),
                Output::Transport(
                    Action::Send { packet: OutgoingPacket::Binary(_), .. }
                    | Action::Poll { .. }
                    | Action::Post { .. }
                    | Action::Close { .. },
                )
                | Output::Diagnose => {}
            }
        }
    }

    fn on_sent(&mut self, frame: &OutgoingFrame<String>) {
        self.counts.sent += 1;
        self.awaited.extend(frame.ack_id);
        if let Some(namespace) = frame.head.strip_prefix("40") {
            let answer = match namespace {
                LIVENESS => format!(r#"44{LIVENESS}{{"message":"Invalid namespace"}}"#),
                namespace => format!(r#"40{namespace}{{"sid":"s"}}"#),
            };
            self.incoming.push_back(answer);
        }
    }

    fn on_event(&mut self, event: &Event<NativeHost>) {
        let counts = &mut self.counts;
        counts.delivered += u64::from(matches!(event, Event::Delivered { .. }));
        counts.answered += u64::from(matches!(event, Event::Socket(Told::Settled { .. })));
        let is_applied = matches!(event, Event::Action { status: ActionStatus::Applied(_), .. });
        counts.applied += u64::from(is_applied);
    }

    fn perform(&mut self, command: StoreCommand<NativeHost>) -> Option<StoreAnswer<NativeHost>> {
        let contents = Contents::default();
        match command {
            StoreCommand::Open { .. } => {
                Some(StoreAnswer::Opened { client: "store".into(), contents })
            }
            StoreCommand::Lead => Some(StoreAnswer::Leading { epoch: 1, contents }),
            StoreCommand::Put { .. } => {
                self.order += 1;
                Some(StoreAnswer::Stored { order: self.order, replaced: false })
            }
            StoreCommand::Mark { .. } => {
                Some(StoreAnswer::Marked { missing: Vec::new(), earlier: Vec::new() })
            }
            StoreCommand::Load { .. } => {
                let body = "[\"do\"]".to_owned();
                Some(StoreAnswer::Loaded(Payload { body, attachments: Vec::new() }))
            }
            StoreCommand::Settle { .. } | StoreCommand::Park { .. } => Some(StoreAnswer::Done),
            StoreCommand::Read
            | StoreCommand::Resign
            | StoreCommand::RaiseEpoch { .. }
            | StoreCommand::Unpark { .. }
            | StoreCommand::Remove { .. } => None,
        }
    }
}

type Value = <NativeHost as Host>::Value;

//! The client of one tab, as the simulation uses it: inputs, and what comes of them.

use std::rc::Rc;

use sockeye::client::continuity::{Continuity, Gap};
use sockeye::client::outbox::{
    ActionStatus, Drain, EnqueueError, FlushTicket, NewAction, OutboxConfig, Rejection,
    UnknownCause,
};
use sockeye::client::readiness::{self, HookTicket, Hooks, ReadinessConfig};
use sockeye::client::store::{ActionKey, Change, Payload, StoreAnswer, StoreCommand, StoreTicket};
use sockeye::client::{Client, ClientConfig, Event, Output, TopicBodies};
use sockeye::engineio::{
    Action, EngineConfig, Failure, OutgoingPacket, TransportId, TransportKind,
};
use sockeye::host::{EventId, Host};
use sockeye::manager::{self, Config, Policy, SocketId, Status};
use sockeye::native::NativeHost;
use sockeye::time::Instant;

use crate::ledger::Told;
use crate::listening::Verdict;
use crate::network::Frame;
use crate::schedule::Setting;
use crate::server::STREAMS;

/// What the client wants done, or tells.
#[derive(Debug)]
pub enum Out {
    Open {
        transport: u32,
    },
    Send {
        transport: u32,
        frame: Frame,
    },
    Close {
        transport: u32,
    },
    Store {
        ticket: StoreTicket,
        command: StoreCommand<NativeHost>,
    },
    Told {
        key: ActionKey,
        told: Told,
    },
    CancelRefused,
    FlushAsked {
        ticket: FlushTicket,
        keys: Vec<ActionKey>,
    },
    /// The server has accepted the client.
    Accepted,
    /// An event of a stream.
    Delivered {
        stream: usize,
        epoch: String,
        number: u64,
        arguments: usize,
    },
    Verdict(Verdict),
    Missed(Vec<usize>),
    /// The application is to do something, and to say when it has.
    Hook(Hook),
    /// What was to be said first took too long.
    PrologueLate,
    Live,
    /// The server refused an action by an event of its own.
    Refused {
        action: u64,
    },
    Timer(Option<Instant>),
}

/// Something that the application does in its own time.
#[derive(Clone, Copy, Debug)]
pub struct Hook {
    hook: readiness::Hook,
    ticket: HookTicket,
}

pub struct Core {
    client: Client<NativeHost>,
    socket: SocketId,
    user: String,
    is_live: bool,
}

const NEWS: EventId = EventId(1);
const REFUSED: EventId = EventId(2);

impl Core {
    pub fn new(setting: &Setting, seed: u64, user: &str, now: Instant) -> Self {
        let host = NativeHost::default();
        Host::listen(&host, "news", NEWS);
        Host::listen(&host, "refused", REFUSED);
        let mut client = Client::new(host, config_of(setting, seed));
        let socket = client.socket("/", true);
        client.set_identity(user, now);
        client.set_hooks(socket, Hooks { prologue: setting.prologue, gap: true }, now);
        client.open_outbox(socket, now);
        client.at(now).connect(socket, now);
        Self { client, socket, user: user.to_owned(), is_live: false }
    }

    pub fn opened(&mut self, transport: u32, now: Instant) {
        self.client.at(now).handle_opened(TransportId(transport));
    }

    pub fn frame(&mut self, transport: u32, frame: Frame, now: Instant) {
        let transport = TransportId(transport);
        match frame {
            Frame::Text(text) => {
                if !self.take_answer(transport, &text) {
                    self.client.handle_text(transport, &text, now);
                }
            }
            Frame::Binary(bytes) => self.client.handle_binary(transport, bytes, now),
            Frame::Close => self.client.at(now).handle_closed(transport, Failure::Closed, now),
        }
    }

    /// A page reads most answers by itself; here it is every other one. Returns whether this one was taken.
    fn take_answer(&mut self, transport: TransportId, text: &str) -> bool {
        let Some((number, arguments)) =
            text.strip_prefix("43").and_then(|rest| rest.split_once('['))
        else {
            return false;
        };
        let (Ok(ack_id), Ok(arguments)) =
            (number.parse::<u64>(), serde_json::from_str(&format!("[{arguments}")))
        else {
            return false;
        };
        ack_id % 2 == 0 && self.client.handle_answer(transport, self.socket, ack_id, arguments)
    }

    pub fn closed(&mut self, transport: u32, now: Instant) {
        self.client.at(now).handle_closed(TransportId(transport), Failure::Failed, now);
    }

    pub fn timeout(&mut self, now: Instant) {
        self.client.handle_timeout(now);
    }

    pub fn stored(&mut self, ticket: StoreTicket, answer: StoreAnswer<NativeHost>, now: Instant) {
        self.client.handle_store(self.socket, ticket, answer, now);
    }

    pub fn changed(&mut self, changes: Vec<Change<NativeHost>>, now: Instant) {
        self.client.handle_changes(self.socket, changes, now);
    }

    pub fn enqueue(
        &mut self,
        action: NewAction,
        payload: Payload<NativeHost>,
        now: Instant,
    ) -> Result<(), EnqueueError> {
        self.client.enqueue(self.socket, action, payload, now)
    }

    pub fn cancel(&mut self, key: &ActionKey, now: Instant) {
        self.client.cancel_action(self.socket, key, now);
    }

    pub fn pause(&mut self, now: Instant) {
        self.client.pause_outbox(self.socket, now);
    }

    pub fn resume(&mut self, now: Instant) {
        self.client.resume_outbox(self.socket, now);
    }

    pub fn retry(&mut self, key: &ActionKey, now: Instant) -> bool {
        self.client.retry_action(self.socket, key, now)
    }

    pub fn nack(&mut self, key: &ActionKey, now: Instant) {
        self.client.nack_action(self.socket, key, None, now);
    }

    pub fn flush(
        &mut self,
        ticket: FlushTicket,
        keep: &[ActionKey],
        drop: &[ActionKey],
        now: Instant,
    ) {
        self.client.handle_flush_plan(self.socket, ticket, keep, drop, now);
    }

    /// The tab was suspended: it may have missed what others did to the store.
    pub fn wake(&mut self, now: Instant) {
        self.client.refresh_outbox(self.socket, now);
    }

    pub fn is_live(&self) -> bool {
        self.is_live
    }

    pub fn set_user(&mut self, user: &str, now: Instant) {
        self.user = user.to_owned();
        self.client.set_identity(user, now);
    }

    pub fn hook_done(&mut self, Hook { hook, ticket }: Hook, now: Instant) {
        if hook == readiness::Hook::Prologue {
            let payload = plain("[\"first\"]".to_owned());
            let _ = self.client.emit_first(self.socket, ticket, payload, now);
        }
        self.client.hook_done(self.socket, hook, ticket, now);
    }

    pub fn latest(&mut self, slot: u64, value: u64, now: Instant) {
        let payload = plain(format!("[\"latest\",{slot},{value}]"));
        let _ = self.client.emit_latest(self.socket, &slot.to_string(), payload, now);
    }

    pub fn retain(&mut self, room: usize, now: Instant) {
        let join = format!("[\"join\",{room}]");
        let leave = Some(format!("[\"leave\",{room}]"));
        let bodies = TopicBodies { join, leave };
        self.client.retain_topic(self.socket, STREAMS[room], bodies, None, now);
    }

    pub fn release(&mut self, room: usize, now: Instant) {
        self.client.release_topic(self.socket, STREAMS[room], now);
    }

    /// What the client wants next; the last is a timer.
    pub fn poll(&mut self, now: Instant) -> Out {
        loop {
            let out = match self.client.poll_output() {
                Output::Transport(action) => on_action(action),
                Output::Diagnose => None,
                Output::Store { ticket, command, .. } => Some(Out::Store { ticket, command }),
                Output::Event(event) => self.on_event(event, now),
                Output::Timeout(deadline) => Some(Out::Timer(deadline)),
            };
            if let Some(out) = out {
                return out;
            }
        }
    }

    fn on_event(&mut self, event: Event<NativeHost>, now: Instant) -> Option<Out> {
        match event {
            Event::Delivered { event, arguments, .. } => Some(on_delivered(event, &arguments)),
            Event::Socket(event) => self.on_socket_event(event, now),
            Event::Action { key, status, .. } => Some(Out::Told { key, told: told(&status) }),
            Event::CancelRefused { .. } => Some(Out::CancelRefused),
            Event::FlushAsked { ticket, keys, .. } => Some(Out::FlushAsked { ticket, keys }),
            Event::HookNeeded { hook, ticket, .. } => Some(Out::Hook(Hook { hook, ticket })),
            Event::Continuity { continuity, .. } => Some(Out::Verdict(verdict(&continuity))),
            Event::Missed { gap, .. } => Some(Out::Missed(streams_of(&gap))),
            Event::Live { .. } => {
                self.is_live = true;
                Some(Out::Live)
            }
            Event::HookLate { hook: readiness::Hook::Prologue, .. } => Some(Out::PrologueLate),
            Event::HookLate { .. }
            | Event::Forgotten { .. }
            | Event::Confirming { .. }
            | Event::Topic { .. } => None,
        }
    }

    fn on_socket_event(&mut self, event: manager::Event<NativeHost>, now: Instant) -> Option<Out> {
        match event {
            manager::Event::AuthNeeded { socket, ticket, .. } => {
                let payload = format!("{{\"user\":\"{}\"}}", self.user);
                self.client.at(now).authenticate(socket, ticket, Some(payload));
                None
            }
            manager::Event::Accepted { .. } => Some(Out::Accepted),
            manager::Event::Status { status, .. } => {
                self.is_live &= status == Status::Connected;
                None
            }
            _ => None,
        }
    }
}

fn config_of(setting: &Setting, seed: u64) -> ClientConfig {
    let transports = vec![TransportKind::WebSocket];
    let drain = Drain {
        per_lane: setting.window,
        ask_before_flush: setting.before_flush,
        ..Drain::default()
    };
    ClientConfig {
        manager: Config {
            engine: EngineConfig { transports, ..EngineConfig::default() },
            seed,
            refused: Policy::Always,
            server_disconnect: Policy::Always,
            ..Config::default()
        },
        outbox: OutboxConfig { drain, seed, ..OutboxConfig::default() },
        readiness: ReadinessConfig {
            trust_recovery: setting.trust_recovery,
            ..ReadinessConfig::default()
        },
        ..ClientConfig::default()
    }
}

fn plain(body: String) -> Payload<NativeHost> {
    Payload { body, attachments: Vec::new() }
}

fn on_action(action: Action<NativeHost>) -> Option<Out> {
    match action {
        Action::OpenWebSocket { transport, .. } => Some(Out::Open { transport: transport.0 }),
        Action::Close { transport, .. } => Some(Out::Close { transport: transport.0 }),
        Action::Send { transport, packet } => {
            let frame = match packet {
                OutgoingPacket::Text(frame) => Frame::Text(NativeHost::join(&frame)),
                OutgoingPacket::Binary(bytes) => Frame::Binary(bytes),
            };
            Some(Out::Send { transport: transport.0, frame })
        }
        Action::Poll { .. } | Action::Post { .. } => None,
    }
}

fn on_delivered(event: EventId, arguments: &serde_json::Value) -> Out {
    let of = &arguments[1];
    if event == REFUSED {
        return Out::Refused { action: of["a"].as_u64().unwrap() };
    }
    Out::Delivered {
        stream: of["s"].as_u64().unwrap() as usize,
        epoch: of["e"].as_str().unwrap().to_owned(),
        number: of["i"].as_u64().unwrap(),
        arguments: arguments.as_array().map_or(0, Vec::len),
    }
}

fn verdict(continuity: &Continuity) -> Verdict {
    match continuity {
        Continuity::Fresh => Verdict::Fresh,
        Continuity::Resumed => Verdict::Resumed,
        Continuity::Gap(gap) => Verdict::Gap(streams_of(gap)),
    }
}

/// The streams that have a gap; none if all may have one.
fn streams_of(gap: &Gap) -> Vec<usize> {
    let number = |name: &Rc<str>| STREAMS.iter().position(|stream| **stream == **name);
    let names = gap.streams.iter().map(|stream| stream.name.as_ref());
    names.map(|name| name.and_then(number)).collect::<Option<Vec<_>>>().unwrap_or_default()
}

fn told(status: &ActionStatus<NativeHost>) -> Told {
    match status {
        ActionStatus::Queued => Told::Queued,
        ActionStatus::Sending => Told::Sending,
        ActionStatus::Sent => Told::Sent,
        ActionStatus::Applied(_) => Told::Applied,
        ActionStatus::NotStored(_) | ActionStatus::Rejected(Rejection::IdentityChanged) => {
            Told::Failed
        }
        ActionStatus::Rejected(_) => Told::Rejected,
        ActionStatus::Expired => Told::Expired,
        ActionStatus::Cancelled(_) => Told::Cancelled,
        ActionStatus::Conflict => Told::Conflict,
        ActionStatus::Quarantined(_) => Told::Quarantined,
        ActionStatus::Unknown(UnknownCause::Unseen) => Told::Unseen,
        ActionStatus::Unknown(_) => Told::Unknown,
    }
}

/// A name that all who use it share.
pub fn shared(text: &str) -> Rc<str> {
    text.into()
}

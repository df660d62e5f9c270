//! Outboxes on one store under a virtual clock.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod server;
pub mod store;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;
use sockeye::client::outbox::{
    ActionStatus, Answer, CancelCause, Effect, EnqueueError, Envelope, FlushTicket, NewAction,
    Outbox, OutboxConfig, Rejection, ServerMemory, Transmission,
};
use sockeye::client::store::{ActionKey, Payload, StoreTicket};
use sockeye::native::NativeHost;
use sockeye::time::Instant;

use server::Server;
use store::{Command, Kind, Store, kind};

pub const DAY: Duration = Duration::from_secs(86_400);

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn key(text: &str) -> ActionKey {
    ActionKey::new(text)
}

/// An action without anything special.
pub fn action(name: &str, lane: &str) -> NewAction {
    NewAction {
        key: key(name),
        name: name.into(),
        lane: lane.into(),
        ttl: None,
        ack_timeout: seconds(10),
        coalesce_key: None,
        bytes: 100,
        attachments: 0,
        resend: true,
    }
}

/// A frame that has been sent.
#[derive(Clone, Debug)]
pub struct Frame {
    pub transmission: Transmission,
    pub key: String,
    pub envelope: Option<Envelope>,
    pub at: Instant,
}

impl Frame {
    /// Its epoch and its number.
    pub fn number(&self) -> (u64, u64) {
        self.envelope.as_ref().map_or((0, 0), |envelope| (envelope.epoch, envelope.sequence))
    }
}

/// One client of a store.
pub struct Tab {
    pub number: usize,
    pub outbox: Outbox<NativeHost>,
    pub store: Rc<RefCell<Store>>,
    pub now: Instant,
    /// Commands wait here while the store is slow.
    pub is_slow: bool,
    pub asked: VecDeque<(StoreTicket, Command)>,
    pub frames: Vec<Frame>,
    pub told: Vec<(String, String)>,
    pub refused: Vec<String>,
    pub forgotten: Vec<String>,
    pub abandoned: Vec<Transmission>,
    pub flush: Option<(FlushTicket, Vec<String>)>,
    pub lanes: BTreeMap<String, String>,
    /// What has ended, and how: nothing may follow.
    pub over: BTreeMap<String, String>,
}

impl Tab {
    pub fn new(number: usize, store: &Rc<RefCell<Store>>, config: OutboxConfig) -> Self {
        Self::at(Instant::from_millis(1_000.0), number, store, config)
    }

    pub fn at(
        now: Instant,
        number: usize,
        store: &Rc<RefCell<Store>>,
        config: OutboxConfig,
    ) -> Self {
        store.borrow_mut().news.insert(number, Vec::new());
        let mut tab = Self {
            number,
            outbox: Outbox::new(config),
            store: Rc::clone(store),
            now,
            is_slow: false,
            asked: VecDeque::new(),
            frames: Vec::new(),
            told: Vec::new(),
            refused: Vec::new(),
            forgotten: Vec::new(),
            abandoned: Vec::new(),
            flush: None,
            lanes: BTreeMap::new(),
            over: BTreeMap::new(),
        };
        tab.outbox.open("alice".into(), tab.now);
        tab.run();
        tab
    }

    /// A client that is alone on its store, and leads.
    pub fn alone() -> Self {
        Self::with(OutboxConfig::default())
    }

    pub fn with(config: OutboxConfig) -> Self {
        Self::new(0, &Rc::default(), config)
    }

    pub fn try_enqueue(&mut self, action: NewAction) -> Result<(), EnqueueError> {
        self.lanes.insert(action.key.0.to_string(), action.lane.to_string());
        let body = format!(r#"["{}"]"#, action.name);
        let payload = Payload { body, attachments: Vec::new() };
        let taken = self.outbox.enqueue(action, payload, self.now);
        self.run();
        taken
    }

    pub fn enqueue(&mut self, action: NewAction) {
        self.try_enqueue(action).unwrap();
    }

    /// Enqueues plain actions in one lane.
    pub fn enqueue_all(&mut self, lane: &str, names: &[&str]) {
        names.iter().for_each(|name| self.enqueue(action(name, lane)));
    }

    pub fn cancel(&mut self, name: &str) {
        self.outbox.cancel(&key(name), self.now);
        self.run();
    }

    pub fn live(&mut self) {
        self.outbox.handle_live(ServerMemory::None, self.now);
        self.run();
    }

    pub fn live_with(&mut self, server: &Server) {
        self.live_with_memory(&server.memory_id(), 0);
    }

    pub fn live_with_memory(&mut self, memory: &str, time_ms: u64) {
        let server = ServerMemory::Helper { memory: memory.into(), retention: 14 * DAY, time_ms };
        self.outbox.handle_live(server, self.now);
        self.run();
    }

    pub fn down(&mut self) {
        self.outbox.handle_down(self.now);
        self.run();
    }

    pub fn answer(&mut self, transmission: Transmission, answer: Answer<NativeHost>) {
        self.outbox.handle_answer(transmission, answer, self.now);
        self.run();
    }

    /// Acknowledges the last frame of an action, as a server without a helper.
    pub fn acknowledge(&mut self, name: &str) {
        let transmission = self.frame(name).transmission;
        self.answer(transmission, Answer::Acknowledged(Value::from(name)));
    }

    /// Lets the server answer what was sent from the frame `from` on, and what follows from that.
    pub fn serve(&mut self, server: &mut Server, from: usize) {
        let mut next = from;
        while let Some(frame) = self.frames.get(next).cloned() {
            let answer = match &frame.envelope {
                Some(envelope) => server.apply(envelope),
                None => server.apply_plain(&self.lanes[&frame.key], &frame.key),
            };
            self.answer(frame.transmission, answer);
            next += 1;
        }
    }

    /// Lets time pass, with every timer on its way.
    pub fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(at) = self.outbox.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.outbox.handle_timeout(self.now);
            self.run();
        }
        self.now = end;
    }

    /// Does what the outbox wants until it wants nothing more. A slow store does nothing.
    pub fn run(&mut self) {
        loop {
            while let Some(effect) = self.outbox.poll_effect() {
                self.perform(effect);
            }
            if self.is_slow || !self.step_store() {
                return;
            }
        }
    }

    /// Lets the store do one thing, or say who leads. Returns whether there was something.
    pub fn step_store(&mut self) -> bool {
        let Some((ticket, command)) = self.asked.pop_front() else {
            return self.be_granted();
        };
        let answer = self.store.borrow_mut().perform(self.number, ticket.0, command, self.now);
        if let Some(answer) = answer {
            self.outbox.handle_store(ticket, answer, self.now);
        }
        true
    }

    /// Lets the store do one thing without saying so, if the outbox asks again then.
    pub fn step_store_silently(&mut self) {
        let is_asked_again = |command| {
            let is_patient =
                matches!(kind(command), Kind::Open | Kind::Lead | Kind::Put | Kind::Remove);
            !is_patient && !matches!(command, Command::Unpark { .. })
        };
        if self.asked.front().is_some_and(|(_, command)| is_asked_again(command)) {
            let (ticket, command) = self.asked.pop_front().unwrap();
            self.store.borrow_mut().perform(self.number, ticket.0, command, self.now);
        }
    }

    fn be_granted(&mut self) -> bool {
        let mut store = self.store.borrow_mut();
        let is_first = store.waiting.first().is_some_and(|(client, _)| *client == self.number);
        let granted = if is_first { store.grant(self.now) } else { None };
        drop(store);
        let Some((_, ticket, answer)) = granted else {
            return false;
        };
        self.outbox.handle_store(StoreTicket(ticket), answer, self.now);
        true
    }

    /// Learns what the others did.
    pub fn hear(&mut self) {
        let news = self.store.borrow_mut().news.insert(self.number, Vec::new());
        self.outbox.handle_changes(news.unwrap(), self.now);
        self.run();
    }

    fn perform(&mut self, effect: Effect<NativeHost>) {
        match effect {
            Effect::Store { ticket, command } => self.asked.push_back((ticket, command)),
            Effect::Transmit { transmission, key, payload, envelope } => {
                assert!(payload.body.starts_with("[\""));
                let key = key.0.to_string();
                assert!(!self.over.contains_key(&key), "{key} was sent after its end");
                self.frames.push(Frame { transmission, key, envelope, at: self.now });
            }
            Effect::Abandon { transmission } => self.abandoned.push(transmission),
            Effect::Status { key, status, .. } => {
                self.note(key.0.to_string(), &status);
            }
            Effect::CancelRefused { key } => self.refused.push(key.0.to_string()),
            Effect::Forgotten { key } => self.forgotten.push(key.0.to_string()),
            Effect::FlushAsked { ticket, keys } => {
                let keys = keys.iter().map(|key| key.0.to_string()).collect();
                self.flush = Some((ticket, keys));
            }
        }
    }

    fn note(&mut self, key: String, status: &ActionStatus<NativeHost>) {
        let told = name(status);
        if let Some(end) = self.over.remove(&key) {
            let may_return = end.starts_with("unknown") || end.starts_with("quarantined");
            // What could not be queued again is told once more.
            let is_again = end.split(' ').next() == told.split(' ').next();
            assert!(may_return && (is_again || told == "queued"), "{key}: {told} after {end}");
        }
        if status.outcome().is_some() {
            self.over.insert(key.clone(), told.clone());
        }
        self.told.push((key, told));
    }

    /// The last frame of an action.
    pub fn frame(&self, name: &str) -> Frame {
        self.frames.iter().rev().find(|frame| frame.key == name).unwrap().clone()
    }

    /// The keys of what was sent, in order.
    pub fn sent(&self) -> Vec<&str> {
        self.frames.iter().map(|frame| frame.key.as_str()).collect()
    }

    /// What was told of an action, in order.
    pub fn statuses(&self, name: &str) -> Vec<&str> {
        let of_action = self.told.iter().filter(|(key, _)| key == name);
        of_action.map(|(_, status)| status.as_str()).collect()
    }

    pub fn status(&self, name: &str) -> &str {
        self.statuses(name).last().copied().unwrap_or("")
    }

    pub fn stored(&self) -> Vec<String> {
        self.store.borrow().keys()
    }
}

/// A status in one or two words.
pub fn name(status: &ActionStatus<NativeHost>) -> String {
    match status {
        ActionStatus::Queued => "queued".into(),
        ActionStatus::Sending => "sending".into(),
        ActionStatus::Sent => "sent".into(),
        ActionStatus::Applied(_) => "applied".into(),
        ActionStatus::Rejected(Rejection::Server(_)) => "rejected".into(),
        ActionStatus::Rejected(rejection) => format!("rejected {rejection:?}"),
        ActionStatus::Expired => "expired".into(),
        ActionStatus::Cancelled(CancelCause::Superseded(by)) => {
            format!("cancelled superseded by {}", by.0)
        }
        ActionStatus::Cancelled(cause) => format!("cancelled {cause:?}"),
        ActionStatus::Conflict => "conflict".into(),
        ActionStatus::Quarantined(cause) => format!("quarantined {cause:?}"),
        ActionStatus::Unknown(cause) => format!("unknown {cause:?}"),
        ActionStatus::NotStored(error) => format!("not stored {error:?}"),
    }
}

impl Tab {
    /// Lets the server answer one frame.
    pub fn serve_one(&mut self, server: &mut Server, index: usize) {
        let frame = self.frames[index].clone();
        let answer = server.apply(frame.envelope.as_ref().unwrap());
        self.answer(frame.transmission, answer);
    }
}

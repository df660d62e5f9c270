//! What the client keeps of one namespace.

use std::rc::Rc;

use crate::client::config::ClientConfig;
use crate::client::dedup::Dedup;
use crate::client::helper::{Hello, MissedEvent};
use crate::client::latest::Latest;
use crate::client::outbox::{Outbox, ServerMemory};
use crate::client::readiness::{HookTicket, Readiness};
use crate::client::store::Payload;
use crate::host::{EventId, EventIdentity, Host};
use crate::manager::AckTicket;
use crate::time::{Instant, earliest, whole_micros};

/// An event that was received and is not delivered yet.
#[derive(Debug)]
pub(super) struct Incoming<H: Host> {
    pub event: EventId,
    pub arguments: H::Value,
    pub ack: Option<AckTicket>,
    pub identity: EventIdentity,
}

impl<H: Host> Incoming<H> {
    pub fn missed(event: EventId, missed: MissedEvent<H::Value>) -> Self {
        let MissedEvent { arguments, identity } = missed;
        Self { event, arguments, ack: None, identity }
    }
}

#[derive(Debug)]
pub(super) struct Namespace<H: Host> {
    pub outbox: Outbox<H>,
    pub readiness: Readiness<Incoming<H>, H::Text>,
    pub latest: Latest<Payload<H>>,
    pub dedup: Dedup,
    /// What the helper of this connection said, and when.
    pub hello: Option<(Hello, Instant)>,
    pub is_connected: bool,
    /// What the server answered to the join that is about to be told.
    pub answer: Option<(Rc<str>, H::Value)>,
    /// The events that may confirm topics.
    pub confirming: Confirming,
    /// The prologue that has not ended.
    pub prologue: Option<HookTicket>,
    pub has_outbox: bool,
}

impl<H: Host> Namespace<H> {
    pub fn new(config: &ClientConfig) -> Self {
        Self {
            outbox: Outbox::new(config.outbox),
            readiness: Readiness::new(config.readiness),
            latest: Latest::default(),
            dedup: Dedup::new(config.dedup),
            hello: None,
            is_connected: false,
            answer: None,
            confirming: Confirming::default(),
            prologue: None,
            has_outbox: false,
        }
    }

    /// Forgets everything of a user.
    pub fn reset(&mut self, config: &ClientConfig) {
        self.outbox.leave_identity();
        self.readiness.reset();
        self.latest.clear();
        self.dedup = Dedup::new(config.dedup);
    }

    /// The connection has ended; `is_own` if this side has ended it, or given it up.
    pub fn handle_down(&mut self, is_own: bool, now: Instant) {
        self.is_connected = false;
        self.hello = None;
        self.prologue = None;
        self.readiness.handle_down();
        if is_own {
            self.outbox.handle_own_end(now);
        } else {
            self.outbox.handle_down(now);
        }
        self.latest.handle_down();
    }

    /// What the server remembers of actions.
    pub fn memory(&self, now: Instant) -> ServerMemory {
        let Some((hello, since)) = &self.hello else {
            return ServerMemory::None;
        };
        let elapsed = whole_micros(now.since(*since)) / 1_000;
        ServerMemory::Helper {
            memory: Rc::clone(&hello.memory),
            retention: hello.retention,
            time_ms: hello.time_ms.saturating_add(elapsed),
        }
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        self.readiness.handle_timeout(now);
        self.outbox.handle_timeout(now);
    }

    pub fn deadline(&self) -> Option<Instant> {
        earliest(self.readiness.deadline(), self.outbox.deadline())
    }
}

/// Which events show that topics are joined.
#[derive(Debug, Default)]
pub(super) struct Confirming {
    /// The topic, its event, and how many want it.
    topics: Vec<(Rc<str>, EventId, u32)>,
}

impl Confirming {
    pub fn contains(&self, event: EventId) -> bool {
        self.topics.iter().any(|(_, confirming, _)| *confirming == event)
    }

    pub fn retain(&mut self, topic: &str, event: Option<EventId>) {
        if let Some((_, _, count)) = self.topics.iter_mut().find(|(known, ..)| **known == *topic) {
            *count += 1;
        } else if let Some(event) = event {
            self.topics.push((topic.into(), event, 1));
        }
    }

    pub fn release(&mut self, topic: &str) {
        if let Some((_, _, count)) = self.topics.iter_mut().find(|(known, ..)| **known == *topic) {
            *count -= 1;
        }
        self.topics.retain(|(_, _, count)| *count > 0);
    }
}

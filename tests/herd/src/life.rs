//! The life of one client.

use std::time::Duration;

use sockeye::random::Random;
use sockeye::time::{Instant, earliest};

use crate::client::Client;
use crate::world::{LATENCY, World};

/// How often a server asks for a sign of life.
const PING_INTERVAL: Duration = Duration::from_secs(25);

/// The client's random numbers and those of who distributes the clients have nothing to do with each other.
const OTHER_SEQUENCE: u64 = 0x5eed_0f7e_ba1a_9ce5;

/// Where a client stands.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Away,
    /// At `until` it will know whether it is connected, or refused because there is no server.
    Connecting {
        until: Instant,
        is_served: bool,
        cut_at: Option<Instant>,
    },
    Connected {
        ping_at: Instant,
        cut_at: Option<Instant>,
    },
}

/// An attempt of a client to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: Instant,
    /// Whether a server was there.
    pub is_served: bool,
}

/// One client in the world.
#[derive(Debug)]
pub struct Life<'a, C> {
    world: &'a World,
    client: C,
    random: Random,
    stage: Stage,
    now: Instant,
}

impl<'a, C: Client> Life<'a, C> {
    /// Begins a life in which everything random comes from `seed`.
    pub fn new(world: &'a World, seed: u64) -> Self {
        let random = Random::new(seed ^ OTHER_SEQUENCE);
        let now = Instant::ORIGIN;
        Self { world, client: C::new(seed), random, stage: Stage::Away, now }
    }

    /// Lives on until something has made the client try to connect, and returns that; `None` when nothing
    /// has by `end`.
    pub fn next_attempt(&mut self, end: Instant) -> Option<Attempt> {
        while !self.client.wants_connection() {
            let woken = self.client.deadline();
            let told = self.stage.due();
            let next = earliest(woken, told).filter(|next| *next <= end)?;
            self.now = self.now.max(next);
            if told == Some(next) {
                self.go_on();
            } else {
                self.client.wake(self.now);
            }
        }
        let server = self.world.choose(&mut self.random, self.now);
        let cut_at = server.and_then(|server| self.world.next_cut(server, self.now));
        let (is_served, until) = (server.is_some(), self.now + LATENCY);
        self.stage = Stage::Connecting { until, is_served, cut_at };
        Some(Attempt { at: self.now, is_served })
    }

    /// What was due for the client has come.
    fn go_on(&mut self) {
        let now = self.now;
        match self.stage {
            Stage::Connecting { is_served: true, cut_at, .. } => {
                self.client.connected(now);
                self.stage = Stage::Connected { ping_at: now + PING_INTERVAL, cut_at };
            }
            Stage::Connected { ping_at, cut_at } if cut_at.is_none_or(|cut| ping_at < cut) => {
                self.client.pinged(now);
                self.stage = Stage::Connected { ping_at: now + PING_INTERVAL, cut_at };
            }
            Stage::Connected { .. } => self.end(self.world.hint),
            Stage::Connecting { is_served: false, .. } => self.end(None),
            Stage::Away => {}
        }
    }

    fn end(&mut self, hint: Option<Duration>) {
        if let Some(hint) = hint {
            self.client.postponed(hint, self.now);
        }
        self.client.closed(self.now);
        self.stage = Stage::Away;
    }
}

impl Stage {
    fn due(self) -> Option<Instant> {
        match self {
            Self::Away => None,
            Self::Connecting { until, .. } => Some(until),
            Self::Connected { ping_at, cut_at } => earliest(Some(ping_at), cut_at),
        }
    }
}

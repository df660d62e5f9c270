//! Connections: two pipes with latency that can break, stall, or break at one end only.

use std::collections::VecDeque;

use crate::schedule::Way;
use crate::world::{Due, World};

/// The simulator's number for a connection, one for ever.
pub type ConnectionId = usize;

/// What goes through a pipe.
#[derive(Clone, Debug)]
pub enum Frame {
    Text(String),
    Binary(Vec<u8>),
    /// The sender has closed.
    Close,
}

impl Frame {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Binary(bytes) => bytes.len() as u64,
            Self::Close => 0,
        }
    }
}

/// One direction: what is sent arrives in order, or not at all.
#[derive(Debug, Default)]
struct Pipe {
    /// What is on its way, in order. For each there is a [`Due::Arrive`].
    frames: VecDeque<Frame>,
    /// Nothing that is sent later arrives earlier.
    last_arrival: u64,
    /// Nothing arrives before.
    stalled_until: u64,
    /// The bytes that go through before the connection breaks.
    breaks_after: Option<u64>,
    /// Nothing arrives any more.
    is_broken: bool,
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    pub tab: usize,
    /// Which life of the tab opened it.
    pub life: u32,
    /// The client's number for it.
    pub transport: u32,
    latency: u64,
    up: Pipe,
    down: Pipe,
    /// Whether the server has sent what is no packet: the client takes nothing behind it.
    pub is_garbled: bool,
    /// Whether the application took too long, in its sleep, to say first what is to be said first.
    pub is_prologue_late: bool,
    /// Whether anything was ever held up.
    pub was_stalled: bool,
    /// Whether the client's side counts it as open.
    pub client_open: bool,
    /// Whether the server's side counts it as open.
    pub server_open: bool,
}

impl Connection {
    pub fn new(tab: usize, life: u32, transport: u32, latency: u64) -> Self {
        Self {
            tab,
            life,
            transport,
            latency,
            up: Pipe::default(),
            down: Pipe::default(),
            is_garbled: false,
            is_prologue_late: false,
            was_stalled: false,
            client_open: false,
            server_open: false,
        }
    }

    fn pipe(&mut self, way: Way) -> &mut Pipe {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    pub fn stall(&mut self, way: Way, until: u64) {
        self.was_stalled = true;
        let pipe = self.pipe(way);
        pipe.stalled_until = pipe.stalled_until.max(until);
    }

    pub fn break_after(&mut self, way: Way, bytes: u64) {
        self.pipe(way).breaks_after = Some(bytes);
    }

    pub fn break_pipe(&mut self, way: Way) {
        self.pipe(way).is_broken = true;
    }

    /// Ends what holds frames up, except that what is broken stays broken. Returns how many wait.
    fn mend(&mut self, way: Way, now: u64) -> usize {
        let pipe = self.pipe(way);
        pipe.stalled_until = pipe.stalled_until.min(now);
        pipe.last_arrival = pipe.last_arrival.min(now);
        pipe.breaks_after = None;
        pipe.frames.len()
    }
}

impl World<'_> {
    /// Sends a frame.
    pub fn send(&mut self, id: ConnectionId, way: Way, frame: Frame) {
        let jitter = self.random.below(self.connections[id].latency / 4 + 1);
        let now = self.now;
        let connection = &mut self.connections[id];
        let latency = connection.latency;
        let pipe = connection.pipe(way);
        let at = (now + latency + jitter).max(pipe.last_arrival);
        pipe.last_arrival = at;
        pipe.frames.push_back(frame);
        self.schedule(at, Due::Arrive { connection: id, way });
    }

    /// Returns the frame that really arrives now.
    pub fn arrive(&mut self, id: ConnectionId, way: Way) -> Option<Frame> {
        let now = self.now;
        let pipe = self.connections[id].pipe(way);
        if pipe.is_broken {
            return None;
        }
        if pipe.stalled_until > now {
            let until = pipe.stalled_until;
            self.schedule(until, Due::Arrive { connection: id, way });
            return None;
        }
        let frame = pipe.frames.pop_front()?;
        if let Some(left) = pipe.breaks_after {
            let Some(left) = left.checked_sub(frame.length()) else {
                self.cut(id);
                return None;
            };
            pipe.breaks_after = Some(left);
        }
        Some(frame)
    }

    /// Lets everything through that is held up.
    pub fn mend_network(&mut self) {
        for id in 0..self.connections.len() {
            for way in [Way::Up, Way::Down] {
                for _ in 0..self.connections[id].mend(way, self.now) {
                    self.schedule(self.now, Due::Arrive { connection: id, way });
                }
            }
        }
    }

    /// Breaks a connection; both sides notice.
    pub fn cut(&mut self, id: ConnectionId) {
        self.connections[id].break_pipe(Way::Up);
        self.connections[id].break_pipe(Way::Down);
        self.lose_at_client(id);
        self.lose_at_server(id);
    }

    /// The client's side ends now.
    pub fn lose_at_client(&mut self, id: ConnectionId) {
        self.connections[id].break_pipe(Way::Down);
        if std::mem::take(&mut self.connections[id].client_open) {
            self.tell_closed(id);
        }
    }

    /// The server's side ends now.
    pub fn lose_at_server(&mut self, id: ConnectionId) {
        self.connections[id].break_pipe(Way::Up);
        if std::mem::take(&mut self.connections[id].server_open) {
            self.end_session(id);
        }
    }

    /// The connection that a tab uses, if it has one.
    pub fn connection_of(&self, tab: usize) -> Option<ConnectionId> {
        let is_used = |connection: &&Connection| connection.tab == tab && connection.client_open;
        let position = self.connections.iter().rev().position(|connection| is_used(&connection))?;
        Some(self.connections.len() - 1 - position)
    }

    /// The newest connection of a tab that the server counts as open.
    pub fn served_connection_of(&self, tab: usize) -> Option<ConnectionId> {
        let is_served = |connection: &&Connection| connection.tab == tab && connection.server_open;
        let position =
            self.connections.iter().rev().position(|connection| is_served(&connection))?;
        Some(self.connections.len() - 1 - position)
    }
}

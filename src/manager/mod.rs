//! Several namespaces over one session, and the reconnection of that session.
//!
//! # Run loop
//!
//! 1. Something happens: a transport's event, the timer, or a call of the application.
//! 2. Give the manager that one input, with `now`.
//! 3. Call [`Manager::poll_output`] until it returns [`Output::Timeout`], moving the outputs into a
//!    local buffer.
//! 4. **End the borrow of the manager.**
//! 5. Perform the outputs in order: open, use and close transports, tell the application.
//! 6. Set the one timer anew, only if the deadline changed.
//!
//! The application may call the manager while it is told something in step 5: nothing is borrowed
//! then, so the call is one more turn. The caller loops, it never recurses.

mod address;
mod by_host;
mod cause;
mod circuit;
mod commands;
mod connection;
mod entry;
mod holding;
mod identity;
mod lifecycle;
mod liveness;
mod opening;
mod output;
mod packets;
mod session;
mod verdicts;
mod waiting;

use core::time::Duration;
use std::collections::VecDeque;

pub use cause::{Cause, ProtocolError};
pub use liveness::LIVENESS_NAMESPACE;
pub use output::{
    AckTicket, AddressTicket, AuthReason, Consequence, Event, Output, Policy, SocketId, Status,
    Verdict, VerdictTicket,
};

use crate::backoff::{Backoff, BackoffConfig};
use crate::engineio::{Engine, EngineConfig};
use crate::host::Host;
use crate::socketio::{DecoderLimits, Excess, Limits, RequestId, Settlement};
use crate::time::{Instant, earliest};
use circuit::Circuit;
use connection::Link;
use entry::Entry;
use lifecycle::Suspension;
use liveness::Liveness;
use waiting::Postponed;

/// What can be set about a manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How long an attempt may take, from the transport to the accepted namespace. Default 20 s.
    pub connect_timeout: Duration,
    /// How long a connection must live before the delays start from the shortest again. Default 10 s.
    pub stable_after: Duration,
    /// How long the application may take to give its auth payload, within the attempt. Default 10 s.
    pub auth_timeout: Duration,
    /// Whether the application is asked for the address before each attempt. Default no.
    pub address_on_demand: bool,
    /// What follows when the server disconnects a namespace. Default [`Policy::Never`].
    pub server_disconnect: Policy,
    /// What follows when the server refuses a namespace. Default [`Policy::Never`].
    pub refused: Policy,
    /// The delays between attempts.
    pub backoff: BackoffConfig,
    /// After this time of failure attempts become rare. Default 10 min.
    pub slow_after: Duration,
    /// The upper bound of the delays then, if it is over that of `backoff`. Default 5 min.
    pub slow_cap: Duration,
    /// The transports, and what is done with them.
    pub engine: EngineConfig,
    /// What a namespace may keep in memory.
    pub limits: Limits,
    /// What a received packet with attachments may keep in memory.
    pub decoder_limits: DecoderLimits,
    /// Where the jitter's random sequence starts.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(20),
            stable_after: Duration::from_secs(10),
            auth_timeout: Duration::from_secs(10),
            address_on_demand: false,
            server_disconnect: Policy::Never,
            refused: Policy::Never,
            backoff: BackoffConfig::default(),
            slow_after: Duration::from_secs(600),
            slow_cap: Duration::from_secs(300),
            engine: EngineConfig::default(),
            limits: Limits::default(),
            decoder_limits: DecoderLimits::default(),
            seed: 0,
        }
    }
}

/// The client's protocol state: sockets, their common session, and when to try again.
///
/// Sans-IO: it takes inputs (`handle_*` and the application's calls) and gives
/// [outputs](Self::poll_output). It reads no clock and calls nobody. See the
/// [run loop](crate::manager#run-loop).
///
/// ```
/// # #[cfg(not(target_family = "wasm"))] {
/// use sockeye::engineio::Action;
/// use sockeye::manager::{Config, Manager, Output};
/// use sockeye::native::NativeHost;
/// use sockeye::time::Instant;
///
/// let mut manager = Manager::new(NativeHost::default(), Config::default());
/// let socket = manager.socket("/jobs", false);
/// manager.connect(socket, Instant::ORIGIN);
/// assert!(matches!(manager.poll_output(), Output::Transport(Action::OpenWebSocket { .. })));
/// # }
/// ```
#[derive(Debug)]
pub struct Manager<H: Host> {
    host: H,
    config: Config,
    engine: Engine<H>,
    link: Link<H>,
    /// The largest message that the server takes, as it said in its last handshake.
    max_payload: Option<u64>,
    backoff: Backoff,
    circuit: Circuit,
    /// When the server wants to see the client again, at the earliest.
    postponed: Option<Postponed>,
    /// When the last attempt was brought forward, or will be.
    hurried_at: Option<Instant>,
    suspension: Option<Suspension>,
    liveness: Liveness,
    entries: Vec<Entry<H>>,
    /// The sockets in the order of their namespaces' names.
    by_name: Vec<SocketId>,
    diagnosis: Diagnosis,
    next_connection: u32,
    next_ticket: u32,
    outputs: VecDeque<Output<H>>,
    deadline: Option<Instant>,
}

/// What is known of why no transport opens. Asked once in a series of failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Diagnosis {
    #[default]
    None,
    Asked,
    Known(Cause),
}

impl<H: Host> Manager<H> {
    /// Makes a manager without sockets and without a connection.
    pub fn new(host: H, config: Config) -> Self {
        Self {
            host,
            engine: Engine::new(config.engine.clone()),
            link: Link::default(),
            max_payload: None,
            backoff: Backoff::new(config.backoff, config.seed),
            circuit: Circuit::default(),
            postponed: None,
            hurried_at: None,
            suspension: None,
            liveness: Liveness::default(),
            config,
            entries: Vec::new(),
            by_name: Vec::new(),
            diagnosis: Diagnosis::default(),
            next_connection: 0,
            next_ticket: 0,
            outputs: VecDeque::new(),
            deadline: None,
        }
    }

    /// Returns the next thing the caller must do.
    ///
    /// Call it after every input until it returns [`Output::Timeout`]; only then wait.
    #[must_use]
    pub fn poll_output(&mut self) -> Output<H> {
        self.outputs.pop_front().unwrap_or(Output::Timeout(self.deadline))
    }

    /// Returns the status of `socket`, or [`Status::Idle`] if there is none.
    #[must_use]
    pub fn status(&self, socket: SocketId) -> Status {
        self.entry(socket).map_or(Status::Idle, |entry| entry.status(&self.link))
    }

    fn end_all(&mut self, cause: Cause, now: Instant) {
        for index in 0..self.entries.len() {
            if self.entries.get(index).is_some_and(|entry| entry.socket.is_active()) {
                self.end_socket(SocketId(index as u32), cause);
            }
        }
        self.rest_if_unwanted(now);
    }

    /// Takes the news that the deadline of [`Output::Timeout`] has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.engine.handle_timeout(now);
        self.take_news(now);
        match self.link {
            Link::Addressing { deadline, .. } if deadline <= now => {
                self.fail_link(Cause::AddressFailed, now);
            }
            Link::Idle | Link::Waiting { .. } | Link::Addressing { .. } | Link::Active(_) => {}
        }
        self.open_if_due(now);
        self.expire_proof(now);
        self.expire_attachments(now);
        for index in 0..self.entries.len() {
            self.on_socket_deadline(index, now);
        }
        self.end_turn();
    }

    fn on_socket_deadline(&mut self, index: usize, now: Instant) {
        let Some(entry) = self.entries.get_mut(index) else {
            return;
        };
        let expired = entry.socket.expire(now);
        let overdue = entry.socket.is_overdue(now);
        let queued = entry.socket.queued_until().is_some();
        let reopened = entry.is_to_be_reopened(now);
        let authenticating = entry.socket.is_authenticating();
        let retried = entry.retry_at.is_some_and(|at| at <= now);
        self.settle(expired, || Settlement::TimedOut);
        let socket = SocketId(index as u32);
        if overdue && queued {
            // The server owes an answer on this session that it does not give: only a new one helps.
            self.fail_link(Cause::ConnectTimeout, now);
        } else if overdue && authenticating {
            self.fail_auth(socket, now);
        } else if overdue {
            self.fail_socket(socket, Cause::ConnectTimeout, now);
        } else if reopened && self.engine.is_open() {
            self.open_queued(socket, now);
        } else if retried {
            self.retry_socket(socket, now);
        }
    }

    /// Ends the connection with an error, unless it has served and just ended.
    fn fail_link(&mut self, cause: Cause, now: Instant) {
        let served = self.link.connection().is_some_and(|connection| connection.is_connected());
        if cause.is_error() || !served {
            self.tell(Event::Failed { socket: None, cause });
        } else {
            self.fail_attempts(cause);
        }
        self.end_link(cause, now);
    }

    /// The connection has served other namespaces than those that were still on the way.
    fn fail_attempts(&mut self, cause: Cause) {
        for index in 0..self.entries.len() {
            if self.entries.get(index).is_some_and(Entry::is_on_the_way) {
                self.tell(Event::Failed { socket: Some(SocketId(index as u32)), cause });
            }
        }
    }

    /// Ends the connection for a cause that concerns every namespace.
    fn end_link(&mut self, cause: Cause, now: Instant) {
        self.lose_link(None, cause, now);
    }

    /// The connection is over: what was sent on it is lost, and the next attempt gets a date. The cause
    /// is that of one namespace, or of all.
    fn lose_link(&mut self, only: Option<SocketId>, cause: Cause, now: Instant) {
        self.close_session(now);
        for index in 0..self.entries.len() {
            let is_concerned = only.is_none_or(|socket| socket.0 as usize == index);
            let cause = is_concerned.then_some(cause);
            let lost = self.entries.get_mut(index).map(|entry| entry.lose_session(cause));
            self.settle(lost.unwrap_or_default(), || Settlement::Disconnected);
        }
        if self.is_wanted() {
            self.wait(now);
        }
    }

    /// Ends the session, if there is one, and leaves the link idle.
    fn close_session(&mut self, now: Instant) {
        if let Link::Active(connection) = std::mem::take(&mut self.link) {
            if connection.was_stable(now, self.config.stable_after) {
                self.backoff.reset();
            }
            self.engine.abandon();
            self.take_actions();
        }
        self.liveness.reset();
        for entry in &mut self.entries {
            entry.reopen_at = None;
            entry.left = false;
            entry.socket.lose_session();
        }
    }

    /// One namespace cannot connect. Others that are connected keep the session; without them it is
    /// the session that is tried again.
    fn fail_socket(&mut self, socket: SocketId, cause: Cause, now: Instant) {
        self.tell(Event::Failed { socket: Some(socket), cause });
        if self.entries.iter().any(|entry| entry.socket.is_connected()) {
            self.end_socket(socket, cause);
        } else {
            self.lose_link(Some(socket), cause, now);
        }
    }

    /// A namespace is over until the application connects it again.
    fn end_socket(&mut self, socket: SocketId, cause: Cause) {
        let lost = self.entry_mut(socket).map(|entry| {
            entry.end(cause);
            entry.socket.drain_lost()
        });
        self.settle(lost.unwrap_or_default(), || Settlement::Disconnected);
    }

    /// Ends the connection if no namespace wants it any more.
    fn rest_if_unwanted(&mut self, now: Instant) {
        if !self.is_wanted() {
            self.close_session(now);
            self.diagnosis = Diagnosis::None;
            self.forget_failures();
            self.postponed = None;
        }
    }

    fn is_wanted(&self) -> bool {
        self.entries.iter().any(|entry| entry.socket.is_active())
    }

    fn settle(&mut self, requests: Vec<RequestId>, settlement: impl Fn() -> Settlement<H::Value>) {
        for request in requests {
            self.tell(Event::Settled { request, settlement: settlement() });
        }
    }

    fn drop_packet(&mut self, socket: SocketId, excess: Excess) {
        self.tell(Event::Dropped { socket, excess });
    }

    fn tell(&mut self, event: Event<H>) {
        self.outputs.push_back(Output::Event(event));
    }

    fn entry(&self, socket: SocketId) -> Option<&Entry<H>> {
        self.entries.get(socket.0 as usize)
    }

    fn entry_mut(&mut self, socket: SocketId) -> Option<&mut Entry<H>> {
        self.entries.get_mut(socket.0 as usize)
    }

    /// Tells each change of status and computes the next deadline. Every input that can change either
    /// ends with it.
    fn end_turn(&mut self) {
        for index in 0..self.entries.len() {
            let Some(entry) = self.entries.get(index) else {
                continue;
            };
            let status = entry.status(&self.link);
            if entry.announced != status {
                self.announce(SocketId(index as u32), status);
            }
        }
        let link = self.link.deadline().filter(|_| self.suspension.is_none());
        let link = earliest(link, earliest(self.liveness.deadline(), self.engine.deadline()));
        self.deadline = self.entries.iter().map(Entry::deadline).fold(link, earliest);
    }

    fn announce(&mut self, socket: SocketId, status: Status) {
        if let Some(entry) = self.entry_mut(socket) {
            entry.announced = status;
        }
        self.tell(Event::Status { socket, status });
    }
}

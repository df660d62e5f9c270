//! A client that loses nothing: what stands above the sockets of one server.
//!
//! ```text
//! Client     routes between its parts and the manager
//! outbox     actions, kept in a store until they are answered
//! readiness  what comes first on each connection: prologue, topics, what was missed
//! latest     what is sent only in its newest version
//! dedup      events that were delivered before
//! helper     what client and server say to each other about all that
//! ```
//!
//! The parts are machines like those below: inputs with `now`, effects to poll, no knowledge of each
//! other or of the manager. [`Client`] owns them, one set for each namespace, and the manager; the
//! [run loop](crate::manager#run-loop) is the same.

pub mod continuity;
pub mod dedup;
pub mod defects;
pub mod helper;
pub mod json;
pub mod latest;
pub mod outbox;
pub mod port;
pub mod readiness;
pub mod store;
pub mod topics;

mod config;
mod delivered;
mod effects;
mod fields;
mod figures;
mod incoming;
mod inputs;
mod lifecycle;
mod namespace;
mod output;
mod positions;
mod requests;
mod traffic;

use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;

pub use config::ClientConfig;
pub use inputs::TopicBodies;
pub use output::{Event, Output};

use crate::host::Host;
use crate::manager::{Manager, SocketId};
use crate::time::{Instant, earliest};
use namespace::Namespace;
use requests::Requests;

/// The client: sockets, and for each of them what makes it lose nothing.
///
/// Sans-IO, as the [`Manager`] that it owns. What passes through it has methods here, such as
/// [`emit`](Self::emit) and [`handle_text`](Self::handle_text). The manager's other inputs are given through
/// [`at`](Self::at) and [`sockets`](Self::sockets), and any part may have to act on them. What inputs lead to
/// comes out of [`poll_output`](Self::poll_output).
///
/// ```
/// # #[cfg(not(target_family = "wasm"))] {
/// use sockeye::client::{Client, ClientConfig, Output};
/// use sockeye::engineio::Action;
/// use sockeye::native::NativeHost;
/// use sockeye::time::Instant;
///
/// let mut client = Client::new(NativeHost::default(), ClientConfig::default());
/// let socket = client.socket("/jobs", false);
/// client.at(Instant::ORIGIN).connect(socket, Instant::ORIGIN);
/// assert!(matches!(client.poll_output(), Output::Transport(Action::OpenWebSocket { .. })));
/// # }
/// ```
#[derive(Debug)]
pub struct Client<H: Host> {
    host: H,
    config: ClientConfig,
    manager: Manager<H>,
    namespaces: Vec<Namespace<H>>,
    requests: Requests,
    outputs: VecDeque<Output<H>>,
    identity: Rc<str>,
    /// The time of the last input that had one.
    now: Instant,
    stir: Stir,
    /// The namespaces that were accepted in this turn: what the server sent before belongs to it.
    accepted: Vec<SocketId>,
    deadline: Option<Instant>,
    /// That of the parts.
    own_deadline: Option<Instant>,
    /// When a sign of life was asked for that has not come, and how long the last one took.
    probed_at: Option<Instant>,
    probe_round_trip: Option<Duration>,
    /// What had been heard of the server when a timeout was last handled.
    heard: u32,
    /// How many signs of life have come that were asked for, and answers to actions.
    signs: u32,
}

impl<H: Host> Client<H> {
    /// Makes a client without sockets and without a connection.
    pub fn new(host: H, config: ClientConfig) -> Self {
        helper::listen(&host);
        Self {
            manager: Manager::new(host.clone(), config.manager.clone()),
            host,
            config,
            namespaces: Vec::new(),
            requests: Requests::default(),
            outputs: VecDeque::new(),
            identity: Rc::from(""),
            now: Instant::ORIGIN,
            stir: Stir::None,
            accepted: Vec::new(),
            deadline: None,
            own_deadline: None,
            probed_at: None,
            probe_round_trip: None,
            heard: 0,
            signs: 0,
        }
    }

    /// Returns the host.
    #[must_use]
    pub fn host(&self) -> &H {
        &self.host
    }

    /// Returns the manager, to give it an input at this time.
    pub fn at(&mut self, now: Instant) -> &mut Manager<H> {
        self.now = now;
        self.sockets()
    }

    /// Returns the manager, to give it an input that needs no time.
    ///
    /// Sockets are made by [`socket`](Self::socket), and the user is changed by
    /// [`set_identity`](Self::set_identity), because the client has to know of it.
    pub fn sockets(&mut self) -> &mut Manager<H> {
        self.stir = Stir::Any;
        &mut self.manager
    }

    /// Returns the socket of `namespace`, made at the first call: see [`Manager::socket`].
    pub fn socket(&mut self, namespace: &str, auth_on_demand: bool) -> SocketId {
        let socket = self.sockets().socket(namespace, auth_on_demand);
        while self.namespaces.len() <= socket.0 as usize {
            self.namespaces.push(Namespace::new(&self.config));
        }
        socket
    }

    /// Returns the next thing the caller must do.
    ///
    /// Call it after every input until it returns [`Output::Timeout`]; only then wait.
    #[must_use]
    pub fn poll_output(&mut self) -> Output<H> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return output;
            }
            if self.stir == Stir::None {
                return Output::Timeout(self.deadline);
            }
            match self.manager.poll_output() {
                crate::manager::Output::Timeout(deadline) if self.stir == Stir::Any => {
                    self.settle(deadline);
                }
                crate::manager::Output::Timeout(deadline) => self.rest(deadline),
                crate::manager::Output::Transport(action) => return Output::Transport(action),
                crate::manager::Output::Diagnose => return Output::Diagnose,
                crate::manager::Output::Event(event) => self.on_event(event),
            }
        }
    }

    /// The manager has said everything: what the parts want follows, and when that is all, the deadline.
    fn settle(&mut self, deadline: Option<Instant>) {
        let accepted = std::mem::take(&mut self.accepted);
        let has_accepted = !accepted.is_empty();
        for socket in accepted {
            let now = self.now;
            if let Some(namespace) = self.namespace(socket) {
                namespace.readiness.handle_early_over(now);
            }
        }
        if !self.perform_effects() && !has_accepted {
            let own = self.namespaces.iter().map(Namespace::deadline);
            self.own_deadline = own.fold(None, earliest);
            self.rest(deadline);
        }
    }

    /// Everything is said until the next input.
    fn rest(&mut self, deadline: Option<Instant>) {
        self.deadline = earliest(self.own_deadline, deadline);
        self.stir = Stir::None;
    }

    fn namespace(&mut self, socket: SocketId) -> Option<&mut Namespace<H>> {
        self.namespaces.get_mut(socket.0 as usize)
    }

    fn tell(&mut self, event: Event<H>) {
        self.outputs.push_back(Output::Event(event));
    }
}

/// What has happened in this turn. An event that the host has read, and that was delivered at once, is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stir {
    None,
    /// The manager may have something to tell, of which the parts learn when it does.
    Told,
    /// Something that may have effects, and change the deadline of any part.
    Any,
}

//! Faults by rule, on the mock server's own port and in the proxy.
//!
//! From the bottom: `head`, `lane` and `packet` read what goes through; `rule` and `action` are what people
//! write, in a script or over HTTP; `book` knows which rules are in force and when one applies; `inlet` joins
//! them: bytes in, what the receiver is to get out. All of these do no I/O. `stream` does it, around one TCP
//! connection; `stalls` and `connections` are what the control API shares with it; `log` is what tests read
//! and wait for.
//!
//! What no rule speaks of goes through untouched and at once, except that the offers of WebSocket extensions
//! and of encodings are taken out of requests, so that everything can be read. Until the first rule frames are only counted.

mod action;
mod answer;
mod asides;
mod book;
mod connections;
pub mod control;
mod draw;
mod head;
mod hostile;
mod inlet;
mod lane;
mod log;
mod openapi;
mod packet;
mod rule;
mod script;
mod stalls;
mod stream;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use asides::Asides;
use book::Book;
use connections::Connections;
pub use connections::EndOrder;
use stalls::Stalls;

pub use action::{Action, Delay, End, Restart};
use log::Log;
pub use log::{ClosedBy, Event};
pub use openapi::FaultsDocument;
pub use rule::Rule;
pub use script::{ScriptError, read_script};
pub use stream::FaultStream;

/// What all connections and the control API share.
#[derive(Debug)]
pub struct Faults {
    book: Mutex<Book>,
    pub(crate) connections: Connections,
    stalls: Stalls,
    pub(crate) log: Log,
    scope: Scope,
    /// Whether anything is looked at yet; it stays so.
    armed: AtomicBool,
    /// Whether the server behind is restarting.
    down: AtomicBool,
    restarts: Option<mpsc::UnboundedSender<RestartOrder>>,
    asides: Asides,
}

/// Somebody wants the server to restart.
#[derive(Debug)]
pub struct RestartOrder {
    /// How.
    pub restart: Restart,
    /// Told what came of it, in words if it failed.
    pub done: oneshot::Sender<Result<(), String>>,
}

/// Which connections rules are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All, from the moment that they are accepted.
    Everything,
    /// Those that carry Socket.IO, from their first request; a session has one number on all its connections.
    SocketIo,
}

impl Faults {
    /// Without rules; `seed` decides what rules draw.
    #[must_use]
    pub fn new(scope: Scope, seed: u64) -> Self {
        Self {
            book: Mutex::new(Book::new(seed)),
            connections: Connections::default(),
            stalls: Stalls::default(),
            log: Log::default(),
            scope,
            // The proxy's log tells everything from the start.
            armed: AtomicBool::new(scope == Scope::Everything),
            down: AtomicBool::new(false),
            restarts: None,
            asides: Asides::new(scope),
        }
    }

    /// Lets rules restart the server; returns the orders to do so.
    pub fn restarts(&mut self) -> mpsc::UnboundedReceiver<RestartOrder> {
        let (order, orders) = mpsc::unbounded_channel();
        self.restarts = Some(order);
        orders
    }

    /// Adds a rule, also to what the log counts; returns its name.
    ///
    /// # Errors
    ///
    /// A sentence for who wrote the rule, when it makes no sense here or its name is taken.
    pub fn add_rule(&self, rule: Rule) -> Result<String, String> {
        if matches!(rule.action, Action::Restart(_)) && self.restarts.is_none() {
            return Err("restart is for the mock server itself; the proxy cannot do it".to_owned());
        }
        // Held to the end: no hit may come before the count begins.
        let mut book = self.book();
        let id = book.add(rule, self.connections.opened())?;
        self.log.start_counting(&id);
        self.arm();
        Ok(id)
    }

    fn arm(&self) {
        self.armed.store(true, Ordering::Release);
    }

    fn is_armed(&self) -> bool {
        self.armed.load(Ordering::Acquire)
    }

    /// Orders a restart; what comes back completes when the server has restarted, or could not.
    pub fn restart(&self, restart: Restart) -> oneshot::Receiver<Result<(), String>> {
        let (done, receiver) = oneshot::channel();
        if let Some(orders) = &self.restarts {
            self.set_down(true);
            // Fails only when the server has stopped.
            let _ = orders.send(RestartOrder { restart, done });
        }
        receiver
    }

    /// As long as it is down, every connection is reset when it asks for something.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Release);
    }

    fn is_down(&self) -> bool {
        self.down.load(Ordering::Acquire)
    }

    /// Adds rules in their order.
    ///
    /// # Errors
    ///
    /// Which one, from 1, makes no sense, and why.
    pub fn add_rules(&self, rules: Vec<Rule>) -> Result<(), (usize, String)> {
        for (index, rule) in rules.into_iter().enumerate() {
            self.add_rule(rule).map_err(|reason| (index + 1, reason))?;
        }
        Ok(())
    }

    /// What happens to a connection that has been accepted before anything is looked at: whether it is refused.
    pub async fn on_connection(&self, connection: u64) -> bool {
        let hit = self.book().on_connection(connection);
        let Some(hit) = hit else { return false };
        if let Action::Stall(_) = hit.action {
            self.stalls.stall(connection, &stalls::BOTH);
        }
        self.log.hit(connection, None, &hit);
        if let Action::Delay(Delay { ms, jitter_ms }) = hit.action {
            let jitter = hit.drawn.checked_rem(jitter_ms.saturating_add(1)).unwrap_or_default();
            tokio::time::sleep(Duration::from_millis(ms + jitter)).await;
        }
        hit.action == Action::Refuse
    }

    /// The names of the rules, each with how often it has applied.
    #[must_use]
    pub fn hits(&self) -> Vec<(String, u32)> {
        let book = self.book();
        let rules = book.rules();
        rules.map(|(rule, hits)| (rule.id.clone().unwrap_or_default(), hits)).collect()
    }

    /// Forgets what is kept for a connection that has ended.
    fn forget(&self, connection: u64) {
        self.book().forget(connection);
        self.asides.forget(connection);
        self.stalls.forget(connection);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

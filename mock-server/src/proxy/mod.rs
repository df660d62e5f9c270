//! A TCP proxy that makes faults by rule, between a Socket.IO client and its server.
//!
//! From the bottom: `frame` and `head` read what goes through, `lane` puts both together for one
//! direction, `rule` and `book` know what is to happen when, `inlet` joins lane and book; all of them
//! do no I/O. `connection` does it, with `stalls` and `connections`, which the control API shares with
//! it; `log` is what tests wait for.
//!
//! What no rule speaks of goes through untouched and at once, except that the offer of WebSocket
//! extensions is taken out of requests, so that frames can be read.

mod book;
mod config;
mod connection;
mod connections;
mod control;
mod head;
mod inlet;
mod lane;
mod log;
mod rule;
mod server;
mod stalls;

use std::sync::{Mutex, MutexGuard, PoisonError};

use book::Book;
use connections::Connections;
use log::Log;
use stalls::Stalls;

pub use config::{ProxyConfig, RulesError, read_rules};
pub use rule::Rule;
pub use server::{Proxy, ProxyError};

/// What all connections and the control API share.
#[derive(Debug)]
struct Shared {
    upstream: String,
    book: Mutex<Book>,
    connections: Connections,
    stalls: Stalls,
    log: Log,
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule, also to what the log counts; returns its name.
    fn add_rule(&self, rule: Rule) -> Result<String, String> {
        // Held to the end: no hit may come before the count begins.
        let mut book = self.book();
        let id = book.add(rule, self.connections.opened())?;
        self.log.start_counting(&id);
        Ok(id)
    }
}

//! The contracts: back ends that the server plays.
//!
//! A contract is one module with one [`Contract`] constant, and one line in [`ALL`]. Its `install`
//! function gets a [`Context`], serves its [`Clients`] there, starts its simulator, and returns its REST
//! routes, which begin with `/api`. Prefixes, CORS, connection tracking and shutdown are not its concern.

mod agents;
mod context;
mod craft;
mod farewells;
mod jobs;
mod jwt;
mod message;
mod pace;
mod primes;
mod rate;
mod rate_limit;
mod realtime;
mod throttle;

use std::time::Duration;

use axum::Router;
use serde_json::Value;

use crate::bus::BusError;
use crate::config::Config;
use crate::listeners::Listeners;
use crate::sockets::SocketRef;
use crate::user::{Refusal, User};
pub use context::Context;
pub use farewells::Farewells;
pub use message::is_reserved;
pub use rate::Rate;

/// Every contract that the server speaks.
pub const ALL: &[Contract] =
    &[primes::CONTRACT, realtime::CONTRACT, craft::CONTRACT, agents::CONTRACT, jobs::CONTRACT];

/// A back end that the server plays.
#[derive(Clone, Copy, Debug)]
pub struct Contract {
    /// The key on the command line, and the path prefix.
    pub name: &'static str,
    /// One line for the index.
    pub summary: &'static str,
    /// The Socket.IO namespace.
    pub namespace: &'static str,
    /// The REST routes, for the index.
    pub endpoints: &'static [&'static str],
    /// Who may use it from other origins.
    pub cors: Cors,
    /// How long a client may leave a ping unanswered, if nothing else is configured.
    pub ping_timeout: Duration,
    /// Makes a token of a user, where clients need one.
    pub token: Option<fn(&Config, &str) -> String>,
    /// Whether its payloads have ids of their own, and need no `_eventId`.
    pub identifies_events: bool,
    /// Whether its refusals carry `data.code`.
    pub codes_refusals: bool,
    /// Registers the events, starts the simulator, and returns the REST routes.
    pub install: fn(&Context) -> Result<Router, InstallError>,
}

/// What a contract does with its clients; clones share everything.
pub trait Clients: Clone + Send + Sync + 'static {
    /// Says whose client it is, of what it connects with.
    ///
    /// # Errors
    ///
    /// Why it may not connect.
    fn admit(&self, _socket: &SocketRef, auth: Option<&Value>) -> Result<User, Refusal> {
        Ok(User::named_in(auth))
    }

    /// Adds the listeners, before the client learns that it is connected: no event of an eager client is
    /// missed.
    fn register(&self, listeners: &Listeners, user: &User);

    /// Runs right after the client was connected.
    fn greet(&self, _socket: &SocketRef, _user: &User) {}

    /// Runs when the client is gone, and perhaps once more.
    fn leave(&self, _socket: &SocketRef, _user: &User) {}
}

/// A contract's rule for requests from other origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cors {
    /// Any origin, without credentials.
    Any,
    /// The configured origin with credentials; any when none is configured.
    Configured,
}

/// What `socket.io` has without configuration.
const USUAL_PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Why a contract cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// There is no such contract.
    #[error("there is no contract {name}")]
    UnknownContract {
        /// The name, as configured.
        name: String,
    },
    /// The summary log cannot be watched.
    #[error("cannot watch {path}: {reason}")]
    SummaryLog {
        /// The file, as configured.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// Redis cannot be used.
    #[error(transparent)]
    Redis(#[from] BusError),
}

/// Returns the contract called `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Contract> {
    ALL.iter().find(|contract| contract.name == name)
}

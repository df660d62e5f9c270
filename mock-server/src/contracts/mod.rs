//! The contracts: back ends that the server plays.
//!
//! A contract is one module with one [`Contract`] constant, and one line in [`ALL`]. Its `install`
//! function gets a [`Context`], registers its events there, starts its simulator, and returns its REST
//! routes, which begin with `/api`. Prefixes, CORS, connection tracking and shutdown are not its concern.

mod context;
mod jobs;
mod primes;

use axum::Router;

pub use context::Context;

/// Every contract that the server speaks.
pub const ALL: &[Contract] = &[primes::CONTRACT, jobs::CONTRACT];

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
    /// Registers the events, starts the simulator, and returns the REST routes.
    pub install: fn(&Context) -> Result<Router, InstallError>,
}

/// A contract's rule for requests from other origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cors {
    /// Any origin, without credentials.
    Any,
    /// The configured origin with credentials; any when none is configured.
    Configured,
}

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
}

/// Returns the contract called `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Contract> {
    ALL.iter().find(|contract| contract.name == name)
}

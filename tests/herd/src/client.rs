//! What a client that reconnects can be told and asked.

use std::time::Duration;

use sockeye::time::Instant;

/// A client with one connection to whichever server it is given.
pub trait Client {
    /// Makes one that has just been asked to connect; its random numbers come from `seed`.
    fn new(seed: u64) -> Self;

    /// When it wants to be woken.
    fn deadline(&self) -> Option<Instant>;

    /// Its deadline has come.
    fn wake(&mut self, now: Instant);

    /// Returns whether it wants a connection now; it is asked after everything that it is told.
    fn wants_connection(&mut self) -> bool;

    /// The server has accepted it.
    fn connected(&mut self, now: Instant);

    /// The server has asked for a sign of life.
    fn pinged(&mut self, now: Instant);

    /// The server asks not to be tried again before this time has passed.
    fn postponed(&mut self, after: Duration, now: Instant);

    /// The attempt has failed, or the connection has ended.
    fn closed(&mut self, now: Instant);
}

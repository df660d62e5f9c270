//! A client that loses nothing: what stands above the sockets of one server.
//!
//! Its parts are machines like those below: inputs with `now`, effects to poll, no knowledge of each
//! other or of the manager.

pub mod continuity;
pub mod dedup;
pub mod defects;
pub mod latest;
pub mod outbox;
mod positions;
pub mod readiness;
pub mod store;
pub mod topics;

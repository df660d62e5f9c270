//! How many clients come back at the same moment when their servers fail, in virtual time.
//!
//! ```text
//! world     servers, and when each of them is away
//! client    what reconnects: sockeye's own manager, or the official client's backoff
//! life      one client in the world: when it is cut off, tries, and is back
//! herd      many lives, and how many attempts fall into each tenth of a second
//! scenario  what may happen to a herd
//! ```
//!
//! No client knows of another one, and the servers take everybody: so each lives its life alone, and a million
//! of them need no more memory than one.

mod client;
mod herd;
mod life;
mod official;
mod ours;
mod scenario;
mod world;

pub use client::Client;
pub use herd::{Arrivals, BUCKET, Herd};
pub use official::{Backoff, Official};
pub use ours::Ours;
pub use scenario::{SCENARIOS, Scenario, outage};
pub use world::{LATENCY, Outage, World};

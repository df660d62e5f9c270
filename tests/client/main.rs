//! The client as a whole: its parts, the manager below them, a store, and a server of raw frames.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

#[path = "../outbox_support/store.rs"]
#[allow(dead_code, reason = "the tests of the outbox use all of it")]
mod store;

mod any_order;
mod downs;
mod hostile;
mod identity;
mod leading;
mod lifecycle;
mod order;
mod port;
mod rig;
mod told;

//! The simulator: the real pure core in two tabs, with a store, a network and a server that fail,
//! under a virtual clock. `npm run test:sim` runs it; CONTRIBUTING.md says how.
//!
//! Each seed is one schedule of actions and faults. While it runs, what must never happen is looked
//! for; then the faults end, and everything has to come to its end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

#[cfg(target_family = "wasm")]
fn main() {}

#[cfg(not(target_family = "wasm"))]
mod contract;
#[cfg(not(target_family = "wasm"))]
mod core;
#[cfg(not(target_family = "wasm"))]
mod decision;
#[cfg(not(target_family = "wasm"))]
mod defects;
#[cfg(not(target_family = "wasm"))]
mod ledger;
#[cfg(not(target_family = "wasm"))]
mod listening;
#[cfg(not(target_family = "wasm"))]
mod network;
#[cfg(not(target_family = "wasm"))]
mod options;
#[cfg(not(target_family = "wasm"))]
mod random;
#[cfg(not(target_family = "wasm"))]
mod report;
#[cfg(not(target_family = "wasm"))]
mod runner;
#[cfg(not(target_family = "wasm"))]
mod schedule;
#[cfg(not(target_family = "wasm"))]
mod server;
#[cfg(not(target_family = "wasm"))]
mod shrink;
#[cfg(not(target_family = "wasm"))]
mod store;
#[cfg(not(target_family = "wasm"))]
mod streams;
#[cfg(not(target_family = "wasm"))]
mod tab;
#[cfg(not(target_family = "wasm"))]
mod world;

#[cfg(not(target_family = "wasm"))]
fn main() -> std::process::ExitCode {
    report::main()
}

//! What a connection continues, and what happens before its events flow.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod holes;
mod random;
mod script;
mod server;
mod steps;
mod topics;
mod verdicts;
mod world;

//! A Socket.IO client engine: the protocol without the network, and its browser half.
//!
//! # Floors
//!
//! ```text
//! rust_api   (wasm only, with the feature `rust-api`) the client for front ends in Rust
//! web        (wasm only) bindings → driver → transports, timer
//! ───────────────────────────────────────────────────────────
//! client     what loses nothing: outbox and its store, readiness, continuity, topics, de-duplication
//! manager    sockets over one session, reconnection
//! socketio   packet, codec, decoder, socket      engineio   packet, payload, session, engine
//! host       what the core asks of its surroundings
//! time, random, backoff, sorted, decimal
//! ```
//!
//! Each floor imports only floors below it; `engineio` and `socketio` do not know each other. Nothing
//! below `web` reads a clock, draws a random number, does I/O or calls anybody: inputs go in with
//! `now`, [outputs](manager::Output) come out. So the whole client runs in tests under a virtual clock.
//!
//! # Run loop
//!
//! See [`manager`].
//!
//! # Glossary
//!
//! | word | meaning |
//! |---|---|
//! | session | an Engine.IO connection, from its handshake to its end |
//! | socket | one namespace on this client |
//! | manager | the sockets of one server, the session they share, its reconnection |
//! | transport | what carries a session's frames: a WebSocket, or HTTP long-polling |
//! | probe | a WebSocket that is tried while the session goes on over polling |
//! | upgrade | the change of a session from polling to a WebSocket |
//! | host | the program around the core: JavaScript, or Rust |
//! | request | an event that the server is to acknowledge |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod backoff;
pub mod client;
pub mod decimal;
pub mod engineio;
pub mod host;
pub mod manager;
#[cfg(not(target_family = "wasm"))]
pub mod native;
pub mod random;
#[cfg(all(target_family = "wasm", feature = "rust-api"))]
#[cfg_attr(docsrs, doc(cfg(feature = "rust-api")))]
pub mod rust_api;
pub mod socketio;
pub mod sorted;
pub mod time;
#[cfg(target_family = "wasm")]
pub mod web;

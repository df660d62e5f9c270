//! The browser half: what connects the core with JavaScript.
//!
//! ```text
//! JsClient  → driver ┐
//! JsEngine → session ┴→ run_loop → transports, timer          JsDecoder
//! ```
//!
//! The exports only convert; the [run loop](crate::manager#run-loop) is kept in one place, for the
//! manager and for an engine that stands alone.

mod base64;
mod bindings;
mod client_events;
mod config;
mod continuity;
mod decoder;
mod delivered;
mod driver;
mod engine;
mod figures;
mod host;
mod lifecycle;
mod outbox;
mod run_loop;
mod session;
mod shim;
mod timer;
mod transports;

pub use bindings::JsClient;
pub use decoder::JsDecoder;
pub use engine::JsEngine;

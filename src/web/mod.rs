//! The browser half: what connects the core with JavaScript.
//!
//! ```text
//! JsClient  → driver ┐
//! JsEngine → session ┴→ run_loop → transports, timer          JsDecoder
//! ```
//!
//! The exports only convert; the [run loop](crate::manager#run-loop) is kept in one place, for the
//! manager and for an engine that stands alone.

pub(crate) mod base64;
mod bindings;
mod client_events;
pub(crate) mod config;
mod continuity;
mod decoder;
mod delivered;
mod driver;
mod engine;
mod figures;
pub(crate) mod host;
pub(crate) mod incoming;
mod lifecycle;
mod outbox;
pub(crate) mod run_loop;
mod session;
pub(crate) mod shim;
pub(crate) mod timer;
pub(crate) mod transports;

pub use bindings::JsClient;
pub use decoder::JsDecoder;
pub use engine::JsEngine;

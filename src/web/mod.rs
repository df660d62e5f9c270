//! The browser half: what connects the core with JavaScript.
//!
//! [`bindings`](JsManager) → driver → transport, timer. The bindings only convert; the driver keeps
//! the [run loop](crate::manager#run-loop).

mod base64;
mod bindings;
mod driver;
mod host;
mod shim;
mod timer;

pub use bindings::JsManager;

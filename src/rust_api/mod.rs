//! The client for front ends in Rust: Yew, Leptos, Dioxus. The feature `rust-api`, on wasm32 only.
//!
//! It is the client of the npm package `sockeye-client` without TypeScript: events and states are
//! streams, values are serde's, and errors have the same codes. It runs where JavaScript runs, in pages and
//! workers; its futures run on any executor of one thread, such as `wasm_bindgen_futures::spawn_local`.
//!
//! ```no_run
//! use serde::{Deserialize, Serialize};
//! use sockeye::rust_api::{Client, Error};
//!
//! #[derive(Serialize)]
//! struct Order { item: String, count: u32 }
//!
//! #[derive(Deserialize)]
//! struct Receipt { number: u32 }
//!
//! async fn order() -> Result<u32, Error> {
//!     let client = Client::builder("https://example.com").connect()?;
//!     let order = Order { item: "salmon".into(), count: 2 };
//!     let receipt = client.request::<Receipt>("order", order).await?;
//!     Ok(receipt.number)
//! }
//! ```
//!
//! # Values
//!
//! A value is one argument, [`Args`] are several, `()` is none:
//!
//! ```no_run
//! # use sockeye::rust_api::{Args, Client, Error};
//! # fn emit(client: &Client) -> Result<(), Error> {
//! client.emit("say", "hello")?;       // emit("say", "hello")
//! client.emit("move", Args((3, 4)))?; // emit("move", 3, 4)
//! client.emit("ping", ())?;           // emit("ping")
//! # Ok(())
//! # }
//! ```
//!
//! What comes back, from events and answers, is the one argument, or the tuple of all if there are several;
//! none is `()`. Bytes, as `serde_bytes` has them, are sent and received as binary attachments. A 64-bit
//! integer that JavaScript's numbers cannot hold is `not_serializable`.
//!
//! # Life
//!
//! Clones of a [`Client`] are the same client. The last one that is dropped ends it: it says goodbye to the
//! server, its streams end, and its requests fail with `client_destroyed`.
//!
//! # What it leaves out
//!
//! Actions that are [enqueued](Client::enqueue) are kept in memory: they survive every loss of the connection, but no
//! reload. Stores that survive one, tabs that share them, topics, and hooks for gaps are in the npm package.

mod action;
mod action_status;
mod arguments;
mod auth;
mod builder;
mod channel;
mod client;
mod error;
mod glue;
mod listeners;
mod outlet;
mod owner;
mod request;
mod status;
mod store;
mod streams;

pub use action::{Action, ActionOptions};
pub use action_status::{ActionState, ActionStatus};
pub use arguments::{Args, Arguments};
pub use auth::{AuthReason, AuthRequest};
pub use builder::ClientBuilder;
pub use client::Client;
pub use error::Error;
pub use request::Request;
pub use status::Status;
pub use streams::{Errors, Events, States};

/// The examples of the guide are compiled with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../docs/rust.md")]
struct Guide;

//! A mock Socket.IO server for front-end development and tests.
//!
//! It plays the back ends of [`contracts`], each with its events, acknowledgements, REST endpoints and
//! simulated work, and can break connections on command (`control`). The layers, from the bottom:
//!
//! - `front`: TCP connections, which can be listed and cut;
//! - socketioxide and axum: Socket.IO and HTTP;
//! - `listeners` and `emitter`: what clients say and are told, with the server helper's contract (`helper`)
//!   around it where that is asked for;
//! - `contracts`: what is said on top of them;
//! - [`Server`]: all of it together, in this process. The program adds a command line ([`Cli`]).
//!
//! Beside it stands [`Proxy`], which makes faults between any client and any server.
//!
//! ```no_run
//! # async fn run() -> Result<(), sockeye_mock::StartError> {
//! use sockeye_mock::{Config, Server};
//!
//! let server = Server::start(Config { port: 0, rate: 0, ..Config::default() }).await?;
//! println!("{}", server.url());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod app;
mod args;
mod cli;
mod clock;
mod config;
pub mod contracts;
mod control;
mod dice;
mod emitter;
mod frame;
mod front;
mod gate;
mod helper;
mod index;
mod listeners;
mod mac;
mod proxy;
mod rest;
mod server;
mod tasks;
mod user;

pub use cli::{Cli, Program};
pub use config::Config;
pub use proxy::{Proxy, ProxyConfig, ProxyError, Rule, RulesError, read_rules};
pub use server::{Server, StartError};

//! A mock Socket.IO server for front-end development and tests.
//!
//! It plays the back ends of [`contracts`], each with its events, acknowledgements, REST endpoints and
//! simulated work, and can break connections on command (`control`). The layers, from the bottom:
//!
//! - `faults`: what rules do to the bytes of a TCP connection, here and in the proxy;
//! - `front`: TCP connections, which can be listed and cut;
//! - socketioxide and axum: Socket.IO and HTTP; `sockets` and `bus` join several processes through Redis;
//! - `listeners` and `emitter`: what clients say and are told, with the server helper's contract (`helper`)
//!   around it where that is asked for;
//! - `contracts`: what is said on top of them;
//! - [`Server`]: all of it together, in this process. The program adds a command line ([`Cli`]).
//!
//! What happens to clients is told to the `monitor`, which counts it for `/metrics` and shows it in the Admin UI
//! (`admin`).
//!
//! Beside it stand [`Proxy`], which makes faults between any client and any server, and [`Recorder`] and
//! [`Replay`], which write down what a real server says and say it again.
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

mod admin;
mod app;
mod args;
mod boundary;
mod bus;
mod cli;
mod clock;
mod config;
pub mod contracts;
mod control;
mod dice;
mod emitter;
mod faults;
mod frame;
mod front;
mod gate;
mod helper;
mod index;
mod listeners;
mod lives;
mod mac;
mod metrics;
mod monitor;
mod openapi;
mod proxy;
mod recording;
mod rest;
mod server;
mod sockets;
mod tasks;
mod user;
mod wire;

pub use admin::AdminAccount;
pub use bus::BusError;
pub use cli::{Cli, CliError, LogFormat, Program};
pub use config::Config;
pub use faults::{Rule, ScriptError, read_script};
pub use proxy::{Proxy, ProxyConfig, ProxyError};
pub use recording::{
    RecordConfig, Recorder, RecorderError, Recording, RecordingError, Replay, ReplayConfig,
    ReplayError, Upstream, read_recording,
};
pub use server::{Server, StartError};

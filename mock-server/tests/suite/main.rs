//! The server from outside: its contracts, its control API, and the program.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests too"
)]

mod admin;
mod agents;
mod client;
mod control;
mod craft;
mod events;
mod faults;
mod faults_polling;
mod helper;
mod http;
mod jobs;
mod metrics;
mod primes;
mod program;
mod proxy;
mod proxy_control;
mod realtime;
mod recording;
mod redis;
mod summary_log;

use std::time::Duration;

use sockeye_mock::{Config, Server};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server on a free port that does nothing by itself, and whose jobs are quick.
fn quiet() -> Config {
    Config { port: 0, rate: 0, speed: 100.0, ..Config::default() }
}

async fn start(config: Config) -> Server {
    Server::start(config).await.expect("the server starts")
}

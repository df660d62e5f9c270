//! A TCP proxy that makes faults by rule (`faults`), between a Socket.IO client and its server.

mod config;
mod connection;
mod control;
mod server;

pub use config::ProxyConfig;
pub use server::{Proxy, ProxyError};

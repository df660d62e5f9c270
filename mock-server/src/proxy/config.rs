use std::net::SocketAddr;

use crate::faults::Rule;

/// What a proxy is started with.
#[derive(Clone, Debug)]
pub struct ProxyConfig {
    /// Where clients connect; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The server: host and port.
    pub upstream: String,
    /// Where the control API listens; port 0 takes a free one.
    pub control: SocketAddr,
    /// The rules from the start.
    pub rules: Vec<Rule>,
    /// What rules draw comes from it.
    pub seed: u64,
}

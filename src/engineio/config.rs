//! What can be set about an engine.

use core::time::Duration;

use crate::engineio::TransportKind;

/// What can be set about an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// The transports that may be used; the first is tried first.
    pub transports: Vec<TransportKind>,
    /// Whether a session on polling changes to a WebSocket if there can be one.
    pub upgrade: bool,
    /// Whether the next transport is tried when one cannot be opened. The last has what is left of the
    /// attempt's time, each other half of that.
    pub try_all_transports: bool,
    /// Whether a session starts with a WebSocket if the last one had one.
    pub remember_upgrade: bool,
    /// What the memory of [`remember_upgrade`](Self::remember_upgrade) starts with.
    pub start_with_websocket: bool,
    /// How long after a WebSocket failed it is tried again from polling, if at all. The time doubles
    /// with each failure, up to half an hour.
    pub probe_retry: Option<Duration>,
}

impl Default for EngineConfig {
    /// WebSocket where it can be had, else polling, from which the WebSocket is tried again.
    fn default() -> Self {
        Self {
            transports: vec![TransportKind::WebSocket, TransportKind::Polling],
            upgrade: true,
            try_all_transports: true,
            remember_upgrade: false,
            start_with_websocket: false,
            probe_retry: Some(Duration::from_secs(60)),
        }
    }
}

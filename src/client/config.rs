//! What can be set about a client.

use crate::client::dedup::DedupConfig;
use crate::client::outbox::OutboxConfig;
use crate::client::readiness::ReadinessConfig;
use crate::manager;

/// What can be set about a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientConfig {
    /// Its sockets.
    pub manager: manager::Config,
    /// Its outboxes.
    pub outbox: OutboxConfig,
    /// What happens on each connection.
    pub readiness: ReadinessConfig,
    /// What it knows of events.
    pub dedup: DedupConfig,
}

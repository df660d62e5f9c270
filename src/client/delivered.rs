//! What can be told and kept of the events that were delivered.

use crate::client::Client;
use crate::client::continuity::Position;
use crate::client::dedup::DedupStatistics;
use crate::client::helper::{self, UNHEARD};
use crate::host::Host;
use crate::manager::SocketId;

impl<H: Host> Client<H> {
    /// From now on events that nobody listens to count: the application numbers its events.
    pub fn count_unheard(&self) {
        self.host.expect_stamps(UNHEARD);
    }

    /// Returns what has been counted in a namespace: events with an id or a number, and which of them were
    /// dropped.
    #[must_use]
    pub fn dedup_statistics(&self, socket: SocketId) -> DedupStatistics {
        let Some(namespace) = self.namespaces.get(socket.0 as usize) else {
            return DedupStatistics::default();
        };
        let repeated = namespace.readiness.repeated();
        let mut statistics = namespace.dedup.statistics();
        statistics.identified += repeated;
        statistics.duplicates += repeated;
        statistics
    }

    /// Returns how far the numbered streams of a namespace were delivered, to be kept over a reload: see
    /// [`Readiness::snapshot`](super::readiness::Readiness::snapshot).
    #[must_use]
    pub fn positions(&self, socket: SocketId) -> Vec<Position> {
        let namespace = self.namespaces.get(socket.0 as usize);
        namespace.map(|namespace| namespace.readiness.snapshot()).unwrap_or_default()
    }

    /// Continues what was delivered before a reload: a list of `[stream, epoch, number]`. Comes before the
    /// namespace is connected for the first time.
    pub fn restore_positions(&mut self, socket: SocketId, positions: &H::Value) {
        let positions = helper::read_positions(&self.host, positions);
        if let Some(namespace) = self.namespace(socket) {
            namespace.readiness.restore(positions);
        }
    }

    /// Says that a namespace was connected before, by a client of which nothing is known: see
    /// [`Readiness::expect_gap`](super::readiness::Readiness::expect_gap).
    pub fn expect_gap(&mut self, socket: SocketId) {
        if let Some(namespace) = self.namespace(socket) {
            namespace.readiness.expect_gap();
        }
    }
}

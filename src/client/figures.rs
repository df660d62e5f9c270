//! Figures about a client, for those who want to know.

use core::time::Duration;

use crate::client::Client;
use crate::host::Host;
use crate::manager::SocketId;
use crate::time::Instant;

impl<H: Host> Client<H> {
    /// Returns how many actions of a namespace have not ended, and how old the oldest of them is.
    #[must_use]
    pub fn outbox_size(&self, socket: SocketId, now: Instant) -> (usize, Option<Duration>) {
        let items = self.items(socket, now);
        (items.len(), items.iter().map(|item| item.age).max())
    }

    /// Returns how long it took from the last sign of life that was asked for to its coming.
    #[must_use]
    pub fn probe_round_trip(&self) -> Option<Duration> {
        self.probe_round_trip
    }
}

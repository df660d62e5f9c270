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

    /// Returns how many signs of life of the server this client has heard, and asks for the next. Zero while
    /// it could send no action: then it hears nothing that would show that it drains.
    ///
    /// A client that holds the right to drain shows with this, to another one that would like to have it,
    /// that it gets on: a page that is frozen answers messages of other pages, but hears no server.
    pub fn signs_of_life(&mut self, socket: SocketId, now: Instant) -> u32 {
        if !self.stir(socket, now).is_some_and(|namespace| namespace.outbox.could_send()) {
            return 0;
        }
        self.probe();
        self.signs
    }

    /// Returns whether there is something to be sent that could be sent, if this client drained.
    #[must_use]
    pub fn could_drain(&self, socket: SocketId) -> bool {
        let outbox = self.namespaces.get(socket.0 as usize).map(|namespace| &namespace.outbox);
        outbox.is_some_and(|outbox| outbox.could_send() && outbox.wants_server())
    }

    /// Asks the server for a sign of life, and notes when.
    pub(super) fn probe(&mut self) {
        self.probed_at = Some(self.now);
        self.manager.probe(self.now);
    }

    /// Returns how long it took from the last sign of life that was asked for to its coming.
    #[must_use]
    pub fn probe_round_trip(&self) -> Option<Duration> {
        self.probe_round_trip
    }
}

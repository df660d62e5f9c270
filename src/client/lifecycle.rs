//! What the client does about the life of the program around it.

use core::time::Duration;

use crate::client::{Client, Stir};
use crate::host::Host;
use crate::manager::SocketId;
use crate::time::Instant;

impl<H: Host> Client<H> {
    /// The program is about to stand still: the connection is closed, and another client of the same store
    /// may drain, until [`resume`](Self::resume). See [`Manager::suspend`](crate::manager::Manager::suspend).
    pub fn suspend(&mut self, now: Instant) {
        self.now = now;
        self.stir = Stir::Any;
        for index in 0..self.namespaces.len() {
            let socket = SocketId(index as u32);
            if let Some(namespace) = self.namespace(socket).filter(|it| it.has_outbox) {
                namespace.outbox.suspend(now);
                // The store is told before the connection ends, and of nothing that follows from that.
                self.perform_effects_of(socket);
            }
        }
        self.at(now).suspend(now);
    }

    /// The program goes on, after a time `asleep` that its clock has not counted: see
    /// [`Manager::resume`](crate::manager::Manager::resume).
    pub fn resume(&mut self, asleep: Duration, now: Instant) {
        self.at(now).resume(asleep, now);
        for namespace in &mut self.namespaces {
            namespace.outbox.wake(now);
        }
    }
}

//! The address of each attempt, where the application wants to be asked for it.

use crate::host::Host;
use crate::manager::connection::Link;
use crate::manager::{AddressTicket, Cause, Event, Manager};
use crate::time::Instant;

impl<H: Host> Manager<H> {
    /// The attempt has begun; its time runs.
    pub(super) fn ask_for_address(&mut self, deadline: Instant) {
        let ticket = AddressTicket(self.take_ticket());
        self.link = Link::Addressing { deadline, ticket };
        let opened = self.entries.iter().filter(|entry| entry.is_to_be_opened());
        let attempt = opened.map(|entry| entry.attempt).min().unwrap_or(1);
        self.tell(Event::AddressNeeded { ticket, attempt });
    }

    /// Goes on with the attempt for which [`Event::AddressNeeded`] asked for the address, which the
    /// transports must know by now. Does nothing if another question has been asked since.
    pub fn use_address(&mut self, ticket: AddressTicket, now: Instant) {
        if let Some(deadline) = self.addressing_until(ticket) {
            self.open_session(deadline, now);
            self.end_turn();
        }
    }

    /// Takes the news that the application has no address to give; the attempt has failed.
    pub fn fail_address(&mut self, ticket: AddressTicket, now: Instant) {
        if self.addressing_until(ticket).is_some() {
            self.fail_link(Cause::AddressFailed, now);
            self.end_turn();
        }
    }

    fn addressing_until(&self, ticket: AddressTicket) -> Option<Instant> {
        match self.link {
            Link::Addressing { deadline, ticket: asked } if asked == ticket => Some(deadline),
            Link::Idle | Link::Waiting { .. } | Link::Addressing { .. } | Link::Active(_) => None,
        }
    }
}

//! What stands still: bytes are taken from the sender and kept from the receiver, and nothing is closed.

use std::collections::BTreeSet;

use tokio::sync::watch;

use super::book::Place;
use super::rule::Direction;

/// Everything that stands still.
#[derive(Debug, Default)]
pub struct Stalls(watch::Sender<Standing>);

#[derive(Debug, Default)]
struct Standing {
    everywhere: BTreeSet<Direction>,
    somewhere: BTreeSet<(u64, Direction)>,
}

impl Stalls {
    /// Stops these directions of one connection.
    pub fn stall(&self, connection: u64, directions: &[Direction]) {
        let places = directions.iter().map(|direction| (connection, *direction));
        self.0.send_modify(|standing| standing.somewhere.extend(places));
    }

    /// Stops these directions of all connections that are open, and that will be.
    pub fn stall_all(&self, directions: &[Direction]) {
        self.0.send_modify(|standing| standing.everywhere.extend(directions));
    }

    /// Lets everything go on.
    pub fn release(&self) {
        self.0.send_modify(|standing| *standing = Standing::default());
    }

    /// Completes when bytes may go through.
    pub async fn passable(&self, Place { connection, direction }: Place) {
        let mut standing = self.0.subscribe();
        let open = standing.wait_for(|standing| {
            !standing.everywhere.contains(&direction)
                && !standing.somewhere.contains(&(connection, direction))
        });
        // Fails only without a sender, which is in `self`.
        let _ = open.await;
    }
}

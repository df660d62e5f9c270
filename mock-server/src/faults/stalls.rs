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

    /// Forgets a connection that has ended.
    pub fn forget(&self, connection: u64) {
        self.0.send_if_modified(|standing| {
            let before = standing.somewhere.len();
            standing.somewhere.retain(|(of, _)| *of != connection);
            standing.somewhere.len() != before
        });
    }

    /// Whether bytes may go through now.
    #[must_use]
    pub fn is_passable(&self, place: Place) -> bool {
        self.0.borrow().is_passable(place)
    }

    /// Completes when bytes may go through.
    pub fn passable(&self, place: Place) -> impl Future<Output = ()> + Send + use<> {
        let mut standing = self.0.subscribe();
        async move {
            // Fails only when all of this is gone, and with it every connection.
            let _ = standing.wait_for(|standing| standing.is_passable(place)).await;
        }
    }
}

impl Standing {
    fn is_passable(&self, Place { connection, direction }: Place) -> bool {
        !self.everywhere.contains(&direction) && !self.somewhere.contains(&(connection, direction))
    }
}

/// Both directions.
pub const BOTH: [Direction; 2] = [Direction::ClientToServer, Direction::ServerToClient];

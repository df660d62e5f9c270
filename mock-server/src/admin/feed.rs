use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sockets::SocketRef;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::ledger::Client;
use crate::clock::timestamp;

/// Takes what happens, in its order; clones share it.
#[derive(Clone, Debug)]
pub struct Feed {
    sender: UnboundedSender<Told>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    audience: AtomicUsize,
    waiting: AtomicUsize,
}

/// The other end of a [`Feed`].
#[derive(Debug)]
pub struct Entries {
    receiver: UnboundedReceiver<Told>,
    shared: Arc<Shared>,
}

/// What happened, and when.
#[derive(Debug)]
pub struct Told {
    /// ISO-8601.
    pub at: String,
    /// What.
    pub entry: Entry,
}

/// The name that a namespace goes by on the page.
pub type Name = Arc<str>;

/// What happens; `id` is that of a client.
#[derive(Debug)]
pub enum Entry {
    /// A client has connected.
    Connected { namespace: Name, client: Box<Client> },
    /// A client is gone; a client that is unknown was gone before.
    Disconnected { namespace: Name, id: String, reason: &'static str },
    /// A client has joined a room, or was in it already.
    Joined { namespace: Name, id: String, room: String },
    /// A client has left a room, or was not in it.
    Left { namespace: Name, id: String, room: String },
    /// A session has moved from polling to a WebSocket.
    Upgraded { id: String },
    /// A client has emitted an event; its name is the first argument.
    Received { namespace: Name, id: String, args: Vec<Value> },
    /// An event has been sent to a client; its name is the first argument.
    Sent { namespace: Name, id: String, args: Vec<Value> },
    /// Somebody looks, perhaps with a session that the page has to keep.
    Arrived { socket: SocketRef, session: Option<String> },
}

impl Feed {
    /// Creates both ends.
    #[must_use]
    pub fn new() -> (Self, Entries) {
        let (sender, receiver) = unbounded_channel();
        let shared = Arc::<Shared>::default();
        (Self { sender, shared: shared.clone() }, Entries { receiver, shared })
    }

    /// Adds what just happened.
    pub fn tell(&self, entry: Entry) {
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        // Nobody takes it when the server is stopping.
        let _ = self.sender.send(Told { at: timestamp(), entry });
    }

    /// Whether events are to be told: somebody looks, and is not flooded.
    ///
    /// Who is connected, and in which rooms, is always told.
    #[must_use]
    pub fn wants_events(&self) -> bool {
        self.shared.audience.load(Ordering::Relaxed) > 0
            && self.shared.waiting.load(Ordering::Relaxed) < MAX_WAITING
    }
}

impl Entries {
    /// Waits for what happened next; `None` when nothing can happen any more.
    pub async fn next(&mut self) -> Option<Told> {
        let told = self.receiver.recv().await?;
        self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(told)
    }

    /// Says how many look.
    pub fn set_audience(&self, count: usize) {
        self.shared.audience.store(count, Ordering::Relaxed);
    }
}

/// Further events are left out until the page has been told of these.
const MAX_WAITING: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn upgraded(feed: &Feed) {
        feed.tell(Entry::Upgraded { id: "a".to_owned() });
    }

    #[tokio::test]
    async fn wants_events_while_somebody_looks_and_is_not_flooded() {
        let (feed, mut entries) = Feed::new();
        assert!(!feed.wants_events());
        entries.set_audience(1);
        assert!(feed.wants_events());
        (0..MAX_WAITING).for_each(|_| upgraded(&feed));
        assert!(!feed.wants_events());
        assert!(entries.next().await.is_some());
        assert!(feed.wants_events());
        entries.set_audience(0);
        assert!(!feed.wants_events());
    }
}

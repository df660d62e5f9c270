//! Who is told what happens to the clients of a contract.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use socketioxide::socket::DisconnectReason;

use crate::admin::{Client, Entry, Feed, Name};
use crate::args::Args;
use crate::front::Direction;
use crate::sockets::SocketRef;
use crate::user::User;

/// Told of everything that happens to the clients of one namespace; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Monitor {
    tallies: Arc<Tallies>,
    admin: Option<(Feed, Name)>,
}

/// What has happened since the start, for the metrics.
#[derive(Debug, Default)]
pub struct Tallies {
    clients: AtomicU64,
    refusals: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
}

impl Monitor {
    /// Creates a monitor; with a feed the Admin UI is told, which knows the namespace by this name.
    #[must_use]
    pub fn new(admin: Option<(Feed, Name)>) -> Self {
        Self { tallies: Arc::default(), admin }
    }

    /// Returns the counts.
    #[must_use]
    pub fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// A client has connected.
    pub fn connected(&self, socket: &SocketRef, user: &User) {
        count(&self.tallies.clients, 1);
        self.tell(|namespace| Entry::Connected {
            namespace,
            client: Box::new(Client::new(socket, user)),
        });
    }

    /// A client is gone, perhaps before it was told that it is connected; then there is no reason.
    pub fn disconnected(&self, socket: &SocketRef, reason: Option<DisconnectReason>) {
        self.tell(|namespace| {
            let reason = reason.map_or(TRANSPORT_CLOSE, words);
            Entry::Disconnected { namespace, id: socket.id.to_string(), reason }
        });
    }

    /// A session has moved from polling to a WebSocket.
    pub fn upgraded(&self, session: &str) {
        self.tell(|_| Entry::Upgraded { id: session.to_owned() });
    }

    /// A client is in a room now.
    pub fn joined(&self, socket: &SocketRef, room: &str) {
        let (id, room) = (socket.id, room);
        self.tell(|namespace| Entry::Joined { namespace, id: id.to_string(), room: room.into() });
    }

    /// A client is not in a room any more.
    pub fn left(&self, socket: &SocketRef, room: &str) {
        let (id, room) = (socket.id, room);
        self.tell(|namespace| Entry::Left { namespace, id: id.to_string(), room: room.into() });
    }

    /// A client may not connect.
    pub fn refused(&self) {
        count(&self.tallies.refusals, 1);
    }

    /// A client has emitted an event; `args` are `None` when they cannot be read.
    pub fn received(&self, socket: &SocketRef, event: &str, args: Option<&Args>) {
        count(&self.tallies.received, 1);
        let id = socket.id;
        self.tell_event(|namespace| {
            let args = with_name(event, args.map_or(&[], |args| &args.0));
            Entry::Received { namespace, id: id.to_string(), args }
        });
    }

    /// An event has been sent to a client.
    pub fn sent(&self, socket: &SocketRef, event: &str, args: &Args) {
        count(&self.tallies.sent, 1);
        self.tell_sent(socket, event, &args.0);
    }

    /// An event with one argument has been sent to these clients.
    pub fn sent_to_all(&self, sockets: &[SocketRef], event: &str, arg: &Value) {
        count(&self.tallies.sent, sockets.len() as u64);
        for socket in sockets {
            self.tell_sent(socket, event, std::slice::from_ref(arg));
        }
    }

    fn tell_sent(&self, socket: &SocketRef, event: &str, args: &[Value]) {
        let id = socket.id;
        self.tell_event(|namespace| {
            let args = with_name(event, args);
            Entry::Sent { namespace, id: id.to_string(), args }
        });
    }

    /// Events are many: they are told only to who looks.
    fn tell_event(&self, entry: impl FnOnce(Name) -> Entry) {
        if self.admin.as_ref().is_some_and(|(feed, _)| feed.wants_events()) {
            self.tell(entry);
        }
    }

    fn tell(&self, entry: impl FnOnce(Name) -> Entry) {
        if let Some((feed, name)) = &self.admin {
            feed.tell(entry(name.clone()));
        }
    }
}

impl Tallies {
    /// How many clients have connected.
    #[must_use]
    pub fn clients(&self) -> u64 {
        self.clients.load(Ordering::Relaxed)
    }

    /// How many clients were refused.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    /// How many events came, or went; one that goes to several clients counts for each.
    #[must_use]
    pub fn events(&self, direction: Direction) -> u64 {
        let events = match direction {
            Direction::In => &self.received,
            Direction::Out => &self.sent,
        };
        events.load(Ordering::Relaxed)
    }
}

fn with_name(event: &str, args: &[Value]) -> Vec<Value> {
    [&[Value::from(event)], args].concat()
}

/// The words that `socket.io` has for a reason.
fn words(reason: DisconnectReason) -> &'static str {
    match reason {
        DisconnectReason::TransportClose => TRANSPORT_CLOSE,
        DisconnectReason::TransportError | DisconnectReason::MultipleHttpPollingError => {
            "transport error"
        }
        DisconnectReason::PacketParsingError => "parse error",
        DisconnectReason::HeartbeatTimeout => "ping timeout",
        DisconnectReason::ClientNSDisconnect => "client namespace disconnect",
        DisconnectReason::ServerNSDisconnect => "server namespace disconnect",
        DisconnectReason::ClosingServer => "server shutting down",
    }
}

const TRANSPORT_CLOSE: &str = "transport close";

fn count(tally: &AtomicU64, more: u64) {
    tally.fetch_add(more, Ordering::Relaxed);
}

//! Emitting events to the clients of one contract.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde_json::Value;

use crate::args::Args;
use crate::dice::Dice;
use crate::gate::Gate;
use crate::helper::Helper;
use crate::monitor::Monitor;
use crate::sockets::{BroadcastOperators, SocketIo, SocketRef};

/// Emits a contract's events, with `_eventId` and with the helper's stamp where that is asked for.
#[derive(Clone, Debug)]
pub struct Emitter {
    namespace: Namespace,
    event_ids: Option<Arc<EventIds>>,
    gate: Gate,
    helper: Option<Helper>,
    monitor: Monitor,
}

/// A namespace of a Socket.IO server.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// The server.
    pub io: SocketIo,
    /// Its name, such as `/`.
    pub name: &'static str,
    /// Whether other processes have clients of it, too.
    pub is_shared: bool,
}

impl Namespace {
    /// Its clients; absent as soon as the server is shutting down.
    #[must_use]
    pub fn clients(&self) -> Option<BroadcastOperators> {
        self.io.of(self.name)
    }
}

impl Emitter {
    /// Creates the emitter of `namespace`; `event_ids` are drawn from the dice when given.
    #[must_use]
    pub fn new(
        namespace: Namespace,
        event_ids: Option<&Dice>,
        gate: Gate,
        helper: Option<Helper>,
        monitor: Monitor,
    ) -> Self {
        let event_ids = event_ids
            .map(|dice| Arc::new(EventIds { prefix: dice.id("evt"), next: AtomicU64::new(1) }));
        Self { namespace, event_ids, gate, helper, monitor }
    }

    /// Emits to everyone in at least one of `rooms`; a member of several gets it once.
    ///
    /// With the helper each room has its own stream, and a member of several gets the event, with one id,
    /// from each.
    pub async fn to_rooms(&self, rooms: Vec<String>, event: &str, payload: impl Serialize) {
        if !rooms.is_empty() {
            self.broadcast(self.everybody(), rooms, event, payload).await;
        }
    }

    /// Emits to everyone in `room` who is connected to this process.
    pub async fn to_room_here(&self, room: String, event: &str, payload: impl Serialize) {
        let here = self.namespace.clients().map(BroadcastOperators::local);
        self.broadcast(here, vec![room], event, payload).await;
    }

    /// Emits to every client of the namespace.
    pub async fn to_all(&self, event: &str, payload: impl Serialize) {
        self.broadcast(self.everybody(), Vec::new(), event, payload).await;
    }

    /// Emits to one client.
    pub fn to_socket(&self, socket: &SocketRef, event: &str, payload: impl Serialize) {
        self.gate.send(socket, event, Args(vec![self.with_id(payload)]));
    }

    /// Emits to the client with this socket id; returns whether there is one.
    pub fn to_client(&self, id: &str, event: &str, payload: impl Serialize) -> bool {
        let mut clients =
            self.namespace.clients().map(BroadcastOperators::sockets).unwrap_or_default();
        clients.retain(|socket| socket.id.as_str() == id);
        let client = clients.first();
        if let Some(socket) = client {
            self.to_socket(socket, event, payload);
        }
        client.is_some()
    }

    /// Emits to everyone in `room` who is connected to this process but the client with this socket id, to
    /// each as to one client.
    pub fn to_others(&self, id: &str, room: String, event: &str, payload: impl Serialize) {
        let args = Args(vec![self.with_id(payload)]);
        let members = self.namespace.clients().map(|clients| clients.within(room).sockets());
        for other in members.unwrap_or_default() {
            if other.id.as_str() != id {
                self.gate.send(&other, event, args.clone());
            }
        }
    }

    /// Lets a client join a room, so that it gets what is emitted to it.
    pub fn join(&self, socket: &SocketRef, room: &str) {
        match &self.helper {
            Some(helper) => helper.join(socket, room),
            None => socket.join(room.to_owned()),
        }
        self.monitor.joined(socket, room);
    }

    /// Lets a client leave a room.
    pub fn leave(&self, socket: &SocketRef, room: &str) {
        socket.leave(room.to_owned());
        self.monitor.left(socket, room);
    }

    /// Lets a client to which nothing was sent yet get what is for it.
    pub fn greet(&self, socket: &SocketRef) {
        match &self.helper {
            Some(helper) => helper.greet(socket),
            None => self.gate.open(socket, None),
        }
    }

    /// Counts the clients of the namespace, or of one of its rooms.
    #[must_use]
    pub fn count(&self, room: Option<&'static str>) -> usize {
        let Some(operators) = self.namespace.clients() else { return 0 };
        match room {
            Some(room) => operators.within(room).sockets().len(),
            None => operators.sockets().len(),
        }
    }

    /// The namespace, with the clients of all processes.
    fn everybody(&self) -> Option<BroadcastOperators> {
        let clients = self.namespace.clients();
        // What nobody else is to hear is not written for the others either.
        if self.namespace.is_shared { clients } else { clients.map(BroadcastOperators::local) }
    }

    async fn broadcast(
        &self,
        clients: Option<BroadcastOperators>,
        rooms: Vec<String>,
        event: &str,
        payload: impl Serialize,
    ) {
        let Some(clients) = clients else { return };
        let payload = self.with_id(payload);
        if let Some(helper) = &self.helper {
            return helper.emit(&clients, &rooms, event, payload);
        }
        let clients = clients.within(rooms);
        self.monitor.sent_to_all(&clients.clone().sockets(), event, &payload);
        if let Err(error) = clients.emit(event, &payload).await {
            tracing::debug!(%error, event, "not delivered to every client");
        }
    }

    fn with_id(&self, payload: impl Serialize) -> Value {
        let mut payload = serde_json::to_value(payload).unwrap_or_default();
        if let (Some(ids), Value::Object(fields)) = (&self.event_ids, &mut payload) {
            fields.insert("_eventId".to_owned(), ids.next().into());
        }
        payload
    }
}

#[derive(Debug)]
struct EventIds {
    prefix: String,
    next: AtomicU64,
}

impl EventIds {
    fn next(&self) -> String {
        format!("{}-{}", self.prefix, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

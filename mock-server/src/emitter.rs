//! Emitting events to the clients of one contract.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::extract::SocketRef;
use socketioxide::operators::BroadcastOperators;

use crate::args::Args;
use crate::dice::Dice;
use crate::gate::Gate;
use crate::helper::Helper;

/// Emits a contract's events, with `_eventId` and with the helper's stamp where that is asked for.
#[derive(Clone, Debug)]
pub struct Emitter {
    io: SocketIo,
    namespace: &'static str,
    event_ids: Option<Arc<EventIds>>,
    gate: Gate,
    helper: Option<Helper>,
}

impl Emitter {
    /// Creates the emitter of `namespace`; `event_ids` are drawn from the dice when given.
    #[must_use]
    pub fn new(
        io: SocketIo,
        namespace: &'static str,
        event_ids: Option<&Dice>,
        gate: Gate,
        helper: Option<Helper>,
    ) -> Self {
        let event_ids = event_ids
            .map(|dice| Arc::new(EventIds { prefix: dice.id("evt"), next: AtomicU64::new(1) }));
        Self { io, namespace, event_ids, gate, helper }
    }

    /// Emits to everyone in at least one of `rooms`; a member of several gets it once.
    ///
    /// With the helper each room has its own stream, and a member of several gets the event, with one id,
    /// from each.
    pub async fn to_rooms(&self, rooms: Vec<String>, event: &str, payload: impl Serialize) {
        if !rooms.is_empty() {
            self.broadcast(rooms, event, payload).await;
        }
    }

    /// Emits to every client of the namespace.
    pub async fn to_all(&self, event: &str, payload: impl Serialize) {
        self.broadcast(Vec::new(), event, payload).await;
    }

    /// Emits to one client.
    pub fn to_socket(&self, socket: &SocketRef, event: &str, payload: impl Serialize) {
        self.gate.send(socket, event, Args(vec![self.with_id(payload)]));
    }

    /// Emits to the client with this socket id; returns whether there is one.
    pub fn to_client(&self, id: &str, event: &str, payload: impl Serialize) -> bool {
        let mut clients = self.clients().map(BroadcastOperators::sockets).unwrap_or_default();
        clients.retain(|socket| socket.id.as_str() == id);
        let client = clients.first();
        if let Some(socket) = client {
            self.to_socket(socket, event, payload);
        }
        client.is_some()
    }

    /// Emits to everyone in `room` but the client itself, to each as to one client.
    pub fn to_others(&self, socket: &SocketRef, room: &str, event: &str, payload: impl Serialize) {
        let args = Args(vec![self.with_id(payload)]);
        for other in socket.within(room.to_owned()).sockets() {
            if other.id != socket.id {
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
        let Some(operators) = self.clients() else { return 0 };
        match room {
            Some(room) => operators.within(room).sockets().len(),
            None => operators.sockets().len(),
        }
    }

    /// The namespace; absent as soon as the server is shutting down.
    fn clients(&self) -> Option<BroadcastOperators> {
        self.io.of(self.namespace)
    }

    async fn broadcast(&self, rooms: Vec<String>, event: &str, payload: impl Serialize) {
        let Some(clients) = self.clients() else { return };
        let payload = self.with_id(payload);
        if let Some(helper) = &self.helper {
            helper.emit(&clients, &rooms, event, payload);
        } else if let Err(error) = clients.within(rooms).emit(event, &payload).await {
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

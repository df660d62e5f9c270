//! Emitting events to the clients of one contract.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::extract::SocketRef;
use socketioxide::operators::BroadcastOperators;

use crate::dice::Dice;

/// Emits a contract's events, stamping them with `_eventId` where that is asked for.
#[derive(Clone, Debug)]
pub struct Emitter {
    io: SocketIo,
    namespace: &'static str,
    stamp: Option<Arc<Stamp>>,
}

impl Emitter {
    /// Creates the emitter of `namespace`; `event_ids` are drawn from the dice when given.
    #[must_use]
    pub fn new(io: SocketIo, namespace: &'static str, event_ids: Option<&Dice>) -> Self {
        let stamp = event_ids
            .map(|dice| Arc::new(Stamp { prefix: dice.id("evt"), next: AtomicU64::new(1) }));
        Self { io, namespace, stamp }
    }

    /// Emits to everyone in at least one of `rooms`; a member of several gets it once.
    pub async fn to_rooms(&self, rooms: Vec<String>, event: &str, payload: impl Serialize) {
        if let Some(operators) = self.clients() {
            self.send(operators.within(rooms), event, payload).await;
        }
    }

    /// Emits to every client of the namespace.
    pub async fn to_all(&self, event: &str, payload: impl Serialize) {
        if let Some(operators) = self.clients() {
            self.send(operators, event, payload).await;
        }
    }

    /// Emits to one client.
    ///
    /// A client knows that it is connected a moment before the library counts it so and lets anything be
    /// emitted; an answer to what it sends in that moment waits for it to pass.
    pub fn to_socket(&self, socket: &SocketRef, event: &'static str, payload: impl Serialize) {
        let payload = self.stamped(payload);
        if socket.connected() {
            emit(socket, event, &payload);
        } else {
            let socket = socket.clone();
            tokio::spawn(async move {
                let connected = async {
                    while !socket.connected() {
                        tokio::task::yield_now().await;
                    }
                };
                if tokio::time::timeout(CONNECTING, connected).await.is_ok() {
                    emit(&socket, event, &payload);
                }
            });
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

    async fn send(&self, to: BroadcastOperators, event: &str, payload: impl Serialize) {
        if let Err(error) = to.emit(event, &self.stamped(payload)).await {
            tracing::debug!(%error, event, "not delivered to every client");
        }
    }

    fn stamped(&self, payload: impl Serialize) -> Value {
        let mut payload = serde_json::to_value(payload).unwrap_or_default();
        if let (Some(stamp), Value::Object(fields)) = (&self.stamp, &mut payload) {
            fields.insert("_eventId".to_owned(), stamp.next().into());
        }
        payload
    }
}

fn emit(socket: &SocketRef, event: &str, payload: &Value) {
    if let Err(error) = socket.emit(event, payload) {
        tracing::debug!(%error, event, client = %socket.id, "not delivered");
    }
}

/// Far more than the moment takes on a busy machine; a client that is gone is not waited for longer.
const CONNECTING: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Stamp {
    prefix: String,
    next: AtomicU64,
}

impl Stamp {
    fn next(&self) -> String {
        format!("{}-{}", self.prefix, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

//! Tells the page what happens.

use std::time::{Duration, Instant};

use crate::sockets::SocketIo;
use crate::sockets::SocketRef;
use serde_json::{Value, json};

use super::NAMESPACE;
use super::feed::{Entries, Entry, Name, Told};
use super::history::History;
use super::ledger::{Client, Ledger, WEB_SOCKET};
use super::watched::Watched;
use crate::args::Args;
use crate::clock::milliseconds;
use crate::front::Traffic;

/// The one task that tells the page anything, so that it learns everything once and in its order.
#[derive(Debug)]
pub struct Herald {
    io: SocketIo,
    namespaces: Vec<Name>,
    ledger: Ledger,
    history: History,
    started: Instant,
}

impl Herald {
    /// Creates a herald to whom nobody listens.
    #[must_use]
    pub fn new(io: SocketIo, watched: &[Watched], traffic: Traffic) -> Self {
        let own = Name::from(NAMESPACE);
        let namespaces = watched.iter().map(|watched| watched.name.clone()).chain([own]).collect();
        let (ledger, history) = (Ledger::default(), History::new(traffic));
        Self { io, namespaces, ledger, history, started: Instant::now() }
    }

    /// Tells the page what comes, and every two seconds how the server is, until it is stopped.
    pub async fn run(mut self, mut entries: Entries) {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        let mut is_due = false;
        loop {
            tokio::select! {
                told = entries.next() => {
                    let Some(told) = told else { return };
                    self.take(told).await;
                    entries.set_audience(self.audience());
                }
                _ = second.tick() => {
                    self.history.sample(milliseconds());
                    is_due = !is_due;
                    if is_due {
                        let events = self.history.take();
                        self.tell("server_stats", vec![self.stats(events)]).await;
                    }
                }
            }
        }
    }

    async fn take(&mut self, Told { at, entry }: Told) {
        match entry {
            Entry::Connected { namespace, client } => self.connect(namespace, *client, at).await,
            Entry::Disconnected { namespace, id, reason } => {
                self.disconnect(&namespace, id, reason, at).await;
            }
            Entry::Joined { namespace, id, room } => {
                if self.ledger.join(&namespace, &id, &room) {
                    self.tell("room_joined", in_order(&namespace, [room, id, at])).await;
                }
            }
            Entry::Left { namespace, id, room } => {
                if self.ledger.leave(&namespace, &id, &room) {
                    self.tell("room_left", in_order(&namespace, [room, id, at])).await;
                }
            }
            Entry::Upgraded { id } => self.upgrade(&id).await,
            Entry::Received { namespace, id, args } => {
                self.tell("event_received", event(&namespace, id, args, at)).await;
            }
            Entry::Sent { namespace, id, args } => {
                self.tell("event_sent", event(&namespace, id, args, at)).await;
            }
            Entry::Arrived { socket, session } => self.welcome(&socket, session),
        }
    }

    async fn connect(&mut self, namespace: Name, client: Client, at: String) {
        if !self.ledger.has_session(&client.id) {
            self.history.connected(milliseconds());
        }
        let told = self.ledger.connect(namespace, client);
        self.tell("socket_connected", vec![told, at.into()]).await;
    }

    async fn disconnect(&mut self, namespace: &Name, id: String, reason: &'static str, at: String) {
        let Some(rooms) = self.ledger.disconnect(namespace, &id) else { return };
        if !self.ledger.has_session(&id) {
            self.history.disconnected(milliseconds(), reason);
        }
        let args = in_order(namespace, [id.clone(), reason.to_owned(), at.clone()]);
        self.tell("socket_disconnected", args).await;
        for room in rooms {
            self.tell("room_left", in_order(namespace, [room, id.clone(), at.clone()])).await;
        }
    }

    async fn upgrade(&mut self, id: &str) {
        for namespace in self.ledger.upgrade(id) {
            let update = json!({ "id": id, "nsp": namespace.as_ref(), "transport": WEB_SOCKET });
            self.tell("socket_updated", vec![update]).await;
        }
    }

    /// Whoever is told how things are is told from then on what changes.
    fn welcome(&self, socket: &SocketRef, session: Option<String>) {
        if let Some(session) = session {
            emit(socket, "session", json!(session));
        }
        emit(socket, "config", json!({ "supportedFeatures": FEATURES }));
        emit(socket, "server_stats", self.stats(json!([])));
        emit(socket, "all_sockets", self.ledger.everybody(NAMESPACE));
        socket.join(AUDIENCE);
    }

    fn stats(&self, events: Value) -> Value {
        let (clients, polling) = self.ledger.sessions();
        let namespaces = self
            .namespaces
            .iter()
            .map(|name| json!({ "name": name.as_ref(), "socketsCount": self.ledger.count(name) }));
        json!({
            "serverId": SERVER_ID,
            "hostname": hostname(),
            "pid": std::process::id(),
            "uptime": self.started.elapsed().as_secs_f64(),
            "clientsCount": clients,
            "pollingClientsCount": polling,
            "aggregatedEvents": events,
            "namespaces": namespaces.collect::<Vec<_>>(),
        })
    }

    async fn tell(&self, event: &str, args: Vec<Value>) {
        let Some(everybody) = self.io.of(NAMESPACE) else { return };
        if let Err(error) = everybody.within(AUDIENCE).emit(event, &Args(args)).await {
            tracing::debug!(%error, event, "not told to the admin UI");
        }
    }

    fn audience(&self) -> usize {
        let listeners = self.io.of(NAMESPACE).map(|everybody| everybody.within(AUDIENCE).sockets());
        listeners.map_or(0, |listeners| listeners.len())
    }
}

fn emit(socket: &SocketRef, event: &str, arg: Value) {
    if let Err(error) = socket.emit(event, &Args(vec![arg])) {
        tracing::debug!(%error, event, "not told to the admin UI");
    }
}

fn in_order(namespace: &Name, args: [String; 3]) -> Vec<Value> {
    [Value::from(namespace.as_ref())].into_iter().chain(args.map(Value::from)).collect()
}

fn event(namespace: &Name, id: String, args: Vec<Value>, at: String) -> Vec<Value> {
    vec![namespace.as_ref().into(), id.into(), args.into(), at.into()]
}

/// The name of this machine, as far as it is easily known.
fn hostname() -> String {
    let of_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let of_environment =
        || std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")).ok();
    let name = of_kernel.or_else(of_environment).map(|name| name.trim().to_owned());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}

/// What the page may do: all of it.
const FEATURES: [&str; 9] = [
    "EMIT",
    "JOIN",
    "LEAVE",
    "DISCONNECT",
    "MJOIN",
    "MLEAVE",
    "MDISCONNECT",
    "AGGREGATED_EVENTS",
    "ALL_EVENTS",
];

/// The room of those who look.
const AUDIENCE: &str = "audience";

const SERVER_ID: &str = "sockeye-mock";

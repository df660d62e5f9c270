use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::traffic::{Meter, Traffic};
use crate::clock::timestamp;

/// Every open TCP connection, and every Socket.IO client that is connected to a contract.
///
/// Clones share one registry.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    state: Arc<Mutex<State>>,
    traffic: Traffic,
}

/// A connected Socket.IO client, as the control API lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientRecord {
    /// The contract's name.
    #[schema(value_type = String)]
    pub contract: &'static str,
    /// The socket id, which the client knows as `socket.id`.
    pub client_id: String,
    /// The Socket.IO namespace.
    pub namespace: String,
    /// `websocket` or `polling`, whichever carries the session right now.
    #[schema(value_type = String)]
    pub transport: &'static str,
    /// When the namespace was connected.
    pub connected_at: String,
}

/// What is open at one moment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    /// The number of connected clients.
    pub count: usize,
    /// The number of TCP connections that carry a WebSocket, whether or not a client is connected on it.
    pub web_sockets: usize,
    /// The connected clients, ordered by socket id.
    pub connections: Vec<ClientRecord>,
}

/// Which WebSockets to cut; an absent field matches every one.
#[derive(Clone, Debug, Default)]
pub struct CutTarget {
    /// Only the connection of this socket id.
    pub client_id: Option<String>,
    /// Only connections to this contract.
    pub contract: Option<String>,
}

/// Names one TCP connection; it travels in the extensions of every request on that connection.
#[derive(Clone, Debug)]
pub struct ConnectionHandle {
    id: u64,
    registry: Registry,
    cut: CancellationToken,
    is_web_socket: Arc<AtomicBool>,
    codes_refusals: Arc<AtomicBool>,
}

/// Stands for an open TCP connection; dropping it takes the connection out of the registry.
#[derive(Debug)]
pub struct ConnectionGuard {
    handle: ConnectionHandle,
}

impl Registry {
    /// Enters a TCP connection that was just accepted.
    #[must_use]
    pub fn open(&self) -> ConnectionGuard {
        let mut state = self.lock();
        let id = state.next_id;
        state.next_id += 1;
        let cut = CancellationToken::new();
        state
            .connections
            .insert(id, Connection { cut: cut.clone(), polls: false, web_socket: None });
        self.traffic.accept();
        let (is_web_socket, codes_refusals) = (Arc::default(), Arc::default());
        let registry = self.clone();
        ConnectionGuard {
            handle: ConnectionHandle { id, registry, cut, is_web_socket, codes_refusals },
        }
    }

    /// Returns what counts all that goes through.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Enters a client that connected to a contract's namespace, unless its connection is cut already.
    ///
    /// `handle` is the connection of the session's first request: for a session that began as a
    /// WebSocket that is the one that carries it.
    pub fn client_connected(
        &self,
        contract: &'static str,
        client_id: String,
        namespace: &str,
        handle: Option<&ConnectionHandle>,
    ) {
        let mut state = self.lock();
        if handle.is_some_and(|handle| handle.cut.is_cancelled()) {
            return;
        }
        let web_socket = handle
            .and_then(|handle| state.connections.get_mut(&handle.id))
            .and_then(|connection| connection.web_socket.as_mut());
        if let Some(web_socket) = web_socket {
            web_socket.session.get_or_insert_with(|| client_id.clone());
        }
        let client = Client { contract, connected_at: timestamp() };
        state.clients.insert((client_id, namespace.to_owned()), client);
    }

    /// Takes out a client that left a namespace.
    pub fn client_disconnected(&self, client_id: String, namespace: &str) {
        self.lock().clients.remove(&(client_id, namespace.to_owned()));
    }

    /// Returns whether a client with this socket id is connected.
    #[must_use]
    pub fn knows_client(&self, client_id: &str) -> bool {
        self.lock().clients.keys().any(|(id, _)| id == client_id)
    }

    /// Breaks the TCP connections of the matching WebSockets, and returns how many.
    ///
    /// No WebSocket close frame is sent. Connections that carry plain HTTP are left alone.
    pub fn cut(&self, target: &CutTarget) -> usize {
        let mut state = self.lock();
        let cut: Vec<Option<String>> = state
            .connections
            .values_mut()
            .filter(|connection| connection.matches(target))
            .filter_map(Connection::cut)
            .collect();
        state.clients.retain(|(id, _), _| !cut.iter().flatten().any(|session| session == id));
        cut.len()
    }

    /// Breaks every connection that carries Socket.IO, and forgets who was connected; returns how many.
    pub fn cut_clients(&self) -> usize {
        let mut state = self.lock();
        state.clients.clear();
        let carrying = state.connections.values().filter(|connection| connection.carries_clients());
        carrying.map(|connection| connection.cut.cancel()).count()
    }

    /// Breaks every connection, whatever it carries.
    pub fn cut_everything(&self) {
        self.lock().connections.values().for_each(|connection| connection.cut.cancel());
    }

    /// Lists what is open now.
    #[must_use]
    pub fn listing(&self) -> Listing {
        let state = self.lock();
        let connections: Vec<_> = state.clients.iter().map(|entry| state.record(entry)).collect();
        Listing { count: connections.len(), web_sockets: state.web_sockets(), connections }
    }

    /// Returns the number of TCP connections that carry a WebSocket.
    #[must_use]
    pub fn web_sockets(&self) -> usize {
        self.lock().web_sockets()
    }

    /// Returns the number of open TCP connections of any kind.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.lock().connections.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionHandle {
    /// Notes that the connection carries a WebSocket to `contract`; `session` is known when the
    /// session began with polling.
    pub fn upgraded(&self, contract: &'static str, session: Option<String>) {
        if let Some(connection) = self.registry.lock().connections.get_mut(&self.id) {
            connection.web_socket = Some(WebSocket { contract, session });
        }
        self.is_web_socket.store(true, Ordering::Release);
    }

    /// Notes that the connection carries HTTP long-polling.
    pub fn polls(&self) {
        if let Some(connection) = self.registry.lock().connections.get_mut(&self.id) {
            connection.polls = true;
        }
    }

    /// Lets what the WebSocket sends go through an [`Outlet`](super::refusals::Outlet).
    pub fn code_refusals(&self) {
        self.codes_refusals.store(true, Ordering::Release);
    }
}

impl ConnectionGuard {
    /// Returns the connection's name.
    #[must_use]
    pub fn handle(&self) -> ConnectionHandle {
        self.handle.clone()
    }

    pub(super) fn meter(&self) -> Meter {
        Meter::new(self.handle.registry.traffic.clone())
    }

    pub(super) fn is_web_socket(&self) -> bool {
        self.handle.is_web_socket.load(Ordering::Acquire)
    }

    pub(super) fn codes_refusals(&self) -> bool {
        self.handle.codes_refusals.load(Ordering::Acquire)
    }

    pub(super) fn cut_token(&self) -> CancellationToken {
        self.handle.cut.clone()
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.handle.registry.lock().connections.remove(&self.handle.id);
    }
}

#[derive(Debug, Default)]
struct State {
    next_id: u64,
    connections: BTreeMap<u64, Connection>,
    clients: BTreeMap<(String, String), Client>,
}

#[derive(Debug)]
struct Connection {
    cut: CancellationToken,
    /// Whether requests of HTTP long-polling have come on it.
    polls: bool,
    web_socket: Option<WebSocket>,
}

#[derive(Debug)]
struct WebSocket {
    contract: &'static str,
    session: Option<String>,
}

#[derive(Debug)]
struct Client {
    contract: &'static str,
    connected_at: String,
}

impl State {
    fn web_sockets(&self) -> usize {
        self.connections.values().filter(|connection| connection.web_socket.is_some()).count()
    }

    fn record(
        &self,
        ((client_id, namespace), client): (&(String, String), &Client),
    ) -> ClientRecord {
        let on_web_socket = self
            .connections
            .values()
            .filter_map(|connection| connection.web_socket.as_ref()?.session.as_ref())
            .any(|session| session == client_id);
        ClientRecord {
            contract: client.contract,
            client_id: client_id.clone(),
            namespace: namespace.clone(),
            transport: if on_web_socket { "websocket" } else { "polling" },
            connected_at: client.connected_at.clone(),
        }
    }
}

impl Connection {
    fn carries_clients(&self) -> bool {
        self.polls || self.web_socket.is_some()
    }

    fn matches(&self, target: &CutTarget) -> bool {
        self.web_socket.as_ref().is_some_and(|web_socket| {
            let contract = target.contract.as_ref().is_none_or(|name| name == web_socket.contract);
            contract && (target.client_id.is_none() || target.client_id == web_socket.session)
        })
    }

    /// Breaks a WebSocket; returns its session, which is known unless nothing has connected on it.
    fn cut(&mut self) -> Option<Option<String>> {
        let web_socket = self.web_socket.take()?;
        self.cut.cancel();
        Some(web_socket.session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web_socket(registry: &Registry, contract: &'static str, id: &str) -> ConnectionGuard {
        let guard = registry.open();
        guard.handle().upgraded(contract, None);
        registry.client_connected(contract, id.to_owned(), "/", Some(&guard.handle()));
        guard
    }

    #[test]
    fn cut_takes_only_what_matches() {
        let registry = Registry::default();
        let first = web_socket(&registry, "primes", "a");
        let second = web_socket(&registry, "jobs", "b");
        let http = registry.open();

        let target = CutTarget { client_id: Some("a".to_owned()), contract: None };
        assert_eq!(registry.cut(&target), 1);
        assert!(first.handle.cut.is_cancelled() && !second.handle.cut.is_cancelled());
        assert!(!registry.knows_client("a") && registry.knows_client("b"));

        assert_eq!(registry.cut(&CutTarget::default()), 1);
        assert!(second.handle.cut.is_cancelled() && !http.handle.cut.is_cancelled());
        assert_eq!(registry.listing().count, 0);
    }

    #[test]
    fn contract_and_client_must_both_match() {
        let registry = Registry::default();
        let _guard = web_socket(&registry, "primes", "a");
        let contract = Some("jobs".to_owned());
        let target = CutTarget { client_id: Some("a".to_owned()), contract };
        assert_eq!(registry.cut(&target), 0);
    }

    #[test]
    fn lists_an_upgraded_session_as_websocket() {
        let registry = Registry::default();
        let polling = registry.open();
        registry.client_connected("primes", "a".to_owned(), "/", Some(&polling.handle()));
        assert_eq!(registry.listing().connections[0].transport, "polling");

        let upgrade = registry.open();
        upgrade.handle().upgraded("primes", Some("a".to_owned()));
        assert_eq!(registry.listing().connections[0].transport, "websocket");
        assert_eq!(registry.cut(&CutTarget::default()), 1);
    }

    #[test]
    fn dropped_guard_leaves_the_registry() {
        let registry = Registry::default();
        let guard = web_socket(&registry, "primes", "a");
        assert_eq!((registry.open_connections(), registry.listing().web_sockets), (1, 1));
        drop(guard);
        assert_eq!((registry.open_connections(), registry.listing().web_sockets), (0, 0));
    }
}

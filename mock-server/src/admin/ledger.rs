//! Who is connected and in which rooms, as far as the page was told.

use std::collections::{BTreeMap, BTreeSet};

use crate::sockets::SocketRef;
use axum::extract::ConnectInfo;
use axum::http::header;
use axum::http::request::Parts;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use socketioxide::TransportType;

use super::feed::Name;
use crate::user::User;

/// A client as it connected.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Its socket id.
    pub id: String,
    transport: &'static str,
    data: Value,
    handshake: Value,
}

impl Client {
    /// Describes a client that has just connected.
    #[must_use]
    pub fn new(socket: &SocketRef, user: &User) -> Self {
        let transport = match socket.transport_type() {
            TransportType::Polling => POLLING,
            TransportType::Websocket => WEB_SOCKET,
        };
        let data = if user.0.is_empty() { json!({}) } else { json!({ "userId": user.0 }) };
        let handshake = handshake(socket.req_parts());
        Self { id: socket.id.to_string(), transport, data, handshake }
    }
}

/// Describes the request that began the session as `socket.io` does.
fn handshake(request: &Parts) -> Value {
    let text = |bytes: &[u8]| Value::from(String::from_utf8_lossy(bytes));
    let headers = request.headers.iter();
    let headers: Map<_, _> =
        headers.map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect();
    let pairs = request.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let query: Map<_, _> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let address = request.extensions.get::<ConnectInfo<std::net::SocketAddr>>();
    let now = Timestamp::now();
    json!({
        "address": address.map(|ConnectInfo(address)| address.ip().to_string()),
        "headers": headers,
        "query": query,
        "issued": now.as_millisecond(),
        "time": now.to_string(),
        "secure": false,
        "url": request.uri.to_string(),
        "xdomain": request.headers.contains_key(header::ORIGIN),
    })
}

/// Every client that is connected, by namespace and id.
#[derive(Debug, Default)]
pub struct Ledger(BTreeMap<(Name, String), Connected>);

#[derive(Debug)]
struct Connected {
    client: Client,
    rooms: BTreeSet<String>,
}

impl Ledger {
    /// Enters a client, in the room of its own, and returns what the page is told of it.
    pub fn connect(&mut self, namespace: Name, client: Client) -> Value {
        let (key, rooms) = ((namespace, client.id.clone()), BTreeSet::from([client.id.clone()]));
        let connected = Connected { client, rooms };
        let told = connected.told(&key.0);
        self.0.insert(key, connected);
        told
    }

    /// Takes a client out and returns its rooms; `None` if it is not there.
    pub fn disconnect(&mut self, namespace: &Name, id: &str) -> Option<BTreeSet<String>> {
        Some(self.0.remove(&key(namespace, id))?.rooms)
    }

    /// Lets a client join a room; returns whether that is new.
    pub fn join(&mut self, namespace: &Name, id: &str, room: &str) -> bool {
        let connected = self.0.get_mut(&key(namespace, id));
        connected.is_some_and(|connected| connected.rooms.insert(room.to_owned()))
    }

    /// Lets a client leave a room; returns whether it was in it.
    pub fn leave(&mut self, namespace: &Name, id: &str, room: &str) -> bool {
        let connected = self.0.get_mut(&key(namespace, id));
        connected.is_some_and(|connected| connected.rooms.remove(room))
    }

    /// Notes that a session is a WebSocket now; returns the namespaces in which that is new.
    pub fn upgrade(&mut self, id: &str) -> Vec<Name> {
        let clients = self.0.iter_mut().filter(|((_, known), _)| known == id);
        let polling = clients.filter(|(_, connected)| connected.client.transport == POLLING);
        let upgraded = polling.map(|((namespace, _), connected)| {
            connected.client.transport = WEB_SOCKET;
            namespace.clone()
        });
        upgraded.collect()
    }

    /// What the page is told of everybody, those in `last` at the end: the page opens with the first.
    #[must_use]
    pub fn everybody(&self, last: &str) -> Value {
        let (others, own): (Vec<_>, _) = self.0.iter().partition(|((name, _), _)| **name != *last);
        let all = others.into_iter().chain(own);
        all.map(|((namespace, _), connected)| connected.told(namespace)).collect()
    }

    /// How many clients a namespace has.
    #[must_use]
    pub fn count(&self, namespace: &Name) -> usize {
        self.0.keys().filter(|(known, _)| known == namespace).count()
    }

    /// Whether a session has a client, in whatever namespace.
    #[must_use]
    pub fn has_session(&self, id: &str) -> bool {
        self.0.keys().any(|(_, known)| known == id)
    }

    /// How many sessions there are, and how many of them poll.
    #[must_use]
    pub fn sessions(&self) -> (usize, usize) {
        let count = |poll_only: bool| {
            let matches = |client: &Client| !poll_only || client.transport == POLLING;
            let clients = self.0.values().filter(|connected| matches(&connected.client));
            clients.map(|connected| &connected.client.id).collect::<BTreeSet<_>>().len()
        };
        (count(false), count(true))
    }
}

fn key(namespace: &Name, id: &str) -> (Name, String) {
    (namespace.clone(), id.to_owned())
}

impl Connected {
    fn told(&self, namespace: &Name) -> Value {
        let Client { id, transport, data, handshake } = &self.client;
        json!({
            "id": id,
            "clientId": id.chars().take(CLIENT_ID_LENGTH).collect::<String>(),
            "transport": transport,
            "nsp": namespace.as_ref(),
            "data": data,
            "handshake": handshake,
            "rooms": self.rooms,
        })
    }
}

const POLLING: &str = "polling";

/// What a session that has moved is told to be.
pub const WEB_SOCKET: &str = "websocket";

/// The rest of the session's id is not for everybody.
const CLIENT_ID_LENGTH: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str) -> Client {
        let (data, handshake) = (json!({}), json!({}));
        Client { id: id.to_owned(), transport: POLLING, data, handshake }
    }

    #[test]
    fn knows_who_is_in_which_room() {
        let (mut ledger, main) = (Ledger::default(), Name::from("/"));
        let told = ledger.connect(main.clone(), client("abcdefghijklmnop"));
        assert_eq!((&told["rooms"], &told["nsp"]), (&json!(["abcdefghijklmnop"]), &json!("/")));
        assert_eq!(told["clientId"], "abcdefghijkl");
        let id = "abcdefghijklmnop";
        assert!(ledger.join(&main, id, "r") && !ledger.join(&main, id, "r"));
        assert_eq!(ledger.everybody("")[0]["rooms"], json!([id, "r"]));
        assert!(ledger.leave(&main, id, "r") && !ledger.leave(&main, id, "r"));
        assert!(!ledger.join(&main, "nobody", "r") && !ledger.leave(&main, "nobody", "r"));
        assert_eq!(ledger.disconnect(&main, id), Some(BTreeSet::from([id.to_owned()])));
        assert_eq!(ledger.disconnect(&main, id), None);
        assert_eq!(ledger.everybody(""), json!([]));
    }

    #[test]
    fn counts_sessions_once_for_all_their_namespaces() {
        let (mut ledger, main, other) = (Ledger::default(), Name::from("/"), Name::from("/jobs"));
        ledger.connect(main.clone(), client("a"));
        ledger.connect(other.clone(), client("a"));
        ledger.connect(main.clone(), client("b"));
        assert_eq!((ledger.sessions(), ledger.count(&main)), ((2, 2), 2));
        assert_eq!(ledger.upgrade("a"), [main.clone(), other.clone()]);
        assert!(ledger.upgrade("a").is_empty());
        assert_eq!(ledger.sessions(), (2, 1));
        ledger.disconnect(&main, "a");
        assert!(ledger.has_session("a"));
        ledger.disconnect(&other, "a");
        assert!(!ledger.has_session("a"));
    }

    #[test]
    fn handshakes_say_what_was_asked() {
        let request = axum::http::Request::builder()
            .uri("/socket.io/?EIO=4&transport=polling&flag")
            .header("origin", "http://localhost:5173")
            .body(())
            .unwrap();
        let handshake = handshake(&request.into_parts().0);
        assert_eq!(handshake["query"], json!({ "EIO": "4", "transport": "polling", "flag": "" }));
        assert_eq!(handshake["headers"], json!({ "origin": "http://localhost:5173" }));
        assert_eq!((&handshake["xdomain"], &handshake["address"]), (&json!(true), &json!(null)));
    }
}

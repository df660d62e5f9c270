//! What waits for the next HTTP request of a session: what is said besides what clients and servers say, and
//! messages that a rule holds back.
//!
//! A client that polls gets something in the answer to a poll, and only when its server has something to say.
//! So the server is asked for a namespace that it does not have; its refusal is what is replaced.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use socketioxide::socket::Sid;

use super::Scope;
use super::book::{Hit, Place};
use super::packet::packet;
use super::rule::Direction;
use crate::frame::Frame;

/// What waits, of all connections.
#[derive(Debug)]
pub struct Asides {
    scope: Scope,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    to_clients: VecDeque<Question>,
    /// By the connection.
    to_servers: BTreeMap<u64, Vec<String>>,
    held: BTreeMap<(u64, Direction), Held>,
}

/// What a server has been asked so that its client can be told something.
#[derive(Debug)]
struct Question {
    connection: u64,
    /// The namespace that was asked for; nobody can guess it.
    namespace: String,
    packets: Vec<String>,
}

/// What a direction of a connection holds back.
#[derive(Debug, Default)]
pub struct Held {
    /// Messages that others are to overtake.
    pub late: Vec<Late>,
    /// A message that a rule is about, and how many attachments are still to come.
    pub gathered: Option<(Hit, Frame, usize)>,
}

/// A message that waits for others to go first.
#[derive(Debug)]
pub struct Late {
    /// The message, as what carries it has it.
    pub raw: Vec<u8>,
    /// How many are to overtake it still.
    pub left: u32,
    /// Whether only events count.
    pub only_events: bool,
}

impl Held {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.late.is_empty() && self.gathered.is_none()
    }

    /// The bytes of all messages, to be put in another form.
    pub fn raws(&mut self) -> impl Iterator<Item = &mut Vec<u8>> {
        let gathered = self.gathered.as_mut().map(|(_, frame, _)| &mut frame.raw);
        self.late.iter_mut().map(|late| &mut late.raw).chain(gathered)
    }
}

impl Asides {
    /// Begins with nothing.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        Self { scope, inner: Mutex::default() }
    }

    /// Keeps packets for the client of a connection; returns what its server is to be asked.
    pub fn tell_client(&self, connection: u64, packets: Vec<String>) -> String {
        let mut inner = self.inner();
        let namespace = format!("{NAMESPACE}{}", Sid::new());
        let ask = packet("40", &namespace, "");
        inner.to_clients.push_back(Question { connection, namespace, packets });
        let is_too_many = inner.to_clients.len() > MAX_QUESTIONS;
        inner.to_clients.pop_front_if(|_| is_too_many);
        ask
    }

    /// Whether the client of a connection is to be told something in the server's words.
    ///
    /// Only where a session has one number on all of its connections it is known which connection that is.
    #[must_use]
    pub fn wait_for_answers(&self, connection: u64) -> bool {
        let may_be = |question: &Question| {
            self.scope == Scope::Everything || question.connection == connection
        };
        self.inner().to_clients.iter().any(may_be)
    }

    /// Returns what a client is to be told in place of a packet.
    pub fn in_place_of(&self, text: &str) -> Option<Vec<String>> {
        let (namespace, _) = text.strip_prefix("44")?.split_once(',')?;
        let mut inner = self.inner();
        let is_it = |question: &Question| question.namespace == namespace;
        let index = inner.to_clients.iter().position(is_it)?;
        inner.to_clients.remove(index).map(|question| question.packets)
    }

    /// Keeps packets for the server of a connection, until its client says something.
    pub fn tell_server(&self, connection: u64, mut packets: Vec<String>) {
        self.inner().to_servers.entry(connection).or_default().append(&mut packets);
    }

    /// Returns what the server of a connection is to be told.
    pub fn to_server(&self, connection: u64) -> Vec<String> {
        self.inner().to_servers.remove(&connection).unwrap_or_default()
    }

    /// Keeps what a payload leaves for the next.
    pub fn hold(&self, Place { connection, direction }: Place, held: Held) {
        if !held.is_empty() {
            self.inner().held.insert((connection, direction), held);
        }
    }

    /// Returns what payloads before have left.
    pub fn held(&self, Place { connection, direction }: Place) -> Held {
        self.inner().held.remove(&(connection, direction)).unwrap_or_default()
    }

    /// Whether something waits for what comes here.
    #[must_use]
    pub fn wait_for(&self, Place { connection, direction }: Place) -> bool {
        let is_asked = match direction {
            Direction::ClientToServer => self.inner().to_servers.contains_key(&connection),
            Direction::ServerToClient => self.wait_for_answers(connection),
        };
        is_asked || self.inner().held.contains_key(&(connection, direction))
    }

    /// Forgets what waits for a connection that has ended.
    pub fn forget(&self, connection: u64) {
        let mut inner = self.inner();
        inner.to_clients.retain(|question| question.connection != connection);
        inner.to_servers.remove(&connection);
        inner.held.retain(|(of, _), _| *of != connection);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What namespaces begin with that no server has.
const NAMESPACE: &str = "/sockeye-mock-aside-";
/// A server that does not answer is not waited for longer.
const MAX_QUESTIONS: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal_of(ask: &str) -> String {
        format!("44{}{{\"message\":\"Invalid namespace\"}}", ask.strip_prefix("40").unwrap())
    }

    #[test]
    fn a_refusal_is_what_is_replaced_once() {
        let asides = Asides::new(Scope::SocketIo);
        let ask = asides.tell_client(1, vec!["41".to_owned()]);
        let refusal = refusal_of(&ask);
        assert!(asides.wait_for_answers(1) && !asides.wait_for_answers(2));
        assert_eq!(asides.in_place_of("44{}"), None);
        assert_eq!(asides.in_place_of(&refusal), Some(vec!["41".to_owned()]));
        assert!(!asides.wait_for_answers(1) && asides.in_place_of(&refusal).is_none());
    }

    #[test]
    fn what_servers_are_asked_cannot_be_guessed() {
        let asides = Asides::new(Scope::SocketIo);
        assert_ne!(asides.tell_client(1, Vec::new()), asides.tell_client(1, Vec::new()));
    }

    #[test]
    fn a_server_is_told_when_its_client_speaks() {
        let asides = Asides::new(Scope::SocketIo);
        let to_server = |connection| Place { connection, direction: Direction::ClientToServer };
        asides.tell_server(1, vec!["41".to_owned()]);
        assert!(asides.wait_for(to_server(1)) && !asides.wait_for(to_server(2)));
        assert_eq!((asides.to_server(1).len(), asides.to_server(1).len()), (1, 0));
    }

    #[test]
    fn nothing_waits_for_a_connection_that_has_ended() {
        let asides = Asides::new(Scope::Everything);
        let place = Place { connection: 1, direction: Direction::ServerToClient };
        let ask = asides.tell_client(1, Vec::new());
        asides.tell_server(1, vec!["41".to_owned()]);
        let late = vec![Late { raw: Vec::new(), left: 1, only_events: false }];
        asides.hold(place, Held { late, gathered: None });
        assert!(asides.wait_for_answers(2) && asides.wait_for(place), "the proxy looks everywhere");
        asides.forget(1);
        assert!(!asides.wait_for_answers(1) && !asides.wait_for(place));
        assert_eq!(asides.in_place_of(&refusal_of(&ask)), None);
        assert!(asides.to_server(1).is_empty());
    }

    #[test]
    fn only_so_many_servers_are_asked() {
        let asides = Asides::new(Scope::SocketIo);
        let asks = (0..=MAX_QUESTIONS).map(|_| asides.tell_client(1, Vec::new()));
        let told: Vec<_> = asks.collect();
        let answered = told.iter().filter_map(|ask| asides.in_place_of(&refusal_of(ask)));
        assert_eq!(answered.count(), MAX_QUESTIONS);
    }
}

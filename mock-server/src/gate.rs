//! Keeps what is sent to a client until it may be sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socketioxide::extract::SocketRef;
use socketioxide::socket::Sid;

use crate::args::Args;

/// Sends events to single clients, each after its greeting; clones share one gate.
///
/// A client knows that it is connected a moment before the library counts it so and lets anything be
/// emitted; what is sent in that moment waits here.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    open: BTreeSet<Sid>,
    waiting: BTreeMap<Sid, Vec<Message>>,
}

/// An event's name and arguments.
type Message = (String, Args);

impl Gate {
    /// Sends an event to a client, now or when its gate opens.
    pub fn send(&self, socket: &SocketRef, event: &str, args: Args) {
        let mut state = self.lock();
        if let Some((event, args)) = state.pass(socket.id, (event.to_owned(), args)) {
            emit(socket, &event, &args);
        }
    }

    /// Opens the gate of a client: `greeting` goes out first, then what waits.
    pub fn open(&self, socket: &SocketRef, greeting: Option<(&str, Args)>) {
        let mut state = self.lock();
        if let Some((event, args)) = greeting {
            emit(socket, event, &args);
        }
        for (event, args) in state.open(socket.id) {
            emit(socket, &event, &args);
        }
    }

    /// Returns whether the client was greeted.
    pub fn is_open(&self, socket: &SocketRef) -> bool {
        self.lock().open.contains(&socket.id)
    }

    /// Forgets a client that is gone.
    pub fn close(&self, socket: &SocketRef) {
        self.lock().close(socket.id);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns the message if it may be sent now, and keeps it otherwise.
    fn pass(&mut self, id: Sid, message: Message) -> Option<Message> {
        if self.open.contains(&id) {
            return Some(message);
        }
        self.waiting.entry(id).or_default().push(message);
        None
    }

    /// Lets everything pass from now on, and returns what waited.
    fn open(&mut self, id: Sid) -> Vec<Message> {
        self.open.insert(id);
        self.waiting.remove(&id).unwrap_or_default()
    }

    fn close(&mut self, id: Sid) {
        self.open.remove(&id);
        self.waiting.remove(&id);
    }
}

fn emit(socket: &SocketRef, event: &str, args: &Args) {
    if let Err(error) = socket.emit(event, args) {
        tracing::debug!(%error, event, client = %socket.id, "not delivered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &str) -> Message {
        (name.to_owned(), Args::default())
    }

    #[test]
    fn keeps_what_comes_before_the_greeting_in_order() {
        let (mut state, id, other) = (State::default(), Sid::new(), Sid::new());
        state.open(other);
        assert_eq!(state.pass(id, message("a")), None);
        assert_eq!(state.pass(id, message("b")), None);
        assert_eq!(state.pass(other, message("c")), Some(message("c")));
        assert_eq!(state.open(id), [message("a"), message("b")]);
        assert_eq!(state.pass(id, message("d")), Some(message("d")));
    }

    #[test]
    fn keeps_nothing_of_a_client_that_is_gone() {
        let (mut state, id) = (State::default(), Sid::new());
        state.pass(id, message("a"));
        state.open(id);
        state.close(id);
        assert!(state.open.is_empty() && state.waiting.is_empty());
    }
}

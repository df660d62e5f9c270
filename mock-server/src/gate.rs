//! Keeps what is sent to a client until it may be sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socketioxide::socket::Sid;

use crate::args::Args;
use crate::monitor::Monitor;
use crate::sockets::SocketRef;

/// Sends events to single clients, each after its greeting; clones share one gate.
///
/// A client knows that it is connected a moment before the library counts it so and lets anything be
/// emitted; what is sent in that moment waits here.
#[derive(Clone, Debug)]
pub struct Gate {
    state: Arc<Mutex<State>>,
    monitor: Monitor,
}

#[derive(Debug, Default)]
struct State {
    open: BTreeSet<Sid>,
    waiting: BTreeMap<Sid, Vec<Message>>,
}

/// Marks a client that is gone: nothing waits for it any more.
#[derive(Clone, Copy, Debug)]
struct Gone;

/// An event's name and arguments.
type Message = (String, Args);

impl Gate {
    /// Creates a gate; `monitor` is told what goes out.
    #[must_use]
    pub fn new(monitor: Monitor) -> Self {
        Self { state: Arc::default(), monitor }
    }

    /// Sends an event to a client, now or when its gate opens.
    pub fn send(&self, socket: &SocketRef, event: &str, args: Args) {
        let mut state = self.lock();
        let is_gone = socket.extensions.get::<Gone>().is_some();
        if let Some((event, args)) = state.pass(socket.id, is_gone, (event.to_owned(), args)) {
            self.emit(socket, &event, &args);
        }
    }

    /// Opens the gate of a client: `greeting` goes out first, then what waits.
    pub fn open(&self, socket: &SocketRef, greeting: Option<(&str, Args)>) {
        let mut state = self.lock();
        if let Some((event, args)) = greeting {
            self.emit(socket, event, &args);
        }
        for (event, args) in state.open(socket.id) {
            self.emit(socket, &event, &args);
        }
    }

    /// Returns whether the client was greeted.
    pub fn is_open(&self, socket: &SocketRef) -> bool {
        self.lock().open.contains(&socket.id)
    }

    /// Forgets a client that is gone.
    pub fn close(&self, socket: &SocketRef) {
        let mut state = self.lock();
        socket.extensions.insert(Gone);
        state.close(socket.id);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn emit(&self, socket: &SocketRef, event: &str, args: &Args) {
        match socket.emit(event, args) {
            Ok(()) => self.monitor.sent(socket, event, args),
            Err(error) => {
                tracing::debug!(%error, event, client = %socket.id, "not delivered");
            }
        }
    }
}

impl State {
    /// Returns the message if it may be sent now, and keeps it otherwise, unless its client is gone.
    fn pass(&mut self, id: Sid, is_gone: bool, message: Message) -> Option<Message> {
        if self.open.contains(&id) {
            return Some(message);
        }
        if !is_gone {
            self.waiting.entry(id).or_default().push(message);
        }
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
        assert_eq!(state.pass(id, false, message("a")), None);
        assert_eq!(state.pass(id, false, message("b")), None);
        assert_eq!(state.pass(other, false, message("c")), Some(message("c")));
        assert_eq!(state.open(id), [message("a"), message("b")]);
        assert_eq!(state.pass(id, false, message("d")), Some(message("d")));
    }

    #[test]
    fn keeps_nothing_of_a_client_that_is_gone() {
        let (mut state, id) = (State::default(), Sid::new());
        state.pass(id, false, message("a"));
        state.open(id);
        state.close(id);
        assert_eq!(state.pass(id, true, message("b")), None);
        assert!(state.open.is_empty() && state.waiting.is_empty());
    }
}

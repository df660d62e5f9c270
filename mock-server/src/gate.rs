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
    waiting: BTreeMap<Sid, Vec<(String, Args)>>,
}

impl Gate {
    /// Sends an event to a client, now or when its gate opens.
    pub fn send(&self, socket: &SocketRef, event: &str, args: Args) {
        let mut state = self.lock();
        if state.open.contains(&socket.id) {
            emit(socket, event, &args);
        } else {
            state.waiting.entry(socket.id).or_default().push((event.to_owned(), args));
        }
    }

    /// Opens the gate of a client: `greeting` goes out first, then what waits.
    pub fn open(&self, socket: &SocketRef, greeting: Option<(&str, Args)>) {
        let mut state = self.lock();
        state.open.insert(socket.id);
        if let Some((event, args)) = greeting {
            emit(socket, event, &args);
        }
        for (event, args) in state.waiting.remove(&socket.id).unwrap_or_default() {
            emit(socket, &event, &args);
        }
    }

    /// Returns whether the client was greeted.
    pub fn is_open(&self, socket: &SocketRef) -> bool {
        self.lock().open.contains(&socket.id)
    }

    /// Forgets a client that is gone.
    pub fn close(&self, socket: &SocketRef) {
        let mut state = self.lock();
        state.open.remove(&socket.id);
        state.waiting.remove(&socket.id);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn emit(socket: &SocketRef, event: &str, args: &Args) {
    if let Err(error) = socket.emit(event, args) {
        tracing::debug!(%error, event, client = %socket.id, "not delivered");
    }
}

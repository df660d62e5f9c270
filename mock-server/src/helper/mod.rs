//! The server helper's contract: actions that are done once although they are sent again, and events whose
//! absence a client can notice.
//!
//! It is written from the description of the contract (`docs/server.md`) and shares no code with the client
//! or with `sockeye-client/server`: a mistake that is made once must not be made on both sides.
//!
//! Locks are taken in this order: memory, streams, gate.

mod decision;
mod memory;
mod streams;
mod wire;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

pub use memory::Outcome;
pub use wire::{Envelope, SINCE};

use crate::args::Args;
use crate::clock::milliseconds;
use crate::dice::{Dice, unique_id};
use crate::gate::Gate;
use crate::sockets::{BroadcastOperators, SocketRef};
use memory::{Action, Memory, RETENTION};
use streams::{Budget, Replay, Streams};
use wire::{HELLO, POSITION, Position, RETRY, VERSION};

/// What the helper does for one namespace; clones share everything.
#[derive(Clone, Debug)]
pub struct Helper {
    gate: Gate,
    repeats: Option<Repeats>,
    memory: Arc<Mutex<Memory>>,
    streams: Arc<Mutex<Streams>>,
}

/// Draws which events are sent twice.
#[derive(Clone, Debug)]
pub struct Repeats {
    /// Where the draws come from.
    pub dice: Dice,
    /// The share of the events, from 0 to 1.
    pub share: f64,
}

impl Helper {
    /// Creates a helper with an empty memory.
    #[must_use]
    pub fn new(gate: Gate, repeats: Option<Repeats>) -> Self {
        let memory = Arc::new(Mutex::new(Memory::new(Instant::now(), unique_id())));
        let streams = Arc::new(Mutex::new(Streams::new(unique_id())));
        Self { gate, repeats, memory, streams }
    }

    /// Greets a client, before anything else is sent to it.
    pub fn greet(&self, socket: &SocketRef) {
        let memory = lock(&self.memory).id().to_owned();
        // Held until the client gets everybody's stream, so that the position is true.
        let mut streams = lock(&self.streams);
        let hello = json!({
            "v": VERSION,
            "memory": memory,
            "retentionMs": u64::try_from(RETENTION.as_millis()).unwrap_or(u64::MAX),
            "time": milliseconds(),
            "since": true,
            "positions": [streams.position(EVERYBODYS)],
        });
        self.gate.open(socket, Some((HELLO, Args(vec![hello]))));
    }

    /// Lets a client join a room, and tells it where the room's stream stands; also if it is in it already.
    pub fn join(&self, socket: &SocketRef, room: &str) {
        // Held until the client is in the room, so that the position is true.
        let mut streams = lock(&self.streams);
        let position = json!(streams.position(room));
        self.gate.send(socket, POSITION, Args(vec![position]));
        socket.join(room.to_owned());
    }

    /// Sends an event to the clients in each of `rooms`, or to all when there is none.
    ///
    /// It is an event of every room's stream, with one id: who is in several of them gets it from each.
    pub fn emit(&self, clients: &BroadcastOperators, rooms: &[String], event: &str, arg: Value) {
        let twice = self.repeats.as_ref().is_some_and(|repeats| repeats.dice.share(repeats.share));
        // Held until all is sent, so that clients get the numbers in order.
        let mut streams = lock(&self.streams);
        let id = streams.next_id(rooms.first().map_or(EVERYBODYS, String::as_str));
        let args = [arg];
        let mut send = |stream: &str, receivers: Vec<SocketRef>| {
            let stamp = streams.append(stream, &id, event, &args);
            let args = Args([&args[..], &[stamp]].concat());
            for socket in receivers {
                for _ in 0..=u8::from(twice) {
                    self.gate.send(&socket, event, args.clone());
                }
            }
        };
        if rooms.is_empty() {
            // Who was not greeted yet begins behind this event.
            let mut receivers = clients.clone().sockets();
            receivers.retain(|socket| self.gate.is_open(socket));
            send(EVERYBODYS, receivers);
        }
        for room in rooms {
            send(room, clients.clone().within(room.clone()).sockets());
        }
    }

    /// Answers the question for what was said since some positions.
    pub fn since(&self, socket: &SocketRef, args: Option<Args>) -> Args {
        let asked = args.map(Args::payload).unwrap_or_default();
        let mut streams = lock(&self.streams);
        let mut budget = Budget { events: MAX_REPLAYED, bytes: MAX_REPLAYED_BYTES };
        let answer = positions_in(&asked).map(|position| {
            if position.0 == EVERYBODYS || is_in(socket, &position.0) {
                streams.since(position, &mut budget)
            } else {
                Replay::refused(position.0)
            }
        });
        Args(vec![json!({ "streams": answer.collect::<Vec<_>>() })])
    }

    /// Does an enqueued action unless it was done before; returns what to acknowledge.
    ///
    /// `work` fails with `None`. It runs while nothing else is decided, as in a transaction.
    pub fn perform(
        &self,
        identity: &str,
        envelope: &Envelope,
        payload_hash: u64,
        work: impl FnOnce() -> Option<Outcome>,
    ) -> Args {
        let action = Action { identity, envelope, payload_hash };
        let answer = lock(&self.memory).perform(Instant::now(), action, work);
        answer.into_args(&envelope.key)
    }

    /// Loses all that is known of actions and events, as a restart without storage does.
    pub fn forget(&self) {
        *lock(&self.memory) = Memory::new(Instant::now(), unique_id());
        *lock(&self.streams) = Streams::new(unique_id());
    }

    /// Tells every one of `clients` when its next attempt to connect makes sense; returns how many.
    pub fn ask_to_wait(&self, clients: &BroadcastOperators, after_ms: u64) -> usize {
        let receivers = clients.clone().sockets();
        for socket in &receivers {
            self.gate.send(socket, RETRY, Args(vec![json!({ "afterMs": after_ms })]));
        }
        receivers.len()
    }
}

/// Returns what stands for an event's name and arguments when a known action comes again.
#[must_use]
pub fn payload_hash(event: &str, args: &[Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    event.hash(&mut hasher);
    // The members of objects are written in the order of their names.
    for arg in args {
        arg.to_string().hash(&mut hasher);
    }
    hasher.finish()
}

/// Returns the positions of a question; what cannot be read is left out.
fn positions_in(asked: &Value) -> impl Iterator<Item = Position> {
    let positions = asked.get("streams").and_then(Value::as_array).into_iter().flatten();
    positions.take(MAX_ASKED).filter_map(|position| Position::deserialize(position).ok())
}

fn is_in(socket: &SocketRef, room: &str) -> bool {
    socket.rooms().iter().any(|joined| joined == room)
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stream of what all clients of the namespace get.
const EVERYBODYS: &str = "*";

/// How many streams one question may name.
const MAX_ASKED: usize = 10_000;

/// How many events one answer has at most.
const MAX_REPLAYED: usize = 1_000;

/// How many bytes of events one answer has at most, and the rest of the last event.
const MAX_REPLAYED_BYTES: usize = 1_000_000;

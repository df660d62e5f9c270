//! What has been played to whom, and how clients differ from the recorded ones; tests wait for it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

use super::packet::Kind;
use super::player::{Mismatch, MismatchKind, Word};

/// The log of all sessions; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    sessions: BTreeMap<u64, Played>,
    entries: VecDeque<Entry>,
    count: u64,
}

/// A session, and what was played of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Played {
    /// Its number since the start, from 1.
    pub session: u64,
    /// The number of the recorded session.
    pub recorded: u64,
    /// How many of the recorded moments have been played.
    pub played: usize,
    /// How many there are.
    pub moments: usize,
}

/// A mismatch, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its number, from 1.
    pub n: u64,
    /// In which session.
    pub session: u64,
    /// `unexpected` or `missing`.
    pub kind: &'static str,
    /// What the client has said, or has not: the type of a line in the recording.
    pub r#type: &'static str,
    /// The namespace; absent for what is no packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The event's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

/// Everything that there is to tell.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The sessions, in the order in which they began: the last 1,000.
    pub sessions: Vec<Played>,
    /// The last 10,000.
    pub mismatches: Vec<Entry>,
}

impl Log {
    /// A session is at this point.
    pub fn played(&self, played: Played) {
        let mut state = self.lock();
        state.sessions.insert(played.session, played);
        if state.sessions.len() > MAX_SESSIONS {
            state.sessions.pop_first();
        }
        drop(state);
        self.0.changed.send_replace(());
    }

    /// A client differs from the recorded one.
    pub fn note(&self, session: u64, mismatch: Mismatch) {
        let mut state = self.lock();
        state.count += 1;
        let entry = Entry::of(state.count, session, mismatch);
        let (kind, what) = (entry.kind, entry.r#type);
        tracing::warn!(session, what, event = entry.event, "{kind}: not as in the recording");
        state.entries.push_back(entry);
        if state.entries.len() > MAX_ENTRIES {
            state.entries.pop_front();
        }
        drop(state);
        self.0.changed.send_replace(());
    }

    /// Returns what is known.
    #[must_use]
    pub fn report(&self) -> Report {
        let state = self.lock();
        let sessions = state.sessions.values().cloned().collect();
        Report { sessions, mismatches: state.entries.iter().cloned().collect() }
    }

    /// Completes when there have been so many mismatches, and so many sessions have been played to their end.
    pub async fn reached(&self, mismatches: u64, finished: usize) {
        let mut changed = self.0.changed.subscribe();
        while !self.has_reached(mismatches, finished) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    fn has_reached(&self, mismatches: u64, finished: usize) -> bool {
        let state = self.lock();
        let ended = state.sessions.values().filter(|session| session.played == session.moments);
        state.count >= mismatches && ended.count() >= finished
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn of(n: u64, session: u64, Mismatch { kind, word }: Mismatch) -> Self {
        let kind = match kind {
            MismatchKind::Unexpected => "unexpected",
            MismatchKind::Missing => "missing",
        };
        let Word::Packet(packet, namespace, what) = word else {
            return Self { n, session, kind, r#type: "message", namespace: None, event: None };
        };
        let r#type = match packet {
            Kind::Connect => "connect",
            Kind::Disconnect => "disconnect",
            Kind::Event => "event",
            Kind::Ack => "ack",
            Kind::ConnectError => "connect_error",
        };
        let event = (packet == Kind::Event).then_some(what);
        Self { n, session, kind, r#type, namespace: Some(namespace), event }
    }
}

const MAX_SESSIONS: usize = 1_000;
const MAX_ENTRIES: usize = 10_000;

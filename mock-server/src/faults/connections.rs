//! The connections that are open, each with a way to end it from outside.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::action::End;
use super::log::ClosedBy;

/// Completes with the reason when a connection is to end.
pub type EndOrder = watch::Receiver<Option<ClosedBy>>;

/// All of them.
#[derive(Debug, Default)]
pub struct Connections(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    opened: u64,
    open: BTreeMap<u64, Open>,
    /// The numbers of Engine.IO's sessions, oldest first.
    sessions: VecDeque<(String, u64)>,
}

#[derive(Debug)]
struct Open {
    order: watch::Sender<Option<ClosedBy>>,
    /// How many TCP connections carry it.
    streams: usize,
}

impl Connections {
    /// Adds one; returns its number, from 1.
    pub fn open(&self) -> (u64, EndOrder) {
        let mut inner = self.inner();
        inner.opened += 1;
        let (order, ordered) = watch::channel(None);
        let number = inner.opened;
        inner.open.insert(number, Open { order, streams: 1 });
        (number, ordered)
    }

    /// Another TCP connection carries a session; returns the session's number.
    pub fn join(&self, session: &str) -> Option<u64> {
        let mut inner = self.inner();
        let (_, number) = *inner.sessions.iter().rev().find(|(id, _)| id == session)?;
        let open = inner
            .open
            .entry(number)
            .or_insert_with(|| Open { order: watch::Sender::new(None), streams: 0 });
        open.streams += 1;
        Some(number)
    }

    /// Notes a session that is carried by a connection; the last 1,000 are known. Returns the connection of one
    /// that is not known any more.
    pub fn name_session(&self, session: String, connection: u64) -> Option<u64> {
        let mut inner = self.inner();
        inner.sessions.push_back((session, connection));
        let is_too_many = inner.sessions.len() > MAX_SESSIONS;
        let (_, forgotten) = inner.sessions.pop_front_if(|_| is_too_many)?;
        // One that is open still is forgotten when it ends.
        (!inner.open.contains_key(&forgotten)).then_some(forgotten)
    }

    /// A TCP connection of one has ended; returns whether that was the end of all of it.
    pub fn close(&self, connection: u64) -> bool {
        let mut inner = self.inner();
        let Some(open) = inner.open.get_mut(&connection) else { return false };
        open.streams -= 1;
        let is_last = open.streams == 0;
        if is_last {
            inner.open.remove(&connection);
        }
        is_last && !inner.sessions.iter().any(|(_, number)| *number == connection)
    }

    /// How many there have been.
    #[must_use]
    pub fn opened(&self) -> u64 {
        self.inner().opened
    }

    /// Orders one to end; the first reason counts.
    pub fn end(&self, connection: u64, by: ClosedBy) {
        if let Some(Open { order, .. }) = self.inner().open.get(&connection) {
            order.send_if_modified(|ordered| {
                let is_first = ordered.is_none();
                *ordered = ordered.or(Some(by));
                is_first
            });
        }
    }

    /// Orders all to end; returns how many there are.
    pub fn cut_all(&self, with: End) -> usize {
        let open: Vec<u64> = self.inner().open.keys().copied().collect();
        for connection in &open {
            self.end(*connection, ClosedBy::Cut { with });
        }
        open.len()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const MAX_SESSIONS: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_sessions_are_forgotten() {
        let connections = Connections::default();
        for number in 0..MAX_SESSIONS as u64 {
            assert_eq!(connections.name_session(number.to_string(), number), None);
        }
        assert_eq!(connections.name_session("new".to_owned(), 5_000), Some(0));
        assert_eq!((connections.join("0"), connections.join("new")), (None, Some(5_000)));
    }

    #[test]
    fn a_connection_that_is_open_is_not_forgotten_with_its_session() {
        let connections = Connections::default();
        let (open, _order) = connections.open();
        assert_eq!(connections.name_session("open".to_owned(), open), None);
        for number in 0..MAX_SESSIONS as u64 {
            assert_eq!(connections.name_session(number.to_string(), 10 + number), None);
        }
        assert!(connections.close(open), "it is forgotten now");
    }

    #[test]
    fn a_session_keeps_its_number_on_all_of_its_connections() {
        let connections = Connections::default();
        let (first, _order) = connections.open();
        assert_eq!(connections.name_session("a".to_owned(), first), None);
        assert_eq!((connections.join("a"), connections.join("b")), (Some(first), None));
        let (second, _order) = connections.open();
        assert_ne!(first, second);
        assert!(!connections.close(first) && !connections.close(first), "it may come again");
        assert!(connections.close(second));
        assert_eq!((connections.join("a"), connections.opened()), (Some(first), 2));
    }
}

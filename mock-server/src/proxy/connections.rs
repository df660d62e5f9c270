//! The connections that are open, each with a way to end it from outside.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::log::ClosedBy;
use super::rule::End;

/// Completes with the reason when a connection is to end.
pub type EndOrder = watch::Receiver<Option<ClosedBy>>;

/// All of them.
#[derive(Debug, Default)]
pub struct Connections(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    opened: u64,
    open: BTreeMap<u64, watch::Sender<Option<ClosedBy>>>,
}

impl Connections {
    /// Adds one; returns its number, from 1.
    pub fn open(&self) -> (u64, EndOrder) {
        let mut inner = self.inner();
        inner.opened += 1;
        let (order, ordered) = watch::channel(None);
        let number = inner.opened;
        inner.open.insert(number, order);
        (number, ordered)
    }

    /// Removes one that has ended.
    pub fn close(&self, connection: u64) {
        self.inner().open.remove(&connection);
    }

    /// How many there have been.
    #[must_use]
    pub fn opened(&self) -> u64 {
        self.inner().opened
    }

    /// Orders one to end; the first reason counts.
    pub fn end(&self, connection: u64, by: ClosedBy) {
        if let Some(order) = self.inner().open.get(&connection) {
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

//! The updates of jobs and who is subscribed to what, in Redis if there is one, so that all processes know it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::Cmd;
use tokio::time::Instant;

use super::history::{History, KEPT_FOR, KEPT_UPDATES, Update};
use crate::bus::Bus;
use crate::clock::timestamp;

/// What is known; clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    bus: Bus,
    /// What this process has said: all there is without Redis.
    own: Arc<Mutex<History>>,
}

impl Store {
    /// Knows nothing but what is in Redis.
    #[must_use]
    pub fn new(bus: Bus) -> Self {
        Self { bus, own: Arc::default() }
    }

    /// Keeps an update of a job.
    pub fn push(&self, job_id: &str, update: Update) {
        if self.bus.is_shared() {
            let key = history_key(job_id);
            let text = serde_json::to_string(&update).unwrap_or_default();
            let last = isize::try_from(KEPT_UPDATES).unwrap_or(isize::MAX);
            self.bus.command(Cmd::rpush(&key, text));
            self.bus.command(Cmd::ltrim(&key, -last, -1));
            self.bus.command(Cmd::expire(&key, kept_seconds()));
        }
        self.own().push(Instant::now(), job_id, update);
    }

    /// Returns the newest `limit` updates of a job, oldest first; `None` for an unknown job.
    pub async fn history(&self, job_id: &str, limit: usize) -> Option<Vec<Update>> {
        let first = isize::try_from(limit).unwrap_or(isize::MAX);
        let texts = self.bus.ask::<Vec<String>>(Cmd::lrange(history_key(job_id), -first, -1)).await;
        let of_all: Vec<_> =
            texts.iter().flatten().filter_map(|text| serde_json::from_str(text).ok()).collect();
        if of_all.is_empty() { self.own().of(Instant::now(), job_id, limit) } else { Some(of_all) }
    }

    /// A client has come.
    pub fn connected(&self, id: &str) {
        self.bus.command(Cmd::set_ex(format!("client:{id}"), timestamp(), KEPT_FOR.as_secs()));
    }

    /// A client is gone.
    pub fn disconnected(&self, id: &str) {
        self.bus.command(Cmd::del(format!("client:{id}")));
        self.bus.command(Cmd::del(subscriptions_key(id)));
    }

    /// A client has joined a room.
    pub fn subscribed(&self, id: &str, room: &str) {
        self.bus.command(Cmd::sadd(subscriptions_key(id), room));
        self.bus.command(Cmd::expire(subscriptions_key(id), kept_seconds()));
    }

    /// A client has left a room.
    pub fn unsubscribed(&self, id: &str, room: &str) {
        self.bus.command(Cmd::srem(subscriptions_key(id), room));
    }

    fn own(&self) -> MutexGuard<'_, History> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn history_key(job_id: &str) -> String {
    format!("job-history:{job_id}")
}

fn subscriptions_key(client_id: &str) -> String {
    format!("subscriptions:{client_id}")
}

fn kept_seconds() -> i64 {
    i64::try_from(KEPT_FOR.as_secs()).unwrap_or(i64::MAX)
}

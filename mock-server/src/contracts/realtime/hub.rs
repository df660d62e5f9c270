//! What all clients share: the envelope, who is there, what is being done for whom.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::presence::Presence;
use super::protocol::ServerEvent;
use super::running::{Key, Running};
use super::workers::{CHANNEL, WorkerEvent};
use crate::clock::timestamp;
use crate::contracts::Context;
use crate::contracts::rate_limit::RateLimit;
use crate::dice::unique_id;
use crate::sockets::SocketRef;
use crate::user::User;

/// The contract's state; clones share it.
#[derive(Clone, Debug)]
pub struct Hub(Arc<State>);

#[derive(Debug)]
struct State {
    context: Context,
    ids: Ids,
    presence: Mutex<Presence>,
    statuses: UnboundedSender<ServerEvent>,
    running: Mutex<Running>,
    searches: Mutex<RateLimit>,
}

impl Hub {
    /// Creates the state of a contract without clients.
    pub fn new(context: Context) -> Self {
        let (statuses, mut told) = unbounded_channel();
        let hub = Self(Arc::new(State {
            ids: Ids::default(),
            presence: Mutex::default(),
            statuses,
            running: Mutex::default(),
            searches: Mutex::new(RateLimit::new(context.config.search_limit, SEARCH_WINDOW)),
            context,
        }));
        let herald = hub.clone();
        hub.context().tasks.spawn(async move {
            while let Some(status) = told.recv().await {
                let payload = herald.in_envelope(None, &status);
                herald.context().emitter.to_all(status.name(), Value::from(payload)).await;
            }
        });
        hub
    }

    /// What the contract works with.
    pub fn context(&self) -> &Context {
        &self.0.context
    }

    /// Tells all clients of a user.
    pub async fn tell(&self, user: &User, event: &ServerEvent) {
        let payload = self.in_envelope(Some(user), event);
        self.deliver(WorkerEvent::new(user, event.name(), payload)).await;
    }

    /// Tells one client.
    pub fn tell_client(&self, socket: &SocketRef, event: &ServerEvent) {
        let payload = self.in_envelope(None, event);
        self.context().emitter.to_socket(socket, event.name(), Value::from(payload));
    }

    /// Tells the other clients of a client's user.
    pub fn tell_others(&self, socket: &SocketRef, user: &User, event: &ServerEvent) {
        let payload = self.in_envelope(Some(user), event);
        let told = WorkerEvent::new(user, event.name(), payload);
        let told = WorkerEvent { except: Some(socket.id.to_string()), ..told };
        if !self.tell_every_process(&told) {
            self.tell_others_here(&told);
        }
    }

    /// Takes an event from a worker, who may leave out any part of the envelope.
    pub async fn publish(&self, user: &User, event: &str, payload: Map<String, Value>) {
        let payload = self.completed(Some(user), payload);
        self.deliver(WorkerEvent::new(user, event, payload)).await;
    }

    /// Tells the clients of this process what all processes are told.
    pub async fn pass_on(&self, told: WorkerEvent) {
        let user = User(told.user_id.clone());
        let payload = self.completed(Some(&user), told.payload.clone());
        let told = WorkerEvent { payload, ..told };
        if told.except.is_some() {
            self.tell_others_here(&told);
        } else {
            self.deliver_here(told).await;
        }
    }

    /// A client has come: it is told who is there, and all are told if its user was not.
    pub fn arrive(&self, socket: &SocketRef, user: &User) {
        let mut presence = self.presence();
        for (other, status) in presence.everyone() {
            self.tell_client(socket, &ServerEvent::UserPresence { user_id: other.0, status });
        }
        self.announce(user, presence.arrive(user, socket.id.to_string()));
    }

    /// A client is gone: all are told if it was the user's last.
    pub fn leave(&self, socket: &SocketRef, user: &User) {
        let mut presence = self.presence();
        self.announce(user, presence.leave(user, socket.id.as_str()));
    }

    /// A user is away, or no longer: all are told if that is new.
    pub fn set_away(&self, user: &User, away: bool) {
        let mut presence = self.presence();
        self.announce(user, presence.set_away(user, away));
    }

    /// Returns everyone who is there, with their status.
    pub fn everyone(&self) -> Vec<(User, &'static str)> {
        self.presence().everyone()
    }

    /// Begins a task of a user, unless it was begun before.
    ///
    /// # Errors
    ///
    /// How long to wait, when the user begins too many.
    pub fn begin_limited<F: Future<Output = ()> + Send + 'static>(
        &self,
        user: &User,
        id: String,
        task: impl FnOnce() -> F,
    ) -> Result<(), Duration> {
        let key = (user.clone(), id);
        // Held until it has begun: two tabs of a user may ask for the same at once.
        let mut running = lock(&self.0.running);
        if !running.knows(&key) {
            lock(&self.0.searches).admit(Instant::now(), user)?;
            let cancelled = running.begin(key.clone());
            drop(running);
            self.run(key, cancelled, task());
        }
        Ok(())
    }

    /// Begins a task of a user, which the user may cancel.
    pub fn begin(&self, user: &User, id: String, task: impl Future<Output = ()> + Send + 'static) {
        let key = (user.clone(), id);
        let cancelled = lock(&self.0.running).begin(key.clone());
        self.run(key, cancelled, task);
    }

    fn run(
        &self,
        key: Key,
        cancelled: CancellationToken,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let hub = self.clone();
        self.context().tasks.spawn(async move {
            if cancelled.run_until_cancelled(task).await.is_some() {
                lock(&hub.0.running).end(&key);
            }
        });
    }

    /// Cancels a task of a user; returns whether it was running.
    pub fn cancel(&self, user: &User, id: String) -> bool {
        lock(&self.0.running).cancel(&(user.clone(), id))
    }

    async fn deliver(&self, told: WorkerEvent) {
        if !self.tell_every_process(&told) {
            self.deliver_here(told).await;
        }
    }

    /// Returns whether all processes, this one among them, will hear of it.
    fn tell_every_process(&self, told: &WorkerEvent) -> bool {
        let bus = &self.context().bus;
        let is_up = bus.is_up();
        if is_up {
            bus.tell(CHANNEL, &serde_json::to_string(told).unwrap_or_default());
        }
        is_up
    }

    async fn deliver_here(&self, WorkerEvent { event, user_id, payload, .. }: WorkerEvent) {
        let (room, payload) = (room(&User(user_id)), Value::from(payload));
        self.context().emitter.to_room_here(room, &event, payload).await;
    }

    fn tell_others_here(&self, told: &WorkerEvent) {
        let room = room(&User(told.user_id.clone()));
        let except = told.except.as_deref().unwrap_or_default();
        self.context().emitter.to_others(except, room, &told.event, &told.payload);
    }

    /// Called while the presence is locked, so that statuses are told in their order.
    fn announce(&self, user: &User, status: Option<&'static str>) {
        if let Some(status) = status {
            let event = ServerEvent::UserPresence { user_id: user.0.clone(), status };
            // Nobody takes it when the server is stopping.
            let _ = self.0.statuses.send(event);
        }
    }

    fn in_envelope(&self, user: Option<&User>, event: &ServerEvent) -> Map<String, Value> {
        let fields = serde_json::to_value(event).and_then(serde_json::from_value);
        self.completed(user, fields.unwrap_or_default())
    }

    /// Adds what is missing of the envelope `{id, v, ts, userId?}`.
    fn completed(&self, user: Option<&User>, mut fields: Map<String, Value>) -> Map<String, Value> {
        fields.entry("id").or_insert_with(|| self.0.ids.next().into());
        fields.entry("v").or_insert_with(|| VERSION.into());
        fields.entry("ts").or_insert_with(|| timestamp().into());
        if let Some(user) = user {
            fields.entry("userId").or_insert_with(|| user.0.clone().into());
        }
        fields
    }

    fn presence(&self) -> MutexGuard<'_, Presence> {
        lock(&self.0.presence)
    }
}

/// Returns the room of a user's clients.
pub fn room(user: &User) -> String {
    format!("user:{}", user.0)
}

/// Makes the ids of events.
///
/// They do not come from the seed: clients de-duplicate on them, and would take the events of a restarted
/// server for repetitions.
#[derive(Debug)]
struct Ids {
    prefix: String,
    next: AtomicU64,
}

impl Default for Ids {
    fn default() -> Self {
        Self { prefix: unique_id().chars().take(12).collect(), next: AtomicU64::new(1) }
    }
}

impl Ids {
    fn next(&self) -> String {
        format!("{}-{}", self.prefix, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

const VERSION: u64 = 1;

/// In any window of this length a user may begin the configured number of searches.
const SEARCH_WINDOW: Duration = Duration::from_secs(10);

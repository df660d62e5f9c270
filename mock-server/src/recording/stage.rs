//! Lets players speak to clients: the Engine.IO side of a replay.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use engineioxide::handler::EngineIoHandler;
use engineioxide::{DisconnectReason, Socket, Str};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::assembler::{Assembler, Message};
use super::entry::Session;
use super::mismatches::{Log, Played};
use super::player::{Pace, Player, Step};
use crate::tasks::Tasks;

/// The sessions of one path, each for the next client; after the last the first comes again.
#[derive(Debug)]
pub struct Stage {
    sessions: Vec<Arc<Session>>,
    next: AtomicUsize,
    settings: Settings,
}

/// What all stages have in common.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How fast they play.
    pub pace: Pace,
    /// How long they wait for what a client is to say.
    pub patience: Duration,
    /// What becomes of it.
    pub log: Log,
    /// Where they run.
    pub tasks: Tasks,
    /// How many clients there have been.
    pub count: Arc<AtomicU64>,
}

/// What is known of a client.
#[derive(Default)]
pub struct Client {
    seat: OnceLock<Seat>,
    heard: Notify,
}

struct Seat {
    number: u64,
    recorded: u64,
    began: Instant,
    ears: Mutex<Ears>,
}

struct Ears {
    assembler: Assembler,
    player: Player,
}

impl Stage {
    /// Groups the sessions by the path that they came to; each stage needs at least one.
    #[must_use]
    pub fn by_path(sessions: Vec<Session>, settings: &Settings) -> BTreeMap<String, Self> {
        let mut stages = BTreeMap::<_, Self>::new();
        for session in sessions {
            let path = session.opening.path.trim_end_matches('/').to_owned();
            let (next, settings) = (AtomicUsize::new(0), settings.clone());
            let stage = stages.entry(path);
            let stage = stage.or_insert(Self { sessions: Vec::new(), next, settings });
            stage.sessions.push(Arc::new(session));
        }
        stages
    }

    /// The first of its sessions.
    #[must_use]
    pub fn first(&self) -> Option<&Session> {
        self.sessions.first().map(Arc::as_ref)
    }

    fn seat(&self, id: String) -> Option<Seat> {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % self.sessions.len().max(1);
        let session = Arc::clone(self.sessions.get(index)?);
        let number = self.settings.count.fetch_add(1, Ordering::Relaxed) + 1;
        let recorded = session.number;
        let Settings { pace, patience, .. } = self.settings;
        let player = Player::new(session, pace, patience, id, Duration::ZERO);
        let ears = Mutex::new(Ears { assembler: Assembler::default(), player });
        Some(Seat { number, recorded, began: Instant::now(), ears })
    }

    /// Says what is to be said, until the session ends.
    async fn play(self: Arc<Self>, socket: Arc<Socket<Client>>) {
        let Some(seat) = socket.data.seat.get() else { return };
        loop {
            let step = seat.poll(&self.settings.log);
            match step {
                Step::Say(messages) => {
                    if messages.into_iter().any(|message| !send(&socket, message)) {
                        return;
                    }
                }
                Step::Close => return socket.close(DisconnectReason::ClosingServer),
                Step::Wait(None) => socket.data.heard.notified().await,
                Step::Wait(Some(until)) => {
                    let wait = tokio::time::sleep_until(seat.began + until);
                    tokio::select! {
                        () = wait => {}
                        () = socket.data.heard.notified() => {}
                    }
                }
            }
        }
    }

    fn hear(&self, message: Message, client: &Client) {
        let Some(seat) = client.seat.get() else { return };
        let mut ears = seat.ears.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(said) = ears.assembler.push(message) {
            ears.player.hear(&said);
            drop(ears);
            client.heard.notify_one();
        }
    }
}

impl Seat {
    fn poll(&self, log: &Log) -> Step {
        let mut ears = self.ears.lock().unwrap_or_else(PoisonError::into_inner);
        let step = ears.player.poll(self.began.elapsed());
        let (mismatches, (played, moments)) = (ears.player.mismatches(), ears.player.progress());
        drop(ears);
        for mismatch in mismatches {
            log.note(self.number, mismatch);
        }
        // What is said at this moment has not been said yet.
        if !matches!(step, Step::Say(_)) {
            let (session, recorded) = (self.number, self.recorded);
            log.played(Played { session, recorded, played, moments });
        }
        step
    }
}

/// Whether there still is a client.
fn send(socket: &Socket<Client>, message: Message) -> bool {
    match message {
        Message::Text(text) => socket.emit(text).is_ok(),
        Message::Binary(bytes) => socket.emit_binary(bytes).is_ok(),
    }
}

impl EngineIoHandler for Stage {
    type Data = Client;

    fn on_connect(self: Arc<Self>, socket: Arc<Socket<Client>>) {
        if let Some(seat) = self.seat(socket.id.to_string()) {
            tracing::info!(session = seat.number, recorded = seat.recorded, "a client has come");
            // A socket is new when this runs.
            let _ = socket.data.seat.set(seat);
            let tasks = self.settings.tasks.clone();
            tasks.spawn(async move {
                let gone = Arc::clone(&socket);
                tokio::select! {
                    () = self.play(socket) => {}
                    () = gone.closed() => {}
                }
            });
        }
    }

    fn on_disconnect(&self, socket: Arc<Socket<Client>>, reason: DisconnectReason) {
        let session = socket.data.seat.get().map(|seat| seat.number);
        tracing::info!(session, ?reason, "a client has gone");
    }

    fn on_message(self: &Arc<Self>, message: Str, socket: Arc<Socket<Client>>) {
        self.hear(Message::Text(message.to_string()), &socket.data);
    }

    fn on_binary(self: &Arc<Self>, bytes: Bytes, socket: Arc<Socket<Client>>) {
        self.hear(Message::Binary(bytes.to_vec()), &socket.data);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = self.seat.get().map(|seat| seat.number);
        formatter.debug_struct("Client").field("session", &session).finish_non_exhaustive()
    }
}

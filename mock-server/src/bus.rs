//! What the processes of one back end tell each other: through Redis, or nothing when a process is alone.
//!
//! Nothing here waits for Redis while clients wait: what is told goes through a queue. While Redis is away
//! each process goes on with its own clients, and what the others would have been told is lost; everything
//! that was subscribed to is heard again as soon as Redis is back.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{
    Client, Cmd, FromRedisValue, IntoConnectionInfo, Pipeline, ProtocolVersion, PushInfo, PushKind,
    RedisError, RedisResult,
};
use socketioxide_redis::drivers::{ChanItem, Driver, MessageStream};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};

use crate::tasks::Tasks;

/// Reaches other processes, if there are any; clones share the connection.
#[derive(Clone, Debug, Default)]
pub struct Bus(Option<Arc<Line>>);

struct Line {
    manager: ConnectionManager,
    queue: mpsc::Sender<Cmd>,
    ears: Arc<Ears>,
    /// The one that tells; it ends when everything is told.
    writer: Tasks,
}

/// What is heard.
#[derive(Debug)]
struct Ears {
    address: String,
    is_up: AtomicBool,
    lost: Notify,
    channels: Mutex<BTreeMap<String, mpsc::Sender<ChanItem>>>,
}

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BusError {
    /// It is no URL of a Redis.
    #[error("not a URL such as redis://127.0.0.1:6379")]
    Url,
    /// It does not answer.
    #[error(
        "no Redis answers at {address}; start one with redis-server, or leave out --redis to have one process alone"
    )]
    Connect {
        /// Where.
        address: String,
        /// What the client says.
        source: RedisError,
    },
    /// It did not in time.
    #[error(
        "no Redis answers at {address} in time; start one with redis-server, or leave out --redis to have one process alone"
    )]
    Timeout {
        /// Where.
        address: String,
    },
    /// It does not let this program listen.
    #[error("cannot listen to Redis: {reason}")]
    Subscribe {
        /// What the client says.
        reason: String,
    },
}

impl Bus {
    /// Connects to Redis.
    ///
    /// # Errors
    ///
    /// [`BusError`] when it does not answer.
    pub async fn connect(url: &str) -> Result<Self, BusError> {
        let client = client(url)?;
        let address = client.get_connection_info().addr().to_string();
        greet(&client, &address).await?;
        let channels = Mutex::default();
        let ears =
            Arc::new(Ears { address, is_up: AtomicBool::new(true), lost: Notify::new(), channels });
        let manager = manager(client, &ears).await.map_err(|source| {
            let address = ears.address.clone();
            BusError::Connect { address, source }
        })?;
        let (queue, queued) = mpsc::channel(MAX_QUEUED);
        let writer = Tasks::default();
        let stop = writer.clone();
        writer.spawn_to_end(tell(manager.clone(), queued, Arc::clone(&ears), stop));
        Ok(Self(Some(Arc::new(Line { manager, queue, ears, writer }))))
    }

    /// Completes when everything is told that is in the queue; nothing is told any more after that.
    pub async fn end(&self) {
        if let Some(line) = &self.0 {
            line.writer.stop();
            line.writer.ended().await;
        }
    }

    /// Whether there are other processes that can be reached now.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.0.as_ref().is_some_and(|line| line.ears.is_up())
    }

    /// Whether other processes are meant to be reached.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.0.is_some()
    }

    /// Tells all processes, this one among them, what listens to `channel`.
    pub fn tell(&self, channel: &str, message: &str) {
        self.command(Cmd::publish(channel, message));
    }

    /// Lets Redis do something; nobody waits for it. It is dropped while Redis is away.
    pub fn command(&self, command: Cmd) {
        let Some(line) = self.0.as_ref().filter(|line| line.ears.is_up()) else { return };
        // A closed queue is that of a server that has stopped.
        if let Err(TrySendError::Full(_)) = line.queue.try_send(command) {
            tracing::warn!("too much is told at once: Redis does not get it all");
        }
    }

    /// Asks Redis for something; `None` when it does not answer.
    pub async fn ask<T: FromRedisValue>(&self, command: Cmd) -> Option<T> {
        let line = self.0.as_ref().filter(|line| line.ears.is_up())?;
        let mut manager = line.manager.clone();
        let answer = tokio::time::timeout(PATIENCE, command.query_async(&mut manager)).await;
        match answer {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                tracing::warn!(%error, "Redis has refused");
                None
            }
            Err(_) => None,
        }
    }

    /// Listens to a channel; the messages are texts of whoever knows its name.
    ///
    /// # Errors
    ///
    /// [`BusError`] when Redis does not let it.
    pub async fn listen(&self, channel: &str) -> Result<mpsc::Receiver<ChanItem>, BusError> {
        let (sender, receiver) = mpsc::channel(MAX_QUEUED);
        if let Some(line) = &self.0 {
            line.ears.channels().insert(channel.to_owned(), sender);
            let subscribed = line.manager.clone().subscribe(channel).await;
            subscribed.map_err(|error| BusError::Subscribe { reason: error.to_string() })?;
        }
        Ok(receiver)
    }
}

/// Checks a URL without connecting.
///
/// # Errors
///
/// [`BusError::Url`].
pub fn check_url(url: &str) -> Result<(), BusError> {
    client(url).map(drop)
}

fn client(url: &str) -> Result<Client, BusError> {
    if !url.starts_with("redis://") && !url.starts_with("redis+unix://") {
        return Err(BusError::Url);
    }
    let info = url.into_connection_info().map_err(|_| BusError::Url)?;
    // Messages come between answers, on the one connection.
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Client::open(info.set_redis_settings(settings)).map_err(|_| BusError::Url)
}

/// Looks whether somebody is there; the manager would try again and again.
async fn greet(client: &Client, address: &str) -> Result<(), BusError> {
    let connected = client.get_multiplexed_async_connection();
    match tokio::time::timeout(PATIENCE, connected).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(source)) => Err(BusError::Connect { address: address.to_owned(), source }),
        Err(_) => Err(BusError::Timeout { address: address.to_owned() }),
    }
}

async fn manager(client: Client, ears: &Arc<Ears>) -> RedisResult<ConnectionManager> {
    let ears = Arc::clone(ears);
    let hear = move |info| {
        ears.hear(info);
        Ok::<_, Infallible>(())
    };
    let config = ConnectionManagerConfig::new()
        .set_push_sender(hear)
        .set_automatic_resubscription()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        .set_min_delay(SHORTEST_WAIT)
        .set_max_delay(LONGEST_WAIT)
        .set_number_of_retries(usize::MAX);
    ConnectionManager::new_with_config(client, config).await
}

/// Sends what is in the queue, as much at once as is there; when it is stopped, what is left.
async fn tell(
    mut manager: ConnectionManager,
    mut queued: mpsc::Receiver<Cmd>,
    ears: Arc<Ears>,
    stop: Tasks,
) {
    let mut commands = Vec::new();
    loop {
        let sent = tokio::select! {
            () = stop.stopped() => break,
            count = queued.recv_many(&mut commands, MAX_AT_ONCE) => {
                if count == 0 {
                    return;
                }
                send(&mut manager, commands.drain(..)).await
            }
            () = ears.lost.notified() => Err(Lost),
        };
        if sent.is_err() {
            ears.on_lost();
            if stop.unless_stopped(await_return(&mut manager)).await.is_none() {
                return;
            }
            ears.on_found();
        }
    }
    queued.close();
    while queued.recv_many(&mut commands, MAX_AT_ONCE).await > 0 {
        if send(&mut manager, commands.drain(..)).await.is_err() {
            return;
        }
    }
}

async fn send(
    manager: &mut ConnectionManager,
    commands: impl Iterator<Item = Cmd>,
) -> Result<(), Lost> {
    let mut pipeline = Pipeline::new();
    for command in commands {
        pipeline.add_command(command).ignore();
    }
    let Err(error) = pipeline.exec_async(manager).await else { return Ok(()) };
    if error.is_unrecoverable_error() || error.is_timeout() {
        return Err(Lost);
    }
    tracing::warn!(%error, "Redis has refused");
    Ok(())
}

/// Completes when there is a connection again, on which everything is subscribed to.
async fn await_return(manager: &mut ConnectionManager) {
    while redis::cmd("PING").exec_async(manager).await.is_err() {
        tokio::time::sleep(SHORTEST_WAIT).await;
    }
}

/// There is no connection any more.
struct Lost;

impl Ears {
    fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Acquire)
    }

    fn on_lost(&self) {
        if self.is_up.swap(false, Ordering::AcqRel) {
            tracing::error!(
                address = self.address,
                "Redis is gone: events reach the clients of this process only, until it is back"
            );
        }
    }

    fn on_found(&self) {
        if !self.is_up.swap(true, Ordering::AcqRel) {
            tracing::info!(address = self.address, "Redis is back");
        }
    }

    fn hear(&self, info: PushInfo) {
        if info.kind == PushKind::Message {
            self.pass(info);
        } else if info.kind == PushKind::Disconnection {
            self.on_lost();
            self.lost.notify_one();
        }
    }

    fn pass(&self, info: PushInfo) {
        let mut parts = info.data.into_iter();
        let (Some(channel), Some(message)) = (parts.next(), parts.next()) else { return };
        let read = String::from_redis_value(channel)
            .and_then(|channel| Ok((channel, Vec::<u8>::from_redis_value(message)?)));
        let Ok((channel, message)) = read else { return };
        let listener = self.channels().get(&channel).cloned();
        if let Some(listener) = listener
            && let Err(TrySendError::Full(_)) = listener.try_send((channel, message))
        {
            tracing::warn!("more comes from Redis than can be passed on: something is lost");
        }
    }

    fn channels(&self) -> MutexGuard<'_, BTreeMap<String, mpsc::Sender<ChanItem>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Driver for Bus {
    type Error = BusError;

    async fn publish(&self, channel: String, message: Vec<u8>) -> Result<(), BusError> {
        self.command(Cmd::publish(channel, message));
        Ok(())
    }

    async fn subscribe(
        &self,
        channel: String,
        _: usize,
    ) -> Result<MessageStream<ChanItem>, BusError> {
        self.listen(&channel).await.map(MessageStream::new)
    }

    async fn unsubscribe(&self, channel: String) -> Result<(), BusError> {
        if let Some(line) = &self.0 {
            line.ears.channels().remove(&channel);
        }
        Ok(())
    }

    async fn num_serv(&self, channel: &str) -> Result<u16, BusError> {
        let mut count = redis::cmd("PUBSUB");
        count.arg("NUMSUB").arg(channel);
        let answer: Option<(String, u16)> = self.ask(count).await;
        Ok(answer.map_or(1, |(_, count)| count))
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Line").field("ears", &self.ears).finish_non_exhaustive()
    }
}

/// How long Redis may take.
const PATIENCE: Duration = Duration::from_secs(3);
const SHORTEST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_millis(1_000);
const MAX_QUEUED: usize = 65_536;
const MAX_AT_ONCE: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_url_of_a_redis_is_one() {
        for url in [
            "redis://127.0.0.1:6379",
            "redis://:secret@localhost/2",
            "redis+unix:///nowhere/redis.sock",
        ] {
            assert!(check_url(url).is_ok(), "{url}");
        }
        for url in ["localhost:6379", "http://localhost:6379", "rediss://a", "redis://", ""] {
            assert!(matches!(check_url(url), Err(BusError::Url)), "{url}");
        }
    }

    #[tokio::test]
    async fn a_server_alone_tells_nobody() {
        let bus = Bus::default();
        bus.tell("channel", "message");
        assert!(!bus.is_shared() && !bus.is_up());
        assert_eq!(bus.ask::<String>(redis::cmd("PING")).await, None);
        assert!(bus.listen("channel").await.unwrap().recv().await.is_none());
    }
}

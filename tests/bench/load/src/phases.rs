//! What the generator does when it is told to.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::{JoinSet, spawn_local};
use tokio::time::{Instant, interval};

use crate::broadcast::Broadcaster;
use crate::client::{Client, DESK_BYTES, Desk};
use crate::tally::Tally;

/// All clients, and who lets the server send.
#[derive(Debug)]
pub struct Audience {
    server: SocketAddr,
    broadcaster: Broadcaster,
    desk: Desk,
    tally: Rc<Tally>,
    connected: u64,
    /// How many connections have ended by themselves.
    ended: Rc<Cell<u64>>,
}

/// What connecting has come to.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Connected {
    clients: u64,
    seconds: f64,
}

/// What sending has come to.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivered {
    sent: u64,
    /// The deliveries, of as many as `sent` times the clients.
    delivered: u64,
    /// The deliveries left out, or in another order, and those that did not come.
    lost: u64,
    /// From the first request to the last delivery.
    seconds: f64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    /// The connections that the server has ended.
    ended: u64,
}

impl Audience {
    /// Begins with nobody.
    ///
    /// # Errors
    ///
    /// When nobody listens at `server`.
    pub async fn new(server: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            server,
            broadcaster: Broadcaster::connect(server).await?,
            desk: Rc::new(RefCell::new(vec![0; DESK_BYTES])),
            tally: Rc::default(),
            connected: 0,
            ended: Rc::default(),
        })
    }

    /// Connects `count` more clients, a few at a time.
    ///
    /// # Errors
    ///
    /// When one of them is refused.
    pub async fn connect(&mut self, count: u64) -> io::Result<Connected> {
        let (start, mut connecting) = (Instant::now(), JoinSet::new());
        for begun in 0..count {
            if begun >= AT_A_TIME {
                self.listen(connecting.join_next().await)?;
            }
            let client = Client::connect(self.server, self.desk.clone(), self.tally.clone());
            connecting.spawn_local(client);
        }
        while let Some(joined) = connecting.join_next().await {
            self.listen(Some(joined))?;
        }
        Ok(Connected { clients: self.connected, seconds: start.elapsed().as_secs_f64() })
    }

    fn listen(
        &mut self,
        joined: Option<Result<io::Result<Client>, tokio::task::JoinError>>,
    ) -> io::Result<()> {
        let Some(joined) = joined else { return Ok(()) };
        let (client, ended) = (joined??, self.ended.clone());
        self.connected += 1;
        spawn_local(async move {
            if client.listen().await.is_err() {
                ended.set(ended.get() + 1);
            }
        });
        Ok(())
    }

    /// Lets the server send as many events as `rate` a second make in `time`.
    ///
    /// # Errors
    ///
    /// When the server refuses, or is gone.
    pub async fn hold(&mut self, rate: u32, time: Duration) -> io::Result<Delivered> {
        let watch = Watch::begin(self);
        let mut ticks = interval(Duration::from_secs(1) / rate.max(1));
        for _ in 0..f64::from(rate).mul_add(time.as_secs_f64(), 0.5) as u64 {
            // A server that takes its time does not make what was due before any younger.
            let due = ticks.tick().await;
            self.broadcaster.send(self.tally.send(due)).await?;
        }
        Ok(watch.end(self).await)
    }

    /// Lets the server send as many events as it can for `time`, with `ahead` of them under way.
    ///
    /// # Errors
    ///
    /// When the server refuses, or is gone.
    pub async fn saturate(&mut self, ahead: u64, time: Duration) -> io::Result<Delivered> {
        let watch = Watch::begin(self);
        while watch.start.elapsed() < time {
            self.broadcaster.send(self.tally.send(Instant::now())).await?;
            let behind = watch.due(self).saturating_sub(ahead.saturating_sub(1) * self.connected);
            if !self.tally.wait_for(behind).await {
                break;
            }
        }
        Ok(watch.end(self).await)
    }
}

/// What there was when a phase began.
#[derive(Debug)]
struct Watch {
    start: Instant,
    sent: u64,
    received: u64,
    lost: u64,
}

impl Watch {
    fn begin(audience: &Audience) -> Self {
        let tally = &audience.tally;
        tally.take_latencies();
        let (sent, received, lost) = (tally.sent(), tally.received(), tally.lost());
        Self { start: Instant::now(), sent, received, lost }
    }

    /// How many deliveries there will have been when everything has come.
    fn due(&self, audience: &Audience) -> u64 {
        self.received + (audience.tally.sent() - self.sent) * audience.connected
    }

    /// Waits for what is under way.
    async fn end(self, audience: &Audience) -> Delivered {
        let tally = &audience.tally;
        let due = self.due(audience);
        tally.wait_for(due).await;
        let seconds = self.start.elapsed().as_secs_f64();
        let [p50_ms, p99_ms, max_ms] = tally.take_latencies();
        Delivered {
            sent: tally.sent() - self.sent,
            delivered: tally.received() - self.received,
            lost: tally.lost() - self.lost + due.saturating_sub(tally.received()),
            seconds,
            p50_ms,
            p99_ms,
            max_ms,
            ended: audience.ended.get(),
        }
    }
}

/// How many clients connect at the same time.
const AT_A_TIME: u64 = 64;

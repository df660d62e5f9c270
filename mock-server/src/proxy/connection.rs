//! One connection through the proxy, from its acceptance to its end.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::{sleep, sleep_until};

use super::Shared;
use super::book::{Hit, Place};
use super::connections::EndOrder;
use super::head::Upgrade;
use super::inlet::{Inlet, Output};
use super::log::{ClosedBy, Event};
use super::rule::{Action, Cut, Delay, Direction, End, Stall};

/// Serves a client until one of both sides, a rule or the control API ends the connection.
pub async fn serve(shared: Arc<Shared>, mut client: TcpStream) {
    let (number, mut order) = shared.connections.open();
    shared.log.record(number, Event::Opened);
    let mut server = None;
    let link = Link { shared: &shared, number };
    let by = tokio::select! {
        biased;
        by = ordered(&mut order) => by,
        by = link.run(&mut client, &mut server) => by,
    };
    let with = by.end();
    close(client, with).await;
    if let Some(server) = server {
        close(server, with).await;
    }
    shared.connections.close(number);
    shared.book().forget(number);
    shared.log.record(number, Event::Closed { by });
}

async fn ordered(order: &mut EndOrder) -> ClosedBy {
    let by = match order.wait_for(Option::is_some).await {
        Ok(by) => *by,
        Err(_) => None,
    };
    by.unwrap_or(ClosedBy::Both)
}

/// What it takes to serve one connection.
struct Link<'a> {
    shared: &'a Shared,
    number: u64,
}

impl Link<'_> {
    async fn run(&self, client: &mut TcpStream, server: &mut Option<TcpStream>) -> ClosedBy {
        if self.on_connection().await.is_err() {
            return ClosedBy::Refused;
        }
        match connect(&self.shared.upstream, client).await {
            Ok(stream) => self.join(client, server.insert(stream)).await,
            Err(error) => {
                tracing::warn!(%error, upstream = self.shared.upstream, "cannot connect");
                ClosedBy::Unreachable
            }
        }
    }

    async fn on_connection(&self) -> Result<(), Refused> {
        let hit = self.shared.book().on_connection(self.number);
        let Some(hit) = hit else { return Ok(()) };
        if let Action::Stall(_) = hit.action {
            self.shared.stalls.stall(self.number, &BOTH);
        }
        self.shared.log.hit(self.number, None, &hit);
        if let Action::Delay(Delay { ms }) = hit.action {
            sleep(Duration::from_millis(ms)).await;
        }
        if hit.action == Action::Refuse { Err(Refused) } else { Ok(()) }
    }

    /// Lets bytes go to and fro until both sides have ended.
    async fn join(&self, client: &mut TcpStream, server: &mut TcpStream) -> ClosedBy {
        let upgrade = Mutex::default();
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::join!(
            self.way(Direction::ClientToServer, from_client, to_server, &upgrade),
            self.way(Direction::ServerToClient, from_server, to_client, &upgrade),
        );
        ClosedBy::Both
    }

    async fn way(
        &self,
        direction: Direction,
        from: ReadHalf<'_>,
        to: WriteHalf<'_>,
        upgrade: &Mutex<Upgrade>,
    ) {
        let place = Place { connection: self.number, direction };
        let (queue, outputs) = mpsc::channel(QUEUE);
        tokio::join!(self.read(place, from, upgrade, queue), self.write(place, to, outputs));
    }

    async fn read(
        &self,
        place: Place,
        mut from: ReadHalf<'_>,
        upgrade: &Mutex<Upgrade>,
        queue: mpsc::Sender<Output>,
    ) {
        let mut inlet = Inlet::new(self.shared, place);
        let mut buffer = vec![0; BUFFER];
        loop {
            let outputs = match from.read(&mut buffer).await {
                Ok(0) => vec![Output::End],
                Ok(length) => inlet.take(buffer.get(..length).unwrap_or_default(), upgrade),
                Err(_) => return self.end(ClosedBy::Reset),
            };
            for output in outputs {
                let is_end = matches!(output, Output::End);
                if queue.send(output).await.is_err() || is_end {
                    return;
                }
            }
        }
    }

    async fn write(
        &self,
        place: Place,
        mut to: WriteHalf<'_>,
        mut outputs: mpsc::Receiver<Output>,
    ) {
        let mut open = true;
        while let Some(output) = outputs.recv().await {
            let written = match output {
                Output::Wait(until) => {
                    sleep_until(until).await;
                    Ok(())
                }
                Output::Act(hit) => {
                    open = open && hit.action_keeps_open();
                    self.act(place, &hit, &mut to).await
                }
                Output::Bytes(bytes) if open => {
                    self.shared.stalls.passable(place).await;
                    to.write_all(&bytes).await
                }
                Output::End if open => {
                    self.shared.stalls.passable(place).await;
                    to.shutdown().await
                }
                Output::Bytes(_) | Output::End => Ok(()),
            };
            if written.is_err() {
                return self.end(ClosedBy::Reset);
            }
        }
    }

    async fn act(&self, place: Place, hit: &Hit, to: &mut WriteHalf<'_>) -> io::Result<()> {
        let Place { connection, direction } = place;
        if let Action::Stall(Stall { both, .. }) = hit.action {
            let directions: &[Direction] = if both { &BOTH } else { &[direction] };
            self.shared.stalls.stall(connection, directions);
        }
        self.shared.log.hit(connection, Some(direction), hit);
        if let Action::Cut(Cut { with, .. }) = hit.action {
            self.end(ClosedBy::Cut { with });
            // Nothing more goes through until the connection is dropped.
            std::future::pending::<()>().await;
        }
        if let Action::HalfClose(_) = hit.action {
            self.shared.stalls.passable(place).await;
            return to.shutdown().await;
        }
        Ok(())
    }

    fn end(&self, by: ClosedBy) {
        self.shared.connections.end(self.number, by);
    }
}

impl Hit {
    fn action_keeps_open(&self) -> bool {
        !matches!(self.action, Action::HalfClose(_))
    }
}

impl ClosedBy {
    fn end(self) -> End {
        match self {
            Self::Both => End::Finish,
            Self::Cut { with } => with,
            Self::Reset | Self::Refused | Self::Unreachable => End::Reset,
        }
    }
}

async fn connect(upstream: &str, client: &TcpStream) -> io::Result<TcpStream> {
    let server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    Ok(server)
}

async fn close(mut stream: TcpStream, with: End) {
    let closed = match with {
        End::Reset => stream.set_zero_linger(),
        End::Finish => stream.shutdown().await,
    };
    if let Err(error) = closed {
        tracing::debug!(%error, "the connection had ended already");
    }
}

/// A rule refuses the connection.
struct Refused;

/// Both directions.
pub const BOTH: [Direction; 2] = [Direction::ClientToServer, Direction::ServerToClient];
/// So much is taken from a sender whose receiver takes nothing.
const QUEUE: usize = 1_024;
const BUFFER: usize = 64 << 10;

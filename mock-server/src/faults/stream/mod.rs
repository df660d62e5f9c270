//! One TCP connection of a client, with everything that rules make of it in both directions.

mod wakers;
mod way;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

use super::Faults;
use super::action::{Action, Cut, End, Stall};
use super::book::Hit;
use super::head::Upgrade;
use super::inlet::{Inlet, Output};
use super::log::{ClosedBy, Event};
use super::rule::Direction;
use super::stalls::BOTH;
use wakers::Wakers;
use way::Way;

/// A client's connection as its server sees it: reading gives what comes through, and what is written comes out
/// as rules let it.
///
/// Until there is a rule nothing is copied or held; only the boundaries of messages are followed.
#[derive(Debug)]
pub struct FaultStream {
    tcp: TcpStream,
    faults: Arc<Faults>,
    /// Whoever cuts it from outside does not wait for anything that stands still.
    cut: CancellationToken,
    upgrade: Upgrade,
    to_server: Way,
    to_client: Way,
    ended: Option<ClosedBy>,
    wakers: Arc<Wakers>,
}

impl FaultStream {
    /// Wraps a connection that has just been accepted; `number` is its own if it has one already.
    #[must_use]
    pub fn new(
        tcp: TcpStream,
        faults: Arc<Faults>,
        number: Option<u64>,
        cut: CancellationToken,
    ) -> Self {
        let way = |direction| Way::new(Inlet::new(Arc::clone(&faults), direction, number));
        let to_server = way(Direction::ClientToServer);
        let to_client = way(Direction::ServerToClient);
        let (upgrade, wakers) = (Upgrade::default(), Arc::default());
        Self { tcp, faults, cut, upgrade, to_server, to_client, ended: None, wakers }
    }

    /// Why it has ended, if a rule or the client has ended it.
    #[must_use]
    pub fn ended(&self) -> Option<ClosedBy> {
        self.ended
    }

    /// Ends it, as soon as it is dropped.
    pub fn end(&mut self, by: ClosedBy) {
        if self.ended.is_some() {
            return;
        }
        self.ended = Some(by);
        if by.end() == End::Reset
            && let Err(error) = self.tcp.set_zero_linger()
        {
            tracing::debug!(%error, "the connection had ended already");
        }
        self.wakers.wake_both();
    }

    /// Whether nothing has to be looked at or held.
    fn is_open(&self, way: &Way) -> bool {
        !self.faults.is_armed() && way.queue.is_empty() && way.inlet.may_pass(self.upgrade)
    }

    /// Moves what can be moved.
    fn drive(&mut self, cx: &mut Context<'_>) {
        while self.ended.is_none() && (self.step_to_client(cx) || self.step_to_server(cx)) {}
    }

    /// Does one thing; `false` if there is none, or if it has to wait.
    fn step_to_server(&mut self, cx: &mut Context<'_>) -> bool {
        if self.to_server.must_wait(&self.faults, cx) {
            return false;
        }
        match self.to_server.queue.pop_front() {
            // Whoever reads takes them.
            Some(output @ (Output::Bytes(_) | Output::End)) => {
                self.to_server.queue.push_front(output);
                false
            }
            Some(output) => self.perform(output, Direction::ClientToServer),
            None => false,
        }
    }

    /// Does one thing; `false` if there is none, or if it has to wait.
    fn step_to_client(&mut self, cx: &mut Context<'_>) -> bool {
        if self.to_client.must_wait(&self.faults, cx) {
            return false;
        }
        match self.to_client.queue.pop_front() {
            Some(Output::Bytes(bytes)) if self.to_client.is_closed => {
                self.to_client.length -= bytes.len();
                true
            }
            Some(Output::Bytes(bytes)) => self.write_to_client(bytes, cx),
            Some(Output::End) => {
                self.shut_client(cx);
                true
            }
            Some(output) => self.perform(output, Direction::ServerToClient),
            None => false,
        }
    }

    fn write_to_client(&mut self, mut bytes: Vec<u8>, cx: &mut Context<'_>) -> bool {
        let written = Pin::new(&mut self.tcp).poll_write(cx, &bytes);
        let moved = match written {
            Poll::Ready(Ok(count)) if count > 0 => {
                self.to_client.length -= count.min(bytes.len());
                bytes.drain(..count.min(bytes.len()));
                true
            }
            Poll::Ready(_) => {
                self.end(ClosedBy::Reset);
                true
            }
            Poll::Pending => false,
        };
        if !bytes.is_empty() {
            self.to_client.queue.push_front(Output::Bytes(bytes));
        }
        moved
    }

    fn shut_client(&mut self, cx: &mut Context<'_>) {
        self.to_client.is_closed = true;
        if let Poll::Ready(Err(error)) = Pin::new(&mut self.tcp).poll_shutdown(cx) {
            tracing::debug!(%error, "the connection had ended already");
        }
    }

    /// Does what is no bytes; `false` if it has to wait.
    fn perform(&mut self, output: Output, direction: Direction) -> bool {
        match output {
            Output::Wait(until) => self.way(direction).wait(sleep_until(until)),
            Output::Act(hit) => self.act(&hit, direction),
            Output::Back(bytes) => self.other_way(direction).push(Output::Bytes(bytes)),
            Output::Close(with) if self.other_way(direction).queue.is_empty() => {
                self.end(ClosedBy::Cut { with });
            }
            Output::Bytes(_) | Output::End | Output::Close(_) => {
                self.way(direction).queue.push_front(output);
                return false;
            }
        }
        true
    }

    fn act(&mut self, hit: &Hit, direction: Direction) {
        let number = self.to_server.inlet.number();
        if let (Action::Stall(Stall { both, .. }), Some(number)) = (&hit.action, number) {
            let directions: &[Direction] = if *both { &BOTH } else { &[direction] };
            self.faults.stalls.stall(number, directions);
        }
        self.faults.log.hit(number, Some(direction), hit);
        if let Action::Cut(Cut { with, .. }) = hit.action {
            self.end(ClosedBy::Cut { with });
        } else if hit.action == Action::Refuse {
            self.end(ClosedBy::Refused);
        } else if let Action::HalfClose(_) = hit.action {
            self.way(direction).half_close();
        }
    }

    fn way(&mut self, direction: Direction) -> &mut Way {
        match direction {
            Direction::ClientToServer => &mut self.to_server,
            Direction::ServerToClient => &mut self.to_client,
        }
    }

    fn other_way(&mut self, direction: Direction) -> &mut Way {
        match direction {
            Direction::ClientToServer => &mut self.to_client,
            Direction::ServerToClient => &mut self.to_server,
        }
    }

    /// Gives the reader what has come through; `None` if there is nothing yet.
    fn give(&mut self, buf: &mut ReadBuf<'_>) -> Option<()> {
        if self.to_server.waiting.is_some() {
            return None;
        }
        match self.to_server.queue.pop_front()? {
            Output::Bytes(mut bytes) if !self.to_server.is_closed => {
                let count = bytes.len().min(buf.remaining());
                self.to_server.length -= count;
                buf.put_slice(bytes.drain(..count).as_slice());
                if !bytes.is_empty() {
                    self.to_server.queue.push_front(Output::Bytes(bytes));
                }
            }
            // It stays the end, however often it is read.
            output @ (Output::Bytes(_)
            | Output::End
            | Output::Wait(_)
            | Output::Act(_)
            | Output::Back(_)
            | Output::Close(_)) => self.to_server.queue.push_front(output),
        }
        Some(())
    }

    /// Takes what the client has sent.
    fn fetch(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; CHUNK];
        let mut chunk = ReadBuf::new(&mut space);
        match ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut chunk)) {
            Ok(()) if chunk.filled().is_empty() => {
                self.to_server.is_over = true;
                let outputs = self.to_server.inlet.end();
                self.to_server.extend(outputs);
            }
            Ok(()) => {
                let outputs = self.to_server.inlet.take(chunk.filled(), &mut self.upgrade);
                self.to_server.extend(outputs);
                let number = self.to_server.inlet.number();
                if number != self.to_client.inlet.number() {
                    self.to_client.inlet.follow(number);
                }
            }
            Err(_) => self.end(ClosedBy::Reset),
        }
        Poll::Ready(())
    }

    fn error(&self) -> Option<io::Error> {
        let by = self.ended?;
        let kind = match by.end() {
            End::Reset => io::ErrorKind::ConnectionReset,
            End::Finish => io::ErrorKind::ConnectionAborted,
        };
        Some(io::Error::new(kind, "ended by a rule"))
    }
}

impl AsyncRead for FaultStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.is_open(&this.to_server) && this.ended.is_none() {
            let before = buf.filled().len();
            ready!(Pin::new(&mut this.tcp).poll_read(cx, buf))?;
            this.to_server.inlet.pass(buf.filled().get(before..).unwrap_or_default());
            return Poll::Ready(Ok(()));
        }
        let waker = Waker::from(this.wakers.reading(cx));
        let cx = &mut Context::from_waker(&waker);
        loop {
            this.drive(cx);
            if let Some(error) = this.error() {
                return Poll::Ready(Err(error));
            }
            if this.give(buf).is_some() {
                return Poll::Ready(Ok(()));
            }
            if this.to_server.is_over || this.to_server.is_full() {
                return Poll::Pending;
            }
            ready!(this.fetch(cx));
        }
    }
}

impl AsyncWrite for FaultStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.is_open(&this.to_client) && this.ended.is_none() {
            let written = ready!(Pin::new(&mut this.tcp).poll_write(cx, buf))?;
            this.to_client.inlet.pass(buf.get(..written).unwrap_or_default());
            return Poll::Ready(Ok(written));
        }
        let waker = Waker::from(this.wakers.writing(cx));
        let cx = &mut Context::from_waker(&waker);
        this.drive(cx);
        if let Some(error) = this.error() {
            return Poll::Ready(Err(error));
        }
        if this.to_client.is_full() {
            return Poll::Pending;
        }
        let outputs = this.to_client.inlet.take(buf, &mut this.upgrade);
        this.to_client.extend(outputs);
        this.drive(cx);
        // The reader may have something to do now.
        this.wakers.wake_reader();
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.to_client.queue.is_empty() {
            let waker = Waker::from(this.wakers.writing(cx));
            this.drive(&mut Context::from_waker(&waker));
        }
        if let Some(error) = this.error() {
            return Poll::Ready(Err(error));
        }
        if !this.to_client.queue.is_empty() {
            return Poll::Pending;
        }
        Pin::new(&mut this.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.ended.is_some_and(|by| by.end() == End::Reset) {
            return Poll::Ready(Ok(()));
        }
        if this.cut.is_cancelled() || this.ended.is_some() {
            return Pin::new(&mut this.tcp).poll_shutdown(cx);
        }
        if !this.to_client.is_over {
            this.to_client.is_over = true;
            let outputs = this.to_client.inlet.end();
            this.to_client.extend(outputs);
        }
        let waker = Waker::from(this.wakers.writing(cx));
        this.drive(&mut Context::from_waker(&waker));
        if this.to_client.queue.is_empty() || this.ended.is_some() {
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if !this.is_open(&this.to_client) || this.ended.is_some() {
            let first = bufs.iter().find(|buf| !buf.is_empty());
            return self.poll_write(cx, first.map_or(&[], |buf| buf));
        }
        let written = ready!(Pin::new(&mut this.tcp).poll_write_vectored(cx, bufs))?;
        let mut left = written;
        for buf in bufs {
            let here = buf.get(..left.min(buf.len())).unwrap_or_default();
            this.to_client.inlet.pass(here);
            left -= here.len();
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }
}

impl Drop for FaultStream {
    fn drop(&mut self) {
        let Some(number) = self.to_server.inlet.number() else { return };
        if self.faults.connections.close(number) {
            self.faults.forget(number);
        }
        if self.faults.is_armed() {
            let by = self.ended.unwrap_or(if self.cut.is_cancelled() {
                ClosedBy::Cut { with: End::Finish }
            } else {
                ClosedBy::Both
            });
            self.faults.log.record(number, Event::Closed { by });
        }
    }
}

/// So much is read at once.
const CHUNK: usize = 8 << 10;

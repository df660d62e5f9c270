use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::ConnectionGuard;
use super::refusals::Outlet;
use super::traffic::Meter;

/// A TCP stream that can be cut from outside, and that leaves the registry when it is dropped.
#[derive(Debug)]
pub struct FrontStream<S> {
    inner: S,
    wait_for_cut: Pin<Box<WaitForCancellationFutureOwned>>,
    cut: CancellationToken,
    guard: ConnectionGuard,
    outlet: Outlet,
    meter: Meter,
}

impl<S> FrontStream<S> {
    /// Wraps `inner`, the stream of the connection that `guard` stands for.
    pub fn new(inner: S, guard: ConnectionGuard) -> Self {
        let cut = guard.cut_token();
        let wait_for_cut = Box::pin(cut.clone().cancelled_owned());
        let (outlet, meter) = (Outlet::default(), guard.meter());
        Self { inner, wait_for_cut, cut, guard, outlet, meter }
    }
}

impl<S: AsyncWrite + Unpin> FrontStream<S> {
    /// Writes what the outlet has ready, all of it.
    fn poll_outlet(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outlet.ready().is_empty() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, self.outlet.ready()))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let gone = self.outlet.ready().get(..written).unwrap_or_default();
            self.meter.wrote(gone, self.guard.is_web_socket());
            self.outlet.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for FrontStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.wait_for_cut.as_mut().poll(cx).is_ready() {
            // The stream may live on in a task that only writes: end it for the peer at once.
            let _ = Pin::new(&mut self.inner).poll_shutdown(cx);
            return Poll::Ready(Err(cut_error()));
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        let is_web_socket = self.guard.is_web_socket();
        self.meter.read(buf.filled().get(before..).unwrap_or_default(), is_web_socket);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FrontStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.cut.is_cancelled() {
            return Poll::Ready(Err(cut_error()));
        }
        if !self.guard.codes_refusals() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, buf))?;
            let is_web_socket = self.guard.is_web_socket();
            self.meter.wrote(buf.get(..written).unwrap_or_default(), is_web_socket);
            return Poll::Ready(Ok(written));
        }
        ready!(self.poll_outlet(cx))?;
        self.outlet.push(buf);
        // What finds no room is written before the next bytes are taken, or by the flush.
        match self.poll_outlet(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(buf.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_outlet(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_outlet(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.cut.is_cancelled() {
            return Poll::Ready(Err(cut_error()));
        }
        if self.guard.codes_refusals() {
            let first = bufs.iter().find(|buf| !buf.is_empty());
            return self.poll_write(cx, first.map_or(&[], |buf| buf));
        }
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, bufs))?;
        let (mut left, is_web_socket) = (written, self.guard.is_web_socket());
        for buf in bufs {
            let gone = buf.get(..left.min(buf.len())).unwrap_or_default();
            self.meter.wrote(gone, is_web_socket);
            left -= gone.len();
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

fn cut_error() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "cut by the control API")
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::front::{CutTarget, Registry};

    #[tokio::test]
    async fn cut_ends_a_pending_read_and_the_peer_sees_the_end() {
        let registry = Registry::default();
        let guard = registry.open();
        guard.handle().upgraded("primes", None);
        let (mut peer, inner) = tokio::io::duplex(64);
        let mut stream = FrontStream::new(inner, guard);

        let reading = tokio::spawn(async move { stream.read_u8().await.map_err(|e| e.kind()) });
        assert_eq!(registry.cut(&CutTarget::default()), 1);

        assert_eq!(reading.await.unwrap(), Err(io::ErrorKind::ConnectionAborted));
        assert_eq!(peer.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn cut_refuses_further_writes() {
        let registry = Registry::default();
        let guard = registry.open();
        guard.handle().upgraded("primes", None);
        let (_peer, inner) = tokio::io::duplex(64);
        let mut stream = FrontStream::new(inner, guard);

        stream.write_all(b"before").await.unwrap();
        registry.cut(&CutTarget::default());
        assert!(stream.write_all(b"after").await.is_err());
    }
}
